/** What is rarely met in a file, and was once not the same in its copy. The `sqlite3` shell judges. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, test } from 'node:test';
import { dump, MemoryStore, restore } from '../../src/index.ts';
import { assertPhysicalRoundTrip, assertRoundTrip, makeDatabase } from '../sqlite-fixtures/round-trip.ts';

const folder = mkdtempSync(join(tmpdir(), 'dbimg-sqlite-unusual-'));
after(() => rmSync(folder, { recursive: true }));
let made = 0;
const place = (): string => join(folder, `${++made}.db`);

function shell(path: string, command: string): string {
  const { status, stdout, stderr } = spawnSync('sqlite3', [path, command], { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  return stdout;
}

test('a default that old rows show otherwise than new ones get it', async () => {
  const path = place();
  makeDatabase(
    path,
    `CREATE TABLE t (x); INSERT INTO t VALUES (1);
     ALTER TABLE t ADD COLUMN a TEXT DEFAULT 1.10; ALTER TABLE t ADD COLUMN b TEXT DEFAULT -0.50;
     ALTER TABLE t ADD COLUMN c DEFAULT 0xff; ALTER TABLE t ADD COLUMN d DEFAULT "quoted";
     ALTER TABLE t ADD COLUMN e NUMERIC DEFAULT '12.50'; ALTER TABLE t ADD COLUMN f REAL DEFAULT -0.0;
     ALTER TABLE t ADD COLUMN g DEFAULT (CAST('7' AS INTEGER));
     INSERT INTO t (x) VALUES (2)`,
  );
  assert.match(shell(path, 'SELECT a FROM t'), /^1\.10\n1\.1\n$/);
  await assertRoundTrip(path);
  await assertPhysicalRoundTrip(path);
});

test('an expression that was written into a definition is no default of rows that are there', async () => {
  const path = place();
  makeDatabase(
    path,
    `CREATE TABLE t (x); INSERT INTO t VALUES (1); PRAGMA writable_schema = ON;
     UPDATE sqlite_schema SET sql = 'CREATE TABLE t (x, y DEFAULT (1 + 1), z DEFAULT (abs(-5)))'`,
  );
  assert.equal(shell(path, 'SELECT y IS NULL, z IS NULL FROM t'), '1|1\n');
  await assertRoundTrip(path);
});

test('names in the schema that differ from their definitions in case', async () => {
  const path = place();
  makeDatabase(
    path,
    `CREATE TABLE t (a); CREATE INDEX i ON t (a); INSERT INTO t VALUES (1); PRAGMA writable_schema = ON;
     UPDATE sqlite_schema SET sql = 'CREATE TABLE T (a)' WHERE name = 't';
     UPDATE sqlite_schema SET sql = 'CREATE INDEX I ON T (a)' WHERE name = 'i'`,
  );
  await assertRoundTrip(path);
});

/** Made by a program with a function and a collation of its own. */
const OF_PROGRAM = `
  CREATE TABLE checked (a CHECK (mine(a) <> 'z'), b DEFAULT (mine('x')), c AS (mine(a)) STORED);
  CREATE TABLE sorted (a TEXT, b); CREATE TABLE kept (k TEXT PRIMARY KEY, v) WITHOUT ROWID;
  CREATE INDEX by_function ON sorted (mine(a)); CREATE INDEX by_collation ON sorted (a);
  CREATE INDEX usual ON sorted (b);
  CREATE VIEW seen AS SELECT mine(a) FROM sorted;
  CREATE TRIGGER noted AFTER INSERT ON sorted BEGIN SELECT mine(new.a); END;
  INSERT INTO checked (a) VALUES ('q'), (NULL); INSERT INTO sorted VALUES ('b', 1), ('B', 2), ('a', 3);
  INSERT INTO kept VALUES ('y', 1), ('x', 2);
  PRAGMA writable_schema = ON;
  UPDATE sqlite_schema SET sql = 'CREATE INDEX by_collation ON sorted (a COLLATE german)' WHERE name = 'by_collation';
  UPDATE sqlite_schema SET sql = 'CREATE TABLE kept (k TEXT COLLATE german PRIMARY KEY, v) WITHOUT ROWID' WHERE name = 'kept'`;

function makeOfProgram(): string {
  const path = place();
  const database = new DatabaseSync(path);
  database.function('mine', { deterministic: true }, (value) => `${value}!`);
  database.enableDefensive(false);
  database.exec(OF_PROGRAM);
  database.close();
  return path;
}

test('functions and collations that only the program has: rows come back, indexes over them are named', async () => {
  const path = makeOfProgram();
  const copy = place();
  const image = new MemoryStore();
  const { omissions } = await dump({ source: path, image });
  assert.deepEqual(
    omissions.map(({ kind, object }) => [kind, object.join('.')]),
    [
      ['index', 'main.by_function'],
      ['index', 'main.by_collation'],
    ],
  );
  await restore({ image, target: copy, prove: true });
  const left = /^CREATE INDEX by_(function|collation) .*\n/gm;
  assert.equal(shell(copy, '.dump'), shell(path, '.dump').replace(left, ''));
  assert.equal(shell(copy, 'SELECT a FROM sorted INDEXED BY usual WHERE b = 3'), 'a\n');
});

test('of tables that are not chosen nothing is named', async () => {
  const image = new MemoryStore();
  const { omissions } = await dump({ source: makeOfProgram(), image, skip: ['main.sorted'] });
  assert.deepEqual(omissions, []);
});

test('a physical image carries what only the program has', async () => {
  const path = makeOfProgram();
  const copy = place();
  const image = new MemoryStore();
  assert.deepEqual((await dump({ source: path, image, kind: 'physical' })).omissions, []);
  const { warnings } = await restore({ image, target: copy });
  assert.ok(readFileSync(path).equals(readFileSync(copy)));
  assert.match(warnings.map(({ message }) => message).join('\n'), /german/);
});
