/** Rows from pages into a sink, as `sqlite.row` records. The hot path of a logical dump. */

import { setImmediate as turn } from 'node:timers/promises';
import type { FramedInput, RecordSink } from '../../core/adapter.ts';
import type { Amender, Amendment } from './amend.ts';
import { PageDamage } from './pages/damage.ts';
import { Cell, overflowPieces, type TreeKind } from './pages/page.ts';
import type { PageSource } from './pages/source.ts';
import type { CellRun } from './pages/walk.ts';
import { LENGTH_SIZE, ROWID_SIZE } from './types.ts';

/** Up to here a loop over bytes is quicker than a call. */
const SHORT_COPY = 256;
/** Bytes after which others get their turn, also if the sink takes everything at once. */
export const TURN_AFTER: number = 4 * 1024 * 1024;

export interface RowOptions {
  readonly kind: TreeKind;
  /** Bounds of the rowid, inclusive. */
  readonly from?: bigint;
  readonly to?: bigint;
  readonly amender: Amender;
  /** Called for a row that is damaged, which is then left out. Without it the damage is thrown. */
  readonly onDamage?: (damage: PageDamage) => void;
  readonly signal: AbortSignal;
}

/** Feeds cells to a sink. `sqlite.row` begins with its own length, as BSON does: that framing walks both. */
export class RowFeed {
  readonly #source: PageSource;
  readonly #sink: RecordSink;
  readonly #input: FramedInput;
  readonly #options: RowOptions;
  readonly #view: DataView;
  readonly #prefix: number;
  readonly #cell = new Cell();
  #used = 0;
  #sinceTurn = 0;
  #lastHigh = -(2 ** 31);
  #lastLow = -1;
  #lastPage = 0;
  #lastIndex = 0;

  constructor(source: PageSource, sink: RecordSink, options: RowOptions) {
    this.#source = source;
    this.#sink = sink;
    this.#input = sink.framed('bson');
    this.#options = options;
    const { buffer } = this.#input;
    this.#view = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
    this.#prefix = LENGTH_SIZE + (options.kind === 'table' ? ROWID_SIZE : 0);
  }

