/**
 * The schema of the file that a restore makes. SQLite itself makes tables and indexes from their definitions; what
 * needs no page of its own, or has a name that SQLite keeps for itself, is entered in `sqlite_schema` as it was.
 */
import { randomUUID } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import type { CatalogEntry } from '../../core/adapter.ts';
import { DbimgError } from '../../core/errors.ts';
import { type SchemaBody, UNORDERED } from './catalog.ts';
import { missingPart, sqliteError } from './errors.ts';
import { ShapeReader } from './shape.ts';
import type { StagedTable } from './staging-ledger.ts';

/** The cache while rows are sorted into indexes, in KiB. */
const CACHE = 32 * 1024;
/** Other lanes may hold the file for the time of an index; the engine sees to it that they do not. */
const LOCK_WAIT = 60_000;

/** A connection to the file that is being made. What fails there is given up as a whole, so nothing is synced. */
function openStaging(path: string): DatabaseSync {
  const connection = new DatabaseSync(path, {
    timeout: LOCK_WAIT,
    enableForeignKeyConstraints: false,
    enableDoubleQuotedStringLiterals: true,
  });
  connection.enableDefensive(false);
  connection.exec(`PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF; PRAGMA cache_size = -${CACHE};
    PRAGMA trusted_schema = OFF`);
  return connection;
}

export function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

export class StagingSchema implements Disposable {
  readonly #connection: DatabaseSync;

  constructor(path: string) {
    this.#connection = openStaging(path);
  }

  get pages(): number {
    return this.#connection.prepare('PRAGMA page_count').get()?.page_count as number;
  }

  /** Makes tables, all or none, and says where their rows go. Virtual tables take none. */
  createTables(entries: readonly CatalogEntry[]): Map<string, StagedTable> {
    const connection = this.#connection;
    connection.exec('PRAGMA writable_schema = ON; BEGIN IMMEDIATE');
    try {
      for (const entry of entries) named(entry, () => this.#makeTable(entry));
      connection.exec('COMMIT; PRAGMA writable_schema = RESET');
      const tables = new Map<string, StagedTable>();
      for (const entry of entries.filter(({ kind }) => kind === 'table')) {
        const body = bodyOf(entry);
        tables.set(
          body.name,
          named(entry, () => this.#staged(body)),
        );
      }
      return tables;
    } catch (error) {
      if (connection.isTransaction) connection.exec('ROLLBACK');
      throw sqliteError(error, 'The tables could not be made');
    }
  }

  /** Makes what comes after the rows: an index, or a view or trigger, whose text is all there is to it. */
  create(entry: CatalogEntry): void {
    named(entry, () => {
      const body = bodyOf(entry);
      if (body.type === 'index') this.#execute(body, INDEX);
      else if (body.type === 'view' || body.type === 'trigger') this.#edit(() => this.#enter(body));
      else throw unknownKind(entry);
    });
  }

  /** Fills the indexes that constraints made together with their tables, before there were rows. */
  fillConstraints(): void {
    const tables = this.#connection
      .prepare(`SELECT DISTINCT tbl_name AS name FROM sqlite_schema WHERE type = 'index'`)
      .all() as unknown as { name: string }[];
    for (const { name } of tables) {
      try {
        this.#connection.exec(`REINDEX main.${quote(name)}`);
      } catch (error) {
        throw sqliteError(error, `The constraints of table ${name} could not be built`);
      }
    }
  }

  [Symbol.dispose](): void {
    if (this.#connection.isOpen) this.#connection.close();
  }

  #makeTable(entry: CatalogEntry): void {
    const body = bodyOf(entry);
    if (entry.kind === 'virtual table') this.#enter(body);
    else if (entry.kind !== 'table') throw unknownKind(entry);
    else if (!/^sqlite_/i.test(body.name)) this.#makeOwn(body);
    // SQLite has made it already if it needs it.
    else if (this.#rootOf(body.name) === undefined) this.#adopt(body, false);
  }

  /**
   * A definition that asks for what only its program has can still be entered, as long as nothing must be put in order
   * by it: SQLite reads it without looking that up.
   */
  #makeOwn(body: SchemaBody): void {
    try {
      this.#execute(body, TABLE);
    } catch (error) {
      if (missingPart(error) === undefined) throw error;
      using shapes = new ShapeReader();
      const shape = shapes.read(body.name, body.sql[0] as string);
      if (!shape || shape.indexed) throw error;
      this.#adopt(body, shape.withoutRowid);
    }
  }

  /** A table that SQL cannot make: under another name and definition, which are then replaced. */
  #adopt(body: SchemaBody, keyed: boolean): void {
    const name = randomUUID();
    this.#connection.exec(
      `CREATE TABLE ${quote(name)} (content${keyed ? ' PRIMARY KEY) WITHOUT ROWID' : ')'}`,
    );
    this.#connection
      .prepare('UPDATE sqlite_schema SET name = ?1, tbl_name = ?1, sql = ?2 WHERE name = ?3')
      .run(body.name, body.sql[0] as string, name);
  }

