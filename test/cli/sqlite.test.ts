/** SQLite through the command line: files in every condition in which one is met, and what it then says and ends with. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { compareDatabases } from '../oracle/sqlite.ts';
import { makeDatabase } from '../sqlite-fixtures/round-trip.ts';
import { EXPECTED, makeAccounts, startWriter } from '../sqlite-fixtures/writers.ts';
import { cleanEnv, type Run, runCli } from './program.ts';

const PAGE = 4096;
const folder = mkdtempSync(join(tmpdir(), 'dbimg-sqlite-cli-'));
after(() => rmSync(folder, { recursive: true }));
let made = 0;

/** A path of its own, in a folder of its own. */
function place(): string {
  const own = join(folder, String(++made));
  mkdirSync(own);
  return join(own, 'app.db');
}

const imageOf = (path: string): string => join(path, '..', 'app.dbimg');
const copyOf = (path: string): string => join(path, '..', 'copy.db');

async function dump(path: string, ...more: string[]): Promise<Run> {
  return await runCli(['dump', path, '-o', imageOf(path), '--overwrite', ...more]);
}

/** It fails as it should, and leaves no image. */
async function refuses(run: Promise<Run>, path: string, exit: number, ...texts: RegExp[]): Promise<void> {
  const { code, stderr } = await run;
  assert.equal(code, exit, stderr);
  for (const text of texts) assert.match(stderr, text);
  assert.equal(existsSync(imageOf(path)), false);
}

/** Restores the image of `path` beside it. */
async function restored(path: string, exit: number = 0): Promise<string> {
  const copy = copyOf(path);
  rmSync(copy, { force: true });
  const { code, stderr } = await runCli(['restore', imageOf(path), copy, '--create', '--prove']);
  assert.equal(code, exit, stderr);
  return copy;
}

function rowsOf(path: string, sql: string): unknown[] {
  const database = new DatabaseSync(path);
  try {
    return database
      .prepare(sql)
      .all()
      .map((row) => Object.values(row)[0]);
  } finally {
    database.close();
  }
}

const ROWS = `CREATE TABLE rows (id INTEGER PRIMARY KEY, body TEXT);
  WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
    INSERT INTO rows SELECT i, 'row ' || i || hex(zeroblob(40)) FROM n;
  CREATE TABLE other (a); INSERT INTO other VALUES (1), (2);`;

/** Numbers of the pages of `rows`. */
function pagesOf(path: string, pagetype: string): number[] {
  return rowsOf(
    path,
    `SELECT pageno FROM dbstat WHERE name = 'rows' AND pagetype = '${pagetype}'`,
  ) as number[];
}

function damage(path: string, page: number, edit: (bytes: Buffer) => void): void {
  const bytes = readFileSync(path);
  edit(bytes.subarray((page - 1) * PAGE, page * PAGE));
  writeFileSync(path, bytes);
}

test('no database, an encrypted one, one that is not there', async () => {
  const path = place();
  writeFileSync(path, 'id,name\n1,one\n'.repeat(1000));
  await refuses(dump(path), path, 6, /NOT_A_DATABASE/, /app\.db is no SQLite database/);
  // As SQLCipher leaves it: nothing but noise.
  writeFileSync(path, randomBytes(8192));
  await refuses(dump(`sqlite:${path}`), path, 6, /NOT_A_DATABASE/, /encrypted/);
  await refuses(dump(`sqlite:${path}.nowhere`), path, 5, /DATABASE_UNKNOWN/);
});

test('a file that was cut short', async () => {
  const path = place();
  makeDatabase(path, ROWS);
  truncateSync(path, Math.floor(statSync(path).size / 2 / PAGE) * PAGE);
  await refuses(dump(path), path, 4, /SOURCE_DAMAGED/, /rows/, /--salvage/);
  await refuses(dump(path, '--physical'), path, 4, /SOURCE_DAMAGED/);
});

