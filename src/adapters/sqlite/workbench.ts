/** SQL over rows of any image: a temporary database of SQLite, with the tables that a statement reads. */
import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { constants, DatabaseSync, type StatementSync } from 'node:sqlite';
import type { Column } from '../../core/adapter.ts';
import { DbimgError } from '../../core/errors.ts';
import type { RelationColumn } from '../../core/relation.ts';
import type { Value } from '../../core/value.ts';
import {
  UnknownName,
  type Workbench,
  type WorkbenchRead,
  type WorkbenchTable,
} from '../../core/workbench.ts';
import { type StorageType, storageOf } from './column-mapping.ts';
import { quote } from './staging-schema.ts';
import { type Stored, storedValue } from './stored-values.ts';

/** Memory of the cache of each schema, in KiB. What is larger is on disk. */
const CACHE = 32 * 1024;

/** Actions that read. Every other makes a statement one that does not only read. */
const READING: ReadonlySet<number> = new Set([
  constants.SQLITE_SELECT,
  constants.SQLITE_READ,
  constants.SQLITE_FUNCTION,
  constants.SQLITE_RECURSIVE,
]);

/** A table as it is declared: names of columns may not differ in their case alone. */
interface Declared {
  readonly table: WorkbenchTable;
  readonly names: readonly string[];
  readonly storage: readonly StorageType[];
  readonly place: string;
}

export class SqliteWorkbench implements Workbench {
  readonly #connection: DatabaseSync;
  readonly #directory: string;
  /** By schema and name, in lower case. */
  readonly #declared = new Map<string, Declared>();
  #sql = '';

  private constructor(directory: string) {
    this.#directory = directory;
    this.#connection = new DatabaseSync(join(directory, 'main.db'), { allowExtension: false });
    this.#tune('main');
  }

  static async open(directory: string | undefined): Promise<SqliteWorkbench> {
    const parent = directory ?? tmpdir();
    try {
      return new SqliteWorkbench(await mkdtemp(join(parent, 'dbimg-query-')));
    } catch (cause) {
      throw new DbimgError('STORE_FAILED', `No temporary files could be made in ${parent}.`, {
        hint: 'Name another directory with --tmp.',
        cause,
      });
    }
  }

  prepare(sql: string, tables: readonly WorkbenchTable[]): readonly WorkbenchRead[] {
    this.#sql = sql;
    for (const table of tables) this.#declare(table);
    if (process.platform !== 'win32') this.#forget();
    this.#assertReading(sql);
    return this.#readsOf(sql);
  }

