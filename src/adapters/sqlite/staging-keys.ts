/**
 * Rows of a WITHOUT ROWID table become leaves of an index b-tree, and the rows between two leaves their dividers: records
 * are copied as they are and in the order in which they come, no key is compared.
 */
import { DbimgError } from '../../core/errors.ts';
import { localSize, PAGE_TYPE } from './pages/page.ts';
import { varintSize, writeVarint } from './pages/varint.ts';
import { LEAF_HEADER, overflowPages, POINTER_SIZE, writeOverflow } from './staging-cells.ts';
import { type Geometry, pageAt, startPage } from './staging-pages.ts';
import { LENGTH_SIZE } from './types.ts';

const POINTER_OF_CELL = 2;
/** SQLite's own least size of a cell in a leaf. */
const CELL_LEAST = 4;

/** The payload of a row within the bytes of its chunk. */
interface Row {
  readonly begin: number;
  readonly size: number;
  readonly local: number;
}

/** What a cell takes of a leaf, its pointer included. */
export function roomOf(cell: { readonly length: number }): number {
  return Math.max(CELL_LEAST, cell.length) + POINTER_OF_CELL;
}

/** Room for cells in a leaf. */
export function leafRoom({ usable }: Geometry): number {
  return usable - LEAF_HEADER;
}

/** A leaf of these cells. */
export function keyLeaf(cells: readonly Uint8Array[], { pageSize, usable }: Geometry): Buffer {
  const page = Buffer.alloc(pageSize);
  let content = usable;
  for (const [index, cell] of cells.entries()) {
    content -= Math.max(CELL_LEAST, cell.length);
    page.set(cell, content);
    page.writeUInt16BE(content, LEAF_HEADER + POINTER_OF_CELL * index);
  }
  startPage(page, 0, PAGE_TYPE.indexLeaf, { cells: cells.length, content });
  return page;
}

/** The rows of one chunk. */
export class KeyPacker {
  readonly #bytes: Buffer;
  readonly #geometry: Geometry;
  readonly #rows: Row[] = [];
  /** Index of the first row of each leaf; the row before it divides it from the leaf before. */
  readonly #starts: number[] = [0];
  readonly overflow: number;

  /** @throws DbimgError `IMAGE_DAMAGED` if the bytes are no rows. */
  constructor(bytes: Uint8Array, geometry: Geometry) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#geometry = geometry;
    const { usable } = geometry;
    for (let at = 0; at < this.#bytes.length; ) {
      const length = at + LENGTH_SIZE <= this.#bytes.length ? this.#bytes.readInt32LE(at) : 0;
      if (length <= LENGTH_SIZE || at + length > this.#bytes.length) throw damagedRow();
      const size = length - LENGTH_SIZE;
      this.#rows.push({ begin: at + LENGTH_SIZE, size, local: localSize(size, usable, 'index') });
      at += length;
    }
    this.#divide();
    this.overflow = this.#rows.reduce((sum, { size, local }) => sum + overflowPages(size, local, usable), 0);
  }

  get records(): number {
    return this.#rows.length;
  }

  /** Leaves that are full: all but the last. Each has a divider behind it. */
  get leaves(): number {
    return this.#starts.length - 1;
  }

  /**
   * Calls `leaf` with each full leaf and its divider, in order, and `overflow` with each page of long rows, which begin at
   * `firstOverflow`; the pages' memory is used again. Returns the cells of the last leaf.
   */
  pack(
    firstOverflow: number,
    leaf: (page: Buffer, divider: Buffer) => void,
    overflow: (page: Buffer) => void,
  ): readonly Buffer[] {
    const { usable, pageSize } = this.#geometry;
    const page = Buffer.alloc(pageSize);
    let place = firstOverflow;
    const write = (row: Row, target: Buffer, at: number): void => {
      const begin = writeVarint(target, at, row.size);
      this.#bytes.copy(target, begin, row.begin, row.begin + row.local);
      if (row.local === row.size) return;
      target.writeUInt32BE(pageAt(place, this.#geometry), begin + row.local);
      const rest = this.#bytes.subarray(row.begin + row.local, row.begin + row.size);
      const page = Buffer.alloc(this.#geometry.pageSize);
      place = writeOverflow(rest, place, this.#geometry, page, overflow);
    };
    const cellOf = (row: Row): Buffer => {
      const cell = Buffer.alloc(cellLength(row.size, row.local));
      write(row, cell, 0);
      return cell;
    };
    for (let nth = 0; nth < this.leaves; nth += 1) {
      const start = this.#starts[nth] as number;
      const divider = (this.#starts[nth + 1] as number) - 1;
      let content = usable;
      page.fill(0);
      for (let index = start; index < divider; index += 1) {
        const row = this.#rows[index] as Row;
        content -= Math.max(CELL_LEAST, cellLength(row.size, row.local));
        page.writeUInt16BE(content, LEAF_HEADER + POINTER_OF_CELL * (index - start));
        write(row, page, content);
      }
      startPage(page, 0, PAGE_TYPE.indexLeaf, { cells: divider - start, content });
      leaf(page, cellOf(this.#rows[divider] as Row));
    }
    return this.#rows.slice(this.#starts.at(-1)).map(cellOf);
  }

  /** The last leaf has a row: if none is left for it, it begins one row earlier. */
  #divide(): void {
    const room = leafRoom(this.#geometry);
    let left = room;
    for (const [index, row] of this.#rows.entries()) {
      const need = roomOf({ length: cellLength(row.size, row.local) });
      if (need <= left) {
        left -= need;
        continue;
      }
      const last = index === this.#rows.length - 1;
      this.#starts.push(last ? index : index + 1);
      left = room;
    }
  }
}

/** A row that is longer than a chunk: how much of it its cell holds, from its first bytes. */
export function longKey(start: Uint8Array, { usable }: Geometry): Row {
  const bytes = Buffer.from(start.buffer, start.byteOffset, start.byteLength);
  const length = bytes.length >= LENGTH_SIZE ? bytes.readInt32LE(0) : 0;
  const size = length - LENGTH_SIZE;
  const local = size > 0 ? localSize(size, usable, 'index') : 0;
  if (size <= 0 || bytes.length < LENGTH_SIZE + local) throw damagedRow();
  return { begin: LENGTH_SIZE, size, local };
}

/** A cell of `local` bytes, whose payload goes on on page `overflow`. */
export function keyCell(local: Uint8Array, size: number, overflow: number): Buffer {
  const cell = Buffer.alloc(cellLength(size, local.length));
  cell.set(local, writeVarint(cell, 0, size));
  cell.writeUInt32BE(overflow, cell.length - POINTER_SIZE);
  return cell;
}

function cellLength(size: number, local: number): number {
  return varintSize(size) + local + (local < size ? POINTER_SIZE : 0);
}

function damagedRow(): DbimgError {
  return new DbimgError('IMAGE_DAMAGED', 'A chunk holds bytes that are no SQLite record.');
}
