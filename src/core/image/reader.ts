/** Reads an image in one pass, from a pipe as well as from a file, and believes nothing. */
import { hash } from 'node:crypto';
import type { CatalogEntry, StreamOpen } from '../adapter.ts';
import type { Keys } from '../codec/keys.ts';
import { DbimgError } from '../errors.ts';
import { addDigests, type Digest, digestToJSON, EMPTY_DIGEST } from '../records/digest.ts';
import { ByteSource } from './byte-source.ts';
import { damaged, incomplete } from './damage.ts';
import { parseOpen, parseReference, parseTotal } from './entries.ts';
import { decodeFooter, FOOTER_BYTES } from './footer.ts';
import {
  checkStored,
  decodeHeader,
  FLAG,
  FRAME,
  HEADER_BYTES,
  kindOf,
  SIGNATURE_BYTES,
  type StoredFrame,
} from './frame.ts';
import { checkSignature, FrameOpener, type Opening } from './frame-opener.ts';
import type { Head } from './head.ts';
import { MAX_ENTRIES, sumIfSameFrames } from './index-block.ts';
import { Fields, parseJson } from './json.ts';
import { type FrameContent, Ledger } from './ledger.ts';
import { CatalogParser } from './lines.ts';
import { type OpenedHead, openHead } from './opened-head.ts';
import { MAX_PRELUDE, preludeLength } from './prelude.ts';
import { hex, type PageRef, parseRoot, type Root } from './root.ts';
import { MAX_ROWS, sameRows } from './table.ts';

export { FrameOpener, type Opening, type StoredFrame } from './frame-opener.ts';

interface ReadFrame {
  readonly frame: StoredFrame;
  readonly signature: Uint8Array | undefined;
}

/**
 * One pass over an image. When `frames` has ended without an error, every byte of the image was accounted for, except
 * that the content of DATA, REF and LOG frames is proven by {@link FrameOpener.open}.
 */
export class ImageReader {
  readonly head: Head;
  /** What a lane needs to open frames. */
  readonly opening: Opening;
  readonly #source: ByteSource;
  readonly #prelude: string;
  readonly #first: StoredFrame;
  readonly #opener: FrameOpener;
  readonly #ledger = new Ledger((what) => damaged(what));
  readonly #catalog = new CatalogParser();
  readonly #contents = new WeakMap<StoredFrame, FrameContent>();
  #listed: Digest = EMPTY_DIGEST;
  #root: Root | undefined;

  private constructor(source: ByteSource, prelude: string, first: StoredFrame, opened: OpenedHead) {
    this.#source = source;
    this.#prelude = prelude;
    this.#first = first;
    this.head = opened.head;
    this.opening = opened.opening;
    this.#opener = new FrameOpener(opened.opening);
  }

  /**
   * Reads up to and including HEAD.
   * @throws DbimgError `NOT_AN_IMAGE`, `FORMAT_UNSUPPORTED`, `IMAGE_DAMAGED`, `IMAGE_INCOMPLETE`, `SIGNATURE_BAD`,
   * `KEY_MISSING`, `KEY_WRONG`
   */
  static async open(source: AsyncIterable<Uint8Array>, keys: Keys): Promise<ImageReader> {
    const bytes = new ByteSource(source);
    try {
      const prelude = await bytes.take(preludeLength(await bytes.peek(MAX_PRELUDE)));
      const { frame, signature } = await takeFrame(bytes);
      return new ImageReader(
        bytes,
        hash('sha256', prelude, 'hex'),
        frame,
        await openHead(frame, signature, keys),
      );
    } catch (error) {
      await bytes.close();
      throw error;
    }
  }

  /** The end of the image; undefined until {@link frames} has ended. */
  get root(): Root | undefined {
    return this.#root;
  }

  /** Bytes read so far. */
  get bytes(): number {
    return this.#source.offset;
  }

  /**
   * CATALOG, OPEN, DATA, REF, CLOSE and LOG frames in the order of the image; INDEX, TABLE, ROOT and FOOTER are checked
   * on the way. Can be called once.
   * @throws DbimgError `IMAGE_INCOMPLETE`, `IMAGE_ABORTED` with the writer's reason, `IMAGE_DAMAGED`, `SIGNATURE_BAD`
   */
  async *frames(): AsyncGenerator<StoredFrame, void, void> {
    try {
      this.#ledger.add(this.#first, this.#first.header, this.#first.offset, {});
      for (;;) {
        const frame = await this.#next();
        if (frame.type === FRAME.ROOT) return await this.#end(frame);
        if (frame.type === FRAME.ABORT) throw await this.#aborted(frame);
        if (frame.type !== FRAME.INDEX && frame.type !== FRAME.TABLE) yield frame;
      }
    } finally {
      await this.#source.close();
    }
  }

  /** The catalog entries that end in a CATALOG frame. Every such frame must be given, in order. */
  async *entries(frame: StoredFrame): AsyncGenerator<CatalogEntry, void, void> {
    yield* this.#catalog.push(await this.#opener.open(frame), frame);
  }

  /** What an OPEN frame says. */
  async openOf(frame: StoredFrame): Promise<StreamOpen> {
    return this.#contents.get(frame)?.open ?? parseOpen(await this.#opener.open(frame));
  }

