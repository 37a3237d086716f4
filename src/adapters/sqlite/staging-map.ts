/**
 * Pointer maps: what a page is and which page leads to it, for files whose pages SQLite may move (auto_vacuum).
 * https://www.sqlite.org/fileformat2.html#pointer_map_or_ptrmap_pages
 */
import { writeSync } from 'node:fs';
import { Cell, PAGE_TYPE, type TreePage } from './pages/page.ts';
import { INTERIOR_HEADER, LEAF_HEADER } from './staging-cells.ts';
import { type Geometry, MAP_ENTRY, mapOf } from './staging-pages.ts';

const FIRST_OVERFLOW = 3;
const OVERFLOW = 4;
const TREE = 5;

export class PointerMap {
  readonly #fd: number;
  readonly #geometry: Geometry;
  readonly #entry = Buffer.alloc(MAP_ENTRY);
  readonly #cell = new Cell();

  private constructor(fd: number, geometry: Geometry) {
    this.#fd = fd;
    this.#geometry = geometry;
  }

  /** Undefined for files without. */
  static of(fd: number, geometry: Geometry): PointerMap | undefined {
    return geometry.mapped ? new PointerMap(fd, geometry) : undefined;
  }

  /** A page of a b-tree that is no root. */
  child(page: number, parent: number): void {
    this.#set(page, TREE, parent);
  }

  /** An overflow page that follows another. */
  overflow(page: number, before: number): void {
    this.#set(page, OVERFLOW, before);
  }

  /** The first overflow pages of the rows on a page. */
  overflowsOf(number: number, bytes: Buffer): void {
    const { usable } = this.#geometry;
    const cells = bytes.readUInt16BE(3);
    const leaf = bytes[0] !== PAGE_TYPE.indexInterior;
    const pointers = leaf ? LEAF_HEADER : INTERIOR_HEADER;
    const page: TreePage = {
      ...{ number, bytes, leaf, cells, pointers, usable },
      content: pointers + 2 * cells,
      right: 0,
    };
    const kind = bytes[0] === PAGE_TYPE.tableLeaf ? 'table' : 'index';
    for (let index = 0; index < cells; index += 1) {
      this.#cell.read(page, index, kind);
      if (this.#cell.overflow > 0) this.#set(this.#cell.overflow, FIRST_OVERFLOW, number);
    }
  }

  #set(page: number, type: number, parent: number): void {
    const map = mapOf(page, this.#geometry);
    this.#entry[0] = type;
    this.#entry.writeUInt32BE(parent, 1);
    const at = (map - 1) * this.#geometry.pageSize + MAP_ENTRY * (page - map - 1);
    writeSync(this.#fd, this.#entry, 0, MAP_ENTRY, at);
  }
}
