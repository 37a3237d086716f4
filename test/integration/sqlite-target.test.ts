/** What a restore to SQLite refuses, and what it leaves alone. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, beforeEach, test } from 'node:test';
import { adapter } from '../../src/adapters/sqlite/adapter.ts';
import { type ErrorCode, MemoryStore, type RestoreOptions, restore } from '../../src/index.ts';
import { dumped, rejects } from '../../src/testkit/jobs.ts';
import { compareDatabases } from '../oracle/sqlite.ts';
import { makeDatabase } from '../sqlite-fixtures/round-trip.ts';

const folder = mkdtempSync(join(tmpdir(), 'dbimg-sqlite-target-'));
const source = join(folder, 'source.db');
const OLD = 'CREATE TABLE old (a); INSERT INTO old VALUES (1)';
let image: MemoryStore;
let directory: string;
let target: string;
let tests = 0;

before(async () => {
  makeDatabase(
    source,
    'PRAGMA journal_mode = WAL; CREATE TABLE t (a PRIMARY KEY, b); INSERT INTO t VALUES (1, 2)',
  );
  image = (await dumped(adapter, `sqlite:${source}`)).store;
});
after(() => rmSync(folder, { recursive: true }));
beforeEach(() => {
  directory = join(folder, String(++tests));
  target = join(directory, 'target.db');
  mkdirSync(directory);
});

async function restoreTo(path: string, options: Partial<RestoreOptions> = {}): Promise<void> {
  await restore({ image, target: `sqlite:${path}`, ...options });
}

/** The restore fails, and the directory is as it was. */
async function refuses(code: ErrorCode, options: Partial<RestoreOptions> = {}): Promise<void> {
  const contents = (): unknown[] => readdirSync(directory).map((name) => readFileSync(join(directory, name)));
  const earlier = contents();
  await rejects(restoreTo(target, options), code);
  assert.deepEqual(contents(), earlier);
}

/** Another process that opens the target, says so, and keeps it. */
async function whileOpen(statements: string, work: () => Promise<void>): Promise<void> {
  const program = `const { DatabaseSync } = require('node:sqlite'); const database = new DatabaseSync(${JSON.stringify(target)});
    database.exec(${JSON.stringify(statements)}); console.log('open'); process.stdin.resume();`;
  const child = spawn(process.execPath, ['-e', program], { stdio: ['pipe', 'pipe', 'inherit'] });
  const closed = once(child, 'close');
  try {
    await once(child.stdout, 'data');
    await work();
  } finally {
    child.stdin.end();
    child.kill();
    await closed;
  }
}

test('an empty file is filled without being asked to make it', async () => {
  writeFileSync(target, '');
  await restoreTo(target);
  assert.deepEqual(compareDatabases(source, target), []);
  assert.deepEqual(readdirSync(directory), ['target.db']);
});

test('a replaced database leaves neither WAL nor journal', async () => {
  const writer = new DatabaseSync(target);
  writer.exec(`PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; ${OLD}`);
  const wal = readFileSync(`${target}-wal`);
  writer.close();
  writeFileSync(`${target}-wal`, wal);
  await restoreTo(target, { replace: true });
  assert.deepEqual(readdirSync(directory), ['target.db']);
  assert.deepEqual(compareDatabases(source, target), []);
});

test('a database that is open in WAL mode elsewhere is not replaced', async () => {
  makeDatabase(target, `PRAGMA journal_mode = WAL; ${OLD}`);
  await whileOpen('SELECT * FROM old', async () => {
    await rejects(restoreTo(target, { replace: true, lockTimeout: 100 }), 'LOCK_TIMEOUT');
  });
  assert.deepEqual(
    readdirSync(directory).filter((name) => name.includes('part')),
    [],
  );
  const database = new DatabaseSync(target);
  assert.equal(database.prepare('SELECT a FROM old').get()?.a, 1);
  database.close();
});

