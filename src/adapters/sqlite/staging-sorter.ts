/**
 * Rows that do not come by ascending rowid: those of other engines, whose keys may lie in any order. The ledger keeps
 * each chunk with its own rows sorted; when all are there, most of them only have to be put in order, and chunks that
 * overlap are merged, so many at once as a bounded memory allows.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { DbimgError } from '../../core/errors.ts';
import type { Ledger, SortedRun } from './staging-ledger.ts';
import { LENGTH_SIZE, ROWID_SIZE } from './types.ts';

/** Bytes of rows that are packed into leaves together. */
const BATCH = 1024 * 1024;
/** Bytes of rows in a block, the least that is read at once while merging. A long row has a block of its own. */
const BLOCK = 32 * 1024;
/** Bytes of blocks that are held while merging. */
const MERGED_AT_ONCE = 16 * 1024 * 1024;

export interface Row {
  readonly rowid: bigint;
  /** With its length and rowid before it. */
  readonly bytes: Uint8Array;
}

/** @throws DbimgError `IMAGE_DAMAGED` if the bytes are no rows. */
export function* rowsOf(chunk: Uint8Array): Generator<Row> {
  const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  for (let at = 0; at < chunk.length; ) {
    const length = at + LENGTH_SIZE + ROWID_SIZE <= chunk.length ? view.getInt32(at, true) : 0;
    if (length <= LENGTH_SIZE + ROWID_SIZE || at + length > chunk.length) throw damagedRow();
    yield { rowid: view.getBigInt64(at + LENGTH_SIZE, true), bytes: chunk.subarray(at, at + length) };
    at += length;
  }
}

/** Keeps the rows of a chunk in the ledger, by rowid. Returns their number. */
export function keepSorted(ledger: Ledger, root: number, chunk: Uint8Array): number {
  let rows = [...rowsOf(chunk)];
  if (rows.some(({ rowid }, at) => rowid < (rows[at - 1]?.rowid ?? rowid))) {
    rows = rows.sort((a, b) => (a.rowid < b.rowid ? -1 : Number(a.rowid > b.rowid)));
  }
  const [first, last] = [rows[0], rows.at(-1)];
  if (!first || !last) throw damagedRow();
  const blocks = [...inPieces(rows, BLOCK)];
  const run = { first: first.rowid, last: last.rowid, widest: widestOf(blocks) };
  ledger.addBlocks(ledger.addSorted(root, run), 0, blocks);
  return rows.length;
}

/** All rows that the ledger keeps for a table, in order, in pieces that are neither large nor many. */
export async function* inOrder(
  ledger: Ledger,
  root: number,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  let group: SortedRun[] = [];
  let end = 0n;
  for (const run of ledger.sorted(root)) {
    if (group.length > 0 && run.first > end) {
      yield* together(ledger, group, signal);
      group = [];
    }
    end = group.length === 0 || run.last > end ? run.last : end;
    group.push(run);
  }
  if (group.length > 0) yield* together(ledger, group, signal);
}

async function* together(ledger: Ledger, runs: SortedRun[], signal: AbortSignal): AsyncGenerator<Uint8Array> {
  for (let next = fitting(runs); next < runs.length; next = fitting(runs)) {
    runs.push(await rewritten(ledger, runs.splice(0, next), signal));
  }
  for (const piece of inPieces(merged(ledger, runs), BATCH)) {
    yield piece;
    await rest(signal);
  }
}

/** The runs as one, in their place. */
async function rewritten(
  ledger: Ledger,
  runs: readonly SortedRun[],
  signal: AbortSignal,
): Promise<SortedRun> {
  let [{ first, last }] = runs as [SortedRun];
  for (const run of runs) if (run.last > last) last = run.last;
  const widest = runs.reduce((most, run) => Math.max(most, run.widest), 0);
  const run = { first, last, widest };
  const id = ledger.addSorted(null, run);
  let nth = 0;
  for (const piece of inPieces(merged(ledger, runs), BATCH)) {
    const blocks = [...inPieces(rowsOf(piece), BLOCK)];
    ledger.addBlocks(id, nth, blocks);
    nth += blocks.length;
    await rest(signal);
  }
  for (const { id: old } of runs) ledger.dropBlocks(old);
  return { id, ...run };
}

async function rest(signal: AbortSignal): Promise<void> {
  await turn();
  signal.throwIfAborted();
}

function widestOf(blocks: readonly Uint8Array[]): number {
  return blocks.reduce((most, { length }) => Math.max(most, length), 0);
}

/** How many of the runs, from the first on, can be merged at once. */
function fitting(runs: readonly SortedRun[]): number {
  let bytes = 0;
  let count = 0;
  for (const { widest } of runs) {
    bytes += widest;
    if (count >= 2 && bytes > MERGED_AT_ONCE) break;
    count += 1;
  }
  return count;
}

/** @throws DbimgError `IMAGE_DAMAGED` if a rowid occurs twice. */
function* merged(ledger: Ledger, runs: readonly SortedRun[]): Generator<Row> {
  const cursors = runs.map(({ id }) => new Cursor(rowsIn(ledger, id)));
  // That with the smallest rowid is the last.
  cursors.sort((a, b) => (a.row.rowid < b.row.rowid ? 1 : -1));
  let before: bigint | undefined;
  for (let cursor = cursors.pop(); cursor; cursor = cursors.pop()) {
    const { row } = cursor;
    if (row.rowid === before) throw twice(row.rowid);
    before = row.rowid;
    yield row;
    if (cursor.advance()) cursors.splice(placeOf(cursor, cursors), 0, cursor);
  }
}

/** Where the cursor belongs among others that descend. */
function placeOf({ row: { rowid } }: Cursor, cursors: readonly Cursor[]): number {
  let [low, high] = [0, cursors.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((cursors[middle] as Cursor).row.rowid > rowid) low = middle + 1;
    else high = middle;
  }
  return low;
}

class Cursor {
  readonly #rows: Iterator<Row>;
  row: Row;

  /** @param rows at least one. */
  constructor(rows: Iterator<Row>) {
    this.#rows = rows;
    this.row = rows.next().value as Row;
  }

  advance(): boolean {
    const next = this.#rows.next();
    if (!next.done) this.row = next.value;
    return !next.done;
  }
}

function* rowsIn(ledger: Ledger, run: number): Generator<Row> {
  for (let nth = 0; ; nth += 1) {
    const block = ledger.block(run, nth);
    if (!block) return;
    yield* rowsOf(block);
  }
}

/** Rows one after the other, in pieces of so many bytes and at most one row more. */
function* inPieces(rows: Iterable<Row>, length: number): Generator<Uint8Array> {
  let piece: Uint8Array[] = [];
  let size = 0;
  for (const { bytes } of rows) {
    piece.push(bytes);
    size += bytes.length;
    if (size < length) continue;
    yield Buffer.concat(piece, size);
    [piece, size] = [[], 0];
  }
  if (size > 0) yield Buffer.concat(piece, size);
}

function twice(rowid: bigint): DbimgError {
  return new DbimgError('IMAGE_DAMAGED', `The image holds two rows with the key ${rowid}.`);
}

function damagedRow(): DbimgError {
  return new DbimgError('IMAGE_DAMAGED', 'A chunk holds something else than rows.');
}