  async run(runs: Iterable<CellRun>): Promise<void> {
    for (const run of runs) {
      for (let index = this.#fill(run, run.first); index < run.end; index = this.#fill(run, index)) {
        if (this.#used > 0) await this.#flush();
        else await this.#long(run, index++);
      }
    }
    await this.#flush();
  }

  /** Takes cells while there is room; returns the first that it did not take. */
  #fill(run: CellRun, from: number): number {
    const { bytes } = run.page;
    const { amender } = this.#options;
    const cell = this.#cell;
    const { buffer } = this.#input;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let index = from; index < run.end; index += 1) {
      if (!this.#read(run, index)) continue;
      const end = this.#used + this.#prefix + cell.size;
      if (cell.local < cell.size || !amender.isPlain(bytes, cell)) {
        if (!this.#tryRow(run)) return index;
        continue;
      }
      if (end > buffer.length) return index;
      this.#writePrefix(cell.size);
      const at = this.#used + this.#prefix;
      if (cell.size <= SHORT_COPY) copy(view, cell.begin, cell.size, this.#view, at);
      else buffer.set(bytes.subarray(cell.begin, cell.begin + cell.size), at);
      this.#used = end;
    }
    return run.end;
  }

  /** A row of several pieces; false if there is no room for it. */
  #tryRow(run: CellRun): boolean {
    const before = this.#used;
    const { buffer } = this.#input;
    if (before + this.#prefix + this.#cell.size > buffer.length) return false;
    try {
      const amendment = this.#amendment(run);
      const size = sizeOf(this.#cell, amendment);
      if (before + this.#prefix + size > buffer.length) return false;
      this.#writePrefix(size);
      this.#used += this.#prefix;
      for (const piece of this.#pieces(run, amendment)) {
        buffer.set(piece, this.#used);
        this.#used += piece.length;
      }
    } catch (error) {
      this.#used = before;
      this.#damaged(error);
    }
    return true;
  }

  /** A row that is longer than the buffer. */
  async #long(run: CellRun, index: number): Promise<void> {
    if (!this.#read(run, index)) return;
    let amendment: Amendment | undefined;
    try {
      // What has begun cannot be taken back, so the whole chain is looked at first if damage is to be left out.
      if (this.#options.onDamage) for (const _ of overflowPieces(this.#source, this.#cell));
      amendment = this.#amendment(run);
    } catch (error) {
      this.#damaged(error);
      return;
    }
    const { buffer } = this.#input;
    this.#writePrefix(sizeOf(this.#cell, amendment));
    this.#used += this.#prefix;
    for (const piece of this.#pieces(run, amendment)) {
      for (let at = 0; at < piece.length; ) {
        if (this.#used === buffer.length) await this.#flush();
        const size = Math.min(piece.length - at, buffer.length - this.#used);
        buffer.set(piece.subarray(at, at + size), this.#used);
        this.#used += size;
        at += size;
      }
    }
  }

  *#pieces({ page }: CellRun, amendment: Amendment | undefined): Generator<Uint8Array> {
    const cell = this.#cell;
    if (amendment) yield amendment.head;
    let skip = amendment?.skip ?? 0;
    for (const piece of payloadPieces(this.#source, page.bytes, cell)) {
      const skipped = Math.min(skip, piece.length);
      skip -= skipped;
      if (skipped < piece.length) yield skipped === 0 ? piece : piece.subarray(skipped);
    }
    if (amendment) yield amendment.tail;
  }

  #amendment({ page }: CellRun): Amendment | undefined {
    const { amender } = this.#options;
    if (amender.isPlain(page.bytes, this.#cell)) return undefined;
    const pieces = payloadPieces(this.#source, page.bytes, this.#cell);
    return amender.amend(pieces, this.#cell.size, page.number);
  }

  #writePrefix(size: number): void {
    const cell = this.#cell;
    this.#view.setInt32(this.#used, this.#prefix + size, true);
    if (this.#options.kind === 'index') return;
    this.#view.setUint32(this.#used + LENGTH_SIZE, cell.rowidLow, true);
    this.#view.setInt32(this.#used + LENGTH_SIZE + 4, cell.rowidHigh, true);
  }

  /** Reads a cell; false if it is not to be taken: outside of the range, or damaged. */
  #read(run: CellRun, index: number): boolean {
    const cell = this.#cell;
    try {
      cell.read(run.page, index, this.#options.kind);
      if (this.#options.kind === 'table') {
        if (run.edge && !this.#isWithin()) return false;
        this.#assertAscending(run, index);
      }
      return true;
    } catch (error) {
      this.#damaged(error);
      return false;
    }
  }

  #isWithin(): boolean {
    const { from, to } = this.#options;
    const rowid = (BigInt(this.#cell.rowidHigh) << 32n) | BigInt(this.#cell.rowidLow);
    return (from === undefined || rowid >= from) && (to === undefined || rowid <= to);
  }

  /** A row that is read a second time, because there was no room at first, is equal to the last one. */
  #assertAscending(run: CellRun, index: number): void {
    const { rowidHigh, rowidLow } = this.#cell;
    const { page } = run;
    const again = page.number === this.#lastPage && index === this.#lastIndex;
    const below = rowidHigh < this.#lastHigh || (rowidHigh === this.#lastHigh && rowidLow <= this.#lastLow);
    if (below && !again) throw new PageDamage(page.number, 'has rowids that do not ascend');
    this.#lastHigh = rowidHigh;
    this.#lastLow = rowidLow;
    this.#lastPage = page.number;
    this.#lastIndex = index;
  }

  async #flush(): Promise<void> {
    const size = this.#used;
    if (size > 0) this.#input.feed(0, size);
    this.#used = 0;
    await this.#sink.pressure();
    this.#options.signal.throwIfAborted();
    this.#sinceTurn += size;
    if (this.#sinceTurn < TURN_AFTER) return;
    this.#sinceTurn = 0;
    await turn();
  }

  #damaged(error: unknown): void {
    if (!(error instanceof PageDamage) || !this.#options.onDamage) throw error;
    this.#options.onDamage(error);
  }
}

function sizeOf(cell: Cell, amendment: Amendment | undefined): number {
  return amendment ? amendment.head.length + cell.size - amendment.skip + amendment.tail.length : cell.size;
}

function* payloadPieces(source: PageSource, bytes: Buffer, cell: Cell): Generator<Uint8Array> {
  yield bytes.subarray(cell.begin, cell.begin + cell.local);
  if (cell.local < cell.size) yield* overflowPieces(source, cell);
}

/** Four bytes at a time, because a call for each row costs more than the loop. */
function copy(from: DataView, start: number, size: number, to: DataView, at: number): void {
  const whole = size & ~3;
  for (let offset = 0; offset < whole; offset += 4) {
    to.setInt32(at + offset, from.getInt32(start + offset, true), true);
  }
  for (let offset = whole; offset < size; offset += 1) {
    to.setUint8(at + offset, from.getUint8(start + offset));
  }
}