  /** Executes a definition, and no other statement, and sees to it that it is remembered to the letter. */
  #execute({ type, name, table, sql }: SchemaBody, expected: RegExp): void {
    const definition = sql[0] as string;
    if (!expected.test(definition)) throw notADefinition(name);
    this.#connection.prepare(definition).run();
    const kept = this.#connection
      .prepare(
        'SELECT rowid, name, tbl_name, sql FROM sqlite_schema WHERE type = ? AND name = ? COLLATE NOCASE',
      )
      .get(type, name);
    if (kept === undefined) throw notADefinition(name);
    if (kept.name === name && kept.tbl_name === table && kept.sql === definition) return;
    const keep = (): void => {
      this.#connection
        .prepare('UPDATE sqlite_schema SET name = ?, tbl_name = ?, sql = ? WHERE rowid = ?')
        .run(name, table, definition, kept.rowid as number);
    };
    // Tables are made within one such change.
    if (type === 'table') keep();
    else this.#edit(keep);
  }

  #enter(body: SchemaBody): void {
    this.#insert(body, 0);
  }

  #insert({ type, name, table, sql }: SchemaBody, root: number): void {
    this.#connection
      .prepare('INSERT INTO sqlite_schema (type, name, tbl_name, rootpage, sql) VALUES (?, ?, ?, ?, ?)')
      .run(type, name, table, root, sql[0] as string);
  }

  /** Changes `sqlite_schema` by hand; then SQLite reads it anew. */
  #edit(change: () => void): void {
    this.#connection.exec('PRAGMA writable_schema = ON; BEGIN IMMEDIATE');
    try {
      change();
      this.#connection.exec('COMMIT');
    } catch (error) {
      if (this.#connection.isTransaction) this.#connection.exec('ROLLBACK');
      throw error;
    } finally {
      this.#connection.exec('PRAGMA writable_schema = RESET');
    }
  }

  #rootOf(name: string): number | undefined {
    const row = this.#connection
      .prepare(`SELECT rootpage FROM sqlite_schema WHERE type = 'table' AND name = ?`)
      .get(name);
    return row?.rootpage as number | undefined;
  }

  #staged({ name, sql, rows }: SchemaBody): StagedTable {
    const root = this.#rootOf(name);
    if (root === undefined) throw notADefinition(name);
    const keyed = /without\s+rowid/i.test(sql[0] as string) && this.#isKeyed(name);
    return { root, keyed, unordered: rows === UNORDERED };
  }

  #isKeyed(name: string): boolean {
    const kind = this.#connection
      .prepare(`SELECT wr FROM pragma_table_list(?) WHERE schema = 'main'`)
      .get(name);
    return kind?.wr === 1;
  }
}

const TABLE = /^\s*CREATE\s+TABLE\b/i;
const INDEX = /^\s*CREATE\s+(UNIQUE\s+)?INDEX\b/i;

/** Errors name the object. */
function named<T>(entry: CatalogEntry, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const missing = missingPart(error);
    if (missing !== undefined) throw ofApplication(entry, missing, error);
    const { code, message, hint } = sqliteError(error, `The ${entry.kind} could not be made`);
    throw new DbimgError(code, message, {
      object: entry.object,
      cause: error,
      ...(hint === undefined ? {} : { hint }),
    });
  }
}

/** Collations, functions and modules that a program gives to SQLite are not in the file. */
function ofApplication(entry: CatalogEntry, missing: string, cause: unknown): DbimgError {
  return new DbimgError('UNSUPPORTED', `The ${entry.kind} cannot be made: ${missing}.`, {
    object: entry.object,
    cause,
    hint: 'It belongs to the program that uses the database. A physical image carries it: dump with --physical.',
  });
}

function bodyOf(entry: CatalogEntry): SchemaBody {
  const { type, name, table, sql } = (entry.body ?? {}) as Partial<SchemaBody>;
  const texts = [type, name, table, sql?.[0]];
  if (texts.every((text) => typeof text === 'string')) return entry.body as SchemaBody;
  throw new DbimgError('IMAGE_DAMAGED', 'A catalog entry has no definition.', { object: entry.object });
}

function unknownKind(entry: CatalogEntry): DbimgError {
  return new DbimgError('UNSUPPORTED', `SQLite has no objects of kind ${entry.kind}.`, {
    object: entry.object,
  });
}

function notADefinition(name: string): DbimgError {
  return new DbimgError('IMAGE_DAMAGED', `The image's definition of ${name} does not define it.`, {
    hint: 'Do not restore this image: it was made to run other statements.',
  });
}
