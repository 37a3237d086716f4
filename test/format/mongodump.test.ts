/** Archives of mongodump to images and back. The judge is a reader and writer in Python that shares nothing with ours. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import { adapter } from '../../src/adapters/mongodb/adapter.ts';
import { Crc64 } from '../../src/adapters/mongodb/crc64.ts';
import { cat, convert, DbimgError, inspect, MemoryStore, Registry, verify } from '../../src/index.ts';
import { document, double, field, int32, string } from '../mongodb-fixtures/bson.ts';
import { BEYOND_TEXT, VALUES } from '../mongodb-fixtures/values.ts';
import { type ArchiveContents, readArchive, writeArchive } from './mongodump.ts';

const registry = new Registry([{ name: 'mongodb', schemes: adapter.schemes, load: async () => adapter }]);

const ID_INDEX = { v: { $numberInt: '2' }, key: { _id: { $numberInt: '1' } }, name: '_id_' };

function metadata(
  name: string,
  type: string,
  options?: object,
  indexes: readonly object[] = [ID_INDEX],
): string {
  const uuid = type === 'view' ? {} : { uuid: '00112233445566778899aabbccddeeff' };
  return JSON.stringify({ ...(options ? { options } : {}), indexes, ...uuid, collectionName: name, type });
}

function encoded(...documents: readonly Buffer[]): string[] {
  return documents.map((bytes) => bytes.toString('base64'));
}

function entry(db: string, collection: string, type = '', text = ''): ArchiveContents['prelude'][number] {
  return { db, collection, metadata: text, size: 0, type };
}

/** What mongodump writes of a database with two collections that it reads at once, a view and a time series. */
function shop(length = 20_000): ArchiveContents {
  const numbers = Array.from({ length: 500 }, (_, n) =>
    document(field('_id', int32(n)), field('value', VALUES[n % VALUES.length]?.[1] ?? int32(0))),
  );
  const odd = BEYOND_TEXT.map(([what, value], n) => document(field('_id', int32(n)), field(what, value)));
  const large = document(field('_id', string('large')), field('s', string('x'.repeat(length))));
  const index = { v: { $numberInt: '2' }, key: { a: { $numberDouble: '-1.0' }, b: 'text' }, name: 'a' };
  const view = { viewOn: 'orders', pipeline: [{ $match: { z: { $numberInt: '1' }, a: { $exists: true } } }] };
  const series = { timeseries: { timeField: 'at', granularity: 'seconds' } };
  return {
    header: { concurrent_collections: 4, version: '0.1', server_version: '6.0.5', tool_version: '100.7.0' },
    prelude: [
      entry(
        'shop',
        'orders',
        'collection',
        metadata('orders', 'collection', { validator: { $or: [] } }, [ID_INDEX, index]),
      ),
      entry('shop', 'odd', 'collection', metadata('odd', 'collection')),
      entry(
        'shop',
        'empty',
        'collection',
        metadata('empty', 'collection', { capped: true, size: { $numberInt: '4096' } }),
      ),
      entry('shop', 'view', 'view', metadata('view', 'view', view, [])),
      entry('shop', 'weather', 'timeseries', metadata('weather', 'timeseries', series, [])),
    ],
    order: [
      ['shop.orders', 100],
      ['shop.odd', 3],
      ['shop.orders', 400],
      ['shop.system.buckets.weather', 1],
      ['shop.odd', odd.length - 3 + 1],
    ],
    documents: {
      'shop.orders': encoded(...numbers),
      'shop.odd': encoded(...odd, large),
      'shop.empty': [],
      'shop.view': [],
      'shop.system.buckets.weather': encoded(document(field('_id', int32(1)), field('data', double(1)))),
    },
  };
}

async function toImage(archive: Uint8Array, options: object = {}): Promise<MemoryStore> {
  const output = new MemoryStore();
  await convert({ input: new MemoryStore(new Uint8Array(archive)), output, registry, ...options });
  return output;
}

async function toArchive(image: MemoryStore, options: object = {}): Promise<Buffer> {
  const output = new MemoryStore();
  await convert({ input: image, output, registry, ...options });
  return Buffer.from(output.bytes as Uint8Array);
}

test('the checksum is CRC-64/XZ', () => {
  const crc = new Crc64();
  crc.update(Buffer.from('1234'));
  crc.update(Buffer.from('56789'));
  assert.equal(BigInt.asUintN(64, crc.value), 0x995d_c9bb_df19_39fan);
});

for (const how of ['plain', 'gzip'] as const) {
  test(`a ${how} archive becomes an image, and that an archive with the same contents`, async () => {
    // Longer than a chunk.
    const contents = shop(how === 'plain' ? 4_300_000 : 20_000);
    const archive = await writeArchive(contents);
    const image = await toImage(how === 'gzip' ? gzipSync(archive) : archive);
    await verify({ image });
    const inspection = await inspect({ image });
    assert.equal(inspection.totals.records, 500 + BEYOND_TEXT.length + 2);
    const written = await toArchive(image, { gzip: how === 'gzip' });
    const back = await readArchive(how === 'gzip' ? gunzipSync(written) : written);
    assert.deepEqual(back.documents, contents.documents);
    assert.equal(back.header.server_version, '6.0.5');
    for (const original of contents.prelude) {
      const copy = back.prelude.find(({ collection }) => collection === original.collection);
      assert.equal(copy?.type, original.type);
      assert.deepEqual(JSON.parse(copy?.metadata ?? ''), JSON.parse(original.metadata));
    }
    assert.deepEqual(await toArchive(await toImage(written)), await toArchive(image));
  });
}

