/** Tables whose rows come in any order: SQLite finds each of them by its key. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, test } from 'node:test';
import { adapter } from '../../src/adapters/sqlite/adapter.ts';
import { encoder } from '../../src/adapters/sqlite/encoder.ts';
import type { CatalogEntry, Plain, StreamOpen, Target } from '../../src/core/adapter.ts';
import { rejects } from '../../src/testkit/jobs.ts';
import { Random } from '../random.ts';
import { context } from '../sqlite-fixtures/reading.ts';

const folder = mkdtempSync(join(tmpdir(), 'dbimg-sqlite-sorter-'));
after(() => rmSync(folder, { recursive: true }));
const seed = Number(process.env.DBIMG_TEST_SEED ?? Date.now() % 2 ** 31);
let made = 0;

const DATABASE = {
  ...{ pageSize: 512, reserved: 0, encoding: 'UTF-8', autoVacuum: 'full', journal: 'rollback' },
  ...{ userVersion: 0, applicationId: 0 },
};
const OPEN: StreamOpen = {
  object: ['main', 't'],
  part: 0,
  encoding: 'sqlite.row',
  columns: [
    { name: 'id', type: 'INTEGER' },
    { name: 'text', type: 'TEXT' },
  ],
  settings: { encoding: 'UTF-8' },
  details: { withoutRowid: false, rowidColumn: 0 },
};
const IMAGE = {
  image: 'test',
  kind: 'logical',
  adapter: 'sqlite',
  server: { product: 'SQLite', version: '3', settings: {} },
  position: { type: 'sqlite', value: null, time: new Date(0).toISOString(), exact: true },
} as const;

const LONG = 10n ** 9n;

/** Some are longer than a page, and those of keys from {@link LONG} on half a megabyte. */
const textOf = (id: bigint): string =>
  `${id} `.repeat(id >= LONG && id < 2n * LONG ? 50_000 : Number((id < 0n ? -id : id) % 90n) + 1);

/** A target into which the chunks were loaded, each a list of keys. */
async function loaded(chunks: readonly (readonly bigint[])[]): Promise<{ target: Target; path: string }> {
  const path = join(folder, `${++made}.db`);
  const database = await adapter.connect(`sqlite:${path}`, context());
  const target = await database.target({ lanes: 1 });
  await target.prepare(IMAGE);
  const table = {
    type: 'table',
    name: 't',
    table: 't',
    sql: ['CREATE TABLE t (id INTEGER PRIMARY KEY, text)'],
  };
  const body: Plain = { ...table, rows: 'unordered' };
  const entries: CatalogEntry[] = [
    { id: 1, kind: 'database', object: ['main'], phase: 'pre-data', body: DATABASE },
    { id: 2, kind: 'table', object: ['main', 't'], phase: 'pre-data', body },
  ];
  await target.apply(entries);
  const lane = await adapter.joinWriteLane(structuredClone(target.invitation), context());
  const { encode } = encoder(OPEN);
  for (const chunk of chunks) {
    const rows = chunk.map((id) =>
      encode(
        [
          { type: 'integer', value: id },
          { type: 'text', value: textOf(id) },
        ],
        0,
      ),
    );
    const records = await lane.load(OPEN, { records: rows.length, pieces: [Buffer.concat(rows)] });
    assert.equal(records, rows.length);
  }
  await lane[Symbol.asyncDispose]();
  return { target, path };
}

async function assertSorted(chunks: readonly (readonly bigint[])[]): Promise<void> {
  const { target, path } = await loaded(chunks);
  await target.loaded?.();
  await target.check();
  await target.publish();
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    assert.equal(database.prepare('PRAGMA integrity_check').get()?.integrity_check, 'ok');
    const select = database.prepare('SELECT id, text FROM t ORDER BY id');
    select.setReadBigInts(true);
    const rows = select.all().map(({ id, text }) => [id, text]);
    const keys = chunks.flat().sort((a, b) => (a < b ? -1 : 1));
    assert.deepEqual(
      rows,
      keys.map((id) => [id, textOf(id)]),
    );
    const one = database.prepare('SELECT text FROM t WHERE id = ?');
    for (const id of keys) assert.equal(one.get(id)?.text, textOf(id));
  } finally {
    database.close();
    rmSync(path);
  }
  assert.deepEqual(readdirSync(folder), []);
}

const range = (from: number, to: number): bigint[] =>
  Array.from({ length: to - from }, (_, at) => BigInt(from + at));

for (const [what, chunks] of [
  ['in order', [range(0, 300), range(300, 600), range(700, 701)]],
  ['chunks in disorder', [range(500, 900), range(-40, 3), range(3, 500)]],
  ['rows in disorder', [range(0, 300).reverse(), range(300, 301), range(301, 500).reverse()]],
  [
    'chunks that overlap, between some that do not',
    [range(0, 90), [200n, 100n, 400n], [300n, 150n], range(500, 700)],
  ],
  ['the ends of the range', [[9223372036854775807n, 0n], [-9223372036854775808n], [-1n, 1n]]],
  [
    'in more chunks than are merged at once',
    Array.from({ length: 80 }, (_, nth) => [
      LONG + BigInt(nth),
      LONG + 1000n - BigInt(nth),
      LONG - BigInt(nth) - 1n,
    ]),
  ],
  ['one row', [[7n]]],
  ['no rows', []],
] as const) {
  test(`rows come ${what}`, () => assertSorted(chunks));
}

test(`rows in any order, in chunks of any size (seed ${seed})`, async () => {
  const random = new Random(seed);
  for (let round = 0; round < 10; round += 1) {
    const keys = new Set(random.times(1, 4000, () => BigInt(random.integer(-5000, 5000))));
    const rest = random.chance(0.5) ? [...keys] : [...keys].sort((a, b) => (a < b ? -1 : 1));
    const chunks: bigint[][] = [];
    while (rest.length > 0) chunks.push(rest.splice(0, random.integer(1, 400)));
    await assertSorted(chunks);
  }
});

test('a key that comes twice is refused, in one chunk and in two', async () => {
  for (const chunks of [[[1n, 2n, 1n]], [range(0, 10), range(9, 20)], [range(0, 10), [5n]]]) {
    const { target } = await loaded(chunks);
    await rejects(target.loaded?.() as Promise<void>, 'IMAGE_DAMAGED');
    await target.abandon(undefined);
    assert.deepEqual(readdirSync(folder), []);
  }
});