test('a corrupt page is named with its table; --salvage keeps the rest and says what is lost', async () => {
  const path = place();
  makeDatabase(path, ROWS);
  const page = pagesOf(path, 'leaf')[7] as number;
  damage(path, page, (bytes) => bytes.fill(0xa5));
  const named = new RegExp(`page ${page} `);
  await refuses(dump(path), path, 4, /SOURCE_DAMAGED/, /rows/, named, /--salvage/);

  const salvaged = await dump(path, '--salvage');
  assert.equal(salvaged.code, 3, salvaged.stderr);
  assert.match(salvaged.stderr, /not in the image: damaged .*rows/);
  assert.match(salvaged.stderr, named);
  const kept = rowsOf(await restored(path, 3), 'SELECT id FROM rows').length;
  assert.ok(kept > 2900 && kept < 3000, `${kept} rows`);
  assert.deepEqual(rowsOf(copyOf(path), 'SELECT a FROM other'), [1, 2]);

  const accepted = await dump(path, '--salvage', '--allow', 'damaged', '--json');
  assert.equal(accepted.code, 0, accepted.stderr);
  const { omissions } = JSON.parse(accepted.stdout);
  assert.deepEqual([omissions[0].kind, omissions[0].object], ['damaged', ['main', 'rows']]);
  assert.equal((await dump(path, '--allow', 'damaged')).code, 4, 'accepting is not salvaging');
});

test('a b-tree page that points to itself', async () => {
  const path = place();
  makeDatabase(path, ROWS);
  const [page = 0] = pagesOf(path, 'internal');
  damage(path, page, (bytes) => bytes.writeUInt32BE(page, 8));
  await refuses(dump(path), path, 4, /SOURCE_DAMAGED/, /rows/, new RegExp(`page ${page} .*loop`));
  assert.equal((await dump(path, '--salvage')).code, 3);
  assert.ok(rowsOf(await restored(path, 3), 'SELECT id FROM rows').length > 2000);
});

test('locked by another process', async () => {
  const path = place();
  makeDatabase(path, ROWS);
  const program = `const { DatabaseSync } = require('node:sqlite');
    new DatabaseSync(process.argv[1]).exec('BEGIN EXCLUSIVE');
    process.stdout.write('locked'); process.stdin.on('end', () => process.exit()).resume();`;
  const holder = spawn(process.execPath, ['--no-warnings', '-e', program, path], { stdio: 'pipe' });
  const ended = once(holder, 'close');
  await once(holder.stdout, 'data');
  await refuses(dump(path, '--lock-timeout', '100ms'), path, 5, /LOCK_TIMEOUT/, /--lock-timeout/);
  holder.stdin.end();
  await ended;
  assert.equal((await dump(path)).code, 0);
});

test('a hot journal is rolled back, and a WAL without its index is read', async () => {
  const [hot, wal] = crashed();
  assert.equal((await dump(hot)).code, 0);
  assert.deepEqual(rowsOf(await restored(hot), 'SELECT DISTINCT a FROM t'), ['old']);
  assert.equal((await dump(wal)).code, 0);
  assert.deepEqual(rowsOf(await restored(wal), 'SELECT a FROM t'), [1, 2]);
  assert.ok(existsSync(`${wal}-wal`), 'it stays where it was');
});

