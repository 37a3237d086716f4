/** What the definition of a table means for its records. SQLite's own parser is asked, in a database of its own. */
import { randomUUID } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import { missingPart } from './errors.ts';

export interface TableColumn {
  readonly name: string;
  /** As declared, perhaps nothing. */
  readonly type: string;
  /** Expression of its default, which rows have that are older than the column. */
  readonly fallback: string | undefined;
}

export interface TableShape {
  readonly withoutRowid: boolean;
  readonly strict: boolean;
  /** Columns that are stored, in the order of the table: all but the virtual generated ones. */
  readonly columns: readonly TableColumn[];
  /** Which of them is the rowid: stored as NULL. */
  readonly rowidColumn: number | undefined;
  /** Whether constraints make indexes beside the table. */
  readonly indexed: boolean;
  /** Records of WITHOUT ROWID tables begin with the key: the column that each value belongs to. */
  readonly order: readonly number[];
}

interface ColumnRow {
  readonly cid: number;
  readonly name: string;
  readonly type: string;
  readonly pk: number;
  readonly hidden: number;
  readonly dflt_value: string | null;
}

/** `hidden` of a generated column that is not stored. */
const VIRTUAL = 2;

export class ShapeReader implements Disposable {
  readonly #scratch: DatabaseSync;

  constructor() {
    this.#scratch = new DatabaseSync(':memory:');
    this.#scratch.enableDefensive(false);
    // Gives the definitions a root page that exists. They are only parsed: collations and functions may be unknown.
    this.#scratch.exec(`CREATE TABLE "${randomUUID()}" (content)`);
  }

  /** Undefined if SQLite cannot make sense of the definition. */
  read(name: string, sql: string): TableShape | undefined {
    try {
      this.#put(name, sql);
      return this.#shape(name);
    } catch {
      return undefined;
    }
  }

  /**
   * What an index on the table that was read last asks for and only its application has, in SQLite's words; undefined
   * if nothing. The definition is not executed.
   */
  missing(index: string): string | undefined {
    try {
      this.#scratch.prepare(index);
      return undefined;
    } catch (error) {
      return missingPart(error);
    }
  }

  [Symbol.dispose](): void {
    this.#scratch.close();
  }

  /** In place of the one before, which may make every other statement fail if it could not be parsed. */
  #put(name: string, sql: string): void {
    this.#scratch.exec('PRAGMA writable_schema = ON');
    this.#scratch.exec('DELETE FROM sqlite_schema WHERE rowid > 1');
    this.#scratch
      .prepare(
        `INSERT INTO sqlite_schema (type, name, tbl_name, rootpage, sql) VALUES ('table', ?1, ?1, 2, ?2)`,
      )
      .run(name, sql);
    this.#scratch.exec('PRAGMA writable_schema = RESET');
  }

  #shape(name: string): TableShape | undefined {
    const all = this.#rows<ColumnRow>('SELECT * FROM pragma_table_xinfo(?)', name);
    const stored = all.filter((column) => column.hidden !== VIRTUAL);
    if (stored.length === 0) return undefined;
    const [kind] = this.#rows<{ wr: number; strict: number }>(
      `SELECT wr, strict FROM pragma_table_list WHERE schema = 'main' AND name = ?`,
      name,
    );
    const indexes = this.#rows<{ name: string; origin: string }>(
      'SELECT name, origin FROM pragma_index_list(?)',
      name,
    );
    const key = indexes.find(({ origin }) => origin === 'pk')?.name;
    const withoutRowid = kind?.wr === 1;
    const order =
      withoutRowid && key !== undefined ? this.#storedOrder(key, stored) : stored.map((_, at) => at);
    // A key without an index of its own is the rowid under another name.
    const alias = !withoutRowid && key === undefined ? stored.findIndex((column) => column.pk > 0) : -1;
    return {
      withoutRowid,
      strict: kind?.strict === 1,
      columns: stored.map(({ name, type, dflt_value }) => ({
        name,
        type,
        fallback: dflt_value ?? undefined,
      })),
      rowidColumn: alias < 0 ? undefined : alias,
      indexed: indexes.length > (withoutRowid ? 1 : 0),
      order,
    };
  }

  #storedOrder(key: string, stored: readonly ColumnRow[]): number[] {
    const columns = this.#rows<{ cid: number }>('SELECT cid FROM pragma_index_xinfo(?) ORDER BY seqno', key);
    return columns.map(({ cid }) => stored.findIndex((column) => column.cid === cid));
  }

  #rows<Row>(sql: string, argument: string): Row[] {
    return this.#scratch.prepare(sql).all(argument) as unknown as Row[];
  }
}
