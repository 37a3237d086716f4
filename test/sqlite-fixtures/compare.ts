/** What SQLite itself says of a database, held against what the adapter reads. */
import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import type { Part } from '../../src/core/adapter.ts';
import type { Value } from '../../src/core/value.ts';
import { quote } from './random-database.ts';
import type { ReadDatabase, ReadTable } from './reading.ts';

interface Column {
  readonly name: string;
  readonly hidden: number;
}

const VIRTUAL_GENERATED = 2;

/** Fails at the first table, row or value that differs. Text is compared by its bytes, numbers by their bits. */
export function assertReadAsSqliteDoes(path: string, read: ReadDatabase): void {
  const database = new DatabaseSync(path);
  try {
    const names = (
      database
        .prepare(`SELECT name FROM sqlite_schema WHERE type = 'table' AND rootpage > 0 ORDER BY name`)
        .all() as unknown as { name: string }[]
    ).map(({ name }) => name);
    assert.deepEqual([...read.tables.keys()].sort(), names.sort());
    const { encoding } = database.prepare('PRAGMA encoding').get() as { encoding: string };
    for (const table of read.tables.values()) assertTable(database, table, encoding);
  } finally {
    database.close();
  }
}

function assertTable(database: DatabaseSync, table: ReadTable, encoding: string): void {
  const columns = database
    .prepare('SELECT name, hidden FROM pragma_table_xinfo(?)')
    .all(table.name) as unknown as Column[];
  const stored = columns.filter(({ hidden }) => hidden !== VIRTUAL_GENERATED).map(({ name }) => quote(name));
  const { withoutRowid } = (table.parts[0] as Part).open.details as { withoutRowid: boolean };
  const rowid = withoutRowid ? 'NULL' : 'rowid';
  const fields = stored.map(
    (name, at) => `typeof(${name}) AS t${at}, ${name} AS v${at}, CAST(${name} AS BLOB) AS b${at}`,
  );
  const select = database.prepare(
    `SELECT ${rowid} AS rowid, ${fields.join(', ')} FROM ${quote(table.name)} ${withoutRowid ? '' : 'ORDER BY rowid'}`,
  );
  select.setReadBigInts(true);
  let at = 0;
  for (const expected of select.iterate() as Iterable<Record<string, unknown>>) {
    const what = `${table.name}, row ${at}`;
    if (!withoutRowid) assert.equal(table.rowids[at], expected.rowid, what);
    const row = table.rows[at] ?? assert.fail(`${what} is missing`);
    assert.equal(row.length, stored.length, what);
    for (const [column, value] of row.entries()) {
      assertValue(value, expected, column, encoding, `${what}, column ${stored[column]}`);
    }
    at += 1;
  }
  assert.equal(table.rows.length, at, `rows of ${table.name}`);
}

function assertValue(
  value: Value,
  row: Record<string, unknown>,
  at: number,
  encoding: string,
  what: string,
): void {
  const type = row[`t${at}`];
  const expected = row[`v${at}`];
  const bytes = Buffer.from((row[`b${at}`] as Uint8Array | null) ?? []);
  if (value.type === 'null') {
    assert.equal(type, 'null', what);
  } else if (value.type === 'integer') {
    assert.deepEqual([type, expected], ['integer', value.value], what);
  } else if (value.type === 'float') {
    assert.equal(type, 'real', what);
    assert.ok(Object.is(expected, value.value), `${what}: ${String(expected)} and ${value.value}`);
  } else if (value.type === 'text') {
    assert.equal(type, 'text', what);
    assert.deepEqual(encoded(value.value, encoding), bytes, what);
  } else if (value.type === 'bytes') {
    // Text that is none of the encoding is given as bytes.
    assert.ok(type === 'blob' || type === 'text', what);
    assert.deepEqual(Buffer.from(value.value), bytes, what);
  } else {
    assert.fail(`${what}: SQLite has no values of type ${value.type}`);
  }
}

function encoded(text: string, encoding: string): Buffer {
  if (encoding === 'UTF-8') return Buffer.from(text, 'utf8');
  const little = Buffer.from(text, 'utf16le');
  return encoding === 'UTF-16le' ? little : little.swap16();
}
