/** The b-tree of a WITHOUT ROWID table, built from leaves and dividers in the order of their chunks. */
import { readSync } from 'node:fs';
import { Cell, PAGE_TYPE, type TreePage } from './pages/page.ts';
import { INTERIOR_HEADER, LEAF_HEADER, POINTER_SIZE } from './staging-cells.ts';
import { keyLeaf, leafRoom, roomOf } from './staging-keys.ts';
import type { KeyRun, Ledger } from './staging-ledger.ts';
import { PointerMap } from './staging-map.ts';
import { type Geometry, pageAt, startPage } from './staging-pages.ts';
import { writeAll } from './staging-writer.ts';

const POINTER_OF_CELL = 2;

/** A page and the row that follows everything below it. */
interface Pair {
  readonly child: number;
  readonly divider: Uint8Array;
}

/** Pages of one height that wait for their parent. */
interface Level {
  pairs: Pair[];
  /** Bytes that they take in their parent. */
  used: number;
  /** Parents that were written. */
  parents: number;
}

export class KeyTreeBuilder {
  readonly #fd: number;
  readonly #ledger: Ledger;
  readonly #geometry: Geometry;
  readonly #map: PointerMap | undefined;
  #levels: Level[] = [];
  /** Cells of the leaf that is being filled. After the first row it is never empty. */
  #leaf: Uint8Array[] = [];
  #used = 0;

  constructor(fd: number, ledger: Ledger) {
    this.#fd = fd;
    this.#ledger = ledger;
    this.#geometry = ledger.geometry;
    this.#map = PointerMap.of(fd, this.#geometry);
  }

  /** Makes `root` the tree of all rows that were loaded for it. */
  build(root: number): void {
    this.#levels = [];
    this.#leaf = [];
    this.#used = 0;
    for (const run of this.#ledger.keyRuns(root)) this.#addRun(run);
    if (this.#levels.length === 0) {
      if (this.#leaf.length > 0) this.#writeLeaf(root, this.#leaf);
      return;
    }
    const last = this.#claim();
    this.#writeLeaf(last, this.#leaf);
    this.#finish(root, last);
  }

  /** Full leaves as they are; then the cells of the last one, which have no page yet. */
  #addRun({ leaves, dividers, rest }: KeyRun): void {
    const [first] = leaves;
    // Between what came before and the first full leaf a row must stand: the first one of that leaf.
    if (first !== undefined && this.#leaf.length > 0) this.#divide(this.#takeFirst(first));
    for (const [nth, child] of leaves.entries()) {
      this.#add(0, { child, divider: dividers[nth] as Uint8Array });
    }
    for (const cell of rest) this.#append(cell);
  }

  #append(cell: Uint8Array): void {
    if (this.#used + roomOf(cell) > leafRoom(this.#geometry)) this.#divide(this.#leaf.pop() as Uint8Array);
    this.#leaf.push(cell);
    this.#used += roomOf(cell);
  }

  /** The leaf ends before `divider`. */
  #divide(divider: Uint8Array): void {
    const child = this.#claim();
    this.#writeLeaf(child, this.#leaf);
    this.#leaf = [];
    this.#used = 0;
    this.#add(0, { child, divider });
  }

  /** Full leaves have four cells at least: no payload takes more than a quarter of a page. */
  #takeFirst(page: number): Uint8Array {
    const { pageSize, usable } = this.#geometry;
    const bytes = Buffer.alloc(pageSize);
    readSync(this.#fd, bytes, 0, pageSize, (page - 1) * pageSize);
    const [first, ...others] = cellsOf(page, bytes, usable);
    this.#writeLeaf(page, others);
    return first as Uint8Array;
  }

  #add(height: number, pair: Pair): void {
    const level = this.#level(height);
    const size = sizeOf(pair);
    if (level.used + size > this.#geometry.usable - INTERIOR_HEADER) {
      const { child, divider } = level.pairs.pop() as Pair;
      const parent = this.#claim();
      this.#writeInterior(parent, level.pairs, child);
      level.pairs = [];
      level.used = 0;
      level.parents += 1;
      this.#add(height + 1, { child: parent, divider });
    }
    level.pairs.push(pair);
    level.used += size;
  }

  /** `last` is the page that follows the last divider. */
  #finish(root: number, last: number): void {
    let child = last;
    for (const level of this.#levels) {
      const page = level.parents === 0 ? root : this.#claim();
      this.#writeInterior(page, level.pairs, child);
      child = page;
    }
  }

  #writeLeaf(page: number, cells: readonly Uint8Array[]): void {
    this.#write(page, keyLeaf(cells, this.#geometry));
  }

  #writeInterior(page: number, pairs: readonly Pair[], right: number): void {
    const { pageSize, usable } = this.#geometry;
    const bytes = Buffer.alloc(pageSize);
    let content = usable;
    for (const [index, { child, divider }] of pairs.entries()) {
      content -= POINTER_SIZE + divider.length;
      bytes.writeUInt32BE(child, content);
      bytes.set(divider, content + POINTER_SIZE);
      bytes.writeUInt16BE(content, INTERIOR_HEADER + POINTER_OF_CELL * index);
      this.#map?.child(child, page);
    }
    startPage(bytes, 0, PAGE_TYPE.indexInterior, { cells: pairs.length, content });
    bytes.writeUInt32BE(right, 8);
    this.#map?.child(right, page);
    this.#write(page, bytes);
  }

  #write(page: number, bytes: Buffer): void {
    writeAll(this.#fd, bytes, (page - 1) * this.#geometry.pageSize);
    this.#map?.overflowsOf(page, bytes);
  }

  #level(height: number): Level {
    const level = this.#levels[height] ?? { pairs: [], used: 0, parents: 0 };
    this.#levels[height] = level;
    return level;
  }

  #claim(): number {
    return pageAt(this.#ledger.claim(1), this.#geometry);
  }
}

function sizeOf({ divider }: Pair): number {
  return POINTER_OF_CELL + POINTER_SIZE + divider.length;
}

/** The cells of a leaf, without what fills short ones up. */
function cellsOf(number: number, bytes: Buffer, usable: number): Uint8Array[] {
  const cells = bytes.readUInt16BE(3);
  const place = { number, bytes, cells, usable, pointers: LEAF_HEADER };
  const page: TreePage = { ...place, leaf: true, content: LEAF_HEADER + POINTER_OF_CELL * cells, right: 0 };
  const cell = new Cell();
  return Array.from({ length: cells }, (_, index) => {
    cell.read(page, index, 'index');
    const start = bytes.readUInt16BE(LEAF_HEADER + POINTER_OF_CELL * index);
    const end = cell.begin + cell.local + (cell.local < cell.size ? POINTER_SIZE : 0);
    return bytes.subarray(start, end);
  });
}
