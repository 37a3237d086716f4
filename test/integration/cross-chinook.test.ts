/** PostgreSQL's music shop restored into SQLite: judged by SQLite, by the shop's own SQLite script, and by PostgreSQL. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, test } from 'node:test';
import { dump, restore } from '../../src/index.ts';
import { assertSameShop, loadChinook, makeChinook } from '../engines/chinook.ts';
import {
  createDatabase,
  query,
  type RunningPostgres,
  startPostgres,
  type TestDatabase,
} from '../engines/postgres.ts';

const folder = mkdtempSync(join(tmpdir(), 'dbimg-chinook-'));
const image = join(folder, 'chinook.dbimg');
const restored = join(folder, 'restored.db');
const script = join(folder, 'script.db');
let server: RunningPostgres;
let source: TestDatabase;

before(async () => {
  server = await startPostgres({ version: 18 });
  source = await createDatabase(server);
  await loadChinook(source.url);
  await dump({ source: source.url, image });
  makeChinook(script);
});

after(async () => {
  await source?.[Symbol.asyncDispose]();
  await server?.[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

test('the whole shop arrives, proven, and nothing is left behind', async () => {
  const result = await restore({ image, target: `sqlite:${restored}`, create: true, prove: true });
  assert.equal(result.objects, 11);
  assert.equal(result.records, 15_607);
  assert.deepEqual(result.proven, { objects: 11, records: 15_607 });
  assert.deepEqual(result.omissions, []);
  assert.equal(result.crossing?.from, 'postgres');
  const columns = result.crossing?.tables.flatMap((table) => table.columns) ?? [];
  assert.deepEqual(
    [...new Set(columns.map(({ from, to, fidelity }) => `${from} ${to} ${fidelity}`))].sort(),
    [
      'character varying(10) TEXT exact',
      ...[120, 160, 20, 200, 220, 24, 30, 40, 60, 70, 80].map((n) => `character varying(${n}) TEXT exact`),
      'integer INTEGER exact',
      'numeric(10,2) NUMERIC form',
      'timestamp without time zone TEXT form',
    ],
  );
});

test('every value is the one that the SQLite script of the shop stores, with its storage class', () => {
  assertSameShop(restored, script);
});

test('SQLite finds the file whole, with its keys, references and indexes', () => {
  const shell = (sql: string): string =>
    execFileSync('sqlite3', [restored, sql], { encoding: 'utf8' }).trim();
  assert.equal(shell('PRAGMA integrity_check'), 'ok');
  assert.equal(shell('PRAGMA foreign_key_check'), '');
  assert.equal(shell(`SELECT count(*) FROM pragma_foreign_key_list('invoice_line')`), '2');
  assert.equal(
    shell(`SELECT group_concat(name) FROM pragma_index_list('track') WHERE origin = 'c'`),
    [...['track_media_type_id_idx', 'track_genre_id_idx', 'track_album_id_idx']].join(','),
  );
  // Numbering goes on: the key is the rowid.
  assert.equal(shell(`INSERT INTO artist (name) VALUES ('new') RETURNING artist_id`), '276');
  assert.equal(shell(`DELETE FROM artist WHERE name = 'new'; SELECT count(*) FROM artist`), '275');
});

test('questions have the same answers in SQLite as in PostgreSQL', async () => {
  const questions = [
    'SELECT c.country, count(*) AS n, sum(i.total) AS total FROM customer c JOIN invoice i USING (customer_id) GROUP BY 1 ORDER BY 1',
    'SELECT a.name, count(*) AS n FROM artist a JOIN album b USING (artist_id) JOIN track t USING (album_id) GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 20',
    `SELECT invoice_id AS id, total FROM invoice WHERE invoice_date >= '2024-06-01 00:00:00' AND total > 9.5 ORDER BY 1`,
    'SELECT g.name, avg(t.milliseconds) AS ms FROM track t JOIN genre g USING (genre_id) GROUP BY 1 ORDER BY 1',
  ];
  const database = new DatabaseSync(restored, { readOnly: true });
  const round = (value: unknown): unknown =>
    value === null || Number.isNaN(Number(value)) ? value : Number(Number(value).toFixed(6));
  for (const sql of questions) {
    const rounded = (rows: readonly object[]): unknown[] => rows.map((row) => Object.values(row).map(round));
    const theirs = rounded(await query(source.url, sql));
    assert.ok(theirs.length > 3, sql);
    assert.deepEqual(rounded(database.prepare(sql).all()), theirs, sql);
  }
  database.close();
});
