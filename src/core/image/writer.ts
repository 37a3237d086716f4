/** Writes an image in one pass: frames of many lanes in, bytes for a store out. */
import { hash, randomUUID } from 'node:crypto';
import type { CatalogEntry, ChangeBatch, Omission, Plain, Position } from '../adapter.ts';
import { freeMemory } from '../chunk-memory.ts';
import { createChainKey, type EncryptFor, idKeyOf, imageKeyOf } from '../codec/keys.ts';
import { encodeJson, type FramePlan, type SealedFrame, type Sealing, sealFrame } from '../codec/sealing.ts';
import { type SignWith, signingKeys } from '../codec/signing.ts';
import { asDbimgError, DbimgError } from '../errors.ts';
import type { StoreWriter } from '../store/store.ts';
import { encodeFooter, FOOTER_BYTES } from './footer.ts';
import { CODEC, FRAME, frameBytes, STREAM } from './frame.ts';
import { type Head, imageIdBytes } from './head.ts';
import { MAX_ENTRIES } from './index-block.ts';
import { Ledger } from './ledger.ts';
import { LineChunker, MAX_LINE } from './lines.ts';
import { encodeBatch } from './log.ts';
import { encodePrelude, FORMAT } from './prelude.ts';
import { hex, type Root } from './root.ts';
import { encodeRows, MAX_ROWS } from './table.ts';

export interface ImageOptions {
  readonly head: Omit<Head, 'format' | 'image' | 'cipher' | 'keys' | 'publicKey'>;
  /** zstd level, 1–19. Default 1. */
  readonly level?: number;
  /** Begin with a `#!` line, so that the image can be executed. */
  readonly shebang?: boolean;
  readonly encrypt?: EncryptFor;
  readonly sign?: SignWith;
  /** Smaller pages than the format's, for tests. */
  readonly limits?: { readonly entries?: number; readonly rows?: number; readonly catalogBytes?: number };
}

/** What is known only when all data has been read. */
export interface ImageEnd {
  readonly position: Position;
  readonly omissions: readonly Omission[];
  readonly logUnneeded?: boolean;
  readonly details?: Plain;
}

/** Plain bytes of a CATALOG frame. */
const CATALOG_BYTES = 256 * 1024;
/** Bytes that are handed to the store at once, roughly. */
const BATCH_BYTES = 4 * 1024 * 1024;
/** Bytes of JSON that omissions may take in ROOT; what is beyond is counted there, not named. */
const OMISSION_BYTES = 2 * 1024 * 1024;
/** How long a dying writer waits for its store, in milliseconds. */
const ABORT_PATIENCE = 2000;

interface Waiting {
  readonly frame: SealedFrame;
  resolve(): void;
  reject(error: unknown): void;
}

/**
 * Takes frames from any number of callers and writes them in the order of the calls, except that the frames of one
 * record stay together: while a record is unfinished, other streams wait. Nothing is buffered but what callers wait
 * for. After the first failure every call rejects with it.
 */
export class ImageWriter {
  /** UUID. */
  readonly image: string;
  readonly sealing: Sealing;
  readonly #output: StoreWriter;
  readonly #ledger = new Ledger((what) => new DbimgError('BUG', `The image writer was misused. ${what}`));
  readonly #limits: { readonly entries: number; readonly rows: number };
  readonly #catalog: LineChunker;
  readonly #next = new Map<number, number>();
  readonly #queue: Waiting[] = [];
  #prelude = '';
  #bytes = 0;
  #streams = 0;
  #pumping: Promise<void> | undefined;
  #logTail: Promise<void> = Promise.resolve();
  #failure: { readonly error: unknown } | undefined;
  #storeFailed = false;
  #finished = false;

  private constructor(output: StoreWriter, image: string, sealing: Sealing, options: ImageOptions) {
    this.#output = output;
    this.image = image;
    this.sealing = sealing;
    const { entries = MAX_ENTRIES, rows = MAX_ROWS, catalogBytes = CATALOG_BYTES } = options.limits ?? {};
    this.#limits = { entries, rows };
    this.#catalog = new LineChunker(catalogBytes);
  }

  /** Writes everything up to and including HEAD. Fails with `USAGE` if a key or recipient given is none. */
  static async create(output: StoreWriter, options: ImageOptions): Promise<ImageWriter> {
    const image = randomUUID();
    const id = imageIdBytes(image);
    const chain = options.encrypt ? await createChainKey(options.encrypt) : undefined;
    const signing = options.sign ? signingKeys(options.sign) : undefined;
    const head: Head = {
      format: FORMAT,
      image,
      ...options.head,
      ...(chain ? { cipher: 'aes-256-gcm', keys: chain.wraps } : {}),
      ...(signing ? { publicKey: signing.publicKey } : {}),
    };
    const plain = encodeJson(head);
    const sealing: Sealing = {
      level: options.level ?? 1,
      image: id,
      headHash: new Uint8Array(hash('sha256', plain, 'buffer')),
      ...(chain ? { keys: { imageKey: imageKeyOf(chain.key, id), idKey: idKeyOf(chain.key) } } : {}),
      ...(signing ? { signingKey: signing.signingKey } : {}),
    };
    const writer = new ImageWriter(output, image, sealing, options);
    await writer.#begin(encodePrelude(options.shebang === true), plain);
    return writer;
  }

