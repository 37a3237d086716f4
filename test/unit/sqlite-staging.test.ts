/** What a restore to SQLite makes of images that nobody should have made, and where it puts pages. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { adapter } from '../../src/adapters/sqlite/adapter.ts';
import { type Geometry, mapOf, pageAt, placeBehind } from '../../src/adapters/sqlite/staging-pages.ts';
import type { CatalogEntry, Plain, StreamOpen, Target, WriteLane } from '../../src/core/adapter.ts';
import { rejects } from '../../src/testkit/jobs.ts';
import { context } from '../sqlite-fixtures/reading.ts';

const folder = mkdtempSync(join(tmpdir(), 'dbimg-sqlite-staging-'));
after(() => rmSync(folder, { recursive: true }));

const DATABASE = {
  pageSize: 512,
  reserved: 0,
  encoding: 'UTF-8',
  autoVacuum: 'none',
  journal: 'rollback',
  userVersion: 0,
  applicationId: 0,
};
const IMAGE = {
  image: 'test',
  kind: 'logical',
  adapter: 'sqlite',
  server: { product: 'SQLite', version: '3', settings: {} },
  position: { type: 'sqlite', value: null, time: new Date(0).toISOString(), exact: true },
} as const;

test('pages of a file leave out the lock page and the pointer maps', () => {
  for (const [pageSize, reserved, mapped] of [
    [65536, 0, false],
    [65536, 0, true],
    [65536, 31, true],
    [32768, 0, true],
    [65536, 255, true],
  ] as const) {
    assertPlaces({ pageSize, usable: pageSize - reserved, mapped });
  }
});

test('a pointer map that would lie on the lock page lies behind it', () => {
  const geometry = { pageSize: 1024, usable: 1024, mapped: true };
  const lockPage = 2 ** 30 / 1024 + 1;
  assert.equal(mapOf(lockPage + 2, geometry), lockPage + 1);
  assertPlaces(geometry);
});

/** Counts pages one by one, as SQLite defines them. */
function assertPlaces(geometry: Geometry): void {
  const { pageSize, usable, mapped } = geometry;
  const lockPage = 2 ** 30 / pageSize + 1;
  const stride = Math.floor(usable / 5) + 1;
  let place = 0;
  let map = 0;
  for (let page = 1; page < lockPage + 3 * stride; page += 1) {
    if (mapped && page >= 2 && (page - 2) % stride === 0) map = page === lockPage ? page + 1 : page;
    if (page === lockPage || (mapped && page === map)) continue;
    place += 1;
    if (pageAt(place, geometry) !== page) assert.equal(pageAt(place, geometry), page, `place ${place}`);
    if (mapped && page > 2 && mapOf(page, geometry) !== map)
      assert.equal(mapOf(page, geometry), map, `page ${page}`);
  }
  assert.equal(placeBehind(lockPage - 1, geometry), placeBehind(lockPage, geometry));
  assert.ok(pageAt(placeBehind(lockPage, geometry), geometry) > lockPage);
}

let targets = 0;

/** A target with one table, and a lane. */
async function prepared(sql: string, name: string = 't'): Promise<{ target: Target; lane: WriteLane }> {
  const database = await adapter.connect(`sqlite:${join(folder, `${++targets}.db`)}`, context());
  const target = await database.target({ lanes: 1, create: true });
  await target.prepare(IMAGE);
  await target.apply([
    entry(1, 'database', DATABASE),
    entry(2, 'table', { type: 'table', name, table: name, sql: [sql] }),
  ]);
  return { target, lane: await adapter.joinWriteLane(structuredClone(target.invitation), context()) };
}

function entry(id: number, kind: string, body: Plain): CatalogEntry {
  return { id, kind, object: ['main', 't'], phase: 'pre-data', body };
}

function openOf(withoutRowid: boolean): StreamOpen {
  return {
    object: ['main', 't'],
    part: 0,
    encoding: 'sqlite.row',
    columns: [{ name: 'a', type: '' }],
    settings: { encoding: 'UTF-8' },
    details: { withoutRowid, rowidColumn: null, ...(withoutRowid ? { order: [0] } : {}) },
  };
}

/** Rows of one small integer. */
function rows(...rowids: readonly number[]): Uint8Array {
  return Buffer.concat(
    rowids.map((rowid) => {
      const row = Buffer.alloc(15);
      row.writeInt32LE(15);
      row.writeBigInt64LE(BigInt(rowid), 4);
      row.set([2, 1, 77], 12);
      return row;
    }),
  );
}

async function given(up: { target: Target; lane: WriteLane }): Promise<void> {
  await up.lane[Symbol.asyncDispose]();
  await up.target.abandon(undefined);
  assert.deepEqual(readdirSync(folder), []);
}

