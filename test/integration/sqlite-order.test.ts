/** `--order key` and physical images: what lies where in the image, and what packing saves. */
import assert from 'node:assert/strict';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, test } from 'node:test';
import {
  type DumpOptions,
  type DumpResult,
  dump,
  inspectFrames,
  MemoryStore,
  restore,
} from '../../src/index.ts';
import { rejects } from '../../src/testkit/jobs.ts';
import { compareDatabases } from '../oracle/sqlite.ts';
import { makeDatabase } from '../sqlite-fixtures/round-trip.ts';

const folder = mkdtempSync(join(tmpdir(), 'dbimg-sqlite-order-'));
after(() => rmSync(folder, { recursive: true }));

/** Rows in the order of nothing, and then two of three gone: pages half empty, and free ones between them. */
function makeHoles(path: string, pragmas: string = ''): void {
  makeDatabase(
    path,
    `${pragmas}; PRAGMA synchronous = OFF;
     CREATE TABLE rows (id INTEGER PRIMARY KEY, body TEXT, UNIQUE (body));
     CREATE TABLE keyed (k TEXT PRIMARY KEY, v) WITHOUT ROWID;
     CREATE TABLE long (id INTEGER PRIMARY KEY, body BLOB);
     CREATE INDEX of_rows ON rows (body, id);
     WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
       INSERT INTO rows SELECT i * 48271 % 20011, i || hex(zeroblob(i % 90)) FROM n;
     INSERT INTO keyed SELECT hex(id) || body, id FROM rows ORDER BY id * 7919 % 20011;
     INSERT INTO long SELECT id, zeroblob(id % 9000) FROM rows WHERE id % 40 = 0;
     DELETE FROM rows WHERE id % 3 > 0; DELETE FROM keyed WHERE v % 5 > 1; DELETE FROM long WHERE id % 80 = 0;`,
  );
}

async function dumpOf(
  path: string,
  options: Partial<DumpOptions> = {},
): Promise<DumpResult & { store: MemoryStore }> {
  const store = new MemoryStore();
  return { ...(await dump({ source: `sqlite:${path}`, image: store, jobs: 2, ...options })), store };
}

/** Content ids of the chunks with rows, in the order of the streams. */
async function chunksOf(store: MemoryStore): Promise<string[]> {
  const frames = await Array.fromAsync(inspectFrames({ image: store }));
  return frames
    .filter(({ type, stream }) => type === 'data' && stream > 0)
    .sort((a, b) => a.stream - b.stream || a.sequence - b.sequence)
    .map(({ contentId }) => contentId);
}

for (const [what, pragmas] of [
  ['pages of 4 KiB', ''],
  [
    'pages of 512 bytes with pointer maps',
    'PRAGMA page_size = 512; PRAGMA auto_vacuum = FULL; PRAGMA auto_vacuum',
  ],
  ['pages of 32 KiB', 'PRAGMA page_size = 32768'],
] as const) {
  test(`the saving is what a restore saves, ${what}`, async () => {
    const path = join(folder, 'holes.db');
    const copy = `${path}.copy`;
    makeHoles(path, pragmas);
    const before = readFileSync(path);
    const { packing, store } = await dumpOf(path, { order: 'key' });
    assert.ok(readFileSync(path).equals(before), 'the source is as it was');
    await restore({ image: store, target: `sqlite:${copy}`, create: true, jobs: 2, prove: true });
    assert.deepEqual(compareDatabases(path, copy), []);
    const restored = statSync(copy).size;
    assert.equal(packing?.source, before.length);
    assert.ok(restored < 0.95 * before.length, `${before.length} bytes became ${restored}`);
    const error = Math.abs((packing?.packed ?? 0) - restored) / restored;
    assert.ok(error < 0.03, `said ${packing?.packed}, is ${restored}`);
    rmSync(copy);
    rmSync(path);
  });
}

