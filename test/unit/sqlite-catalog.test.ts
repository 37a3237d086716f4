/** Everything a database can hold, as catalog entries and rows. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, test } from 'node:test';
import type { CatalogEntry } from '../../src/core/adapter.ts';
import { assertReadAsSqliteDoes } from '../sqlite-fixtures/compare.ts';
import { type ReadDatabase, readDatabase } from '../sqlite-fixtures/reading.ts';

const folder = mkdtempSync(join(tmpdir(), 'dbimg-sqlite-'));
const path = join(folder, 'every.db');
let read: ReadDatabase;

before(async () => {
  const database = new DatabaseSync(path);
  database.exec(readFileSync(new URL('../sqlite-fixtures/every-feature.sql', import.meta.url), 'utf8'));
  database.close();
  read = await readDatabase(path);
});
after(() => rmSync(folder, { recursive: true }));

const named = (name: string): CatalogEntry =>
  read.entries.find(({ object }) => object.at(-1) === name) ?? assert.fail(`no entry ${name}`);

test('rows are read as SQLite reads them', () => {
  assert.deepEqual(read.snapshot.omissions, []);
  assertReadAsSqliteDoes(path, read);
});

test('every row of sqlite_schema that has a definition is an entry with exactly that', () => {
  const database = new DatabaseSync(path);
  const rows = database
    .prepare(
      'SELECT type, name, tbl_name AS "table", sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name',
    )
    .all() as unknown as { name: string; sql: string }[];
  database.close();
  const bodies = read.entries.slice(1).map(({ body }) => body as { name: string; sql: string[] });
  const byName = (a: { name: string }, b: { name: string }): number => (a.name < b.name ? -1 : 1);
  assert.deepEqual(bodies.sort(byName), rows.map(({ sql, ...row }) => ({ ...row, sql: [sql] })).sort(byName));
});

test('the database comes first, with its settings', () => {
  const [first] = read.entries;
  assert.deepEqual(first && [first.kind, first.object, first.phase], ['database', ['main'], 'pre-data']);
  assert.deepEqual(first?.body, {
    ...{ pageSize: 2048, reserved: 0, encoding: 'UTF-8', autoVacuum: 'incremental', journal: 'rollback' },
    ...{ userVersion: 42, applicationId: 252006673 },
  });
});

test('ids ascend, and entries come after those that they need', () => {
  assert.deepEqual(
    read.entries.map(({ id }) => id),
    read.entries.map((_, at) => at + 1),
  );
  for (const entry of read.entries) for (const needed of entry.after ?? []) assert.ok(needed < entry.id);
  assert.deepEqual(named('instead').after, [named('seen').id]);
  assert.deepEqual(named('plain_part').after, [named('plain').id]);
  assert.deepEqual([named('words').kind, named('words_content').kind], ['virtual table', 'table']);
  assert.deepEqual(named('plain_expression').of, ['main', 'plain']);
});

test('what is selected brings the content of its virtual tables and leaves the rest', async () => {
  const some = await readDatabase(path, {
    selects: (object) => ['words', 'plain'].includes(object.at(-1) ?? ''),
  });
  assert.deepEqual([...some.tables.keys()].sort(), [
    'plain',
    'words_config',
    'words_content',
    'words_data',
    'words_docsize',
    'words_idx',
  ]);
  const kinds = new Set(some.entries.map(({ kind }) => kind));
  assert.deepEqual([...kinds].sort(), ['database', 'index', 'table', 'trigger', 'virtual table']);
});

test('columns of the streams say where the rowid is and in which order values lie', () => {
  const details = (name: string): unknown => read.tables.get(name)?.parts[0]?.open.details;
  assert.deepEqual(details('counted'), { withoutRowid: false, rowidColumn: 0 });
  assert.deepEqual(details('plain'), { withoutRowid: false, rowidColumn: null });
  // A key that is said to descend is no other name of the rowid.
  assert.deepEqual(details('descending'), { withoutRowid: false, rowidColumn: null });
  assert.deepEqual(details('keyed'), { withoutRowid: true, rowidColumn: null, order: [1, 0, 2] });
  const computed = read.tables.get('computed')?.parts[0]?.open.columns;
  assert.deepEqual(
    computed?.map(({ name }) => name),
    ['base', 'square', 'tail'],
  );
});

test('values are exact', () => {
  const rows = read.tables.get('plain')?.rows ?? [];
  assert.deepEqual(read.tables.get('plain')?.rowids, [-(2n ** 63n), 7n, 8n, 2n ** 63n - 1n]);
  assert.deepEqual(rows[0]?.[0], { type: 'integer', value: 2n ** 63n - 1n });
  assert.deepEqual(rows[1]?.[2], { type: 'float', value: Number.POSITIVE_INFINITY });
  assert.deepEqual(rows[2]?.[1], { type: 'bytes', value: new Uint8Array([0xff, 0x80]) });
  assert.deepEqual(rows[3]?.[1], { type: 'text', value: 'a\0b' });
  assert.deepEqual(read.tables.get('altered')?.rows[0]?.slice(2), [
    { type: 'float', value: 7 },
    { type: 'text', value: "it's" },
  ]);
});
