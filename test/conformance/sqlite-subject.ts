/** SQLite as the conformance suite sees it: everything here goes through SQLite itself. */
import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { adapter } from '../../src/adapters/sqlite/adapter.ts';
import type { Cell, ColumnSpec, Scratch, Subject, TableSpec } from '../../src/testkit/index.ts';
import { compareDatabases } from '../oracle/sqlite.ts';

const TYPES = { integer: 'INTEGER', text: 'TEXT', bytes: 'BLOB' } as const;

export const subject: Subject = {
  name: 'sqlite',
  adapter,
  faultStride: 1,
  absentIsEmpty: true,
  oddNames: ['a"b', "it's", 'line\nend', '😀 shop', 'select', 'Ünï.cödé', 'x'.repeat(63)],
  async create() {
    const scratch = scratchOf();
    using database = open(scratch.location);
    database.exec('PRAGMA journal_mode = WAL');
    return scratch;
  },
  absent: async () => scratchOf(),
  async fill(location, tables) {
    using database = open(location);
    for (const table of tables) makeTable(database, table);
  },
  async rows(location, table) {
    if (!existsSync(pathOf(location))) return undefined;
    using database = open(location);
    const there = database
      .prepare(`SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?`)
      .get(table);
    return there ? readRows(database, table) : undefined;
  },
  async transfer(location, table, from, to, amount) {
    using database = open(location);
    database
      .prepare(
        `UPDATE ${quote(table)} SET balance = balance + CASE id WHEN ?1 THEN -?3 ELSE ?3 END WHERE id IN (?1, ?2)`,
      )
      .run(from, to, amount);
  },
  async traces(location) {
    const path = pathOf(location);
    const left = readdirSync(dirname(path)).filter((name) => !name.startsWith('shop.db'));
    return existsSync(path) ? [...left, ...locksOn(path)] : left;
  },
  compare: async (a, b) => compareDatabases(pathOf(a), pathOf(b)),
};

function pathOf(location: string): string {
  return location.slice('sqlite:'.length);
}

function scratchOf(): Scratch {
  const folder = mkdtempSync(join(tmpdir(), `dbimg-suite-${randomUUID().slice(0, 8)}-`));
  return {
    location: `sqlite:${join(folder, 'shop.db')}`,
    [Symbol.asyncDispose]: async () => rmSync(folder, { recursive: true, force: true }),
  };
}

function open(location: string): DatabaseSync {
  return new DatabaseSync(pathOf(location), { timeout: 5000 });
}

function makeTable(database: DatabaseSync, { name, columns, rows }: TableSpec): void {
  const declared = columns.map(
    ({ name: column, type }: ColumnSpec, at) =>
      `${quote(column)} ${TYPES[type]}${at === 0 ? ' PRIMARY KEY' : ''}`,
  );
  database.exec(`BEGIN; CREATE TABLE ${quote(name)} (${declared.join(', ')})`);
  const insert = database.prepare(`INSERT INTO ${quote(name)} VALUES (${columns.map(() => '?').join(', ')})`);
  for (const row of rows) insert.run(...row);
  const last = columns.at(-1)?.name ?? 'id';
  database.exec(`CREATE INDEX ${quote(`${name} last`)} ON ${quote(name)} (${quote(last)}); COMMIT`);
}

function readRows(database: DatabaseSync, table: string): Cell[][] {
  const select = database.prepare(`SELECT * FROM ${quote(table)} ORDER BY 1`);
  select.setReadBigInts(true);
  return select.all().map((row) => Object.values(row) as Cell[]);
}

/** Whether somebody holds a lock: then nobody can have it alone. */
function locksOn(path: string): string[] {
  using database = new DatabaseSync(path, { timeout: 0 });
  try {
    database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; COMMIT');
    return [];
  } catch (error) {
    return [`a lock: ${error}`];
  }
}

function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