test('equal rows give equal chunks, however their pages lie', async () => {
  const path = join(folder, 'layout.db');
  const packed = `${path}.vacuumed`;
  makeHoles(path);
  makeDatabase(path, `VACUUM INTO '${packed}'`);
  const images = [await dumpOf(path, { order: 'key' }), await dumpOf(packed, { order: 'key' })] as const;
  const [chunks, same] = [await chunksOf(images[0].store), await chunksOf(images[1].store)];
  // Which table comes first is a matter of estimates.
  assert.deepEqual(chunks.sort(), same.sort());
  assert.equal(images[0].streams, images[0].objects);
  assert.ok(chunks.length > 3);
});

test('of chosen tables, the saving is that of their pages', async () => {
  const path = join(folder, 'chosen.db');
  makeHoles(path);
  const { packing } = await dumpOf(path, { order: 'key', only: ['long'] });
  const { packing: all } = await dumpOf(path, { order: 'key' });
  const { pages } = database(
    path,
    `SELECT sum(pgsize) AS pages FROM dbstat WHERE name IN ('sqlite_schema', 'long')`,
  );
  assert.equal(packing?.source, pages);
  assert.ok((packing?.packed ?? 0) < (all?.packed ?? 0));
});

test('a damaged index hinders no dump, but its saving is not known', async () => {
  const path = join(folder, 'index.db');
  makeHoles(path);
  const { page } = database(path, `SELECT rootpage AS page FROM sqlite_schema WHERE name = 'of_rows'`);
  const bytes = readFileSync(path);
  bytes.fill(0, ((page as number) - 1) * 4096, (page as number) * 4096);
  writeFileSync(path, bytes);
  const { packing, warnings } = await dumpOf(path, { order: 'key' });
  assert.equal(packing, undefined);
  assert.deepEqual(
    warnings.map(({ code }) => code),
    ['source-damaged'],
  );
});

test('a database without a page, or with one, has nothing to pack', async () => {
  const [nothing, page] = [join(folder, 'nothing.db'), join(folder, 'page.db')];
  writeFileSync(nothing, '');
  makeDatabase(page, 'PRAGMA user_version = 1');
  assert.equal((await dumpOf(nothing, { order: 'key' })).packing, undefined);
  assert.deepEqual((await dumpOf(page, { order: 'key' })).packing, { source: 4096, packed: 4096 });
});

test('a physical image has no order and salvages nothing', async () => {
  const path = join(folder, 'refused.db');
  makeDatabase(path, 'CREATE TABLE t (a)');
  await rejects(dumpOf(path, { kind: 'physical', order: 'key' }), 'USAGE');
  await rejects(dumpOf(path, { kind: 'physical', salvage: true }), 'USAGE');
});

test('a changed page changes one chunk of a physical image', async () => {
  const path = join(folder, 'pages.db');
  makeHoles(path);
  makeDatabase(path, 'UPDATE long SET body = zeroblob(100000)');
  const size = statSync(path).size;
  const changed = `${path}.changed`;
  copyFileSync(path, changed);
  const bytes = readFileSync(changed);
  bytes[Math.floor(size / 2)] = (bytes[Math.floor(size / 2)] ?? 0) ^ 1;
  writeFileSync(changed, bytes);
  const [before, after] = [path, changed].map((each) => dumpOf(each, { kind: 'physical' }));
  const [a, b] = [
    await chunksOf((await before)?.store as MemoryStore),
    await chunksOf((await after)?.store as MemoryStore),
  ];
  assert.equal(a.length, Math.ceil(size / (512 * 1024)), 'chunks of 512 KiB, and the rest');
  assert.equal(a.length, b.length);
  assert.equal(a.filter((id, at) => id !== b[at]).length, 1);
});

function database(path: string, sql: string): Record<string, unknown> {
  const connection = new DatabaseSync(path);
  try {
    return { ...connection.prepare(sql).get() };
  } finally {
    connection.close();
  }
}
