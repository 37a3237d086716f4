/** The upper levels of a table's b-tree, built from its leaves in the order of their rowids. */
import { DbimgError } from '../../core/errors.ts';
import { PAGE_TYPE } from './pages/page.ts';
import { INTERIOR_HEADER, POINTER_SIZE, rowidSize, writeRowid } from './staging-cells.ts';
import { LEAF_ENTRY, type Ledger } from './staging-ledger.ts';
import { PointerMap } from './staging-map.ts';
import { type Geometry, pageAt, startPage } from './staging-pages.ts';
import { writeAll } from './staging-writer.ts';

const POINTER_OF_CELL = 2;

interface Child {
  readonly page: number;
  /** The largest rowid below it. */
  readonly high: number;
  readonly low: number;
}

/** Pages of one height that wait for their parent. */
interface Level {
  children: Child[];
  /** Bytes that all but the last of them take in their parent. */
  used: number;
  /** Parents that were written. */
  parents: number;
}

export class TreeBuilder {
  readonly #fd: number;
  readonly #ledger: Ledger;
  readonly #geometry: Geometry;
  readonly #map: PointerMap | undefined;
  #levels: Level[] = [];

  constructor(fd: number, ledger: Ledger) {
    this.#fd = fd;
    this.#ledger = ledger;
    this.#geometry = ledger.geometry;
    this.#map = PointerMap.of(fd, this.#geometry);
  }

  /**
   * Makes `root` the tree of all rows that were loaded for it.
   * @throws DbimgError `IMAGE_DAMAGED` if a rowid occurs twice.
   */
  build(root: number): void {
    this.#levels = [];
    let before: bigint | undefined;
    /** A single leaf becomes the root itself. */
    let only: { readonly image: Buffer; readonly last: bigint } | undefined;
    for (const { first, last, leaves, image } of this.#ledger.runs(root)) {
      if (before !== undefined && first <= before) throw overlapping();
      if (before === undefined && image) only = { image: Buffer.from(image), last };
      else {
        if (only) this.#place(only.image, only.last);
        only = undefined;
        if (image) this.#place(Buffer.from(image), last);
      }
      if (leaves) this.#addLeaves(leaves);
      before = last;
    }
    if (only) this.#writeLeaf(root, only.image);
    else this.#finish(root);
  }

  #place(image: Buffer, last: bigint): void {
    const page = this.#claim();
    this.#writeLeaf(page, image);
    this.#add(0, { page, high: Number(last >> 32n), low: Number(last & 0xffffffffn) });
  }

  #addLeaves(leaves: Uint8Array): void {
    const view = new DataView(leaves.buffer, leaves.byteOffset, leaves.byteLength);
    for (let at = 0; at < view.byteLength; at += LEAF_ENTRY) {
      const low = view.getUint32(at, true);
      const high = view.getInt32(at + 4, true);
      this.#add(0, { page: view.getUint32(at + 8, true), high, low });
    }
  }

  #add(height: number, child: Child): void {
    const level = this.#level(height);
    const last = level.children.at(-1);
    const grown = level.used + (last ? cellOf(last) : 0);
    if (grown > this.#geometry.usable - INTERIOR_HEADER) {
      // Two stay behind, so that the last parent has a cell, too.
      const [parent, rest] = [level.children.slice(0, -2), level.children.slice(-2)];
      this.#parent(height, parent);
      level.children = [...rest, child];
      level.used = rest.reduce((sum, each) => sum + cellOf(each), 0);
      return;
    }
    level.used = grown;
    level.children.push(child);
  }

  #finish(root: number): void {
    for (let height = 0; height < this.#levels.length; height += 1) {
      const level = this.#level(height);
      if (level.parents === 0) {
        this.#writeInterior(root, level.children);
        return;
      }
      this.#parent(height, level.children);
    }
  }

  #parent(height: number, children: readonly Child[]): void {
    const page = this.#claim();
    this.#writeInterior(page, children);
    this.#level(height).parents += 1;
    const { high, low } = children.at(-1) as Child;
    this.#add(height + 1, { page, high, low });
  }

  #writeLeaf(page: number, image: Buffer): void {
    this.#write(page, image);
    this.#map?.overflowsOf(page, image);
  }

  #writeInterior(page: number, children: readonly Child[]): void {
    this.#write(page, this.#interior(children));
    if (this.#map) for (const child of children) this.#map.child(child.page, page);
  }

  #interior(children: readonly Child[]): Buffer {
    const { pageSize, usable } = this.#geometry;
    const page = Buffer.alloc(pageSize);
    const cells = children.length - 1;
    let content = usable;
    for (let index = 0; index < cells; index += 1) {
      const child = children[index] as Child;
      content -= POINTER_SIZE + rowidSize(child.high, child.low);
      page.writeUInt16BE(content, INTERIOR_HEADER + POINTER_OF_CELL * index);
      page.writeUInt32BE(child.page, content);
      writeRowid(page, content + POINTER_SIZE, child.high, child.low);
    }
    startPage(page, 0, PAGE_TYPE.tableInterior, { cells, content });
    page.writeUInt32BE((children.at(-1) as Child).page, 8);
    return page;
  }

  #level(height: number): Level {
    const level = this.#levels[height] ?? { children: [], used: 0, parents: 0 };
    this.#levels[height] = level;
    return level;
  }

  #claim(): number {
    return pageAt(this.#ledger.claim(1), this.#geometry);
  }

  #write(page: number, bytes: Uint8Array): void {
    writeAll(this.#fd, bytes, (page - 1) * this.#geometry.pageSize);
  }
}

function cellOf({ high, low }: Child): number {
  return POINTER_OF_CELL + POINTER_SIZE + rowidSize(high, low);
}

function overlapping(): DbimgError {
  return new DbimgError(
    'IMAGE_DAMAGED',
    'The image holds rows with the same rowid, or ranges of rows that overlap.',
  );
}
