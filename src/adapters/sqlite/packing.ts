/** How much smaller a database becomes when it is restored: its pages full, and none of them free. */
import { setImmediate as turn } from 'node:timers/promises';
import type { Packing } from '../../core/adapter.ts';
import { PageDamage } from './pages/damage.ts';
import { Cell, childAt, readTreePage, type TreeKind, type TreePage } from './pages/page.ts';
import type { PageSource } from './pages/source.ts';
import { PageSet } from './pages/walk.ts';
import { overflowPages } from './staging-cells.ts';
import { MAP_ENTRY } from './staging-pages.ts';

/** A b-tree: of a table or of an index. */
export interface Tree {
  readonly root: number;
  readonly kind: TreeKind;
}

export interface PackingOptions {
  readonly trees: readonly Tree[];
  /** Bytes of the whole file; undefined if `trees` are not all that is in it. */
  readonly file: number | undefined;
  /** Whether there are pointer maps, as auto_vacuum needs them. */
  readonly mapped: boolean;
  readonly signal: AbortSignal;
}

/** Then others get their turn. */
const PAGES_AT_ONCE = 2000;
/** Rows are restored by chunks of about so many bytes, and the last leaf of each is half full. */
const CHUNK = 1024 * 1024;
const POINTER_OF_CELL = 2;
const LEAF_HEADER = 8;
const INTERIOR_HEADER = 12;

/** @throws PageDamage */
export async function packingOf(source: PageSource, options: PackingOptions): Promise<Packing> {
  let taken = 0;
  let needed = 0;
  for (const tree of options.trees) {
    const { pages, overflow, packed } = await weigh(source, tree, options.signal);
    taken += pages + overflow;
    needed += packed + overflow;
  }
  if (options.mapped) needed += Math.ceil((needed * MAP_ENTRY) / source.usable);
  const { pageSize } = source;
  return { source: options.file ?? taken * pageSize, packed: needed * pageSize };
}

interface Weight {
  readonly pages: number;
  readonly overflow: number;
  readonly packed: number;
}

async function weigh(source: PageSource, { root, kind }: Tree, signal: AbortSignal): Promise<Weight> {
  const count = { pages: 0, overflow: 0, leaf: 0, cells: 0, inner: 0, children: 0 };
  for (const page of treePages(source, root, kind)) {
    count.pages += 1;
    if (count.pages % PAGES_AT_ONCE === 0) {
      signal.throwIfAborted();
      await turn();
    }
    const { bytes, overflow } = contentOf(page, kind, source.usable);
    count.overflow += overflow;
    if (page.leaf) count.cells += page.cells;
    else count.children += page.cells + 1;
    if (page.leaf) count.leaf += bytes;
    else count.inner += bytes;
  }
  return { ...count, packed: kind === 'table' ? packedTable(count, source) : packedIndex(count, source) };
}

interface Count {
  readonly leaf: number;
  readonly cells: number;
  readonly inner: number;
  readonly children: number;
}

/** Leaves, of which each wastes half a cell, and what leads to them. */
function packedTable({ leaf, cells, inner, children }: Count, { usable }: PageSource): number {
  const waste = cells > 0 ? leaf / cells / 2 : 0;
  const leaves = Math.max(1, Math.ceil(leaf / (usable - LEAF_HEADER - waste) + Math.floor(leaf / CHUNK) / 2));
  return withInner(leaves, children > 0 ? inner / children : INTERIOR_HEADER, usable);
}

/** The cells between two leaves lie above them. */
function packedIndex({ leaf, cells, inner, children }: Count, { usable }: PageSource): number {
  const all = leaf + inner;
  const mean = all / Math.max(1, cells + children);
  const leaves = Math.max(1, Math.ceil(all / (usable - LEAF_HEADER + mean / 2)));
  return withInner(leaves, mean + 4, usable);
}

function withInner(leaves: number, cell: number, usable: number): number {
  let pages = leaves;
  for (let level = leaves; level > 1; pages += level) {
    level = Math.ceil(level / Math.max(2, (usable - INTERIOR_HEADER) / cell));
  }
  return pages;
}

/** Bytes of a page that its cells and their pointers take, and pages of what does not fit into it. */
function contentOf(page: TreePage, kind: TreeKind, usable: number): { bytes: number; overflow: number } {
  let overflow = 0;
  const cell = new Cell();
  if (page.leaf || kind === 'index') {
    for (let index = 0; index < page.cells; index += 1) {
      cell.read(page, index, kind);
      if (cell.local < cell.size) overflow += overflowPages(cell.size, cell.local, usable);
    }
  }
  return { bytes: usable - page.pointers - freeIn(page), overflow };
}

/** Free bytes: before the cells, between them, and fragments. */
function freeIn(page: TreePage): number {
  const { bytes, usable, pointers, cells } = page;
  const header = pointers - (page.leaf ? LEAF_HEADER : INTERIOR_HEADER);
  const content = bytes.readUInt16BE(header + 5) || 65536;
  let free = content - (pointers + POINTER_OF_CELL * cells) + (bytes[header + 7] as number);
  for (let at = bytes.readUInt16BE(header + 1), last = 0; at > 0; last = at, at = bytes.readUInt16BE(at)) {
    if (at <= last || at + 4 > usable) throw new PageDamage(page.number, 'has a free block out of its place');
    free += bytes.readUInt16BE(at + 2);
  }
  return free;
}

/** All pages of a tree, those above before those below. */
function* treePages(source: PageSource, root: number, kind: TreeKind): Generator<TreePage> {
  const seen = new PageSet();
  const waiting = [root];
  for (let number = waiting.pop(); number !== undefined; number = waiting.pop()) {
    if (!seen.add(number)) throw new PageDamage(number, 'is reached twice: the tree has a loop');
    const page = readTreePage(source, number, kind, Buffer.allocUnsafe(source.pageSize));
    yield page;
    if (page.leaf) continue;
    for (let index = page.cells; index >= 0; index -= 1) waiting.push(childAt(page, index));
  }
}
