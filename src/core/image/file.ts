/** Reads an image by random access: from its end to whatever is asked for, each piece proven by ROOT. */
import { hash } from 'node:crypto';
import type { CatalogEntry } from '../adapter.ts';
import type { Keys } from '../codec/keys.ts';
import { DbimgError } from '../errors.ts';
import type { StoreReader } from '../store/store.ts';
import { damaged, incomplete } from './damage.ts';
import { decodeFooter, endsLikeFooter, FOOTER_BYTES } from './footer.ts';
import {
  checkStored,
  decodeHeader,
  FLAG,
  FRAME,
  type FrameHeader,
  frameBytes,
  HEADER_BYTES,
  kindOf,
  STREAM,
  type StoredFrame,
} from './frame.ts';
import { checkSignature, FrameOpener, type Opening } from './frame-opener.ts';
import type { Head } from './head.ts';
import { checkIndexBlock, entriesOf, type IndexEntry } from './index-block.ts';
import { CatalogParser } from './lines.ts';
import { openHead } from './opened-head.ts';
import { MAX_PRELUDE, preludeLength } from './prelude.ts';
import { hex, type PageRef, parseRoot, type Root } from './root.ts';
import { decodeRows, type StreamSummary } from './table.ts';

/** INDEX blocks that are kept, so that small streams beside each other cost one read of their block. */
const KEPT_BLOCKS = 4;

interface ReadFrame {
  readonly frame: StoredFrame;
  readonly signature: Uint8Array | undefined;
}

export class ImageFile {
  readonly head: Head;
  readonly root: Root;
  /** What a lane needs to open frames. */
  readonly opening: Opening;
  readonly #bytes: RandomAccess;
  readonly #opener: FrameOpener;
  readonly #blocks = new Map<number, Promise<Uint8Array>>();

  private constructor(bytes: RandomAccess, head: Head, root: Root, opening: Opening) {
    this.#bytes = bytes;
    this.head = head;
    this.root = root;
    this.opening = opening;
    this.#opener = new FrameOpener(opening);
  }

  /**
   * Reads HEAD, FOOTER and ROOT. The store stays the caller's to close.
   * @throws DbimgError `NOT_AN_IMAGE`, `FORMAT_UNSUPPORTED`, `IMAGE_DAMAGED`, `IMAGE_INCOMPLETE`, `SIGNATURE_BAD`,
   * `KEY_MISSING`, `KEY_WRONG`; `USAGE` if the store has no random access
   */
  static async open(store: StoreReader, keys: Keys): Promise<ImageFile> {
    const bytes = new RandomAccess(store);
    const start = await bytes.read(0, Math.min(MAX_PRELUDE, bytes.size));
    const prelude = start.subarray(0, preludeLength(start));
    const first = await readFrame(bytes, prelude.length);
    const { head, opening } = await openHead(first.frame, first.signature, keys);
    const end = await bytes.read(Math.max(0, bytes.size - FOOTER_BYTES), Math.min(FOOTER_BYTES, bytes.size));
    if (!endsLikeFooter(end)) throw incomplete('The image does not end with a footer.');
    const footer = decodeFooter(end);
    const { frame, signature } = await readFrame(bytes, footer.rootOffset);
    checkSignature(opening, frame.header, signature, frame.offset);
    const root = parseRoot(await new FrameOpener(opening).open(frame));
    const same =
      frame.type === FRAME.ROOT &&
      footer.length === bytes.size &&
      frame.offset + frameBytes(frame) + FOOTER_BYTES === bytes.size &&
      hex(frame.contentId) === hex(footer.rootId) &&
      root.image === head.image &&
      root.head === hex(first.frame.contentId) &&
      root.prelude === hash('sha256', prelude, 'hex');
    if (!same) throw damaged('The footer, ROOT and HEAD of the image do not fit each other.');
    return new ImageFile(bytes, head, root, opening);
  }

  /** The catalog, in order. */
  async *catalog(): AsyncGenerator<CatalogEntry, void, void> {
    const parser = new CatalogParser();
    let left = this.root.totals.entries;
    for (let i = 0; i < this.root.blocks.length && left > 0; i += 1) {
      for (const entry of await this.#entries(i, STREAM.CATALOG)) {
        const frame = await this.#frame(entry);
        left -= frame.records;
        yield* parser.push(await this.openFrame(frame), frame);
      }
    }
    if (left !== 0) throw damaged('The catalog of the image is not what its ROOT frame says.');
  }