  /** What a CLOSE frame says. */
  async totalsOf(frame: StoredFrame): Promise<{ readonly digest: Digest; readonly bytes: number }> {
    return this.#contents.get(frame)?.total ?? parseTotal(await this.#opener.open(frame));
  }

  async #next(): Promise<StoredFrame> {
    if (await this.#source.atEnd()) throw incomplete('The image ends without its last frames.');
    const { frame, signature } = await takeFrame(this.#source);
    checkSignature(this.opening, frame.header, signature, frame.offset);
    if (frame.type === FRAME.INDEX) await this.#checkIndex(frame);
    if (frame.type === FRAME.TABLE) await this.#checkTable(frame);
    const content = await this.#contentOf(frame);
    this.#contents.set(frame, content);
    this.#ledger.add(frame, frame.header, frame.offset, content);
    if (this.#ledger.listed > MAX_ENTRIES) throw damaged('An INDEX block is missing.');
    if (this.#ledger.rows.length > MAX_ROWS) throw damaged('A TABLE page is missing.');
    return frame;
  }

  async #contentOf(frame: StoredFrame): Promise<FrameContent> {
    switch (frame.type) {
      case FRAME.OPEN:
        return { open: parseOpen(await this.#opener.open(frame)) };
      case FRAME.REF:
        return { reference: parseReference(await this.#opener.open(frame)) };
      case FRAME.CLOSE:
        return { total: parseTotal(await this.#opener.open(frame)) };
      default:
        return {};
    }
  }

  async #checkIndex(frame: StoredFrame): Promise<void> {
    const listed = await this.#opener.open(frame);
    const count = this.#ledger.listed;
    const sum = sumIfSameFrames(listed, this.#ledger.takeBlock());
    if (sum === null || count === 0 || frame.records !== count) {
      throw damaged(`The INDEX block at byte ${frame.offset} does not list the frames before it.`);
    }
    this.#listed = addDigests(this.#listed, { records: 0, sum });
    this.#ledger.blocks.push({ offset: frame.offset, id: hex(frame.contentId), count });
  }

  async #checkTable(frame: StoredFrame): Promise<void> {
    const listed = await this.#opener.open(frame);
    const seen = this.#ledger.takeRows();
    const count = seen.length;
    if (!sameRows(listed, seen) || frame.records !== count) {
      throw damaged(`The TABLE page at byte ${frame.offset} does not list the streams closed before it.`);
    }
    this.#ledger.pages.push({ offset: frame.offset, id: hex(frame.contentId), count });
  }

  async #end(frame: StoredFrame): Promise<void> {
    const root = parseRoot(await this.#opener.open(frame));
    const { listed, rows, totals, blocks, pages } = this.#ledger;
    if (listed > 0 || rows.length > 0)
      throw damaged('The last frames of the image are in no INDEX block or TABLE page.');
    const same =
      root.image === this.head.image &&
      root.prelude === this.#prelude &&
      root.head === hex(this.#first.contentId) &&
      sameTotals(root.totals, totals) &&
      totals.sum === digestToJSON(this.#listed).sum &&
      samePages(root.blocks, blocks) &&
      samePages(root.pages, pages);
    if (!same) throw damaged('The image is not what its ROOT frame says.');
    const footer = decodeFooter(await this.#source.take(FOOTER_BYTES));
    const ends = footer.rootOffset === frame.offset && footer.length === this.#source.offset;
    if (!ends || hex(footer.rootId) !== hex(frame.contentId))
      throw damaged('The footer does not fit the image.');
    if (!(await this.#source.atEnd()))
      throw damaged(`There are more bytes after the end of the image, at ${footer.length}.`);
    this.#root = root;
  }

  async #aborted(frame: StoredFrame): Promise<DbimgError> {
    const fields = new Fields(parseJson(await this.#opener.open(frame), 'ABORT frame'), 'ABORT frame');
    return new DbimgError('IMAGE_ABORTED', `The dump failed: ${fields.string('message')}`, {
      ...(fields.has('hint') ? { hint: fields.string('hint') } : {}),
      ...(fields.has('object') ? { object: fields.strings('object') } : {}),
    });
  }
}

async function takeFrame(source: ByteSource): Promise<ReadFrame> {
  const { offset } = source;
  const header = await source.take(HEADER_BYTES);
  const fields = decodeHeader(header, offset);
  const payload = await source.take(fields.storedLength);
  checkStored(header, payload, offset);
  const signature = fields.flags & FLAG.SIGNED ? await source.take(SIGNATURE_BYTES) : undefined;
  return { frame: { ...fields, kind: kindOf(fields.type), offset, header, payload }, signature };
}

function sameTotals(a: Root['totals'], b: Root['totals']): boolean {
  return (Object.keys(b) as (keyof Root['totals'])[]).every((name) => a[name] === b[name]);
}

function samePages(a: readonly PageRef[], b: readonly PageRef[]): boolean {
  return (
    a.length === b.length &&
    a.every((page, i) => page.offset === b[i]?.offset && page.id === b[i].id && page.count === b[i].count)
  );
}
