/** The lowest level of a mongodump archive: documents and terminators, one after the other. */
import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { DbimgError } from '../../core/errors.ts';

/** After each block. No document has this length. */
export const TERMINATOR: Buffer = Buffer.from([0xff, 0xff, 0xff, 0xff]);
export const MAGIC: Buffer = Buffer.from([0x6d, 0xe2, 0x99, 0x81]);

/** What the server stores at most, and what it adds to entries of the oplog. */
const LONGEST_DOCUMENT = 16 * 1024 * 1024 + 16 * 1024;
const SHORTEST_DOCUMENT = 5;

/** Documents that lie one after the other: a view, good until the next is asked for. */
export interface Run {
  readonly bytes: Buffer;
  readonly documents: number;
}

export class ArchiveBytes {
  readonly #source: AsyncIterator<Uint8Array>;
  #held: Buffer = Buffer.alloc(0);
  #at = 0;
  #offset = 0;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** Exactly so many bytes. @throws DbimgError `SOURCE_DAMAGED` if there are fewer. */
  async take(length: number): Promise<Buffer> {
    if (!(await this.#has(length))) throw this.#cut();
    return this.#skip(length);
  }

  async atEnd(): Promise<boolean> {
    return !(await this.#has(1));
  }

  /** The next document, or undefined for a terminator. */
  async document(): Promise<Buffer | undefined> {
    const length = await this.#length();
    if (length === undefined) return undefined;
    return Buffer.from(await this.take(length));
  }

  /** The documents up to the terminator, which is taken too. */
  async *runs(): AsyncGenerator<Run> {
    for (;;) {
      const first = await this.#length();
      if (first === undefined) return;
      if (!(await this.#has(first))) throw this.#cut();
      let length = first;
      let documents = 1;
      for (let next = this.#ready(length); next > 0; next = this.#ready(length)) {
        length += next;
        documents += 1;
      }
      yield { bytes: this.#skip(length), documents };
    }
  }

  /** Tells the source that nothing more is wanted. */
  async close(): Promise<void> {
    await this.#source.return?.();
  }

  /** Of the document that comes; undefined, and taken, if a terminator comes. */
  async #length(): Promise<number | undefined> {
    if (!(await this.#has(4))) throw this.#cut();
    const length = this.#held.readInt32LE(this.#at);
    if (length === -1) {
      this.#skip(4);
      return undefined;
    }
    if (length >= SHORTEST_DOCUMENT && length <= LONGEST_DOCUMENT) return length;
    throw damagedArchive(
      `At byte ${this.#offset} of the archive is neither a document nor the end of a block.`,
    );
  }

  /** Length of the document that is whole in memory, so far beyond the current place; 0 if there is none. */
  #ready(beyond: number): number {
    const at = this.#at + beyond;
    const left = this.#held.length - at;
    if (left < SHORTEST_DOCUMENT) return 0;
    const length = this.#held.readInt32LE(at);
    return length >= SHORTEST_DOCUMENT && length <= left ? length : 0;
  }

  #skip(length: number): Buffer {
    const bytes = this.#held.subarray(this.#at, this.#at + length);
    this.#at += length;
    this.#offset += length;
    return bytes;
  }

  async #has(length: number): Promise<boolean> {
    let left = this.#held.length - this.#at;
    if (left >= length) return true;
    const pieces: Uint8Array[] = [this.#held.subarray(this.#at)];
    while (left < length) {
      const next = await this.#source.next();
      if (next.done) break;
      pieces.push(next.value);
      left += next.value.length;
    }
    this.#held = Buffer.concat(pieces);
    this.#at = 0;
    return left >= length;
  }

  #cut(): DbimgError {
    return damagedArchive(`The archive ends within a block, at byte ${this.#offset}.`);
  }
}

export function damagedArchive(message: string): DbimgError {
  return new DbimgError('SOURCE_DAMAGED', message, { hint: 'Was the file copied completely?' });
}

export function isGzip(start: Uint8Array): boolean {
  return start[0] === 0x1f && start[1] === 0x8b;
}

/** The bytes without the compression that they may have as a whole. */
export async function* unpacked(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const iterator = source[Symbol.asyncIterator]();
  try {
    const first = await iterator.next();
    if (first.done) return;
    const all = prefixed(first.value, iterator);
    if (isGzip(first.value)) yield* gunzipped(all);
    else yield* all;
  } finally {
    await iterator.return?.();
  }
}

async function* prefixed(first: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield first;
  for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
}

async function* gunzipped(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const gunzip = createGunzip({ chunkSize: 256 * 1024 });
  // A failure reaches the reader through the iteration.
  pipeline(Readable.from(source, { objectMode: false }), gunzip, () => {});
  try {
    yield* gunzip as AsyncIterable<Buffer>;
  } catch (error) {
    if (error instanceof DbimgError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw damagedArchive(`The archive cannot be unpacked: ${why}.`);
  }
}
