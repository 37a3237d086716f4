/** SQLite databases there and back, judged by SQLite itself. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { dump, MemoryStore, restore, verify } from '../../src/index.ts';
import { compareDatabases } from '../oracle/sqlite.ts';
import { makeRandomDatabase } from '../sqlite-fixtures/random-database.ts';
import { assertPhysicalRoundTrip, assertRoundTrip, makeDatabase } from '../sqlite-fixtures/round-trip.ts';

const folder = mkdtempSync(join(tmpdir(), 'dbimg-sqlite-restore-'));
after(() => rmSync(folder, { recursive: true }));

const FIRST_SEED = Number(process.env.DBIMG_SEED ?? 1);
const DATABASES = process.env.DBIMG_SEED ? 1 : 30;

function textOf(path: string): string {
  return readFileSync(fileURLToPath(new URL(path, import.meta.url)), 'utf8');
}

for (let seed = FIRST_SEED; seed < FIRST_SEED + DATABASES; seed += 1) {
  test(`random database, seed ${seed}`, async (t) => {
    const path = join(folder, `random-${seed}.db`);
    t.diagnostic(JSON.stringify({ seed, ...makeRandomDatabase(path, seed) }));
    await assertRoundTrip(path);
    await assertPhysicalRoundTrip(path);
  });
}

test('Chinook', async () => {
  const path = join(folder, 'chinook.db');
  makeDatabase(path, textOf('../../examples/chinook/Chinook_Sqlite.sql'));
  await assertRoundTrip(path);
  await assertPhysicalRoundTrip(path);
});

test('every feature', async () => {
  const path = join(folder, 'features.db');
  makeDatabase(path, textOf('../sqlite-fixtures/every-feature.sql'));
  const copy = await assertRoundTrip(path, { keep: true });
  const database = new DatabaseSync(copy);
  assert.deepEqual(
    database
      .prepare(`SELECT title FROM words WHERE words MATCH 'runner'`)
      .all()
      .map(({ title }) => title),
    ['running'],
  );
  assert.equal(database.prepare('SELECT count(*) AS n FROM boxes WHERE x1 > 6').get()?.n, 2);
  database.exec(`INSERT INTO plain (a, b) VALUES ('new', 'row'); INSERT INTO counted (name) VALUES ('four')`);
  assert.equal(database.prepare('SELECT what FROM log').get()?.what, 'new');
  assert.equal(database.prepare('SELECT max(id) AS id FROM counted').get()?.id, 4);
  database.close();
  rmSync(copy);
  await assertPhysicalRoundTrip(path);
});

test('a database of 0 bytes', async () => {
  const path = join(folder, 'nothing.db');
  writeFileSync(path, '');
  const copy = await assertRoundTrip(path, { keep: true });
  assert.equal(readFileSync(copy).length, 0);
  rmSync(copy);
  await assertPhysicalRoundTrip(path);
});

test('a database of one page', async () => {
  const path = join(folder, 'page.db');
  makeDatabase(path, 'PRAGMA page_size = 512; PRAGMA user_version = 7');
  await assertRoundTrip(path);
  await assertPhysicalRoundTrip(path);
});

test('2,000 tables', async () => {
  const path = join(folder, 'tables.db');
  const tables = Array.from(
    { length: 2000 },
    (_, n) => `CREATE TABLE t${n} (a INTEGER PRIMARY KEY, b UNIQUE); INSERT INTO t${n} VALUES (${n}, 'x')`,
  );
  makeDatabase(path, `BEGIN; ${tables.join(';')}; COMMIT`);
  await assertRoundTrip(path);
});

test('rows that fill a page to the byte, or miss it by one', async () => {
  const path = join(folder, 'edges.db');
  const lengths = 'WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 2200)';
  makeDatabase(
    path,
    `PRAGMA page_size = 512; CREATE TABLE edges (body);
     ${lengths} INSERT INTO edges SELECT zeroblob(i) FROM n;
     CREATE TABLE keyed (id, body, PRIMARY KEY (id)) WITHOUT ROWID;
     ${lengths} INSERT INTO keyed SELECT i, zeroblob(i) FROM n`,
  );
  await assertRoundTrip(path);
});

test('rowids of every length', async () => {
  const path = join(folder, 'rowids.db');
  makeDatabase(path, 'CREATE TABLE far (body)');
  const database = new DatabaseSync(path);
  const insert = database.prepare('INSERT OR IGNORE INTO far (rowid, body) VALUES (?, ?)');
  for (let bits = 0n; bits < 64n; bits += 1n) {
    for (const near of [-1n, 0n, 1n]) {
      const rowid = BigInt.asIntN(64, (1n << bits) + near);
      insert.run(rowid, 'above');
      insert.run(BigInt.asIntN(64, -rowid), 'below');
    }
  }
  database.close();
  await assertRoundTrip(path);
});

test('a row of many megabytes between small ones', async () => {
  const path = join(folder, 'long.db');
  makeDatabase(
    path,
    `CREATE TABLE long (id INTEGER PRIMARY KEY, body, tail);
     INSERT INTO long VALUES (1, 'a', 1), (2, randomblob(20000000), 'end'), (3, 'c', 3);
     CREATE TABLE keyed (k TEXT PRIMARY KEY, v) WITHOUT ROWID;
     INSERT INTO keyed SELECT hex(id), substr(body, 1, 9000000) FROM long;
     WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3)
       INSERT INTO keyed SELECT 'k' || i, randomblob(5000000) FROM n`,
  );
  await assertRoundTrip(path);
  await assertRoundTrip(path, { restore: { lanes: 'worker' } });
});

for (const [what, pragmas] of [
  ['small pages', 'PRAGMA page_size = 512'],
  ['pointer maps', 'PRAGMA page_size = 512; PRAGMA auto_vacuum = FULL'],
  ['large pages', 'PRAGMA page_size = 65536'],
] as const) {
  test(`a WITHOUT ROWID table of many chunks, ${what}`, async () => {
    const path = join(folder, 'keyed.db');
    makeDatabase(
      path,
      `${pragmas}; PRAGMA synchronous = OFF;
       CREATE TABLE keyed (a, b TEXT COLLATE NOCASE, c, PRIMARY KEY (b DESC, a), UNIQUE (c)) WITHOUT ROWID;
       WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 12000)
         INSERT INTO keyed SELECT i, hex(i * 7919 % 12007) || substr(hex(zeroblob(i % 400)), i % 7), -i FROM n`,
    );
    const copy = await assertRoundTrip(path, { dump: { jobs: 1 }, restore: { jobs: 3 }, keep: true });
    const database = new DatabaseSync(copy);
    assert.equal(database.prepare(`SELECT count(*) AS n FROM keyed WHERE b = hex(7919) || '00'`).get()?.n, 1);
    database.exec(
      'DELETE FROM keyed WHERE a % 3 = 0; INSERT INTO keyed SELECT a + 100000, b, c - 100000 FROM keyed',
    );
    assert.deepEqual({ ...database.prepare('PRAGMA integrity_check').get() }, { integrity_check: 'ok' });
    database.close();
    for (const file of [path, copy]) rmSync(file);
  });
}

/** No statement makes such text, but a program that binds it does: here a blob of the same bytes is renamed. */
test('text of an odd number of bytes in UTF-16', async () => {
  const path = join(folder, 'odd.db');
  makeDatabase(
    path,
    `PRAGMA encoding = 'UTF-16le'; CREATE TABLE keyed (k INTEGER PRIMARY KEY, v) WITHOUT ROWID;
     CREATE TABLE plain (v); INSERT INTO keyed VALUES (7, x'414243'); INSERT INTO plain VALUES (x'414243')`,
  );
  const bytes = readFileSync(path);
  const [blob, text] = [12 + 2 * 3, 13 + 2 * 3];
  let renamed = 0;
  for (let at = bytes.indexOf('ABC'); at > 0; at = bytes.indexOf('ABC', at + 1)) {
    const type = bytes.lastIndexOf(blob, at);
    assert.ok(at - type <= 2);
    bytes[type] = text;
    renamed += 1;
  }
  assert.equal(renamed, 2);
  writeFileSync(path, bytes);
  await assertRoundTrip(path);
});

