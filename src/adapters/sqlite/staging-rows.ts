/** Rows on their way into the file: as pages of their own, which any number of lanes write at once. */
import type { Chunk, StreamOpen } from '../../core/adapter.ts';
import { DbimgError } from '../../core/errors.ts';
import { overflowPages, POINTER_SIZE } from './staging-cells.ts';
import { KeyPacker, keyCell, longKey } from './staging-keys.ts';
import { LeafPacker, longLeaf, longRow } from './staging-leaves.ts';
import { LEAF_ENTRY, type Ledger } from './staging-ledger.ts';
import { PointerMap } from './staging-map.ts';
import { type Geometry, pageAt } from './staging-pages.ts';
import { keepSorted } from './staging-sorter.ts';
import { PageWriter } from './staging-writer.ts';
import { LENGTH_SIZE } from './types.ts';

/** A row that must be sorted is a value of the ledger, which SQLite holds several times. */
const MOST_UNORDERED = 64 * 1024 * 1024;

export class RowLoader {
  readonly #fd: number;
  readonly #ledger: Ledger;
  readonly #geometry: Geometry;
  readonly #map: PointerMap | undefined;

  constructor(fd: number, ledger: Ledger) {
    this.#fd = fd;
    this.#ledger = ledger;
    this.#geometry = ledger.geometry;
    this.#map = PointerMap.of(fd, this.#geometry);
  }

