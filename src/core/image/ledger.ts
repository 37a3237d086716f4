/** What writer and readers both keep while the frames of an image go by; memory flat, whatever the image holds. */
import type { StreamOpen } from '../adapter.ts';
import { addDigests, type Digest, digestToJSON, EMPTY_DIGEST } from '../records/digest.ts';
import type { Reference } from './entries.ts';
import { FRAME, type FrameHeader } from './frame.ts';
import { IndexBlock } from './index-block.ts';
import { FrameOrder, type OpenStream } from './order.ts';
import type { ImageTotals, PageRef } from './root.ts';
import { fitsTable, type StreamName, type StreamSummary } from './table.ts';

/** What a frame says beyond its header, as far as the ledger must know it. */
export interface FrameContent {
  readonly digest?: Digest;
  readonly open?: StreamOpen;
  readonly reference?: Reference;
  readonly total?: { readonly digest: Digest; readonly bytes: number };
}

interface NamedStream extends StreamName {
  readonly firstBlock: number;
}

/** Order, totals, the INDEX block and the TABLE page in the making, and where the finished ones are. */
export class Ledger {
  readonly order: FrameOrder;
  readonly blocks: PageRef[] = [];
  readonly pages: PageRef[] = [];
  readonly #refuse: (what: string) => Error;
  readonly #block = new IndexBlock();
  readonly #names = new Map<number, NamedStream>();
  #rows: StreamSummary[] = [];
  #digest: Digest = EMPTY_DIGEST;
  #frames = 0;
  #entries = 0;
  #streams = 0;
  #bytes = 0;
  #stored = 0;
  #log = 0;

  /** `refuse` makes the error for a frame that may not stand where it does. */
  constructor(refuse: (what: string) => Error) {
    this.#refuse = refuse;
    this.order = new FrameOrder(refuse);
  }

  /** Entries of the INDEX block in the making. */
  get listed(): number {
    return this.#block.count;
  }

  /** Lines of the TABLE page in the making. */
  get rows(): readonly StreamSummary[] {
    return this.#rows;
  }

  get totals(): ImageTotals {
    return {
      frames: this.#frames,
      entries: this.#entries,
      streams: this.#streams,
      records: this.#digest.records,
      bytes: this.#bytes,
      stored: this.#stored,
      sum: digestToJSON(this.#digest).sum,
      log: this.#log,
    };
  }

  /** Takes the next frame of the image. */
  add(frame: FrameHeader, header: Uint8Array, offset: number, content: FrameContent): void {
    const account = this.order.accept(frame);
    if (frame.type === FRAME.INDEX || frame.type === FRAME.ROOT || frame.type === FRAME.ABORT) return;
    const { open, reference, total } = content;
    if (open) this.#opened(frame.stream, open);
    if (reference && account) account.bytes += reference.bytes;
    if (total && account) this.#closed(frame.stream, account, total);
    if (frame.type === FRAME.CATALOG) this.#entries += frame.records;
    if (frame.type === FRAME.LOG) this.#log += 1;
    this.#block.add(offset, header, content.digest?.sum ?? 0n);
    this.#frames += 1;
  }

  /** Ends the INDEX block in the making and gives its bytes. */
  takeBlock(): Uint8Array<ArrayBuffer> {
    return this.#block.take();
  }

  /** Ends the TABLE page in the making and gives its lines. */
  takeRows(): readonly StreamSummary[] {
    const rows = this.#rows;
    this.#rows = [];
    return rows;
  }

  #opened(stream: number, open: StreamOpen): void {
    if (!fitsTable(open)) throw this.#refuse('The name of a stream is longer than any may be.');
    const { object, part, encoding } = open;
    this.#names.set(stream, { object, part, encoding, firstBlock: this.blocks.length });
  }

  #closed(stream: number, account: OpenStream, total: { digest: Digest; bytes: number }): void {
    const { firstBlock, ...name } = this.#names.get(stream) as NamedStream;
    this.#names.delete(stream);
    const { records, bytes, stored } = account;
    if (records !== total.digest.records || bytes !== total.bytes) {
      throw this.#refuse(`Stream ${stream} does not hold what its CLOSE frame says.`);
    }
    const blocks = { firstBlock, lastBlock: this.blocks.length };
    this.#rows.push({ stream, ...name, digest: total.digest, records, bytes, stored, ...blocks });
    this.#digest = addDigests(this.#digest, total.digest);
    this.#streams += 1;
    this.#bytes += bytes;
    this.#stored += stored;
  }
}
