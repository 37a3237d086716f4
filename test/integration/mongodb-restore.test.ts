/** What restoring can do besides: other names, UUIDs, users, what it finds at its place, and what it leaves there. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { MongoClient } from 'mongodb';
import { adapter } from '../../src/adapters/mongodb/adapter.ts';
import type { CatalogEntry } from '../../src/core/adapter.ts';
import type { Store } from '../../src/index.ts';
import { dumped, rejects, restored } from '../../src/testkit/jobs.ts';
import { memberUrl, mongoDatabase, mongoUrl, startMongo, withMongo } from '../engines/mongodb.ts';
import { createEveryKind, dropUsers } from '../mongodb-fixtures/every-kind.ts';
import { compareMongoDatabases, compareMongoServers } from '../oracle/mongodb.ts';

const server = startMongo();
after(async () => await (await server).stop());

const SMALL = { large: false, beyondText: false };

async function names(url: string): Promise<string[]> {
  return await withMongo(url, async (client) => {
    const listed = await client.db().listCollections({}, { nameOnly: true }).toArray();
    return listed.map(({ name }) => name).sort();
  });
}

test('a database is replaced as a whole: collections, views, time series, users', async () => {
  await using source = mongoDatabase(await server, 'replaced');
  await using copy = mongoDatabase(await server, 'replaced');
  await withMongo(source.url, (client) => createEveryKind(client.db(), SMALL));
  await withMongo(copy.url, async (client) => {
    const db = client.db();
    await db.collection('only here').insertOne({});
    await db.collection('view').insertOne({ was: 'a collection' });
    await db.createCollection('ids', { viewOn: 'only here', pipeline: [] });
    await db.createCollection('capped', { timeseries: { timeField: 't' } });
    await db.createCollection('weather', { viewOn: 'only here', pipeline: [] });
    await db.collection('system.js').insertOne({ _id: 'old' as never, value: 1 });
    await db.command({ createUser: 'old', pwd: 'another', roles: ['readWrite'] });
    await db.command({ createUser: 'gone', pwd: 'x', roles: [] });
  });
  try {
    const { store } = await dumped(adapter, source.url);
    await rejects(restored(adapter, store, copy.url, { trust: true }), 'TARGET_NOT_EMPTY');
    await restored(adapter, store, copy.url, { replace: true, create: false });
    assert.deepEqual(await compareMongoDatabases(source.url, copy.url), []);
    // And once more over itself.
    await restored(adapter, store, copy.url, { replace: true });
    assert.deepEqual(await compareMongoDatabases(source.url, copy.url), []);
  } finally {
    for (const { url } of [source, copy]) await withMongo(url, (client) => dropUsers(client.db()));
  }
});

test('--rename gives databases and collections other names, also in views', async () => {
  await using source = mongoDatabase(await server, 'shop');
  await using copy = mongoDatabase(await server, 'shop');
  await withMongo(source.url, async (client) => {
    const db = client.db();
    await db.collection('orders').insertMany([{ item: 1 }, { item: 2 }]);
    await db.collection('items').insertMany([{ _id: 1 as never }, { _id: 2 as never }]);
    await db.createCollection('joined', {
      viewOn: 'orders',
      pipeline: [{ $lookup: { from: 'items', localField: 'item', foreignField: '_id', as: 'i' } }],
    });
  });
  const { store } = await dumped(adapter, source.url);
  const rename = [`${source.name}.items=${source.name}.things`, `${source.name}.*=${copy.name}.*_old`];
  await restored(adapter, store, copy.url, { rename, replace: true });
  assert.deepEqual(await names(copy.url), ['joined_old', 'orders_old', 'system.views', 'things']);
  const [first] = await withMongo(copy.url, (client) =>
    client.db().collection('joined_old').find().toArray(),
  );
  assert.equal(first?.i.length, 1);
  const clash = restored(adapter, store, copy.url, { rename: [`${source.name}.*=x.same`], replace: true });
  assert.match((await rejects(clash, 'USAGE')).message, /as many|what becomes what/);
});

test('indexes of a collection are built while the next is loaded, also from a pipe', async () => {
  await using source = mongoDatabase(await server, 'early');
  await using copy = mongoDatabase(await server, 'early');
  await withMongo(source.url, async (client) => {
    for (const [name, count] of [
      ['large', 3000],
      ['small', 300],
    ] as const) {
      const rows = Array.from({ length: count }, (_, n) => ({ n, text: 'x'.repeat(1000) }));
      await client.db().collection(name).insertMany(rows);
      await client.db().collection(name).createIndex({ n: 1 });
    }
  });
  const { store } = await dumped(adapter, source.url, { jobs: 1 });
  const { bytes } = store;
  const halves: Uint8Array[] = bytes ? [bytes.subarray(0, -100), bytes.subarray(-100)] : [];
  const built = new Set<string>();
  /** The end of the image comes when an index is there. */
  const held: Store = {
    ...{ create: () => store.create() },
    open: async () => ({
      ...{ close: async () => {} },
      async *stream() {
        yield new Uint8Array(halves[0] as Uint8Array);
        for (const deadline = Date.now() + 20_000; Date.now() < deadline && built.size < 2; )
          for (const name of await indexesBeside(copy.url)) built.add(name);
        yield new Uint8Array(halves[1] as Uint8Array);
      },
    }),
  };
  await restored(adapter, held, copy.url);
  assert.deepEqual([...built], ['_id_', 'n_1']);
  assert.deepEqual(await compareMongoDatabases(source.url, copy.url), []);
});

