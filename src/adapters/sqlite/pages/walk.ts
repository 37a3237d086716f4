/** Walks a b-tree in key order, page by page, with as much memory as the tree is deep. */
import { PageDamage } from './damage.ts';
import { childAt, keyAt, readTreePage, type TreeKind, type TreePage } from './page.ts';
import type { PageSource } from './source.ts';

/** SQLite builds none that is deeper. */
const MOST_DEPTH = 20;

/** Cells of one page that follow each other in key order and have a payload. */
export interface CellRun {
  /** Valid until the next run is pulled. */
  readonly page: TreePage;
  readonly first: number;
  /** Index after the last. */
  readonly end: number;
  /** Whether some cells may lie outside of the range of rowids that was asked for. */
  readonly edge: boolean;
}

/** Rowids from `from` on, up to and with `to`; undefined means no bound. */
export interface RowRange {
  readonly from?: bigint;
  readonly to?: bigint;
}

export interface WalkOptions {
  readonly kind: TreeKind;
  /** Of a table tree. */
  readonly range?: RowRange;
  /** Called for a page that is damaged; the walk goes on after it. Without it the damage is thrown. */
  readonly onDamage?: (damage: PageDamage) => void;
}

interface Level {
  readonly page: TreePage;
  /** The next child, counted from 0. */
  next: number;
  /** The cell before it comes first: that of an index tree has a payload. */
  cellDue: boolean;
  readonly end: number;
  /** Everything below is larger than this and not larger than that. */
  readonly above: bigint | undefined;
  readonly upTo: bigint | undefined;
}

/** All cells with a payload below `root`, in key order. */
export function* walk(source: PageSource, root: number, options: WalkOptions): Generator<CellRun> {
  yield* new Walk(source, options).run(root);
}

class Walk {
  readonly #source: PageSource;
  readonly #options: WalkOptions;
  readonly #seen = new PageSet();
  readonly #levels: Level[] = [];
  readonly #buffers: Buffer[] = [];

  constructor(source: PageSource, options: WalkOptions) {
    this.#source = source;
    this.#options = options;
  }

  *run(root: number): Generator<CellRun> {
    yield* this.#enter(root, undefined, undefined);
    for (let level = this.#levels.at(-1); level; level = this.#levels.at(-1)) {
      if (level.next >= level.end && !level.cellDue) {
        this.#levels.pop();
        continue;
      }
      const { page, next } = level;
      if (level.cellDue) {
        level.cellDue = false;
        yield { page, first: next - 1, end: next, edge: false };
        continue;
      }
      level.next += 1;
      level.cellDue = this.#options.kind === 'index' && next < page.cells;
      yield* this.#child(level, next);
    }
  }

  *#child(level: Level, index: number): Generator<CellRun> {
    const { page } = level;
    let child: number;
    let above = level.above;
    let upTo = level.upTo;
    try {
      if (this.#options.kind === 'table') {
        if (index > 0) above = keyAt(page, index - 1);
        if (index < page.cells) upTo = keyAt(page, index);
      }
      child = childAt(page, index);
    } catch (error) {
      this.#damaged(error);
      return;
    }
    yield* this.#enter(child, above, upTo);
  }

  *#enter(number: number, above: bigint | undefined, upTo: bigint | undefined): Generator<CellRun> {
    let page: TreePage;
    let children: readonly [number, number];
    try {
      page = this.#read(number);
      children = page.leaf ? [0, 0] : this.#children(page);
    } catch (error) {
      this.#damaged(error);
      return;
    }
    if (page.leaf) {
      if (page.cells > 0) yield { page, first: 0, end: page.cells, edge: this.#isEdge(above, upTo) };
      return;
    }
    this.#levels.push({ page, next: children[0], cellDue: false, end: children[1], above, upTo });
  }

  #read(number: number): TreePage {
    const depth = this.#levels.length;
    if (depth >= MOST_DEPTH) throw new PageDamage(number, `lies deeper than ${MOST_DEPTH} levels`);
    if (!this.#seen.add(number)) throw new PageDamage(number, 'is reached twice: the tree has a loop');
    let buffer = this.#buffers[depth];
    if (!buffer) {
      buffer = Buffer.allocUnsafeSlow(this.#source.pageSize);
      this.#buffers.push(buffer);
    }
    return readTreePage(this.#source, number, this.#options.kind, buffer);
  }

  /** The children that may hold rows of the range. */
  #children(page: TreePage): readonly [number, number] {
    const { from, to } = this.#options.range ?? {};
    const first = from === undefined ? 0 : lowerBound(page, from);
    const last = to === undefined ? page.cells : lowerBound(page, to);
    return [first, last + 1];
  }

  #isEdge(above: bigint | undefined, upTo: bigint | undefined): boolean {
    const { from, to } = this.#options.range ?? {};
    if (from !== undefined && (above === undefined || above < from - 1n)) return true;
    return to !== undefined && (upTo === undefined || upTo > to);
  }

  #damaged(error: unknown): void {
    if (!(error instanceof PageDamage) || !this.#options.onDamage) throw error;
    this.#options.onDamage(error);
  }
}

/** The first child that may hold `rowid` or anything larger. */
export function lowerBound(page: TreePage, rowid: bigint): number {
  let low = 0;
  let high = page.cells;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (keyAt(page, middle) < rowid) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** A set of page numbers: a bit each, in pieces, so that small trees of large files take little. */
export class PageSet {
  readonly #pieces = new Map<number, Uint8Array>();

  /** Whether the page was not yet in. */
  add(page: number): boolean {
    const number = Math.floor(page / PIECE_BITS);
    let piece = this.#pieces.get(number);
    if (!piece) {
      piece = new Uint8Array(PIECE_BITS / 8);
      this.#pieces.set(number, piece);
    }
    const at = (page % PIECE_BITS) >>> 3;
    const bit = 1 << (page & 7);
    const byte = piece[at] as number;
    piece[at] = byte | bit;
    return (byte & bit) === 0;
  }
}

const PIECE_BITS = 1 << 15;

/** One cell of a page that is known. */
export function cellRun(source: PageSource, number: number, cell: number, kind: TreeKind): CellRun {
  const page = readTreePage(source, number, kind, Buffer.allocUnsafe(source.pageSize));
  return { page, first: cell, end: cell + 1, edge: false };
}
