/**
 * What the lanes of a restore must agree on, in a small database of its own beside the file that is being made: SQLite
 * is what all threads have in common. Lanes take pages from it and leave here which rows those pages hold; the target
 * builds the upper levels of the b-trees from that.
 */
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { TextEncoding } from './pages/header.ts';
import type { Geometry } from './staging-pages.ts';

/** Other lanes hold it for moments only. */
const LOCK_WAIT = 60_000;

/** A table that rows go into. */
export interface StagedTable {
  readonly root: number;
  /** WITHOUT ROWID: its tree is that of an index. */
  readonly keyed: boolean;
  /** Its rows do not come by ascending rowid. */
  readonly unordered: boolean;
}

/** Rows by rowid that the ledger keeps, of a table whose rows come in any order. */
export interface SortedRun {
  readonly id: number;
  readonly first: bigint;
  readonly last: bigint;
  /** Bytes of its largest block. */
  readonly widest: number;
}

/** Rows of one chunk: neighbours in one table. */
export interface Run {
  readonly first: bigint;
  readonly last: bigint;
  /** Of each leaf the largest rowid, i64, and the page, u32; little-endian. Absent if the only leaf is `image`. */
  readonly leaves?: Uint8Array;
  /** A leaf that has no page yet: the only one of its chunk, perhaps of its table. */
  readonly image?: Uint8Array;
}

/** Rows of one chunk of a WITHOUT ROWID table: full leaves, each with the row that follows it, and the rest as cells. */
export interface KeyRun {
  readonly leaves: readonly number[];
  readonly dividers: readonly Uint8Array[];
  readonly rest: readonly Uint8Array[];
}

/** Bytes of an entry of `Run.leaves`. */
export const LEAF_ENTRY = 12;
const PAGE_NUMBER = 4;
const CELL_LENGTH = 2;
/** A block's id is that of its run times this, and its place in it. */
const MOST_BLOCKS = 2 ** 28;

export class Ledger implements Disposable {
  readonly #connection: DatabaseSync;
  readonly #claim: StatementSync;
  readonly #addRun: StatementSync;
  readonly #addBlock: StatementSync;
  readonly #block: StatementSync;
  readonly #tables = new Map<string, StagedTable | undefined>();

