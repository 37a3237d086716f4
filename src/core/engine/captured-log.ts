/** The log that an image brings along, kept aside until what it changes has been loaded. */
import type { ChangeBatch, ChangeSource, Position } from '../adapter.ts';
import { DbimgError } from '../errors.ts';
import type { StoredFrame } from '../image/frame.ts';
import { FrameOpener, type Opening } from '../image/frame-opener.ts';
import { decodeLog } from '../image/log.ts';
import { ByteSpool, type Extent } from './byte-spool.ts';

/** A batch whose bytes are in the spool. */
interface HeldBatch {
  readonly from: Position;
  readonly to: Position;
  records: number;
  readonly extents: Extent[];
}

export class CapturedLog implements ChangeSource, AsyncDisposable {
  readonly #opener: FrameOpener;
  readonly #spool: ByteSpool;
  readonly #batches: HeldBatch[] = [];
  #encoding: string | undefined;

  constructor(opening: Opening, tmp: string | undefined) {
    this.#opener = new FrameOpener(opening);
    this.#spool = new ByteSpool(tmp);
  }

  get empty(): boolean {
    return this.#batches.length === 0;
  }

  get records(): number {
    return this.#batches.reduce((sum, batch) => sum + batch.records, 0);
  }

  get encoding(): string {
    return this.#encoding ?? '';
  }

  /**
   * Verifies a LOG frame and keeps its bytes. Frames come in the order of the image.
   *
   * @throws DbimgError `IMAGE_DAMAGED`, `STORE_FAILED`
   */
  async add(frame: StoredFrame): Promise<void> {
    const { begin, bytes } = decodeLog(await this.#opener.open(frame), frame.flags);
    if (begin) {
      this.#encoding ??= begin.encoding;
      if (begin.encoding !== this.#encoding) throw mixed();
      this.#batches.push({ from: begin.from, to: begin.to, records: 0, extents: [] });
    }
    const batch = this.#batches.at(-1);
    if (!batch) throw mixed();
    batch.extents.push(await this.#spool.append(bytes));
    batch.records += frame.records;
  }

  async *batches(): AsyncGenerator<ChangeBatch> {
    for (const { from, to, records, extents } of this.#batches) {
      const pieces: Buffer[] = [];
      for (const extent of extents) pieces.push(await this.#spool.read(extent));
      yield { from, to, records, bytes: Buffer.concat(pieces) };
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#spool[Symbol.asyncDispose]();
  }
}

function mixed(): DbimgError {
  return new DbimgError('IMAGE_DAMAGED', 'The LOG frames of the image do not belong together.');
}