for (const [what, sql] of [
  ['another statement', 'DELETE FROM sqlite_schema'],
  ['a table of another name', 'CREATE TABLE other (a)'],
  ['a view', 'CREATE VIEW t AS SELECT 1'],
] as const) {
  test(`a definition that is ${what} is not executed`, async () => {
    await rejects(prepared(sql), 'IMAGE_DAMAGED');
    for (const name of readdirSync(folder)) rmSync(join(folder, name));
  });
}

test('a statement behind a definition is not executed', async () => {
  const job = await prepared('CREATE TABLE t (a); CREATE TABLE u (b)');
  await rejects(
    job.lane.load({ ...openOf(false), object: ['main', 'u'] }, { records: 1, pieces: [rows(1)] }),
    'IMAGE_DAMAGED',
  );
  await given(job);
});

test('bytes that are no rows, or rows out of order, are refused', async () => {
  const job = await prepared('CREATE TABLE t (a)');
  for (const bytes of [rows(1).subarray(0, 9), rows(2, 1), rows(1, 1), new Uint8Array(40)]) {
    await rejects(job.lane.load(openOf(false), { records: 1, pieces: [bytes] }), 'IMAGE_DAMAGED');
  }
  await given(job);
});

test('rows that come twice are refused', async () => {
  const job = await prepared('CREATE TABLE t (a)');
  for (const bytes of [rows(1, 5), rows(3, 9)]) {
    assert.equal(await job.lane.load(openOf(false), { records: 2, pieces: [bytes] }), 2);
  }
  await rejects(job.target.loaded?.() as Promise<void>, 'IMAGE_DAMAGED');
  await given(job);
});

test('a long row that ends early leaves nothing', async () => {
  const job = await prepared('CREATE TABLE t (a)');
  const start = Buffer.alloc(4096);
  start.writeInt32LE(100_000);
  start.writeBigInt64LE(1n, 4);
  await rejects(
    job.lane.load(openOf(false), { records: 1, pieces: [start, Buffer.alloc(4096)] }),
    'IMAGE_DAMAGED',
  );
  await given(job);
});

test('bytes that are no rows of a WITHOUT ROWID table, or a long one that ends early, leave nothing', async () => {
  const job = await prepared('CREATE TABLE t (a PRIMARY KEY) WITHOUT ROWID');
  const start = Buffer.alloc(4096);
  start.writeInt32LE(100_000);
  for (const pieces of [[keys(1).subarray(0, 5)], [new Uint8Array(40)], [start, Buffer.alloc(4096)]]) {
    await rejects(job.lane.load(openOf(true), { records: 1, sequence: 1, pieces }), 'IMAGE_DAMAGED');
  }
  await given(job);
});

test('chunks of a WITHOUT ROWID table come in any order, and rows that are in disorder are told', async () => {
  for (const [chunks, findings] of [
    [[keys(3, 4), keys(1, 2), keys(5)], []],
    [[keys(3, 4), keys(2, 1), keys(5)], ['row not in PRIMARY KEY order for t']],
    [[keys(3, 4), keys(1, 3), keys(5)], ['row not in PRIMARY KEY order for t']],
  ] as const) {
    const job = await prepared('CREATE TABLE t (a PRIMARY KEY) WITHOUT ROWID');
    for (const [nth, bytes] of chunks.entries()) {
      const sequence = [2, 1, 3][nth] ?? 0;
      await job.lane.load(openOf(true), { records: 2, sequence, pieces: [bytes] });
    }
    await job.target.loaded?.();
    const checks = await job.target.check();
    assert.deepEqual(checks.map(({ detail }) => detail).filter(Boolean), findings);
    assert.ok(checks.every(({ passed }) => passed));
    await given(job);
  }
});

/** Rows of a WITHOUT ROWID table, of one small integer. */
function keys(...values: readonly number[]): Uint8Array {
  return Buffer.concat(values.map((value) => Buffer.from([7, 0, 0, 0, 2, 1, value])));
}

test('an image that does not say what database it is of is refused', async () => {
  for (const wrong of [
    { pageSize: 1000 },
    { pageSize: 2 ** 20 },
    { encoding: 'latin1' },
    { reserved: 200 },
  ]) {
    const database = await adapter.connect(`sqlite:${join(folder, 'bad.db')}`, context());
    const target = await database.target({ lanes: 1, create: true });
    await target.prepare(IMAGE);
    await rejects(target.apply([entry(1, 'database', { ...DATABASE, ...wrong })]), 'IMAGE_DAMAGED');
    await target.abandon(undefined);
  }
  assert.deepEqual(readdirSync(folder), []);
});
