/** The page reader against SQLite itself, on databases of every shape. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, test } from 'node:test';
import { assertReadAsSqliteDoes } from '../sqlite-fixtures/compare.ts';
import { assertSameRecordsAsCopy, checkRandomDatabase } from '../sqlite-fixtures/random-check.ts';
import { type ReadDatabase, readDatabase } from '../sqlite-fixtures/reading.ts';

const folder = mkdtempSync(join(tmpdir(), 'dbimg-sqlite-'));
after(() => rmSync(folder, { recursive: true }));

const FIRST_SEED = Number(process.env.DBIMG_SEED ?? 1);
const DATABASES = Number(process.env.DBIMG_SEED ? 1 : 30);

for (let seed = FIRST_SEED; seed < FIRST_SEED + DATABASES; seed += 1) {
  test(`random database, seed ${seed}`, async (t) => {
    await checkRandomDatabase(t, join(folder, `${seed}.db`), seed);
  });
}

test('a table of many parts: every row once, and the same parts after rows were added', async () => {
  const path = join(folder, 'large.db');
  const database = new DatabaseSync(path);
  database.exec(`PRAGMA synchronous = OFF; CREATE TABLE large (id INTEGER PRIMARY KEY, body BLOB);
    CREATE TABLE bare (a INTEGER, b BLOB, PRIMARY KEY (b, a)) WITHOUT ROWID;
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 140000)
      INSERT INTO large SELECT i * 7, zeroblob(1000) FROM n;
    INSERT INTO bare SELECT id, randomblob(8) || zeroblob(600) FROM large`);
  const before = await readDatabase(path);
  assertReadAsSqliteDoes(path, before);
  assert.ok((before.tables.get('large')?.parts.length ?? 0) > 2);
  assert.ok((before.tables.get('bare')?.parts.length ?? 0) > 1);
  database.exec(`INSERT INTO large SELECT id + 7 * 140000, body FROM large WHERE id < 7 * 20000`);
  database.close();
  const later = await readDatabase(path);
  const bounds = (read: ReadDatabase): unknown[] =>
    (read.tables.get('large')?.parts ?? []).map(
      ({ scope }) => (scope as { division: { from: string } }).division.from,
    );
  assert.deepEqual(bounds(later).slice(0, bounds(before).length), bounds(before));
});

test('a file of schema format 1, which keeps 0 and 1 in a byte', async () => {
  const path = join(folder, 'old.db');
  const made = new DatabaseSync(path);
  made.exec('PRAGMA user_version = 1');
  made.close();
  const bytes = readFileSync(path);
  bytes.writeUInt32BE(1, 44);
  writeFileSync(path, bytes);
  const database = new DatabaseSync(path);
  database.exec(`CREATE TABLE flags (a INTEGER, b, c TEXT);
    INSERT INTO flags VALUES (0, 1, 'x'), (1, 0, NULL), (-1, 2, hex(zeroblob(30000))), (128, 1.0, '')`);
  database.close();
  assert.equal(readFileSync(path).readUInt32BE(44), 1);
  const read = await readDatabase(path);
  assertReadAsSqliteDoes(path, read);
  await assertSameRecordsAsCopy(path, read);
});