  /** Bytes handed to the store. */
  get bytes(): number {
    return this.#bytes;
  }

  /** A number for a new stream; its OPEN frame should follow soon. */
  nextStream(): number {
    this.#streams += 1;
    return this.#streams;
  }

  /** Adds to the catalog; all of it before the first OPEN frame, ids ascending. */
  async catalog(entry: CatalogEntry): Promise<void> {
    const line = encodeJson(entry);
    if (line.length > MAX_LINE) {
      throw new DbimgError(
        'UNSUPPORTED',
        `A definition of ${line.length} bytes is longer than an image can carry.`,
        {
          object: entry.object,
        },
      );
    }
    await this.#writeLines(this.#catalog.push(line));
  }

  /** Writes what is left of the catalog. May be called again. */
  async endCatalog(): Promise<void> {
    await this.#writeLines(this.#catalog.flush());
  }

  /**
   * Resolves when the store has taken the frame, whose memory is gone then. Frames of one stream must be given in their
   * order.
   */
  write(frame: SealedFrame): Promise<void> {
    if (this.#failure) return Promise.reject(this.#failure.error);
    return new Promise((resolve, reject) => {
      this.#queue.push({ frame, resolve, reject });
      if (this.#movable() >= 0) this.#pumping ??= this.#pump();
    });
  }

  /** Adds a batch of the log; calls are taken in order. */
  log(encoding: string, batch: ChangeBatch): Promise<void> {
    const done = this.#logTail.then(async () => {
      for (const { bytes, ...plan } of encodeBatch(encoding, batch)) {
        await this.write(await this.#seal({ type: FRAME.LOG, ...plan }, STREAM.LOG, bytes));
      }
    });
    this.#logTail = done.catch(() => {});
    return done;
  }

  /** Writes the rest of the table and index, ROOT and FOOTER. Every stream must be closed. The store is not committed. */
  async finish(end: ImageEnd): Promise<Root> {
    await this.endCatalog();
    await this.#pumping;
    if (this.#failure) throw this.#failure.error;
    if (this.#queue.length > 0) throw new DbimgError('BUG', 'A record was left unfinished.');
    const chunks: Uint8Array[] = [];
    if (this.#ledger.rows.length > 0) await this.#addTable(chunks);
    await this.#addIndex(chunks);
    const { position, logUnneeded, details } = end;
    const root: Root = {
      image: this.image,
      position,
      omissions: boundedOmissions(end.omissions),
      ...(logUnneeded === undefined ? {} : { logUnneeded }),
      ...(details === undefined ? {} : { details }),
      prelude: this.#prelude,
      head: hex(this.sealing.headHash),
      totals: this.#ledger.totals,
      blocks: this.#ledger.blocks,
      pages: this.#ledger.pages,
    };
    const rootOffset = this.#bytes;
    const frame = await this.#seal({ type: FRAME.ROOT, records: 0 }, STREAM.ROOT, encodeJson(root));
    this.#add(frame, chunks);
    this.#bytes += FOOTER_BYTES;
    chunks.push(encodeFooter({ rootOffset, rootId: frame.contentId, length: this.#bytes }));
    this.#finished = true;
    await this.#output.write(chunks);
    return root;
  }

  /**
   * Tells who reads a pipe why nothing more will come; every waiting call rejects. Never rejects, and gives up after
   * two seconds if the store does not move.
   */
  async abort(error: DbimgError): Promise<void> {
    this.#fail(error);
    if (this.#finished || this.#storeFailed) return;
    this.#finished = true;
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, ABORT_PATIENCE);
    });
    await Promise.race([this.#writeAbort(error).catch(() => {}), patience]);
    clearTimeout(timer);
  }

  async #writeAbort(error: DbimgError): Promise<void> {
    await this.#pumping;
    if (this.#storeFailed) return;
    const chunks: Uint8Array[] = [];
    this.#add(await this.#seal({ type: FRAME.ABORT, records: 0 }, STREAM.ABORT, encodeJson(error)), chunks);
    await this.#output.write(chunks);
  }

  async #begin(prelude: Uint8Array, head: Uint8Array<ArrayBuffer>): Promise<void> {
    this.#prelude = hash('sha256', prelude, 'hex');
    this.#bytes = prelude.length;
    const chunks = [prelude];
    this.#add(await this.#seal({ type: FRAME.HEAD, records: 0 }, STREAM.HEAD, head), chunks);
    await this.#output.write(chunks);
  }

  async #writeLines(chunks: ReturnType<LineChunker['flush']>): Promise<void> {
    for (const { bytes, lines, ...cut } of chunks) {
      await this.write(
        await this.#seal({ type: FRAME.CATALOG, records: lines, ...cut }, STREAM.CATALOG, bytes),
      );
    }
  }

  /** Metadata: the writer counts their sequences itself. */
  #seal(plan: Omit<FramePlan, 'stream' | 'sequence'>, stream: number, plain: Uint8Array<ArrayBuffer>) {
    const sequence = this.#next.get(stream) ?? 0;
    this.#next.set(stream, sequence + 1);
    return sealFrame(this.sealing, { ...plan, stream, sequence }, plain);
  }

  async #pump(): Promise<void> {
    const taken: Waiting[] = [];
    try {
      while (this.#movable() >= 0) {
        await this.#store(await this.#collect(taken));
        for (const { frame, resolve } of taken.splice(0)) {
          const [, stored] = frame.parts;
          if (stored) freeMemory(stored);
          resolve();
        }
      }
    } catch (error) {
      this.#fail(error);
      for (const { reject } of taken) reject(error);
    } finally {
      // Nothing is awaited between the last look at the queue and here, so no frame is left behind in it.
      this.#pumping = undefined;
    }
  }

  /** Which frame in the queue may be written next; -1 if there is none. */
  #movable(): number {
    const { owner } = this.#ledger.order;
    if (owner === undefined) return this.#queue.length > 0 ? 0 : -1;
    return this.#queue.findIndex(({ frame }) => frame.stream === owner);
  }

  async #store(chunks: readonly Uint8Array[]): Promise<void> {
    try {
      await this.#output.write(chunks);
    } catch (error) {
      this.#storeFailed = true;
      throw error;
    }
  }

  /** The next frames that may be written, with whatever pages become full by them. */
  async #collect(taken: Waiting[]): Promise<Uint8Array[]> {
    const chunks: Uint8Array[] = [];
    const limit = this.#bytes + BATCH_BYTES;
    while (this.#bytes < limit) {
      const at = this.#movable();
      const [waiting] = at < 0 ? [] : this.#queue.splice(at, 1);
      if (!waiting) break;
      taken.push(waiting);
      this.#add(waiting.frame, chunks);
      if (this.#ledger.listed >= this.#limits.entries) await this.#addIndex(chunks);
      if (this.#ledger.rows.length >= this.#limits.rows) await this.#addTable(chunks);
    }
    return chunks;
  }

  #add(frame: SealedFrame, chunks: Uint8Array[]): void {
    const [header] = frame.parts;
    this.#ledger.add({ ...frame, codec: CODEC.RAW }, header as Uint8Array, this.#bytes, frame);
    chunks.push(...frame.parts);
    this.#bytes += frameBytes(frame);
  }

  async #addTable(chunks: Uint8Array[]): Promise<void> {
    const rows = this.#ledger.takeRows();
    const frame = await this.#seal(
      { type: FRAME.TABLE, records: rows.length },
      STREAM.TABLE,
      encodeRows(rows),
    );
    this.#ledger.pages.push({ offset: this.#bytes, id: hex(frame.contentId), count: rows.length });
    this.#add(frame, chunks);
    if (this.#ledger.listed >= this.#limits.entries) await this.#addIndex(chunks);
  }

  async #addIndex(chunks: Uint8Array[]): Promise<void> {
    const count = this.#ledger.listed;
    if (count === 0) return;
    const frame = await this.#seal(
      { type: FRAME.INDEX, records: count },
      STREAM.INDEX,
      this.#ledger.takeBlock(),
    );
    this.#ledger.blocks.push({ offset: this.#bytes, id: hex(frame.contentId), count });
    this.#add(frame, chunks);
  }

  #fail(error: unknown): void {
    this.#failure ??= { error: asDbimgError(error) };
    for (const { reject } of this.#queue.splice(0)) reject(this.#failure.error);
  }
}

/** Omissions as far as ROOT has room; the last one then counts the rest. */
function boundedOmissions(omissions: readonly Omission[]): readonly Omission[] {
  let bytes = 0;
  const fits = omissions.findIndex((omission) => {
    bytes += Buffer.byteLength(JSON.stringify(omission)) + 1;
    return bytes > OMISSION_BYTES;
  });
  if (fits < 0) return omissions;
  const rest = omissions.length - fits;
  return [...omissions.slice(0, fits), { kind: 'omission', object: [], reason: `and ${rest} more` }];
}