  /** The stream table, in the order in which streams were closed. */
  async *streams(): AsyncGenerator<StreamSummary, void, void> {
    for (const page of this.root.pages) {
      const rows = decodeRows(await this.openFrame(await this.#page(page, FRAME.TABLE)));
      if (rows.length !== page.count) throw damaged('A TABLE page is not what its ROOT frame says.');
      yield* rows;
    }
  }

  /** The frames of a stream from OPEN to CLOSE; none is missing when it ends. */
  async *frames(stream: StreamSummary): AsyncGenerator<StoredFrame, void, void> {
    const { blocks } = this.root;
    const seen = { next: 0, records: 0, stored: 0, closed: false };
    if (stream.lastBlock >= blocks.length)
      throw damaged('The stream table names an INDEX block that is not there.');
    for (let i = stream.firstBlock; i <= stream.lastBlock; i += 1) {
      for (const entry of await this.#entries(i, stream.stream)) {
        const { type, sequence, records, storedLength } = entry.frame;
        if (sequence !== seen.next || seen.closed || (type === FRAME.OPEN) !== (sequence === 0)) {
          throw damaged(`Frame ${seen.next} of stream ${stream.stream} is missing.`, {
            object: stream.object,
          });
        }
        seen.next += 1;
        seen.records += records;
        if (type === FRAME.DATA) seen.stored += storedLength;
        seen.closed = type === FRAME.CLOSE;
        yield await this.#frame(entry);
      }
    }
    if (!seen.closed || seen.records !== stream.records || seen.stored !== stream.stored) {
      throw damaged(`Stream ${stream.stream} is not what the stream table says.`, { object: stream.object });
    }
  }

  /** The LOG frames, in order; {@link decodeLog} reads what {@link openFrame} gives. */
  async *log(): AsyncGenerator<StoredFrame, void, void> {
    let next = 0;
    for (let i = 0; i < this.root.blocks.length && next < this.root.totals.log; i += 1) {
      for (const entry of await this.#entries(i, STREAM.LOG)) {
        if (entry.frame.sequence !== next) throw damaged(`LOG frame ${next} is missing.`);
        next += 1;
        yield await this.#frame(entry);
      }
    }
    if (next !== this.root.totals.log) throw damaged(`LOG frame ${next} is missing.`);
  }

  /** The plain bytes of a frame, proven. */
  openFrame(frame: StoredFrame): Promise<Uint8Array<ArrayBuffer>> {
    return this.#opener.open(frame);
  }

  async #entries(block: number, stream: number): Promise<IndexEntry[]> {
    let bytes = this.#blocks.get(block);
    if (!bytes) {
      bytes = this.#readBlock(this.root.blocks[block] as PageRef);
      this.#blocks.set(block, bytes);
      const [oldest] = this.#blocks.keys();
      if (this.#blocks.size > KEPT_BLOCKS && oldest !== undefined) this.#blocks.delete(oldest);
    }
    return [...entriesOf(await bytes, stream)];
  }

  async #readBlock(page: PageRef): Promise<Uint8Array> {
    const bytes = await this.openFrame(await this.#page(page, FRAME.INDEX));
    checkIndexBlock(bytes, page.offset);
    return bytes;
  }

  async #page(page: PageRef, type: FrameHeader['type']): Promise<StoredFrame> {
    const { frame, signature } = await readFrame(this.#bytes, page.offset);
    checkSignature(this.opening, frame.header, signature, frame.offset);
    if (frame.type !== type || hex(frame.contentId) !== page.id || frame.records !== page.count) {
      throw damaged(`The frame at byte ${page.offset} is not the one that ROOT names.`);
    }
    return frame;
  }

  async #frame(entry: IndexEntry): Promise<StoredFrame> {
    const { frame, signature } = await readFrame(this.#bytes, entry.offset, entry.frame);
    if (Buffer.compare(frame.header, entry.header) !== 0) {
      throw damaged(`The frame at byte ${entry.offset} is not the one that the index names.`);
    }
    checkSignature(this.opening, frame.header, signature, frame.offset);
    return frame;
  }
}

/** Reads that never go beyond the end, whatever an image says. */
class RandomAccess {
  readonly size: number;
  readonly #read: NonNullable<StoreReader['read']>;

  constructor(store: StoreReader) {
    if (store.read === undefined || store.size === undefined) {
      throw new DbimgError(
        'USAGE',
        'This needs an image in a file: a pipe can only be read from its beginning.',
        {
          hint: 'Save the pipe to a file first.',
        },
      );
    }
    this.size = store.size;
    this.#read = store.read.bind(store);
  }

  async read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    if (offset + length > this.size) throw incomplete(`The image ends before byte ${offset + length}.`);
    return await this.#read(offset, length);
  }
}

/** A frame in one read if its lengths are known, else in two. */
async function readFrame(bytes: RandomAccess, offset: number, known?: FrameHeader): Promise<ReadFrame> {
  const begin = known ? undefined : await bytes.read(offset, HEADER_BYTES);
  const fields = known ?? decodeHeader(begin as Uint8Array, offset);
  const rest = await bytes.read(offset + (begin?.length ?? 0), frameBytes(fields) - (begin?.length ?? 0));
  const header = begin ?? rest.slice(0, HEADER_BYTES);
  const at = begin ? 0 : HEADER_BYTES;
  const payload = rest.subarray(at, at + fields.storedLength);
  checkStored(header, payload, offset);
  const signature = fields.flags & FLAG.SIGNED ? rest.subarray(at + fields.storedLength) : undefined;
  return { frame: { ...fields, kind: kindOf(fields.type), offset, header, payload }, signature };
}