test('a restore that fails keeps the old database in its journal mode, with what was in its WAL', async () => {
  makeDatabase(target, `PRAGMA journal_mode = WAL; ${OLD}`);
  const cut = new MemoryStore((image.bytes as Uint8Array).slice(0, -200));
  await rejects(restoreTo(target, { image: cut, replace: true }), 'IMAGE_INCOMPLETE', 'IMAGE_DAMAGED');
  assert.deepEqual(readdirSync(directory), ['target.db']);
  const database = new DatabaseSync(target);
  assert.equal(database.prepare('PRAGMA journal_mode').get()?.journal_mode, 'wal');
  assert.equal(database.prepare('SELECT a FROM old').get()?.a, 1);
  database.close();
});

test('a database in whose rollback journal somebody writes is not replaced', async () => {
  makeDatabase(target, OLD);
  await whileOpen('BEGIN IMMEDIATE', async () => {
    await refuses('LOCK_TIMEOUT', { replace: true, lockTimeout: 100 });
  });
});

test('a file that is no database is never replaced', async () => {
  writeFileSync(target, 'a letter');
  await refuses('NOT_A_DATABASE');
  await refuses('NOT_A_DATABASE', { replace: true });
});

test('a directory is not replaced', async () => {
  mkdirSync(target);
  await rejects(restoreTo(target, { replace: true, create: true }), 'NOT_A_DATABASE');
});

test('a WAL whose database is gone is not thrown away', async () => {
  writeFileSync(`${target}-wal`, 'committed');
  await refuses('TARGET_NOT_EMPTY', { create: true });
});

test('a directory that is not there is named', async () => {
  const error = await rejects(restoreTo(join(directory, 'no', 'x.db'), { create: true }), 'DATABASE_UNKNOWN');
  assert.match(error.message, /x\.db/);
});

test('rights of the old file are kept, and a symbolic link stays one', async () => {
  const real = join(directory, 'real.db');
  makeDatabase(real, OLD);
  chmodSync(real, 0o640);
  symlinkSync(real, target);
  await restoreTo(target, { replace: true });
  assert.equal(statSync(real).mode & 0o777, 0o640);
  assert.ok(lstatSync(target).isSymbolicLink());
  assert.deepEqual(compareDatabases(source, real), []);
});

test('rows that break a constraint come back as they were', async () => {
  const path = join(directory, 'broken.db');
  makeDatabase(
    path,
    `CREATE TABLE t (a, b); INSERT INTO t VALUES (NULL, 1); PRAGMA writable_schema = ON;
     UPDATE sqlite_schema SET sql = 'CREATE TABLE t (a NOT NULL, b CHECK (b > 5))'`,
  );
  const { store } = await dumped(adapter, `sqlite:${path}`);
  await restoreTo(target, { image: store, create: true, prove: true });
  assert.deepEqual(compareDatabases(path, target), []);
});

test('a key in an order that only the application knows is refused by name', async () => {
  const path = join(directory, 'custom.db');
  makeDatabase(
    path,
    `CREATE TABLE t (a UNIQUE); PRAGMA writable_schema = ON;
     UPDATE sqlite_schema SET sql = 'CREATE TABLE t (a UNIQUE COLLATE mine)' WHERE name = 't'`,
  );
  const { store } = await dumped(adapter, `sqlite:${path}`);
  const error = await rejects(restoreTo(target, { image: store, create: true }), 'UNSUPPORTED');
  assert.deepEqual(error.object, ['main', 't']);
  assert.match(error.message, /mine/);
  assert.ok(!existsSync(target));
  const physical = await dumped(adapter, `sqlite:${path}`, { kind: 'physical' });
  await restoreTo(target, { image: physical.store, create: true });
  assert.ok(readFileSync(path).equals(readFileSync(target)));
});

test('definitions are kept to the letter, also where SQLite would write them otherwise', async () => {
  const path = join(directory, 'letter.db');
  makeDatabase(
    path,
    `CREATE TABLE t (a); CREATE INDEX i ON t (a); INSERT INTO t VALUES (1); PRAGMA writable_schema = ON;
     UPDATE sqlite_schema SET sql = 'create  table t(a) -- of old' WHERE name = 't';
     UPDATE sqlite_schema SET sql = 'Create Index i on t(a)' WHERE name = 'i'`,
  );
  const { store } = await dumped(adapter, `sqlite:${path}`);
  await restoreTo(target, { image: store, create: true, prove: true });
  assert.deepEqual(compareDatabases(path, target), []);
});