test('rows of an archive can be read', async () => {
  const image = await toImage(await writeArchive(shop()));
  const rows = [];
  for await (const { values } of cat({ image, object: 'orders', registry, limit: 2 }))
    rows.push(values[0]?.type);
  assert.deepEqual(rows, ['document', 'document']);
});

test('users and roles go along, and their secrets stay behind when asked', async () => {
  const user = document(
    field('_id', string('shop.anne')),
    field('user', string('anne')),
    field('db', string('shop')),
  );
  const role = document(
    field('_id', string('shop.clerk')),
    field('role', string('clerk')),
    field('db', string('shop')),
  );
  const version = document(field('_id', string('authSchema')), field('currentVersion', int32(5)));
  for (const [database, prefix] of [
    ['admin', ''],
    ['shop', '$admin.'],
  ] as const) {
    const special = ['users', 'roles', 'version'].map((name) => `${prefix}system.${name}`);
    const base = shop();
    const [users = '', roles = '', versions = ''] = special.map((name) => `${database}.${name}`);
    const contents: ArchiveContents = {
      ...base,
      prelude: [...special.map((name) => entry(database, name)), ...base.prelude],
      order: [[users, 1], [roles, 1], [versions, 1], ...base.order],
      documents: {
        ...base.documents,
        [users]: encoded(user),
        [roles]: encoded(role),
        [versions]: encoded(version),
      },
    };
    const image = await toImage(await writeArchive(contents));
    assert.deepEqual((await readArchive(await toArchive(image))).documents, contents.documents);
    const without = await readArchive(await toArchive(image, { noSecrets: true }));
    assert.equal(without.documents[users]?.length, 0);
    assert.equal(without.documents[roles]?.length, 1);
    const never = await toImage(await writeArchive(contents), { noSecrets: true });
    assert.ok(!JSON.stringify(await readArchive(await toArchive(never))).includes(user.toString('base64')));
  }
});

test('the oplog of an archive becomes the log of the image, and comes back', async () => {
  const base = shop();
  const entries = Array.from({ length: 50 }, (_, n) => {
    const ts = Buffer.alloc(8);
    ts.writeUInt32LE(n + 1);
    ts.writeUInt32LE(1_700_000_000, 4);
    return document(field('op', string('i')), field('ns', string('shop.orders')), field('ts', [17, ts]));
  });
  const contents: ArchiveContents = {
    ...base,
    prelude: [...base.prelude, entry('', 'oplog')],
    order: [...base.order, ['.oplog', 50]],
    documents: { ...base.documents, '.oplog': encoded(...entries) },
  };
  const image = await toImage(await writeArchive(contents));
  await verify({ image });
  const { position } = await inspect({ image });
  assert.deepEqual(position.value, { t: 1_700_000_000, i: 50 });
  assert.deepEqual((await readArchive(await toArchive(image))).documents, contents.documents);
});

test('only what is chosen is taken, on both ways', async () => {
  const archive = await writeArchive(shop());
  const some = await readArchive(await toArchive(await toImage(archive, { only: ['orders', 'view'] })));
  assert.deepEqual(Object.keys(some.documents).sort(), ['shop.orders', 'shop.view']);
  const others = await readArchive(
    await toArchive(await toImage(archive), { skip: ['orders', 'view', 'odd'] }),
  );
  assert.deepEqual(Object.keys(others.documents).sort(), ['shop.empty', 'shop.system.buckets.weather']);
});

async function refused(archive: Uint8Array, code: string, message?: RegExp): Promise<void> {
  const output = new MemoryStore();
  const error = await convert({ input: new MemoryStore(new Uint8Array(archive)), output, registry }).then(
    () => undefined,
    (failure: unknown) => failure,
  );
  assert.ok(error instanceof DbimgError, `no error: ${error}`);
  assert.equal(error.code, code, error.message);
  if (message) assert.match(error.message, message);
  assert.equal(output.bytes, undefined);
}

test('a damaged archive makes no image', async () => {
  const archive = await writeArchive(shop());
  const flipped = Buffer.from(archive);
  flipped.writeUInt8((flipped[flipped.length >> 1] as number) ^ 1, flipped.length >> 1);
  await refused(flipped, 'SOURCE_DAMAGED', /checksum/);
  for (const share of [0.01, 0.3, 0.9, 0.9999]) {
    await refused(archive.subarray(0, Math.floor(archive.length * share)), 'SOURCE_DAMAGED');
  }
  const zipped = gzipSync(archive);
  for (const share of [0.3, 0.9, 0.9999]) {
    await refused(zipped.subarray(0, Math.floor(zipped.length * share)), 'SOURCE_DAMAGED');
  }
  const hole = Buffer.concat([
    archive.subarray(0, archive.length >> 1),
    archive.subarray((archive.length >> 1) + 1),
  ]);
  await refused(hole, 'SOURCE_DAMAGED');
  await refused(Buffer.from('hello, world'), 'USAGE', /neither an image nor/);
  await refused(Buffer.alloc(0), 'USAGE');
});

test('an archive that announces what never comes, or holds what it did not announce, makes no image', async () => {
  const base = shop();
  const missing = {
    ...base,
    prelude: [...base.prelude, entry('shop', 'ghost', 'collection', metadata('ghost', 'collection'))],
  };
  await refused(await writeArchive(missing), 'SOURCE_DAMAGED', /ghost/);
  const more = { ...base, documents: { ...base.documents, 'shop.ghost': [] } };
  await refused(await writeArchive(more), 'SOURCE_DAMAGED', /does not announce/);
});