/** Copies of files as a crash leaves them: in the middle of a transaction, and with rows that are in the WAL only. */
function crashed(): readonly [hot: string, wal: string] {
  const copies = [
    [
      "CREATE TABLE t (a); INSERT INTO t SELECT 'old' FROM json_each('[' || substr(hex(zeroblob(3000)), 2) || '0]')",
      '',
    ],
    ['PRAGMA journal_mode = wal; CREATE TABLE t (a); INSERT INTO t VALUES (1), (2)', '-wal'],
  ] as const;
  return copies.map(([sql, ending]) => {
    const [path, copy] = [place(), place()];
    const writer = new DatabaseSync(path);
    writer.exec(ending === '' ? 'CREATE TABLE t (a)' : sql);
    if (ending === '') {
      writer.exec(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
        INSERT INTO t SELECT 'old' FROM n; PRAGMA cache_size = 5; BEGIN; UPDATE t SET a = hex(zeroblob(500))`);
    }
    for (const each of ['', ending || '-journal']) copyFileSync(`${path}${each}`, `${copy}${each}`);
    if (writer.isTransaction) writer.exec('ROLLBACK');
    writer.close();
    return copy;
  }) as unknown as readonly [string, string];
}

test('a directory that cannot be written', async () => {
  const plain = place();
  makeDatabase(plain, ROWS);
  const [hot, wal] = crashed();
  const image = join(folder, 'read-only.dbimg');
  for (const [path, exit, text] of [
    [plain, 0, /3,002 rows/],
    [wal, 0, /2 rows/],
    [hot, 5, /hot journal.*PERMISSION_DENIED/s],
  ] as const) {
    const directory = join(path, '..');
    const before = readdirSync(directory);
    chmodSync(directory, 0o555);
    const { status, stderr } = unprivileged(['dump', path, '-o', image, '--overwrite']);
    chmodSync(directory, 0o755);
    assert.equal(status, exit, stderr);
    assert.match(stderr, text);
    assert.deepEqual(readdirSync(directory), before);
    if (exit !== 0) continue;
    copyFileSync(image, imageOf(path));
    await restored(path);
  }
  chmodSync(join(plain, '..'), 0o555);
  const { status, stderr } = unprivileged(['restore', image, join(plain, '..', 'new.db'), '--create']);
  chmodSync(join(plain, '..'), 0o755);
  assert.equal(status, 5, stderr);
  assert.match(stderr, /PERMISSION_DENIED/);
});

/** Root may write everywhere, unless it gives that right away. */
function unprivileged(args: readonly string[]) {
  const program = [process.execPath, fileURLToPath(new URL('../../bin/dev.js', import.meta.url)), ...args];
  const less = '-dac_override,-dac_read_search';
  const root = process.getuid?.() === 0;
  const [command = '', ...rest] = root
    ? ['setpriv', `--bounding-set=${less}`, `--inh-caps=${less}`, ...program]
    : program;
  return spawnSync(command, rest, { env: cleanEnv(), encoding: 'utf8' });
}

test('with nothing but Node: no other program is needed', async () => {
  const path = place();
  makeDatabase(path, ROWS);
  const cwd = join(path, '..');
  const env = { PATH: '/nowhere' };
  const { code, stdout, stderr } = await runCli(['dump', 'app.db'], { cwd, env });
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^app-\d{8}-\d{6}\.dbimg\n$/);
  const back = await runCli(['restore', stdout.trim(), './copy.db'], { cwd, env });
  assert.equal(back.code, 0, back.stderr);
  assert.deepEqual(compareDatabases(path, join(cwd, 'copy.db')), []);
});

for (const journal of ['wal', 'delete']) {
  test(`a hot copy of a database that an application writes to, journal mode ${journal}`, async (t) => {
    const path = place();
    const seed = Number(process.env.DBIMG_SEED ?? Date.now() % 2 ** 31);
    t.diagnostic(`seed ${seed}`);
    makeAccounts(path, journal);
    const writer = await startWriter(path, seed);
    try {
      for (const kind of ['--json', '--physical']) {
        const { code, stderr } = await dump(path, kind);
        assert.equal(code, 0, stderr);
        const copy = await restored(path);
        assert.deepEqual(rowsOf(copy, 'PRAGMA integrity_check'), ['ok']);
        assert.deepEqual(rowsOf(copy, 'SELECT sum(balance) FROM accounts').map(BigInt as never), [
          EXPECTED.sum,
        ]);
        assert.deepEqual(rowsOf(copy, 'PRAGMA journal_mode'), [journal]);
      }
    } finally {
      t.diagnostic(`${await writer.stop()} transactions`);
    }
  });
}

test('--order key says what packing saves', async () => {
  const path = place();
  makeDatabase(path, `${ROWS} DELETE FROM rows WHERE id % 4 > 0`);
  const { code, stderr } = await dump(path, '--order', 'key');
  assert.equal(code, 0, stderr);
  assert.match(
    stderr,
    /restored it takes about [\d.]+ kB, at the source [\d.]+ kB: [\d.]+ kB \(\d+ %\) less/,
  );
  const { stdout } = await dump(path, '--order', 'key', '--json');
  const { packing } = JSON.parse(stdout);
  const size = statSync(await restored(path)).size;
  assert.equal(packing.source, statSync(path).size);
  assert.ok(Math.abs(packing.packed - size) <= 2 * PAGE, `${packing.packed} and ${size}`);
  await refuses(
    runCli(['dump', path, '-o', `${path}.x`, '--order', 'key', '--physical']),
    `${path}/x`,
    2,
    /USAGE/,
  );
});
