/** Cells of table b-trees, as they are written. https://www.sqlite.org/fileformat2.html#b_tree_pages */
import { writeVarint } from './pages/varint.ts';
import { type Geometry, pageAt } from './staging-pages.ts';

/** Bytes of a number that leads to an overflow page. */
export const POINTER_SIZE = 4;
export const LEAF_HEADER = 8;
export const INTERIOR_HEADER = 12;
/** SQLite's own least size of a cell. */
const CELL_LEAST = 4;

/** Overflow pages of a payload. */
export function overflowPages(size: number, local: number, usable: number): number {
  return Math.ceil((size - local) / (usable - POINTER_SIZE));
}

/** Bytes of a leaf cell. */
export function cellSize(header: number, local: number, overflows: boolean): number {
  return Math.max(CELL_LEAST, header + local + (overflows ? POINTER_SIZE : 0));
}

/** Bytes of a rowid that is given in two halves, signed and unsigned. */
export function rowidSize(high: number, low: number): number {
  if (high < 0) return 9;
  let size = 1;
  for (let left = high * 2 ** 32 + low; left >= 128 && size < 9; left = Math.floor(left / 128)) size += 1;
  return size;
}

/** Writes a rowid; returns where it ends. */
export function writeRowid(bytes: Uint8Array, at: number, high: number, low: number): number {
  if (high >= 0 && high < 2 ** 21) return writeVarint(bytes, at, high * 2 ** 32 + low);
  const value = (BigInt(high >>> 0) << 32n) | BigInt(low);
  const size = rowidSize(high, low);
  let left = value;
  for (let to = at + size - 1; to >= at; to -= 1) {
    const whole = size === 9 && to === at + 8;
    bytes[to] = Number(left & (whole ? 0xffn : 0x7fn)) | (whole || to === at + size - 1 ? 0 : 0x80);
    left >>= whole ? 8n : 7n;
  }
  return at + size;
}

/**
 * Writes what of a payload is not in its cell as a chain of overflow pages, at one place after the other from `first`.
 * `page` is used for each of them, so `write` must be done with it when it returns. Returns the place after the last.
 */
export function writeOverflow(
  rest: Buffer,
  first: number,
  geometry: Geometry,
  page: Buffer,
  write: (page: Buffer) => void,
): number {
  const room = geometry.usable - POINTER_SIZE;
  let place = first;
  for (let at = 0; at < rest.length; at += room) {
    const size = Math.min(room, rest.length - at);
    page.fill(0);
    page.writeUInt32BE(at + size < rest.length ? pageAt(place + 1, geometry) : 0, 0);
    rest.copy(page, POINTER_SIZE, at, at + size);
    write(page);
    place += 1;
  }
  return place;
}