  private constructor(path: string, encoding?: TextEncoding) {
    this.#connection = new DatabaseSync(path, { timeout: LOCK_WAIT });
    this.#connection.exec(
      'PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF; PRAGMA cache_size = -16384',
    );
    if (encoding) this.#connection.exec(`PRAGMA encoding = '${encoding}'`);
    this.#connection.exec(SCHEMA);
    this.#claim = this.#connection.prepare('UPDATE place SET next = next + ? RETURNING next');
    this.#addRun = this.#connection.prepare('INSERT INTO run VALUES (?, ?, ?, ?, ?)');
    this.#addBlock = this.#connection.prepare('INSERT INTO block VALUES (?, ?)');
    this.#block = this.#connection.prepare('SELECT rows FROM block WHERE id = ?');
  }

  /** In the encoding of the database, because SQLite does not attach files of another. */
  static create(path: string, encoding: TextEncoding): Ledger {
    const ledger = new Ledger(path, encoding);
    ledger.#connection.exec('INSERT INTO place VALUES (2, 0, 0, 0)');
    return ledger;
  }

  static join(path: string): Ledger {
    return new Ledger(path);
  }

  get geometry(): Geometry {
    const row = this.#connection.prepare('SELECT page_size, usable, mapped FROM place').get();
    return {
      pageSize: row?.page_size as number,
      usable: row?.usable as number,
      mapped: row?.mapped === 1,
    };
  }

  set geometry({ pageSize, usable, mapped }: Geometry) {
    this.#connection
      .prepare('UPDATE place SET page_size = ?, usable = ?, mapped = ?')
      .run(pageSize, usable, Number(mapped));
  }

  /** The first place that nobody has taken. */
  get next(): number {
    return this.#connection.prepare('SELECT next FROM place').get()?.next as number;
  }

  set next(place: number) {
    this.#connection.prepare('UPDATE place SET next = ?').run(place);
  }

  /** Takes neighbouring places and gives the first. */
  claim(count: number): number {
    return (this.#claim.get(count)?.next as number) - count;
  }

  addTable(name: string, { root, keyed, unordered }: StagedTable): void {
    this.#connection
      .prepare('INSERT INTO staged VALUES (?, ?, ?, ?)')
      .run(name, root, Number(keyed), Number(unordered));
  }

  table(name: string): StagedTable | undefined {
    const known = this.#tables.get(name);
    if (known) return known;
    const row = this.#connection.prepare('SELECT * FROM staged WHERE name = ?').get(name);
    const table = row && stagedTable(row as unknown as StagedRow);
    this.#tables.set(name, table);
    return table;
  }

  /** All tables in the order in which they were made. */
  tables(): StagedTable[] {
    const rows = this.#connection.prepare('SELECT * FROM staged ORDER BY rowid').all();
    return (rows as unknown as StagedRow[]).map(stagedTable);
  }

  addRun(root: number, { first, last, leaves, image }: Run): void {
    this.#addRun.run(root, first, last, leaves ?? null, image ?? null);
  }

  /** The runs of a table by rowid. */
  *runs(root: number): Generator<Run> {
    const select = this.#connection.prepare('SELECT * FROM run WHERE root = ? ORDER BY first');
    select.setReadBigInts(true);
    for (const row of select.iterate(root)) {
      const { first, last, leaves, image } = row as unknown as Record<'first' | 'last', bigint> &
        Record<'leaves' | 'image', Uint8Array | null>;
      yield { first, last, ...(leaves ? { leaves } : {}), ...(image ? { image } : {}) };
    }
  }

  /** `part` and `sequence` say where the chunk stands among those of its table. */
  addKeyRun(root: number, part: number, sequence: number, { leaves, dividers, rest }: KeyRun): void {
    const pages = Buffer.alloc(leaves.length * PAGE_NUMBER);
    for (const [nth, page] of leaves.entries()) pages.writeUInt32LE(page, nth * PAGE_NUMBER);
    this.#addRun.run(root, part, sequence, pages, joinCells([...dividers, ...rest]));
  }

  /** The runs of a WITHOUT ROWID table in its order. */
  *keyRuns(root: number): Generator<KeyRun> {
    const select = this.#connection.prepare(
      'SELECT leaves, image FROM run WHERE root = ? ORDER BY first, last',
    );
    for (const row of select.iterate(root)) {
      const pages = Buffer.from(row.leaves as Uint8Array);
      const leaves = Array.from({ length: pages.length / PAGE_NUMBER }, (_, nth) =>
        pages.readUInt32LE(nth * PAGE_NUMBER),
      );
      const cells = splitCells(row.image as Uint8Array);
      yield { leaves, dividers: cells.slice(0, leaves.length), rest: cells.slice(leaves.length) };
    }
  }

  /** A run whose blocks follow, with its number as result. Of no table (`null`), only who made it knows it. */
  addSorted(root: number | null, { first, last, widest }: Omit<SortedRun, 'id'>): number {
    return this.#connection
      .prepare('INSERT INTO sorted (root, first, last, widest) VALUES (?, ?, ?, ?) RETURNING id')
      .get(root, first, last, widest)?.id as number;
  }

  /** Whole rows each; `nth` is the place of the first. */
  addBlocks(run: number, nth: number, blocks: readonly Uint8Array[]): void {
    this.#connection.exec('BEGIN IMMEDIATE');
    try {
      for (const [at, block] of blocks.entries()) this.#addBlock.run(run * MOST_BLOCKS + nth + at, block);
      this.#connection.exec('COMMIT');
    } catch (error) {
      this.#connection.exec('ROLLBACK');
      throw error;
    }
  }

  /** The runs of a table by their first row. */
  *sorted(root: number): Generator<SortedRun> {
    const select = this.#connection.prepare(
      'SELECT id, first, last, widest FROM sorted WHERE root = ? ORDER BY first, last',
    );
    select.setReadBigInts(true);
    for (const { id, first, last, widest } of select.iterate(root)) {
      yield { id: Number(id), first: first as bigint, last: last as bigint, widest: Number(widest) };
    }
  }

  /** A block of a run of rows; undefined behind its last. */
  block(run: number, nth: number): Uint8Array | undefined {
    return this.#block.get(run * MOST_BLOCKS + nth)?.rows as Uint8Array | undefined;
  }

  /** The room of a run's blocks is used again. */
  dropBlocks(run: number): void {
    this.#connection
      .prepare('DELETE FROM block WHERE id >= ? AND id < ?')
      .run(run * MOST_BLOCKS, (run + 1) * MOST_BLOCKS);
  }

  [Symbol.dispose](): void {
    if (this.#connection.isOpen) this.#connection.close();
  }
}

interface StagedRow {
  readonly root: number;
  readonly keyed: number;
  readonly unordered: number;
}

function stagedTable({ root, keyed, unordered }: StagedRow): StagedTable {
  return { root, keyed: keyed === 1, unordered: unordered === 1 };
}

/** Each with its length before it, u16. */
function joinCells(cells: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(
    cells.flatMap((cell) => {
      const length = Buffer.alloc(CELL_LENGTH);
      length.writeUInt16LE(cell.length, 0);
      return [length, cell];
    }),
  );
}

function splitCells(joined: Uint8Array): Uint8Array[] {
  const bytes = Buffer.from(joined.buffer, joined.byteOffset, joined.byteLength);
  const cells: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const begin = at + CELL_LENGTH;
    at = begin + bytes.readUInt16LE(at);
    cells.push(bytes.subarray(begin, at));
  }
  return cells;
}

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS place (next INTEGER, page_size INTEGER, usable INTEGER, mapped INTEGER);
  CREATE TABLE IF NOT EXISTS staged (name TEXT UNIQUE, root INTEGER, keyed INTEGER, unordered INTEGER);
  CREATE TABLE IF NOT EXISTS run (root INTEGER, first INTEGER, last INTEGER, leaves BLOB, image BLOB);
  CREATE INDEX IF NOT EXISTS run_order ON run (root, first, last);
  CREATE TABLE IF NOT EXISTS sorted (id INTEGER PRIMARY KEY, root INTEGER, first INTEGER, last INTEGER, widest INTEGER);
  CREATE INDEX IF NOT EXISTS sorted_order ON sorted (root, first, last);
  CREATE TABLE IF NOT EXISTS block (id INTEGER PRIMARY KEY, rows BLOB);`;
