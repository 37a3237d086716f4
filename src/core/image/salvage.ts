/** Walks a damaged image and gives back what is still good, from a pipe as well as from a file. */
import type { Keys } from '../codec/keys.ts';
import { DbimgError } from '../errors.ts';
import { ByteSource } from './byte-source.ts';
import { endsLikeFooter, FOOTER_BYTES } from './footer.ts';
import {
  checkStored,
  decodeHeader,
  FLAG,
  type FrameHeader,
  frameBytes,
  HEADER_BYTES,
  isHeader,
  kindOf,
  SIGNATURE_BYTES,
  type StoredFrame,
} from './frame.ts';
import { checkSignature, type Opening } from './frame-opener.ts';
import type { Head } from './head.ts';
import { openHead } from './opened-head.ts';
import { MAX_PRELUDE, preludeLength } from './prelude.ts';

/** A frame whose CRCs and signature are right, or bytes that belong to none. */
export type Found =
  | { readonly found: 'frame'; readonly frame: StoredFrame }
  | { readonly found: 'gap'; readonly offset: number; readonly length: number };

/** Bytes that are searched at once. */
const STEP = 65536;
const SYNC_BYTES = Buffer.from('DBIF');

/**
 * Frames come in the order of the image and as they are: some may be missing, so sequence numbers may jump. Whether the
 * content is right is known when a `FrameOpener` has opened it.
 */
export class Salvage {
  /** Undefined if HEAD is lost: then frames can be opened only if the image is not encrypted. */
  readonly head: Head | undefined;
  readonly opening: Opening;
  readonly #source: ByteSource;
  readonly #first: StoredFrame | undefined;

  private constructor(source: ByteSource, first?: StoredFrame, opened?: { head: Head; opening: Opening }) {
    this.#source = source;
    this.#first = first;
    this.head = opened?.head;
    this.opening = opened?.opening ?? { image: new Uint8Array(16), headHash: new Uint8Array(32) };
  }

  /**
   * Reads HEAD if it is where it should be and whole; if not, goes on without it.
   * @throws DbimgError `KEY_MISSING`, `KEY_WRONG`
   */
  static async open(stream: AsyncIterable<Uint8Array>, keys: Keys): Promise<Salvage> {
    const source = new ByteSource(stream);
    const start = await source.peek(MAX_PRELUDE);
    try {
      source.skip(preludeLength(start));
      const first = await frameAt(source);
      if (!first) return new Salvage(source);
      const opened = await openHead(first.frame, first.signature, keys);
      source.skip(frameBytes(first.frame));
      return new Salvage(source, first.frame, opened);
    } catch (error) {
      if (error instanceof DbimgError && error.code.startsWith('KEY_')) throw error;
      return new Salvage(source);
    }
  }

  /** Everything in the image, good or not, in order and without overlap. Can be called once. */
  async *found(): AsyncGenerator<Found, void, void> {
    if (this.#first) yield { found: 'frame', frame: this.#first };
    let gap = this.#source.offset;
    while (!(await this.#source.atEnd())) {
      const good = await this.#good();
      const { offset } = this.#source;
      const footer = !good && (await this.#atFooter());
      if ((good || footer) && offset > gap) yield { found: 'gap', offset: gap, length: offset - gap };
      if (good) {
        this.#source.skip(frameBytes(good));
        gap = this.#source.offset;
        yield { found: 'frame', frame: good };
      } else if (footer) return;
      else await this.#skipBad();
    }
    const { offset } = this.#source;
    if (offset > gap) yield { found: 'gap', offset: gap, length: offset - gap };
  }

  async #good(): Promise<StoredFrame | undefined> {
    const read = await frameAt(this.#source);
    if (!read) return undefined;
    try {
      if (this.head) checkSignature(this.opening, read.frame.header, read.signature, read.frame.offset);
      return read.frame;
    } catch {
      return undefined;
    }
  }

  async #atFooter(): Promise<boolean> {
    const rest = await this.#source.peek(FOOTER_BYTES + 1);
    return rest.length === FOOTER_BYTES && endsLikeFooter(rest);
  }

  /**
   * Goes to where the next frame may begin. If a header is good and only what follows it is not, the frame is left out
   * as a whole when another begins right after it: its payload may hold what looks like frames.
   */
  async #skipBad(): Promise<void> {
    const header = await headerAt(this.#source);
    if (header) {
      const length = frameBytes(header);
      const beyond = (await this.#source.peek(length + HEADER_BYTES)).subarray(length);
      const frameFollows = beyond.length === HEADER_BYTES && isHeader(beyond);
      if (frameFollows || endsLikeFooter(beyond)) return this.#source.skip(length);
    }
    const bytes = Buffer.from((await this.#source.peek(STEP)).buffer);
    const next = bytes.indexOf(SYNC_BYTES, 1);
    if (next > 0) return this.#source.skip(next);
    // The last bytes may be the first ones of a sync word, unless nothing comes after them.
    const left = bytes.length < STEP ? bytes.length : bytes.length - SYNC_BYTES.length + 1;
    this.#source.skip(this.#footerWithin(bytes) ?? left);
  }

  /** Where the footer begins if these are the last bytes. */
  #footerWithin(bytes: Buffer): number | undefined {
    if (bytes.length <= FOOTER_BYTES || bytes.length === STEP) return undefined;
    return endsLikeFooter(bytes.subarray(-FOOTER_BYTES)) ? bytes.length - FOOTER_BYTES : undefined;
  }
}

async function headerAt(source: ByteSource): Promise<FrameHeader | undefined> {
  const header = await source.peek(HEADER_BYTES);
  if (header.length < HEADER_BYTES || !isHeader(header)) return undefined;
  try {
    return decodeHeader(header, source.offset);
  } catch {
    return undefined;
  }
}

/** The frame that begins here, without taking it, if it is whole. */
async function frameAt(
  source: ByteSource,
): Promise<{ frame: StoredFrame; signature: Uint8Array | undefined } | undefined> {
  const { offset } = source;
  const fields = await headerAt(source);
  if (!fields) return undefined;
  const bytes = await source.peek(frameBytes(fields));
  if (bytes.length < frameBytes(fields)) return undefined;
  const header = bytes.slice(0, HEADER_BYTES);
  const payload = bytes.slice(HEADER_BYTES, HEADER_BYTES + fields.storedLength);
  try {
    checkStored(header, payload, offset);
  } catch {
    return undefined;
  }
  const signature = fields.flags & FLAG.SIGNED ? bytes.slice(-SIGNATURE_BYTES) : undefined;
  return { frame: { ...fields, kind: kindOf(fields.type), offset, header, payload }, signature };
}
