/** Cuts big tables into parts for many lanes, from the inner pages of their b-trees and a few leaves: without a scan. */
import { PageDamage } from './pages/damage.ts';
import { Cell, childAt, keyAt, readTreePage, type TreeKind, type TreePage } from './pages/page.ts';
import type { PageSource } from './pages/source.ts';

/** Subtrees that are enough to cut a table evenly. */
const ENOUGH = 512;
const SAMPLES = 8;
const LAST_ROWID = 2n ** 63n - 1n;

/** What a lane reads of a table: plain data. */
export type Division = {
  readonly bytes: number;
  readonly records: number;
  /** Rowids, inclusive, as decimal digits. */
  readonly from?: string;
  readonly to?: string;
  /** WITHOUT ROWID: subtrees, and single cells of the pages above them as page and index. */
  readonly pieces?: readonly (readonly [page: number, cell: number])[];
};

/** In `Division.pieces`: all below the page. */
export const SUBTREE = -1;

interface Subtree {
  readonly page: number;
  /** The largest rowid in it, as far as the page above knows. */
  readonly upTo: bigint;
  /** WITHOUT ROWID: the cell that follows it. */
  readonly follower: readonly [number, number] | undefined;
}

/** Parts in key order of about `most` bytes at most, at least one. A tree that is damaged is one part: whoever reads it finds what is wrong. */
export function divide(source: PageSource, root: number, kind: TreeKind, most: number): Division[] {
  const trees = new TreeSampler(source, kind);
  const whole = { bytes: source.pageSize, records: 0 };
  try {
    const subtrees = trees.subtrees(root);
    const sample = trees.sample(subtrees);
    const all = { bytes: sample.bytes * subtrees.length, records: sample.records * subtrees.length };
    if (all.bytes <= most || subtrees.length < 2) return [all];
    return kind === 'table' ? byRowid(subtrees, sample, most) : byPieces(subtrees, sample, most);
  } catch (error) {
    if (error instanceof PageDamage) return [whole];
    throw error;
  }
}

class TreeSampler {
  readonly #source: PageSource;
  readonly #kind: TreeKind;

  constructor(source: PageSource, kind: TreeKind) {
    this.#source = source;
    this.#kind = kind;
  }

  /** Subtrees of equal height that make up the tree, as few levels down as is enough. */
  subtrees(root: number): Subtree[] {
    const largest = this.#kind === 'table' ? this.#largest(root) : LAST_ROWID;
    let level: Subtree[] = [{ page: root, upTo: largest, follower: undefined }];
    while (level.length < ENOUGH) {
      const first = this.#read((level[0] as Subtree).page);
      if (first.leaf) break;
      level = level.flatMap((subtree) => this.#children(subtree));
    }
    return level;
  }

  /** Average bytes and records below a subtree, from a few paths down. */
  sample(subtrees: readonly Subtree[]): { bytes: number; records: number } {
    const step = Math.max(1, Math.floor(subtrees.length / SAMPLES));
    let bytes = 0;
    let records = 0;
    let samples = 0;
    for (let at = Math.min(subtrees.length - 1, step >> 1); at < subtrees.length; at += step) {
      let leaves = 1;
      let page = this.#read((subtrees[at] as Subtree).page);
      for (let depth = 0; !page.leaf && depth < 20; depth += 1) {
        leaves *= page.cells + 1;
        page = this.#read(childAt(page, page.cells >> 1));
      }
      records += leaves * page.cells;
      bytes += leaves * this.#payloads(page);
      samples += 1;
    }
    return { bytes: Math.ceil(bytes / samples), records: Math.ceil(records / samples) };
  }

  #payloads(page: TreePage): number {
    const cell = new Cell();
    let bytes = 0;
    for (let index = 0; index < page.cells; index += 1) {
      cell.read(page, index, this.#kind);
      bytes += cell.size + 12;
    }
    return bytes;
  }

  #children(subtree: Subtree): Subtree[] {
    const page = this.#read(subtree.page);
    if (page.leaf) throw new PageDamage(page.number, 'is a leaf at the height of inner pages');
    const children: Subtree[] = [];
    for (let index = 0; index <= page.cells; index += 1) {
      const last = index === page.cells;
      children.push({
        page: childAt(page, index),
        upTo: last || this.#kind === 'index' ? subtree.upTo : keyAt(page, index),
        follower: last ? subtree.follower : [page.number, index],
      });
    }
    return children;
  }

  #largest(root: number): bigint {
    let page = this.#read(root);
    for (let depth = 0; !page.leaf && depth < 20; depth += 1) page = this.#read(page.right);
    if (!page.leaf || page.cells === 0) return LAST_ROWID;
    const cell = new Cell();
    cell.read(page, page.cells - 1, this.#kind);
    return (BigInt(cell.rowidHigh) << 32n) | BigInt(cell.rowidLow);
  }

  #read(number: number): TreePage {
    return readTreePage(this.#source, number, this.#kind, Buffer.allocUnsafe(this.#source.pageSize));
  }
}

type Size = { readonly bytes: number; readonly records: number };

/**
 * Halves the space of rowids where a half holds too much, and so on: cuts lie at round numbers and stay where they are
 * when rows are added elsewhere, so that dumps of one table at two times have most of their chunks in common.
 */
function byRowid(subtrees: readonly Subtree[], each: Size, most: number): Division[] {
  const parts: Division[] = [];
  const halve = (first: number, end: number, from: bigint, bits: bigint): void => {
    const count = end - first;
    const size = { bytes: each.bytes * count, records: each.records * count };
    const to = from + (1n << bits) - 1n;
    if (size.bytes <= most || count < 2 || bits === 0n) {
      parts.push({ ...size, from: String(from), to: String(to) });
      return;
    }
    const middle = from + (1n << (bits - 1n));
    let cut = first;
    while (cut < end && (subtrees[cut] as Subtree).upTo < middle) cut += 1;
    halve(first, cut, from, bits - 1n);
    halve(cut, end, middle, bits - 1n);
  };
  halve(0, subtrees.length, -(2n ** 63n), 64n);
  return joinEmpty(parts);
}

/** A half in which no subtree ends belongs to its neighbour: it may still hold the first rows of one. */
function joinEmpty(parts: readonly Division[]): Division[] {
  const joined: Division[] = [];
  let from: string | undefined;
  for (const part of parts) {
    from ??= part.from;
    if (part.records === 0) continue;
    joined.push({ ...part, ...(from === undefined ? {} : { from }) });
    from = undefined;
  }
  const last = joined.pop();
  return last ? [...joined, { ...last, to: String(LAST_ROWID) }] : [...parts];
}

function byPieces(subtrees: readonly Subtree[], each: Size, most: number): Division[] {
  const count = Math.min(subtrees.length, Math.ceil((each.bytes * subtrees.length) / most));
  return Array.from({ length: count }, (_, part) => {
    const first = Math.floor((part * subtrees.length) / count);
    const end = Math.floor(((part + 1) * subtrees.length) / count);
    const pieces = subtrees.slice(first, end).flatMap(({ page, follower }) => {
      const subtree = [page, SUBTREE] as const;
      return follower ? [subtree, follower] : [subtree];
    });
    return { bytes: each.bytes * (end - first), records: each.records * (end - first), pieces };
  });
}