test('definitions without rows, and virtual tables chosen from an image', async () => {
  const path = join(folder, 'chosen.db');
  makeDatabase(path, textOf('../sqlite-fixtures/every-feature.sql'));
  const target = (name: string): string => `sqlite:${join(folder, name)}`;
  const bare = new MemoryStore();
  await dump({ source: `sqlite:${path}`, image: bare, schemaOnly: true });
  const { warnings } = await restore({ image: bare, target: target('bare.db'), create: true });
  assert.deepEqual(
    warnings.map(({ code }) => code),
    ['virtual-table'],
  );
  const image = new MemoryStore();
  await dump({ source: `sqlite:${path}`, image, jobs: 1 });
  const only = (name: string) => restore({ image, target: target('some.db'), create: true, only: [name] });
  await only('words');
  const some = new DatabaseSync(join(folder, 'some.db'));
  assert.equal(some.prepare(`SELECT count(*) AS n FROM words WHERE words MATCH 'jump'`).get()?.n, 1);
  some.close();
  // The same choice at the dump, and at a comparison, is the same.
  const few = new MemoryStore();
  await dump({ source: `sqlite:${path}`, image: few, jobs: 1, only: ['words'] });
  await restore({ image: few, target: target('few.db'), create: true });
  assert.deepEqual(compareDatabases(join(folder, 'some.db'), join(folder, 'few.db')), []);
  const { against } = await verify({ image, against: target('some.db'), only: ['words'] });
  assert.deepEqual([against?.equal, against?.differing], [5, []]);
  await restore({ image, target: target('rest.db'), create: true, skip: ['words', 'boxes'] });
  const rest = new DatabaseSync(join(folder, 'rest.db'));
  assert.deepEqual(
    rest
      .prepare(
        `SELECT name FROM sqlite_schema WHERE name IN ('words', 'boxes') OR name GLOB 'words_*' OR name GLOB 'boxes_*'`,
      )
      .all(),
    [],
  );
  rest.close();
});