/** Names of indexes of collections that are being restored. */
async function indexesBeside(url: string): Promise<string[]> {
  return await withMongo(url, async (client) => {
    const beside = (await names(url)).filter((name) => name.startsWith('dbimg_'));
    const listed = beside.map((name) => client.db().collection(name).indexes());
    return (await Promise.all(listed)).flat().map(({ name }) => `${name}`);
  });
}

test('UUIDs are kept when asked for, unless they are in use', async () => {
  await using other = await startMongo({ members: 1, cacheMiB: 256 });
  await using source = mongoDatabase(await server, 'uuids');
  await withMongo(source.url, (client) => createEveryKind(client.db(), { ...SMALL, users: false }));
  const { store } = await dumped(adapter, source.url);
  const copy = mongoUrl(other.url, source.name);
  await restored(adapter, store, copy, { keepUuids: true });
  const differences = await compareMongoDatabases(source.url, copy, { uuids: true });
  // Those that cannot be renamed are made anew.
  assert.deepEqual(
    differences.filter((text) => !/system\.(js|buckets\.)/.test(text)),
    [],
  );
  await using again = mongoDatabase(await server, 'uuids');
  const error = await rejects(restored(adapter, store, again.url, { keepUuids: true }), 'UNSUPPORTED');
  assert.match(error.message, /UUID .* in use/);
  assert.deepEqual(await names(again.url), []);
});

test('all databases, users and roles of a server go to another', async () => {
  await using one = await startMongo({ auth: true, members: 1 });
  await using two = await startMongo({ auth: true, members: 1 });
  await withMongo(mongoUrl(one.url, 'first'), (client) => createEveryKind(client.db(), SMALL));
  await withMongo(mongoUrl(one.url, 'second'), async (client) => {
    await client.db().collection('c').insertOne({});
    const admin = client.db('admin');
    await admin.command({ createRole: 'all', privileges: [], roles: ['root'] });
    await admin.command({ createUser: 'boss', pwd: 'secret', roles: ['all', 'userAdminAnyDatabase'] });
    await admin.command({ createUser: 'guest', pwd: 'secret', roles: ['readAnyDatabase'] });
  });
  const { store } = await dumped(adapter, one.url);
  const error = await rejects(restored(adapter, store, two.url), 'UNTRUSTED');
  assert.match(error.message, /user admin\.boss/);
  await restored(adapter, store, two.url, { trust: true });
  assert.deepEqual(
    (await compareMongoServers(one.url, two.url)).filter((text) => !/user root/.test(text)),
    [],
  );
  await using client = new MongoClient(mongoUrl(two.url, 'second', { user: 'boss', password: 'secret' }));
  assert.ok(await client.db().collection('c').findOne());
  const more = await rejects(restored(adapter, store, mongoUrl(two.url, 'third')), 'USAGE');
  assert.match(more.hint ?? '', /--only/);
  await restored(adapter, store, mongoUrl(two.url, 'third'), { only: ['second.*'], noSecrets: true });
  assert.deepEqual(await names(mongoUrl(two.url, 'third')), ['c']);
});

