/** Files in every condition in which one is met: empty, foreign, locked, left behind by a crash. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, test } from 'node:test';
import { adapter } from '../../src/adapters/sqlite/adapter.ts';
import type { ErrorCode } from '../../src/core/errors.ts';
import { context, readDatabase } from '../sqlite-fixtures/reading.ts';

const folder = mkdtempSync(join(tmpdir(), 'dbimg-sqlite-'));
after(() => rmSync(folder, { recursive: true }));
let made = 0;

/** A path of its own, in a folder of its own. */
function place(): string {
  const own = join(folder, String(++made));
  mkdirSync(own);
  return join(own, 'app.db');
}

function make(path: string, statements: string): DatabaseSync {
  const database = new DatabaseSync(path);
  database.exec(`PRAGMA synchronous = OFF; ${statements}`);
  return database;
}

async function refuses(
  path: string,
  code: ErrorCode,
  hint: RegExp,
  lockTimeout: number = 100,
): Promise<void> {
  await using database = await adapter.connect(`sqlite:${path}`, context(lockTimeout));
  await assert.rejects(
    database.snapshot({ kind: 'logical', lanes: 1 }),
    (error: { code?: string; hint?: string }) => error.code === code && hint.test(error.hint ?? ''),
  );
}

const filesBeside = (path: string): string[] => readdirSync(join(path, '..')).sort();

test('a file of 0 bytes is an empty database', async () => {
  const path = place();
  writeFileSync(path, '');
  const { entries, tables } = await readDatabase(path);
  assert.deepEqual([entries.length, tables.size], [0, 0]);
  assert.deepEqual(filesBeside(path), ['app.db']);
});

test('a database of one page has its settings', async () => {
  const path = place();
  make(path, 'PRAGMA page_size = 8192; PRAGMA user_version = -7; PRAGMA application_id = 9').close();
  const { entries, tables } = await readDatabase(path);
  assert.equal(tables.size, 0);
  assert.deepEqual(
    entries.map(({ kind, body }) => [kind, body]),
    [
      [
        'database',
        {
          ...{ pageSize: 8192, reserved: 0, encoding: 'UTF-8', autoVacuum: 'none', journal: 'rollback' },
          ...{ userVersion: -7, applicationId: 9 },
        },
      ],
    ],
  );
});

test('what is no database is refused, with a hint', async () => {
  await refuses(join(folder, 'nowhere.db'), 'DATABASE_UNKNOWN', /path/);
  await refuses(folder, 'NOT_A_DATABASE', /file/);
  const path = place();
  writeFileSync(path, 'id,name\n1,one\n'.repeat(1000));
  await refuses(path, 'NOT_A_DATABASE', /encrypted/);
  writeFileSync(path, 'SQLite');
  await refuses(path, 'NOT_A_DATABASE', /encrypted/);
});

test('a file that was cut short is damaged', async () => {
  const path = place();
  make(path, 'CREATE TABLE t (a); INSERT INTO t VALUES (zeroblob(100000))').close();
  truncateSync(path, 40_000);
  await assert.rejects(readDatabase(path), {
    code: 'SOURCE_DAMAGED',
    message: /^t cannot be read whole: page \d+ /,
  });
});

for (const journal of ['wal', 'delete']) {
  test(`a dump leaves no files and no locks behind, journal mode ${journal}`, async () => {
    const path = place();
    make(path, `PRAGMA journal_mode = ${journal}; CREATE TABLE t (a); INSERT INTO t VALUES (1)`).close();
    const { tables } = await readDatabase(path);
    assert.equal(tables.get('t')?.rows.length, 1);
    assert.deepEqual(filesBeside(path), ['app.db']);
    assert.equal(writeElsewhere(path), '');
  });
}

test('a WAL that was there stays as it was', async () => {
  const path = place();
  const writer = make(path, `PRAGMA journal_mode = wal; CREATE TABLE t (a); INSERT INTO t VALUES (1)`);
  const copy = place();
  for (const ending of ['', '-wal']) copyFileSync(`${path}${ending}`, `${copy}${ending}`);
  writer.close();
  // As after a crash: the WAL is there, its index is not.
  const { tables } = await readDatabase(copy);
  assert.equal(tables.get('t')?.rows.length, 1);
  assert.ok(existsSync(`${copy}-wal`));
});

test('while a rollback snapshot is open nobody else can write, whatever is opened and closed meanwhile', async () => {
  const path = place();
  make(path, 'CREATE TABLE t (a); INSERT INTO t VALUES (1)').close();
  await using database = await adapter.connect(`sqlite:${path}`, context());
  {
    await using snapshot = await database.snapshot({ kind: 'logical', lanes: 1 });
    await (await adapter.joinLane(snapshot.invitation, context()))[Symbol.asyncDispose]();
    await using other = await adapter.connect(`sqlite:${path}`, context());
    await using second = await other.snapshot({ kind: 'physical', lanes: 1 });
    assert.equal(second.kind, 'physical');
    await second[Symbol.asyncDispose]();
    assert.match(writeElsewhere(path), /database is locked/);
  }
  assert.equal(writeElsewhere(path), '');
});

