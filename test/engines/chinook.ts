/** The music shop in PostgreSQL and in SQLite, from the scripts of `examples/chinook`. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { query } from './postgres.ts';

const FOLDER = new URL('../../examples/chinook/', import.meta.url);

/** Fills an empty database. */
export async function loadChinook(url: string): Promise<void> {
  const script = readFileSync(new URL('Chinook_PostgreSql.sql', FOLDER), 'utf8');
  // Statements that choose or make a database are for psql.
  await query(url, script.replace(/^(?:\\c|DROP DATABASE|CREATE DATABASE)[^\n]*$/gm, ''));
}

/** Makes the file. */
export function makeChinook(path: string): void {
  const database = new DatabaseSync(path);
  database.exec('PRAGMA synchronous = OFF; BEGIN');
  database.exec(readFileSync(new URL('Chinook_Sqlite.sql', FOLDER), 'utf8'));
  database.exec('COMMIT');
  database.close();
}

/** `AlbumId` → `album_id`: the scripts name the same things differently. */
function snake(name: string): string {
  return name.replace(/(?<=[a-z])(?=[A-Z])/g, '_').toLowerCase();
}

/** The scripts differ in a space after Edinburgh, and in that MySQL takes a backslash as an escape. */
function trimmed(value: string | number | null | undefined): string | number | null {
  return typeof value === 'string' ? value.replaceAll('\\', '').trimEnd() : (value ?? null);
}

type Row = Record<string, string | number | null>;

/** Rows with the names of PostgreSQL's script, in an order that does not depend on how they lie. */
function rowsOf(path: string, table: string): Row[] {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    const rows = database.prepare(`SELECT * FROM "${table}"`).all() as Row[];
    return rows
      .map((row) =>
        Object.fromEntries(Object.entries(row).map(([name, value]) => [snake(name), trimmed(value)])),
      )
      .sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  } finally {
    database.close();
  }
}

function tablesOf(path: string): string[] {
  const database = new DatabaseSync(path, { readOnly: true });
  const rows = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").all();
  database.close();
  return rows.map(({ name }) => String(name));
}

/** Every value of a restored shop is the one that the SQLite script stores, with its storage class. */
export function assertSameShop(restored: string, script: string): void {
  const expected = tablesOf(script);
  assert.deepEqual(tablesOf(restored).map(snake).sort(), expected.map(snake).sort());
  for (const table of tablesOf(restored)) {
    const original = expected.find((name) => snake(name) === snake(table)) as string;
    const [ours, theirs] = [rowsOf(restored, table), rowsOf(script, original)];
    assert.equal(ours.length, theirs.length, table);
    for (const [at, row] of ours.entries()) assert.deepEqual(row, theirs[at], table);
  }
}