  insert({ table, columns }: WorkbenchRead, rows: Iterable<readonly Value[]>): void {
    const { names, storage, place } = this.#find(table);
    const at = columns.map((name) => table.relation.columns.findIndex((column) => column.name === name));
    const list = at.map((index) => quote(names[index] as string)).join(', ');
    const insert = this.#connection.prepare(
      `INSERT INTO ${place} (${list}) VALUES (${at.map(() => '?').join(', ')})`,
    );
    const types = at.map((index) => storage[index] as StorageType);
    this.#connection.exec('BEGIN');
    for (const values of rows) {
      insert.run(...values.map((value, index) => storedValue(value, types[index] as StorageType)));
    }
    this.#connection.exec('COMMIT');
  }

  fill({ table }: WorkbenchRead, rows: number): void {
    const { place, names } = this.#find(table);
    this.#connection
      .prepare(
        `INSERT INTO ${place} (${quote(names[0] as string)}) WITH RECURSIVE n (i) AS
          (SELECT 1 WHERE ?1 > 0 UNION ALL SELECT i + 1 FROM n WHERE i < ?1) SELECT NULL FROM n`,
      )
      .run(rows);
  }

  run(): { columns: readonly Column[]; rows: Iterable<readonly Value[]> } {
    const statement = this.#connection.prepare(this.#sql);
    statement.setReadBigInts(true);
    statement.setReturnArrays(true);
    const described = statement.columns();
    const origins = described.map(({ database, table, column }) => this.#origin(database, table, column));
    const names = distinct(described.map(({ name }) => name));
    return {
      columns: names.map((name, at) => ({ name, type: origins[at]?.type ?? '' })),
      rows: typedRows(statement, origins),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#connection.isOpen) this.#connection.close();
    this.#forget();
  }

  /** Open files need no names: without them nothing stays behind, whatever happens. */
  #forget(): void {
    rmSync(this.#directory, { recursive: true, force: true });
  }

  #declare(table: WorkbenchTable): void {
    const { relation, schema } = table;
    const home = schema === undefined ? 'main' : this.#attached(schema);
    const names = distinct(relation.columns.map(({ name }) => name));
    const storage = relation.columns.map(storageForQueries);
    const place = `${quote(home)}.${quote(relation.name)}`;
    const columns = names.map((name, at) => {
      const type = storage[at] as StorageType;
      return type === 'ANY' ? quote(name) : `${quote(name)} ${type}`;
    });
    this.#connection.exec(`CREATE TABLE ${place} (${columns.join(', ')})`);
    this.#declared.set(keyOf(home, relation.name), { table, names, storage, place });
  }

  #attached(schema: string): string {
    const there = this.#connection.prepare('PRAGMA database_list').all();
    const known = there.find(({ name }) => String(name).toLowerCase() === schema.toLowerCase());
    if (known) return String(known.name);
    try {
      this.#connection
        .prepare(`ATTACH ? AS ${quote(schema)}`)
        .run(join(this.#directory, `${there.length}.db`));
    } catch (cause) {
      throw new DbimgError('UNSUPPORTED', 'A statement can name tables of 10 schemas at most.', { cause });
    }
    this.#tune(schema);
    return schema;
  }

  #tune(schema: string): void {
    this.#connection.exec(
      `PRAGMA ${quote(schema)}.journal_mode = OFF; PRAGMA ${quote(schema)}.synchronous = OFF;
       PRAGMA ${quote(schema)}.locking_mode = EXCLUSIVE; PRAGMA ${quote(schema)}.cache_size = -${CACHE}`,
    );
  }

  /** Asks SQLite itself what the statement would do. */
  #assertReading(sql: string): void {
    let forbidden = false;
    this.#connection.setAuthorizer((action, _, name) => {
      const allowed = READING.has(action) && name !== 'load_extension';
      forbidden ||= !allowed;
      return allowed ? constants.SQLITE_OK : constants.SQLITE_DENY;
    });
    try {
      if (/^\s*EXPLAIN\b/i.test(sql)) throw noPlan();
      assertWhole(this.#connection.prepare(sql), sql);
    } catch (error) {
      if (error instanceof DbimgError) throw error;
      throw statementError(error as Error, forbidden);
    } finally {
      this.#connection.setAuthorizer(null);
    }
  }

  /**
   * From the statement's program: it opens tables by their first page and takes columns by their place. The authorizer
   * would not do: it is not told of what USING and NATURAL compare, nor of tables whose rows are only counted.
   */
  #readsOf(sql: string): WorkbenchRead[] {
    const roots = this.#roots();
    const cursors = new Map<number, Set<Declared>>();
    const reads = new Map<Declared, Set<number>>();
    const steps = this.#program(sql);
    for (const { opcode, p1, p2, p3 } of steps) {
      const opened = opcode === 'OpenRead' ? roots.get(`${p3} ${p2}`) : undefined;
      if (!opened) continue;
      cursors.set(p1, (cursors.get(p1) ?? new Set()).add(opened));
      reads.set(opened, new Set());
    }
    for (const { p1, p2 } of steps.filter(({ opcode }) => opcode === 'Column')) {
      for (const declared of cursors.get(p1) ?? []) reads.get(declared)?.add(p2);
    }
    return [...reads].map(([{ table }, places]) => ({
      table,
      columns: table.relation.columns.filter((_, at) => places.has(at)).map(({ name }) => name),
    }));
  }

  #program(sql: string): readonly Step[] {
    try {
      return this.#connection.prepare(`EXPLAIN ${sql}`).all() as unknown as readonly Step[];
    } catch (error) {
      throw statementError(error as Error, false);
    }
  }

  /** Tables by the number of their schema and of their first page. */
  #roots(): Map<string, Declared> {
    const roots = new Map<string, Declared>();
    for (const { seq, name } of this.#connection.prepare('PRAGMA database_list').all()) {
      const tables = this.#connection
        .prepare(`SELECT name, rootpage FROM ${quote(String(name))}.sqlite_schema`)
        .all();
      for (const table of tables) {
        const declared = this.#declared.get(keyOf(String(name), String(table.name)));
        if (declared) roots.set(`${seq} ${table.rootpage}`, declared);
      }
    }
    return roots;
  }

  #find(table: WorkbenchTable): Declared {
    const declared = [...this.#declared.values()].find((candidate) => candidate.table === table);
    if (declared) return declared;
    throw new DbimgError('BUG', 'Rows came for a table that no statement reads.');
  }

  #origin(schema: string | null, table: string | null, column: string | null): RelationColumn | undefined {
    if (schema === null || table === null || column === null) return undefined;
    const declared = this.#declared.get(keyOf(schema, table));
    return declared?.table.relation.columns[declared.names.indexOf(column)];
  }
}

