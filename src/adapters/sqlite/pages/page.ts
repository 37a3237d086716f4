/** One b-tree page: its type, its cells and its children. https://www.sqlite.org/fileformat2.html#b_tree_pages */
import { PageDamage } from './damage.ts';
import { HEADER_SIZE } from './header.ts';
import type { PageSource } from './source.ts';
import { readRowid } from './varint.ts';

export const PAGE_TYPE = { indexInterior: 2, tableInterior: 5, indexLeaf: 10, tableLeaf: 13 } as const;

export type TreeKind = 'table' | 'index';

const CELL_LEAST = 4;

export interface TreePage {
  readonly number: number;
  /** Memory of the caller. */
  readonly bytes: Buffer;
  readonly leaf: boolean;
  readonly cells: number;
  /** Where the cell pointers begin. */
  readonly pointers: number;
  /** Where cells may begin and must end. */
  readonly content: number;
  readonly usable: number;
  /** The child after the last cell; 0 for leaves. */
  readonly right: number;
}

/**
 * Reads a page into `bytes` and checks its header.
 * @throws PageDamage if it is no page of such a tree.
 */
export function readTreePage(source: PageSource, number: number, kind: TreeKind, bytes: Buffer): TreePage {
  source.copy(number, bytes);
  const header = number === 1 ? HEADER_SIZE : 0;
  const type = bytes[header] as number;
  const leaf = type === (kind === 'table' ? PAGE_TYPE.tableLeaf : PAGE_TYPE.indexLeaf);
  if (!leaf && type !== (kind === 'table' ? PAGE_TYPE.tableInterior : PAGE_TYPE.indexInterior)) {
    throw new PageDamage(number, `is no page of a ${kind} b-tree: its type is ${type}`);
  }
  const cells = bytes.readUInt16BE(header + 3);
  const pointers = header + (leaf ? 8 : 12);
  const content = pointers + 2 * cells;
  if (content + cells * CELL_LEAST > source.usable + CELL_LEAST) {
    throw new PageDamage(number, `claims to hold ${cells} cells, which is more than it has room for`);
  }
  const right = leaf ? 0 : bytes.readUInt32BE(header + 8);
  return { number, bytes, leaf, cells, pointers, content, usable: source.usable, right };
}

/** Where a cell begins. */
export function cellAt(page: TreePage, index: number): number {
  const at = page.bytes.readUInt16BE(page.pointers + 2 * index);
  if (at >= page.content && at <= page.usable - CELL_LEAST) return at;
  throw new PageDamage(page.number, `has a cell pointer that leads to byte ${at}`);
}

/** The child before a cell of an interior page, or after the last. */
export function childAt(page: TreePage, index: number): number {
  return index < page.cells ? page.bytes.readUInt32BE(cellAt(page, index)) : page.right;
}

/** The largest rowid below the child before a cell of an interior table page. */
export function keyAt(page: TreePage, index: number): bigint {
  const at = cellAt(page, index) + 4;
  const { value, end } = readRowid(page.bytes, at);
  if (end <= page.usable) return value;
  throw new PageDamage(page.number, `has a cell that begins at byte ${at - 4} and leaves the page`);
}

/**
 * A cell with a payload: of a leaf, or of an interior page of an index tree. One object is used for many cells, because
 * this is the loop that every row passes.
 */
export class Cell {
  /** Halves of the rowid: signed, unsigned. */
  rowidHigh = 0;
  rowidLow = 0;
  /** Length of the whole payload. */
  size = 0;
  /** Where the payload begins, and how much of it lies in the page. */
  begin = 0;
  local = 0;
  /** First overflow page, or 0. */
  overflow = 0;

  /** @throws PageDamage if the cell does not lie within the page. */
  read(page: TreePage, index: number, kind: TreeKind): void {
    const { bytes, usable } = page;
    const start = cellAt(page, index);
    let at = page.leaf ? start : start + 4;
    let byte = bytes[at++] as number;
    let size = byte & 0x7f;
    for (let more = 4; byte >= 0x80 && more > 0; more -= 1) {
      byte = bytes[at++] as number;
      size = size * 128 + (byte & 0x7f);
    }
    if (kind === 'table') at = this.#rowid(bytes, at);
    const local = localSize(size, usable, kind);
    const end = at + local + (local < size ? 4 : 0);
    if (byte >= 0x80 || size > MOST_PAYLOAD || !(end <= usable)) {
      throw new PageDamage(page.number, `has a cell that begins at byte ${start} and leaves the page`);
    }
    this.size = size;
    this.begin = at;
    this.local = local;
    this.overflow = local < size ? bytes.readUInt32BE(end - 4) : 0;
  }

  #rowid(bytes: Buffer, from: number): number {
    let high = 0;
    let low = 0;
    for (let at = from; at < from + 8; ) {
      const byte = bytes[at++] as number;
      high = (high << 7) | (low >>> 25);
      low = (low << 7) | (byte & 0x7f);
      if (byte >= 0x80) continue;
      this.rowidHigh = high;
      this.rowidLow = low >>> 0;
      return at;
    }
    this.rowidHigh = (high << 8) | (low >>> 24);
    this.rowidLow = ((low << 8) | (bytes[from + 8] as number)) >>> 0;
    return from + 9;
  }
}

/** SQLite refuses longer rows, so that lengths in a record fit in 31 bits. */
export const MOST_PAYLOAD: number = 2 ** 31 - 16;

/** How many bytes of a payload lie in its page. */
export function localSize(payload: number, usable: number, kind: TreeKind): number {
  const most = mostLocal(usable, kind);
  if (payload <= most) return payload;
  const least = Math.floor(((usable - 12) * 32) / 255) - 23;
  const spill = least + ((payload - least) % (usable - 4));
  return spill <= most ? spill : least;
}

/** The largest payload that lies whole in its page. */
export function mostLocal(usable: number, kind: TreeKind): number {
  return kind === 'table' ? usable - 35 : Math.floor(((usable - 12) * 64) / 255) - 23;
}

/** The pieces of a payload that follow its local one. Each is valid until the next is pulled. */
export function* overflowPieces(source: PageSource, cell: Cell): Generator<Buffer> {
  const room = source.usable - 4;
  let next = cell.overflow;
  for (let left = cell.size - cell.local; left > 0; ) {
    const page = source.page(next);
    const size = Math.min(left, room);
    const following = page.readUInt32BE(0);
    left -= size;
    if (left === 0 && following !== 0) {
      throw new PageDamage(next, `should be the last of its overflow chain, but page ${following} follows`);
    }
    yield page.subarray(4, 4 + size);
    next = following;
  }
}

/** A payload in one piece. Only where it is known to be short: schemas, keys. */
export function wholePayload(source: PageSource, page: TreePage, cell: Cell): Buffer {
  const bytes = Buffer.allocUnsafe(cell.size);
  page.bytes.copy(bytes, 0, cell.begin, cell.begin + cell.local);
  let at = cell.local;
  for (const piece of overflowPieces(source, cell)) at += piece.copy(bytes, at);
  return bytes;
}
