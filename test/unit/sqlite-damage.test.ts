/** Damaged pages: named with their table, never a crash or a loop, and with salvage the rest is kept. */
import assert from 'node:assert/strict';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, test } from 'node:test';
import { DbimgError } from '../../src/core/errors.ts';
import { Random } from '../random.ts';
import { type ReadDatabase, readDatabase } from '../sqlite-fixtures/reading.ts';

const PAGE = 1024;
const ROWS = 4000;
const SEED = Number(process.env.DBIMG_SEED ?? Date.now() % 2 ** 31);
const folder = mkdtempSync(join(tmpdir(), 'dbimg-sqlite-'));
const sound = join(folder, 'sound.db');
after(() => rmSync(folder, { recursive: true }));

/** Pages by what they are, as SQLite says. */
interface PageRow {
  readonly name: string;
  readonly pageno: number;
  readonly pagetype: string;
  readonly path: string;
}
let pages: PageRow[] = [];

before(() => {
  const database = new DatabaseSync(sound);
  database.exec(`PRAGMA page_size = ${PAGE}; PRAGMA synchronous = OFF;
    CREATE TABLE other (a); INSERT INTO other VALUES (1), (2);
    CREATE TABLE rows (id INTEGER PRIMARY KEY, body TEXT);
    CREATE TABLE keyed (k TEXT PRIMARY KEY, v) WITHOUT ROWID;
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${ROWS})
      INSERT INTO rows SELECT i, 'row ' || i || hex(zeroblob(20)) FROM n;
    INSERT INTO keyed SELECT body, id FROM rows;
    CREATE TABLE long (id INTEGER PRIMARY KEY, body BLOB);
    INSERT INTO long VALUES (1, zeroblob(20000)), (2, x'01'), (3, zeroblob(400000));`);
  pages = database.prepare('SELECT name, pageno, pagetype, path FROM dbstat').all() as unknown as PageRow[];
  database.close();
});

function pageOf(name: string, pagetype: string, nth: number = 0): number {
  const found = pages.filter((page) => page.name === name && page.pagetype === pagetype).at(nth);
  return found?.pageno ?? assert.fail(`${name} has no ${pagetype} page ${nth}`);
}

/** A copy in which the bytes of one page were changed. */
function damaged(page: number, edit: (bytes: Buffer) => void): string {
  const path = join(folder, 'damaged.db');
  const bytes = readFileSync(sound);
  edit(bytes.subarray((page - 1) * PAGE, page * PAGE));
  writeFileSync(path, bytes);
  return path;
}

/** It fails by name; with salvage, everything else is there, and as many rows of the table as are expected. */
async function assertNamed(
  path: string,
  table: string,
  page: number,
  kept: (rows: number) => boolean,
): Promise<void> {
  await assert.rejects(readDatabase(path), (error: DbimgError) => {
    assert.equal(error.code, 'SOURCE_DAMAGED', error.message);
    assert.deepEqual([error.object?.at(-1), error.exit], [table, 4]);
    assert.match(error.message, new RegExp(`page ${page} `));
    assert.match(error.hint ?? '', /--salvage/);
    return true;
  });
  const salvaged = await readDatabase(path, { salvage: true });
  const { omissions } = salvaged.snapshot;
  assert.deepEqual(
    [...new Set(omissions.map(({ kind, object }) => `${kind} ${object.at(-1)}`))],
    [`damaged ${table}`],
  );
  for (const [name, rows] of [
    ['other', 2],
    ['rows', ROWS],
    ['keyed', ROWS],
    ['long', 3],
  ] as const) {
    const found = salvaged.tables.get(name)?.rows.length ?? 0;
    if (name === table) assert.ok(kept(found), `${found} rows of ${name}`);
    else assert.equal(found, rows, name);
  }
}

const most = (rows: number): boolean => rows > ROWS - 60 && rows < ROWS;

test('a leaf of another type', async () => {
  const page = pageOf('rows', 'leaf', 20);
  await assertNamed(
    damaged(page, (bytes) => bytes.fill(0)),
    'rows',
    page,
    most,
  );
});

test('a leaf of a WITHOUT ROWID table', async () => {
  const page = pageOf('keyed', 'leaf', 20);
  await assertNamed(
    damaged(page, (bytes) => bytes.fill(0)),
    'keyed',
    page,
    most,
  );
});

test('an inner page that points to itself', async () => {
  const page = pageOf('rows', 'internal', 1);
  await assertNamed(
    damaged(page, (bytes) => bytes.writeUInt32BE(page, bytes.readUInt16BE(12))),
    'rows',
    page,
    most,
  );
});