test('a checkpoint elsewhere cannot take from a WAL snapshot what it needs', async () => {
  const path = place();
  const writer = make(path, `PRAGMA journal_mode = wal; CREATE TABLE t (a); INSERT INTO t VALUES (1)`);
  await using database = await adapter.connect(`sqlite:${path}`, context());
  await using snapshot = await database.snapshot({ kind: 'logical', lanes: 1 });
  await (await adapter.joinLane(snapshot.invitation, context()))[Symbol.asyncDispose]();
  assert.equal(writeElsewhere(path), '');
  const [after] = writer.prepare('PRAGMA wal_checkpoint(TRUNCATE)').all() as { busy: number }[];
  assert.equal(after?.busy, 1);
  writer.close();
});

test('a database that another connection has locked', async () => {
  const path = place();
  const other = make(path, 'CREATE TABLE t (a)');
  other.exec('BEGIN EXCLUSIVE');
  await refuses(path, 'LOCK_TIMEOUT', /--lock-timeout/);
  setTimeout(() => other.exec('COMMIT'), 200);
  assert.equal((await readDatabase(path)).tables.size, 1);
  other.close();
});

test('a hot journal is rolled back', async () => {
  const path = place();
  const writer = make(path, 'CREATE TABLE t (a); INSERT INTO t VALUES (zeroblob(1000000))');
  writer.exec('PRAGMA cache_size = 5; BEGIN; UPDATE t SET a = randomblob(1000000); INSERT INTO t VALUES (2)');
  const copy = place();
  for (const ending of ['', '-journal']) copyFileSync(`${path}${ending}`, `${copy}${ending}`);
  writer.exec('ROLLBACK');
  writer.close();
  const { tables } = await readDatabase(copy);
  assert.deepEqual(tables.get('t')?.rows, [[{ type: 'bytes', value: new Uint8Array(1_000_000) }]]);
  assert.deepEqual(filesBeside(copy), ['app.db']);
});

test('where SQLite cannot make its WAL index the file is read as it lies there', async () => {
  const path = place();
  const writer = make(path, `PRAGMA journal_mode = wal; CREATE TABLE t (a); INSERT INTO t VALUES (1)`);
  writer.exec('BEGIN; INSERT INTO t VALUES (zeroblob(100000))');
  const copy = place();
  for (const ending of ['', '-wal']) copyFileSync(`${path}${ending}`, `${copy}${ending}`);
  writer.close();
  mkdirSync(`${copy}-shm`);
  const { tables } = await readDatabase(copy);
  assert.equal(tables.get('t')?.rows.length, 1);
  await using database = await adapter.connect(`sqlite:${copy}`, context());
  await using snapshot = await database.snapshot({ kind: 'physical', lanes: 1 });
  truncateSync(copy, 4096);
  await assert.rejects(snapshot.finish(), { code: 'SOURCE_CHANGED' });
});

test('a WAL whose checksums are big-endian', async () => {
  const path = place();
  const writer = make(path, `PRAGMA journal_mode = wal; CREATE TABLE t (a); INSERT INTO t VALUES (1), (2)`);
  writer.exec('INSERT INTO t VALUES (zeroblob(20000))');
  const copy = place();
  copyFileSync(path, copy);
  writeFileSync(`${copy}-wal`, bigEndian(readFileSync(`${path}-wal`)));
  writer.close();
  assert.equal((await readDatabase(copy)).tables.get('t')?.rows.length, 3);
  const database = new DatabaseSync(copy);
  assert.equal((database.prepare('SELECT count(*) AS rows FROM t').get() as { rows: number }).rows, 3);
  database.close();
});

/** As a machine of the other byte order writes it. */
function bigEndian(wal: Buffer): Buffer {
  const bytes = Buffer.from(wal);
  bytes.writeUInt32BE(0x377f0683, 0);
  let [first, second] = [0, 0];
  const add = (start: number, end: number): void => {
    for (let at = start; at < end; at += 8) {
      first = (first + bytes.readUInt32BE(at) + second) >>> 0;
      second = (second + bytes.readUInt32BE(at + 4) + first) >>> 0;
    }
  };
  const put = (at: number): void => {
    bytes.writeUInt32BE(first, at);
    bytes.writeUInt32BE(second, at + 4);
  };
  add(0, 24);
  put(24);
  const size = 24 + bytes.readUInt32BE(8);
  for (let at = 32; at < bytes.length; at += size) {
    add(at, at + 8);
    add(at + 24, at + size);
    put(at + 16);
  }
  return bytes;
}

test('doctor says what a dump would meet', async () => {
  const path = place();
  make(path, 'CREATE TABLE t (a)').close();
  const levels = async (location: string): Promise<string[]> => {
    await using database = await adapter.connect(location, context(50));
    return (await Array.fromAsync(database.examine())).map(({ level, code }) => code ?? level);
  };
  assert.deepEqual(await levels(`sqlite:${path}`), ['note', 'ok', 'ok']);
  assert.deepEqual(await levels(`sqlite:${path}.nowhere`), ['DATABASE_UNKNOWN']);
  const other = make(path, 'BEGIN EXCLUSIVE');
  assert.deepEqual(await levels(`sqlite:${path}`), ['LOCK_TIMEOUT']);
  other.close();
});

/** What SQLite in another process says when it writes at once; nothing if it can. */
function writeElsewhere(path: string): string {
  const program = `
    const { DatabaseSync } = require('node:sqlite');
    try { new DatabaseSync(process.argv[1], { timeout: 0 }).exec('INSERT INTO t VALUES (2)') }
    catch (error) { process.stdout.write(error.message) }`;
  const { stdout } = spawnSync(process.execPath, ['--no-warnings', '-e', program, path], {
    encoding: 'utf8',
  });
  return stdout;
}