test('an index that cannot be built leaves nothing, and is named', async () => {
  await using source = mongoDatabase(await server, 'twice');
  await using copy = mongoDatabase(await server, 'twice');
  await withMongo(source.url, async (client) => {
    await client
      .db()
      .collection('c')
      .insertMany([{ k: 1 }, { k: 1 }]);
    await client.db().collection('c').createIndex({ k: 1 }, { name: 'mine' });
  });
  const { store } = await dumped(withUnique(), source.url);
  const error = await rejects(restored(adapter, store, copy.url), 'SERVER_ERROR');
  assert.match(error.message, /mine/);
  assert.match(error.hint ?? '', /same key/);
  assert.deepEqual(error.object, [source.name, 'c']);
  assert.deepEqual(await names(copy.url), []);
});

/** The adapter, whose images say of every index that it is unique. */
function withUnique(): typeof adapter {
  const changed = (entry: CatalogEntry): CatalogEntry => {
    if (entry.kind !== 'indexes') return entry;
    const { indexes } = entry.body as { indexes: string[] };
    return { ...entry, body: { indexes: indexes.map(uniqueIndex) } };
  };
  return {
    ...adapter,
    connect: async (...args) => {
      const database = await adapter.connect(...args);
      const take = database.snapshot.bind(database);
      return Object.assign(database, {
        snapshot: async (options: Parameters<typeof take>[0]) => {
          const snapshot = await take(options);
          const catalog = snapshot.catalog.bind(snapshot);
          return Object.assign(snapshot, {
            async *catalog() {
              for await (const entry of catalog()) yield changed(entry);
            },
          });
        },
      });
    },
  };
}

function uniqueIndex(base64: string): string {
  const index = Buffer.from(base64, 'base64');
  const unique = Buffer.from('\x08unique\0\x01', 'latin1');
  const bytes = Buffer.concat([index.subarray(0, -1), unique, Buffer.alloc(1)]);
  bytes.writeInt32LE(bytes.length);
  return bytes.toString('base64');
}

test('names that are too long for their new database are refused before anything is loaded', async () => {
  await using source = mongoDatabase(await server, 'l');
  await withMongo(source.url, (client) =>
    client
      .db()
      .collection('x'.repeat(254 - source.name.length))
      .insertOne({}),
  );
  const { store } = await dumped(adapter, source.url);
  const target = mongoUrl((await server).url, `${source.name}_longer`);
  const error = await rejects(restored(adapter, store, target), 'UNSUPPORTED');
  assert.match(error.hint ?? '', /--rename/);
  assert.deepEqual(await names(target), []);
});

test('documents that have expired are there until they are compared, and the monitor runs again', async () => {
  await using source = mongoDatabase(await server, 'ttl');
  await using copy = mongoDatabase(await server, 'ttl');
  const monitor = (value?: boolean): Promise<unknown> =>
    withMongo(source.url, async (client) => {
      const admin = client.db('admin');
      if (value !== undefined) await admin.command({ setParameter: 1, ttlMonitorEnabled: value });
      return (await admin.command({ getParameter: 1, ttlMonitorEnabled: 1 })).ttlMonitorEnabled;
    });
  await monitor(false);
  await withMongo(source.url, async (client) => {
    await client
      .db()
      .collection('c')
      .insertMany([{ at: new Date(0) }, { at: new Date(1) }]);
    await client.db().collection('c').createIndex({ at: 1 }, { expireAfterSeconds: 1 });
  });
  const { store } = await dumped(adapter, source.url);
  await monitor(true);
  const { proven } = await restored(adapter, store, copy.url);
  assert.equal(proven?.records, 2);
  assert.equal(await monitor(), true);
  await rejects(restored(adapter, store, copy.url), 'TARGET_NOT_EMPTY');
  assert.equal(await monitor(), true);
});

test('a member that is not the primary is dumped from, and not restored into', async () => {
  await using set = await startMongo({ members: 3 });
  await withMongo(mongoUrl(set.url, 'shop'), async (client) => {
    await client
      .db()
      .collection('c')
      .insertMany([{}, {}, {}], { writeConcern: { w: 3 } });
  });
  const secondary = await secondaryOf(set.members.map((member) => memberUrl(member)));
  const { store, records } = await dumped(adapter, mongoUrl(secondary, 'shop'));
  assert.equal(records, 3);
  const error = await rejects(restored(adapter, store, mongoUrl(secondary, 'copy')), 'UNSUPPORTED');
  assert.match(error.message, /not the primary/);
  await restored(adapter, store, mongoUrl(set.url, 'copy'));
});

async function secondaryOf(urls: readonly string[]): Promise<string> {
  for (const url of urls) {
    const { secondary } = await withMongo(url, (client) => client.db('admin').command({ hello: 1 }));
    if (secondary) return url;
  }
  throw new Error('there is no secondary');
}
