/** From PostgreSQL into SQLite through the command line: what is told, what is refused, and every way an image comes. */
import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, test } from 'node:test';
import {
  type Adapter,
  type CatalogEntry,
  dump,
  type Plain,
  query,
  Registry,
  registry,
  restore,
  type SnapshotOptions,
} from '../../src/index.ts';
import { query as ask } from '../engines/postgres.ts';
import { runCli } from './program.ts';
import { assertDocumented, openShop, PASSWORD, type Shop } from './shop.ts';

let shop: Shop;
let image: string;

before(async () => {
  shop = await openShop();
  await ask(
    shop.url,
    `CREATE VIEW sales.big AS SELECT * FROM sales.orders WHERE amount > 100; ALTER TABLE sales.empty ADD CHECK (id > 0)`,
  );
  image = join(shop.folder, 'views.dbimg');
  await dump({ source: shop.url, image });
});

after(() => shop?.[Symbol.asyncDispose]());

function rowsIn(path: string): number {
  using database = new DatabaseSync(path, { readOnly: true });
  assert.deepEqual(database.prepare('PRAGMA integrity_check').all().map(Object.values), [['ok']]);
  return Number(database.prepare('SELECT count(*) AS n FROM "sales.orders"').get()?.n);
}

test('what stays behind is named, and makes exit code 3 unless it is accepted', async () => {
  const path = join(shop.folder, 'named.db');
  const args = ['restore', image, `sqlite:${path}`, '--create'];
  const plan = await runCli([...args, '--dry-run']);
  assert.equal(plan.code, 3, plan.stderr);
  assert.match(plan.stdout, /3 tables of postgres in sqlite:/u);
  assert.match(plan.stdout, /jsonb +TEXT +in full +JSON text as stored +1/u);
  assert.match(plan.stdout, /sales\.orders is named sales\.orders/u);
  assert.match(plan.stderr, /not in sqlite: view sales\.big:/u);
  assert.deepEqual(
    await readdir(shop.folder).then((names) => names.filter((name) => /named/.test(name))),
    [],
  );
  const run = await runCli(args);
  assert.equal(run.code, 3, run.stderr);
  assert.match(run.stderr, /not in sqlite: check [^\n]*empty[^\n]*id > 0/u);
  assert.match(run.stderr, /--allow view/u);
  const accepted = await runCli([
    ...args,
    '--replace',
    '--allow',
    'view',
    '--allow',
    'check',
    '--json',
    '--prove',
  ]);
  assert.equal(accepted.code, 0, accepted.stderr);
  const result = JSON.parse(accepted.stdout);
  await assertDocumented('restore', result);
  assert.deepEqual(result.proven, { objects: 3, records: 5002 });
  assert.deepEqual(result.omissions.map(({ kind }: { kind: string }) => kind).sort(), ['check', 'view']);
  assert.equal(rowsIn(path), 5001);
});

test('from a pipe, encrypted, with lanes in workers, and a part of it', async () => {
  const path = join(shop.folder, 'piped.db');
  const sealed = join(shop.folder, 'sealed.dbimg');
  await dump({ source: shop.url, image: sealed, encrypt: { passphrase: PASSWORD } });
  const run = await runCli(
    ['restore', '-', `sqlite:${path}`, '--create', '--lanes', 'worker', '--prove', '--only', 'sales.orders'],
    { input: await readFile(sealed), env: { DBIMG_PASSPHRASE: PASSWORD } },
  );
  assert.equal(run.code, 0, run.stderr);
  assert.equal(rowsIn(path), 5001);
  using database = new DatabaseSync(path, { readOnly: true });
  assert.equal(database.prepare('SELECT count(*) AS n FROM sqlite_schema').get()?.n, 1);
});

test('a damaged image, and one that ends early, leave nothing', async () => {
  const folder = join(shop.folder, 'damaged');
  await mkdir(folder);
  const bytes = await readFile(image);
  const middle = Buffer.from(bytes);
  middle[Math.floor(bytes.length * 0.6)] = (middle[Math.floor(bytes.length * 0.6)] as number) ^ 1;
  for (const [name, content] of [
    ['flipped', middle],
    ['short', bytes.subarray(0, Math.floor(bytes.length * 0.8))],
  ] as const) {
    const broken = join(folder, `${name}.dbimg`);
    await writeFile(broken, content);
    await assert.rejects(
      restore({ image: broken, target: `sqlite:${folder}/x.db`, create: true }),
      (error: Error) => /IMAGE_(DAMAGED|INCOMPLETE)/.test((error as Error & { code: string }).code),
    );
  }
  assert.deepEqual((await readdir(folder)).sort(), ['flipped.dbimg', 'short.dbimg']);
});

test('where there is no way it is said', async () => {
  const file = join(shop.folder, 'source.db');
  new DatabaseSync(file).exec('CREATE TABLE t (a)');
  const other = join(shop.folder, 'source.dbimg');
  await dump({ source: file, image: other });
  const back = await runCli(['restore', other, shop.target('cross_back'), '--create']);
  assert.equal(back.code, 6, back.stderr);
  assert.match(back.stderr, /image is of sqlite and cannot be restored into postgres[\s\S]*sqlite:/u);
  const physical = join(shop.folder, 'source-physical.dbimg');
  await dump({ source: file, image: physical, kind: 'physical' });
  await assert.rejects(restore({ image: physical, target: shop.target('cross_back'), create: true }), {
    code: 'UNSUPPORTED',
    message: /physical image of sqlite/,
  });
});

/** The adapter of PostgreSQL as it was before it described tables for others. */
async function olderRegistry(): Promise<Registry> {
  const adapter = await registry.named('postgres');
  const older: Adapter = {
    ...adapter,
    connect: async (location, context) => {
      const database = await adapter.connect(location, context);
      const take = database.snapshot.bind(database);
      return Object.assign(database, {
        snapshot: async (options: SnapshotOptions) => {
          const snapshot = await take(options);
          const catalog = snapshot.catalog.bind(snapshot);
          return Object.assign(snapshot, { catalog: () => undescribed(catalog()) });
        },
      });
    },
  };
  return new Registry([{ name: 'postgres', schemes: ['postgres:', 'postgresql:'], load: async () => older }]);
}

async function* undescribed(entries: AsyncIterable<CatalogEntry>): AsyncGenerator<CatalogEntry> {
  for await (const entry of entries) {
    const { relation: _, adds: __, beyond: ___, ...body } = entry.body as { [key: string]: Plain };
    yield { ...entry, body };
  }
}

test('an image of an older dbimg can be asked, and says that it cannot go elsewhere', async () => {
  const old = join(shop.folder, 'old.dbimg');
  await dump({ source: shop.url, image: old, registry: await olderRegistry() });
  await assert.rejects(restore({ image: old, target: `sqlite:${shop.folder}/old.db`, create: true }), {
    code: 'UNSUPPORTED',
    hint: /dump it again/,
  });
  await using answer = await query({
    image: old,
    sql: 'SELECT max(amount), max(paid), count(DISTINCT note) FROM sales.orders',
  });
  for await (const values of answer) {
    assert.deepEqual(
      values.map((value) => ('value' in value ? value.value : null)),
      [5500n, 1n, 5001n],
    );
  }
});
