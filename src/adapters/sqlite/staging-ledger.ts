/**
 * What the lanes of a restore must agree on, in a small database of its own beside the file that is being made: SQLite
 * is what all threads have in common. Lanes take pages from it and leave here which rows those pages hold; the target
 * builds the upper levels of the b-trees from that.
 */
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { DbimgError } from '../../core/errors.ts';
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

/** Rows of one chunk of a table whose rows come in any order. */
export interface SortedChunk {
  readonly first: bigint;
  readonly last: bigint;
  /** By rowid. */
  readonly rows: Uint8Array;
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

export class Ledger implements Disposable {
  readonly #connection: DatabaseSync;
  readonly #claim: StatementSync;
  readonly #addRun: StatementSync;
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

  addChunk(root: number, { first, last, rows }: SortedChunk): void {
    this.#connection
      .prepare('INSERT INTO chunk (root, first, last, rows) VALUES (?, ?, ?, ?)')
      .run(root, first, last, rows);
  }

  /** The chunks of a table by their first row. */
  *chunks(root: number): Generator<{ readonly id: number; readonly first: bigint; readonly last: bigint }> {
    const select = this.#connection.prepare(
      'SELECT id, first, last FROM chunk WHERE root = ? ORDER BY first, last',
    );
    select.setReadBigInts(true);
    for (const { id, first, last } of select.iterate(root)) {
      yield { id: Number(id), first: first as bigint, last: last as bigint };
    }
  }

  chunk(id: number): Uint8Array {
    return this.#connection.prepare('SELECT rows FROM chunk WHERE id = ?').get(id)?.rows as Uint8Array;
  }

  /**
   * Keeps rows that must be sorted one by one, all or none.
   *
   * @throws DbimgError `IMAGE_DAMAGED` if a rowid occurs twice.
   */
  addLoose(rows: Iterable<{ readonly rowid: bigint; readonly bytes: Uint8Array }>): void {
    const insert = this.#connection.prepare('INSERT OR IGNORE INTO loose VALUES (?, ?)');
    this.#connection.exec('BEGIN IMMEDIATE');
    try {
      for (const { rowid, bytes } of rows) {
        if (insert.run(rowid, bytes).changes !== 1) throw twice(rowid);
      }
      this.#connection.exec('COMMIT');
    } catch (error) {
      this.#connection.exec('ROLLBACK');
      throw error;
    }
  }

  /** By rowid; afterwards there are none. */
  *takeLoose(): Generator<Uint8Array> {
    for (const { row } of this.#connection.prepare('SELECT row FROM loose ORDER BY rowid').iterate()) {
      yield row as Uint8Array;
    }
    this.#connection.exec('DELETE FROM loose');
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

function twice(rowid: bigint): DbimgError {
  return new DbimgError('IMAGE_DAMAGED', `The image holds two rows with the key ${rowid}.`);
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
  CREATE TABLE IF NOT EXISTS chunk (id INTEGER PRIMARY KEY, root INTEGER, first INTEGER, last INTEGER, rows BLOB);
  CREATE INDEX IF NOT EXISTS chunk_order ON chunk (root, first, last);
  CREATE TABLE IF NOT EXISTS loose (rowid INTEGER PRIMARY KEY, row BLOB);`;