/** One instruction of a statement's program. https://www.sqlite.org/opcode.html */
interface Step {
  readonly opcode: string;
  readonly p1: number;
  readonly p2: number;
  readonly p3: number;
}

function keyOf(schema: string, name: string): string {
  return JSON.stringify([schema.toLowerCase(), name.toLowerCase()]);
}

/** Numbers compare as numbers wherever a number says exactly what the digits say. */
function storageForQueries(column: RelationColumn): StorageType {
  return column.value.kind === 'decimal' ? 'ANY' : storageOf(column, false).storage;
}

/** Names that are told apart without their case: a second `id` is `id_2`. */
function distinct(names: readonly string[]): string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    let given = name;
    for (let number = 2; taken.has(given.toLowerCase()); number += 1) given = `${name}_${number}`;
    taken.add(given.toLowerCase());
    return given;
  });
}

function* typedRows(
  statement: StatementSync,
  origins: readonly (RelationColumn | undefined)[],
): Generator<readonly Value[]> {
  try {
    for (const row of statement.iterate() as Iterable<unknown>) {
      yield (row as Stored[]).map((value, at) => typedValue(value, origins[at]));
    }
  } catch (error) {
    if (error instanceof DbimgError) throw error;
    throw new DbimgError('USAGE', `The statement failed: ${(error as Error).message}.`, { cause: error });
  }
}

/** A column that comes straight from a table keeps its type. */
function typedValue(value: Stored, origin: RelationColumn | undefined): Value {
  if (value === null) return { type: 'null' };
  switch (typeof value) {
    case 'bigint':
      return origin?.value.kind === 'boolean'
        ? { type: 'boolean', value: value !== 0n }
        : { type: 'integer', value };
    case 'number':
      return { type: 'float', value };
    case 'string': {
      const kind = origin?.value.kind;
      if (kind === 'json' || kind === 'list' || kind === 'document') return { type: 'json', value };
      return kind === 'decimal' ? { type: 'decimal', value } : { type: 'text', value };
    }
    default:
      return { type: 'bytes', value };
  }
}

/** SQLite takes the first statement and leaves the rest. */
function assertWhole(statement: StatementSync, sql: string): void {
  const rest = sql.slice(sql.indexOf(statement.sourceSQL) + statement.sourceSQL.length);
  if (/^(\s|;|--[^\n]*(\n|$)|\/\*.*?\*\/)*$/s.test(rest)) return;
  throw new DbimgError('USAGE', 'There is more than one statement.', { hint: 'Give one SELECT.' });
}

function noPlan(): DbimgError {
  return new DbimgError('USAGE', 'EXPLAIN would tell how a temporary database is read, not the image.', {
    hint: 'Give the SELECT alone.',
  });
}

function statementError(error: Error, forbidden: boolean): DbimgError {
  const [, kind, name] = /^no such (table|column): (.*)$/s.exec(error.message) ?? [];
  if (kind && name !== undefined) {
    const cause = new UnknownName(kind as 'table' | 'column', name);
    return new DbimgError('USAGE', `There is no ${kind} ${name}.`, { cause });
  }
  if (forbidden || /not authorized|prohibited/.test(error.message)) {
    return new DbimgError('USAGE', 'The statement does not only read.', {
      cause: error,
      hint: 'An image never changes: give a SELECT.',
    });
  }
  const reason = error.message.replace(/\.$/, '');
  return new DbimgError('USAGE', `The statement cannot be understood: ${reason}.`, {
    cause: error,
    hint: 'It is read as SQLite reads it: https://www.sqlite.org/lang_select.html',
  });
}