test('the right child of the root is the root', async () => {
  const page = pageOf('rows', 'internal', 0);
  await assertNamed(
    damaged(page, (bytes) => bytes.writeUInt32BE(page, 8)),
    'rows',
    page,
    (rows) => rows < ROWS,
  );
});

test('a child beyond the end of the file', async () => {
  const page = pageOf('keyed', 'internal', 1);
  const cell = (bytes: Buffer): number => bytes.readUInt16BE(12);
  await assertNamed(
    damaged(page, (bytes) => bytes.writeUInt32BE(99_999, cell(bytes))),
    'keyed',
    99_999,
    most,
  );
});

test('a cell pointer out of its page', async () => {
  const page = pageOf('rows', 'leaf', 3);
  await assertNamed(
    damaged(page, (bytes) => bytes.writeUInt16BE(PAGE - 1, 8)),
    'rows',
    page,
    (rows) => rows === ROWS - 1,
  );
});

test('more cells than there is room for', async () => {
  const page = pageOf('rows', 'leaf', 3);
  await assertNamed(
    damaged(page, (bytes) => bytes.writeUInt16BE(60_000, 3)),
    'rows',
    page,
    most,
  );
});

test('an overflow chain that goes round in a circle', async () => {
  const page = pageOf('long', 'overflow', 10);
  await assertNamed(
    damaged(page, (bytes) => bytes.writeUInt32BE(page, 0)),
    'long',
    page,
    (rows) => rows === 2,
  );
});

test('rowids that do not ascend', async () => {
  const page = pageOf('rows', 'leaf', 30);
  const swap = (bytes: Buffer): void => {
    const [first, second] = [bytes.readUInt16BE(8), bytes.readUInt16BE(10)];
    bytes.writeUInt16BE(second, 8);
    bytes.writeUInt16BE(first, 10);
  };
  await assertNamed(damaged(page, swap), 'rows', page, (rows) => rows === ROWS - 1);
});

test('a schema that cannot be read', async () => {
  await assert.rejects(
    readDatabase(damaged(1, (bytes) => bytes.fill(0, 100))),
    (error: DbimgError) => error.code === 'SOURCE_DAMAGED' && error.object?.at(-1) === 'sqlite_schema',
  );
});

test('a header without sense', async () => {
  await assert.rejects(
    readDatabase(damaged(1, (bytes) => bytes.writeUInt16BE(1000, 16))),
    (error: DbimgError) => ['SOURCE_DAMAGED', 'NOT_A_DATABASE'].includes(error.code),
  );
});

test('random damage is an error of ours or none, and salvage always ends', async (t) => {
  t.diagnostic(`seed ${SEED}`);
  const random = new Random(SEED);
  const path = join(folder, 'random.db');
  const original = readFileSync(sound);
  let named = 0;
  for (let nth = 0; nth < 60; nth += 1) {
    const bytes = Buffer.from(original);
    for (let flips = random.integer(1, 30); flips > 0; flips -= 1) {
      // Often where a page keeps its header, cell pointers and chain pointers.
      const page = random.integer(0, bytes.length / PAGE - 1);
      bytes[page * PAGE + random.integer(0, random.chance(0.7) ? 60 : PAGE - 1)] = random.integer(0, 255);
    }
    writeFileSync(path, bytes);
    for (const salvage of [false, true]) {
      const read = await readDatabase(path, { salvage }).catch((error: unknown) => error);
      if (read instanceof Error) assert.ok(isOurs(read), `${nth}: ${read.stack}`);
      else named += (read as ReadDatabase).snapshot.omissions.length;
    }
  }
  assert.ok(named > 0);
});

function isOurs(error: Error): boolean {
  return error instanceof DbimgError && ['SOURCE_DAMAGED', 'NOT_A_DATABASE'].includes(error.code);
}

test('a WAL with a damaged frame that nobody has recovered ends before it', async () => {
  const path = join(folder, 'wal.db');
  const writer = new DatabaseSync(path);
  writer.exec('PRAGMA journal_mode = wal; CREATE TABLE t (a)');
  for (let row = 1; row <= 5; row += 1) writer.exec(`INSERT INTO t VALUES (${row})`);
  const copy = join(folder, 'copy.db');
  copyFileSync(path, copy);
  const wal = readFileSync(`${path}-wal`);
  wal[wal.length - 1] = (wal.at(-1) ?? 0) ^ 1;
  writeFileSync(`${copy}-wal`, wal);
  writer.close();
  const { tables } = await readDatabase(copy);
  assert.equal(tables.get('t')?.rows.length, 4);
});