  /** Returns the number of rows. Nothing refers to pages of a chunk that failed. */
  async load(open: StreamOpen, chunk: Chunk): Promise<number> {
    const table = this.#ledger.table(open.object.at(-1) as string);
    if (!table) {
      throw new DbimgError('IMAGE_DAMAGED', 'The image has rows of a table that it does not define.');
    }
    const pieces = piecesOf(chunk);
    const first = await pieces.next();
    if (first.done) return 0;
    const { root, keyed, unordered } = table;
    const place = keyed ? placeOf(open, chunk) : undefined;
    if (!unordered && recordLength(first.value) > first.value.length) {
      if (place) return await this.#loadLongKey(root, place, first.value, pieces);
      return await this.#loadLong(root, first.value, pieces);
    }
    const bytes = await joined(first.value, pieces);
    if (unordered) return keepSorted(this.#ledger, root, bytes);
    return place ? this.#loadKeys(root, place, bytes) : this.loadLeaves(root, bytes);
  }

  /** Rows in the order of their rowids. Returns their number. */
  loadLeaves(root: number, bytes: Uint8Array): number {
    const packer = new LeafPacker(bytes, this.#geometry);
    const { records, leaves, overflow } = packer.layout;
    // A leaf that is alone gets its page when it is known whether the table has more.
    const placed = leaves === 1 ? 0 : leaves;
    const place = placed + overflow > 0 ? this.#ledger.claim(placed + overflow) : 0;
    const pages = new PageWriter(this.#fd, this.#geometry, place, placed);
    const overflows = new PageWriter(this.#fd, this.#geometry, place + placed, overflow);
    const entries = Buffer.alloc(placed * LEAF_ENTRY);
    let image: Uint8Array | undefined;
    let last = 0n;
    let nth = 0;
    packer.pack(
      place + placed,
      (page, largest) => {
        last = largest;
        if (placed === 0) {
          image = page;
          return;
        }
        entries.writeBigInt64LE(largest, nth * LEAF_ENTRY);
        const number = pageAt(place + nth, this.#geometry);
        entries.writeUInt32LE(number, nth * LEAF_ENTRY + 8);
        this.#map?.overflowsOf(number, page);
        pages.write(page);
        nth += 1;
      },
      (page) => this.#writeOverflow(overflows, page),
    );
    pages.flush();
    overflows.flush();
    this.#ledger.addRun(root, { first: packer.first, last, ...(image ? { image } : { leaves: entries }) });
    return records;
  }

  /** A single row, as long as it may be. */
  async #loadLong(root: number, start: Uint8Array, rest: AsyncIterable<Uint8Array>): Promise<number> {
    const geometry = this.#geometry;
    const row = longRow(start, geometry);
    const count = overflowPages(row.size, row.local, geometry.usable);
    const place = this.#ledger.claim(count);
    const image = longLeaf(start, row, pageAt(place, geometry), geometry);
    const pages = new OverflowWriter(this.#fd, geometry, place, row.size - row.local);
    pages.append(start.subarray(row.begin + row.local));
    for await (const piece of rest) pages.append(piece);
    pages.end();
    this.#ledger.addRun(root, { first: row.rowid, last: row.rowid, image });
    return 1;
  }

  #loadKeys(root: number, at: ChunkPlace, bytes: Uint8Array): number {
    const packer = new KeyPacker(bytes, this.#geometry);
    const { records, leaves: full, overflow } = packer;
    const place = full + overflow > 0 ? this.#ledger.claim(full + overflow) : 0;
    const pages = new PageWriter(this.#fd, this.#geometry, place, full);
    const overflows = new PageWriter(this.#fd, this.#geometry, place + full, overflow);
    const leaves: number[] = [];
    const dividers: Uint8Array[] = [];
    const rest = packer.pack(
      place + full,
      (page, divider) => {
        const number = pageAt(place + leaves.length, this.#geometry);
        this.#map?.overflowsOf(number, page);
        pages.write(page);
        leaves.push(number);
        dividers.push(divider);
      },
      (page) => this.#writeOverflow(overflows, page),
    );
    pages.flush();
    overflows.flush();
    this.#ledger.addKeyRun(root, at.part, at.sequence, { leaves, dividers, rest });
    return records;
  }

  async #loadLongKey(
    root: number,
    at: ChunkPlace,
    start: Uint8Array,
    rest: AsyncIterable<Uint8Array>,
  ): Promise<number> {
    const geometry = this.#geometry;
    const { begin, size, local } = longKey(start, geometry);
    const place = this.#ledger.claim(overflowPages(size, local, geometry.usable));
    const cell = keyCell(start.subarray(begin, begin + local), size, pageAt(place, geometry));
    const pages = new OverflowWriter(this.#fd, geometry, place, size - local);
    pages.append(start.subarray(begin + local));
    for await (const piece of rest) pages.append(piece);
    pages.end();
    this.#ledger.addKeyRun(root, at.part, at.sequence, { leaves: [], dividers: [], rest: [cell] });
    return 1;
  }

  #writeOverflow(pages: PageWriter, page: Buffer): void {
    const following = page.readUInt32BE(0);
    if (following > 0) this.#map?.overflow(following, pages.next);
    pages.write(page);
  }
}

/** Where a chunk stands among those of its table. */
interface ChunkPlace {
  readonly part: number;
  readonly sequence: number;
}

/** Rows of a WITHOUT ROWID table have no number that tells their order: they stand as they were read. */
function placeOf({ part }: StreamOpen, { sequence }: Chunk): ChunkPlace {
  if (sequence === undefined) throw new DbimgError('BUG', 'Rows without rowids came without their order.');
  return { part, sequence };
}

/** The chain of a row that is longer than a chunk, from its bytes as they come. */
class OverflowWriter {
  readonly #pages: PageWriter;
  readonly #page: Buffer;
  readonly #geometry: Geometry;
  readonly #map: PointerMap | undefined;
  #place: number;
  #left: number;
  #used = POINTER_SIZE;

  constructor(fd: number, geometry: Geometry, place: number, size: number) {
    this.#geometry = geometry;
    this.#map = PointerMap.of(fd, geometry);
    this.#page = Buffer.alloc(geometry.pageSize);
    this.#place = place;
    this.#left = size;
    this.#pages = new PageWriter(fd, geometry, place, overflowPages(size, 0, geometry.usable));
  }

  append(bytes: Uint8Array): void {
    const { usable } = this.#geometry;
    if (bytes.length > this.#left) throw wrongLength();
    for (let at = 0; at < bytes.length; ) {
      const size = Math.min(usable - this.#used, bytes.length - at);
      this.#page.set(bytes.subarray(at, at + size), this.#used);
      this.#used += size;
      this.#left -= size;
      at += size;
      if (this.#used === usable || this.#left === 0) this.#flush();
    }
  }

  end(): void {
    if (this.#left > 0) throw wrongLength();
    this.#pages.flush();
  }

  #flush(): void {
    this.#place += 1;
    const next = this.#left > 0 ? pageAt(this.#place, this.#geometry) : 0;
    if (next > 0) this.#map?.overflow(next, pageAt(this.#place - 1, this.#geometry));
    this.#page.writeUInt32BE(next, 0);
    this.#pages.write(this.#page);
    this.#page.fill(0);
    this.#used = POINTER_SIZE;
  }
}

async function* piecesOf(chunk: Chunk): AsyncGenerator<Uint8Array> {
  yield* chunk.pieces;
}

async function joined(first: Uint8Array, rest: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const pieces = [first];
  let size = first.length;
  for await (const piece of rest) {
    size += piece.length;
    if (size > MOST_UNORDERED) {
      throw new DbimgError(
        'UNSUPPORTED',
        'A row is larger than 64 MiB, in a table whose rows must be sorted.',
        {
          hint: 'Leave the table out with --skip.',
        },
      );
    }
    pieces.push(piece);
  }
  return pieces.length === 1 ? first : Buffer.concat(pieces);
}

function recordLength(bytes: Uint8Array): number {
  if (bytes.length < LENGTH_SIZE) return 0;
  return new DataView(bytes.buffer, bytes.byteOffset, LENGTH_SIZE).getInt32(0, true);
}

function wrongLength(): DbimgError {
  return new DbimgError('IMAGE_DAMAGED', 'A row is longer or shorter than its first bytes say.');
}
