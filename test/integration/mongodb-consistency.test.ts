/** Whatever is written during a dump, and however long it takes: what comes back is one moment. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Document, Long, MongoClient } from 'mongodb';
import { adapter } from '../../src/adapters/mongodb/adapter.ts';
import { type DumpOptions, inspectFrames } from '../../src/index.ts';
import { dumped, restored } from '../../src/testkit/jobs.ts';
import { tapped } from '../../src/testkit/tap.ts';
import { mongoDatabase, startMongo, withMongo } from '../engines/mongodb.ts';
import { compareMongoDatabases } from '../oracle/mongodb.ts';

const server = startMongo();
after(async () => await (await server).stop());

const ACCOUNTS = 8000;
const BALANCE = 1000;
/** So that a dump is many batches. */
const PADDING = 'x'.repeat(2000);
const MiB = 1024 * 1024;

interface Account extends Document {
  _id: number;
  balance: Long;
}

async function openAccounts(url: string, count = ACCOUNTS): Promise<void> {
  await withMongo(url, async (client) => {
    const documents = Array.from({ length: count }, (_, _id) => ({
      ...{ _id, balance: Long.fromNumber(BALANCE), padding: `${PADDING}${_id}` },
    }));
    await client.db().collection<Account>('accounts').insertMany(documents);
  });
}

/** Moves money between accounts in transactions, and notes some of them. */
async function whileMoving<T>(url: string, work: () => Promise<T>): Promise<{ result: T; moved: number }> {
  const stop = new AbortController();
  let moved = 0;
  const writer = async (number: number): Promise<void> => {
    await using client = await new MongoClient(url).connect();
    const accounts = client.db().collection<Account>('accounts');
    await using session = client.startSession();
    for (let n = number; !stop.signal.aborted; n = (n * 7919 + 1) % ACCOUNTS) {
      await session.withTransaction(async () => {
        const move = (id: number, by: number) =>
          accounts.updateOne({ _id: id }, { $inc: { balance: Long.fromNumber(by) } }, { session });
        await move(n, -7);
        await move(ACCOUNTS - 1 - n, 7);
      });
      // No transaction writes to capped collections.
      if (moved % 10 === 0) await client.db().collection('history').insertOne({ n, moved });
      moved += 1;
    }
  };
  const writers = [1, 2, 3].map(writer);
  try {
    return { result: await work(), moved };
  } finally {
    stop.abort();
    await Promise.all(writers);
  }
}

async function sumOf(url: string): Promise<{ count: number; sum: number }> {
  return await withMongo(url, async (client) => {
    const rows = await client.db().collection<Account>('accounts').find().toArray();
    return { count: rows.length, sum: rows.reduce((sum, { balance }) => sum + Number(balance), 0) };
  });
}

async function hasLog(image: Awaited<ReturnType<typeof dumped>>): Promise<boolean> {
  for await (const { type } of inspectFrames({ image: image.store })) if (type === 'log') return true;
  return false;
}

async function moneyIsExact(
  url: string,
  expectLog: boolean,
  options: Partial<DumpOptions> = {},
): Promise<void> {
  const { result: image, moved } = await whileMoving(url, () => dumped(adapter, url, options));
  assert.ok(moved > 0, 'the writers wrote');
  assert.equal(await hasLog(image), expectLog, 'whether the image holds a log');
  await using copy = mongoDatabase(await server, 'copy');
  const { proven } = await restored(adapter, image.store, copy.url);
  assert.equal(proven?.beforeReplay, expectLog ? true : undefined);
  assert.deepEqual(await sumOf(copy.url), { count: ACCOUNTS, sum: ACCOUNTS * BALANCE });
}

test('snapshot: every lane reads at one cluster time, and the image needs no log', async () => {
  await using source = mongoDatabase(await server, 'money');
  await openAccounts(source.url);
  for (const options of [{}, { jobs: 1, rate: 8 * MiB }, { lanes: 'worker' as const }]) {
    await moneyIsExact(source.url, false, options);
  }
});

test('log: capped collections cannot be read at a moment of the past', async () => {
  await using source = mongoDatabase(await server, 'money');
  await openAccounts(source.url);
  await withMongo(source.url, (client) =>
    client.db().createCollection('history', { capped: true, size: 20_000 }),
  );
  for (const options of [{ rate: 8 * MiB }, { jobs: 1 }]) await moneyIsExact(source.url, true, options);
});

test('from snapshot to log in mid-dump, when the server no longer keeps its history', async () => {
  await using source = mongoDatabase(await server, 'money');
  await openAccounts(source.url);
  const keep = (seconds: number): Promise<unknown> =>
    withMongo(source.url, (client) =>
      client.db('admin').command({ setParameter: 1, minSnapshotHistoryWindowInSeconds: seconds }),
    );
  await keep(0);
  try {
    for (const options of [
      { rate: 3 * MiB, jobs: 1 },
      { rate: 3 * MiB, jobs: 2, lanes: 'worker' as const },
    ]) {
      await moneyIsExact(source.url, true, options);
    }
  } finally {
    await keep(300);
  }
});

test('documents behind which reading was to go on are deleted meanwhile', async () => {
  await using source = mongoDatabase(await server, 'deleted');
  await using copy = mongoDatabase(await server, 'deleted');
  await openAccounts(source.url, 3 * ACCOUNTS);
  await withMongo(source.url, async (client) => {
    const admin = client.db('admin');
    const accounts = client.db().collection<Account>('accounts');
    let changing: Promise<unknown> = Promise.resolve();
    const begun = tapped(adapter, (what) => {
      if (what !== 'joinLane.read') return;
      changing = sleep(300)
        .then(() => admin.command({ setParameter: 1, minSnapshotHistoryWindowInSeconds: 0 }))
        .then(() => accounts.deleteMany({ _id: { $mod: [3, 1] } }))
        .then(() => accounts.deleteMany({ _id: { $mod: [3, 2] } }))
        .then(() =>
          accounts.insertMany([
            { _id: 1, balance: Long.ONE },
            { _id: 2, balance: Long.ONE },
          ]),
        );
    });
    // The server forgets its history only while there is news.
    const stop = new AbortController();
    const news = (async () => {
      while (!stop.signal.aborted) await client.db('news').collection('n').insertOne({});
    })();
    const image = await dumped(begun, source.url, { jobs: 1, rate: 6 * MiB });
    stop.abort();
    await Promise.all([changing, news]);
    await admin.command({ setParameter: 1, minSnapshotHistoryWindowInSeconds: 300 });
    assert.equal(await hasLog(image), true);
    await restored(adapter, image.store, copy.url);
  });
  assert.deepEqual(await compareMongoDatabases(source.url, copy.url), []);
});

test('definitions that change while the dump is made come back as they were at its end', async () => {
  // Without capped collections the log comes when all else is loaded, and indexes may have been built.
  for (const capped of [true, false]) await definitionsChange(capped);
});

async function definitionsChange(capped: boolean): Promise<void> {
  await using source = mongoDatabase(await server, 'changing');
  await using copy = mongoDatabase(await server, 'changing');
  await withMongo(source.url, async (client) => {
    const db = client.db();
    for (const name of ['stays', 'goes', 'moves', 'target', 'replaced']) {
      const rows = Array.from({ length: 300 }, (_, _id) => ({ _id: _id as never, a: _id, u: _id, name }));
      await db.collection(name).insertMany(rows);
      await db.collection(name).createIndex({ u: 1 }, { unique: true });
    }
    await db.createCollection('old view', { viewOn: 'stays', pipeline: [] });
    await db.createCollection('weather', { timeseries: { timeField: 'at', metaField: 'm' } });
    await db.createCollection('capped', capped ? { capped, size: 4096, max: 20 } : {});
  });
  await withMongo(source.url, async (client) => {
    const image = await dumpWhile(source.url, () => changeEverything(client));
    assert.equal(await hasLog(image), true);
    let early = 0;
    const watched = tapped(adapter, (what) => {
      if (what === 'target.applyEarly') early += 1;
    });
    await restored(watched, image.store, copy.url);
    if (!capped) assert.ok(early > 0, 'indexes are built before the log comes');
  });
  assert.deepEqual(await compareMongoDatabases(source.url, copy.url), []);
}

/** Runs `change` to its end after some parts have been read and before others are. */
async function dumpWhile(url: string, change: () => Promise<void>): ReturnType<typeof dumped> {
  let reads = 0;
  let changed: Promise<void> | undefined;
  const slowed = {
    ...adapter,
    joinLane: async (...join: Parameters<typeof adapter.joinLane>) => {
      const lane = await adapter.joinLane(...join);
      return {
        read: async (...read: Parameters<typeof lane.read>) => {
          if (reads++ === 3) changed = change();
          await changed;
          await lane.read(...read);
        },
        [Symbol.asyncDispose]: () => lane[Symbol.asyncDispose](),
      };
    },
  };
  return await dumped(slowed, url, { jobs: 2 });
}

async function changeEverything(client: MongoClient): Promise<void> {
  const db = client.db();
  await db.collection('stays').dropIndex('u_1');
  // Duplicates that the unique index would have refused.
  await db.collection('stays').updateMany({}, { $set: { u: 1, list: [1, 2, { x: 1 }] } });
  await db.collection('stays').updateMany({ a: { $lt: 100 } }, { $set: { 'list.2.x': 5 } });
  await db
    .collection('stays')
    .createIndex({ a: -1 }, { name: 'late', partialFilterExpression: { a: { $gt: 7 } } });
  await db.collection('stays').deleteMany({ a: { $mod: [3, 0] } });
  await db.command({ collMod: 'stays', validator: { a: { $gt: -1 } }, validationLevel: 'moderate' });
  await db.collection('goes').drop();
  await db.collection('moves').rename('moved');
  await db.collection('moved').insertOne({ _id: 'after' as never });
  await db.createCollection('newcomer', { collation: { locale: 'de' } });
  await db.collection('newcomer').insertMany([
    { _id: 1 as never, s: 'ä' },
    { _id: 2 as never, s: 'b' },
  ]);
  await db.collection('newcomer').createIndex({ s: 1 }, { expireAfterSeconds: 1_000_000_000 });
  await db.command({ collMod: 'newcomer', index: { name: 's_1', hidden: true } });
  await db.collection('replaced').rename('target', { dropTarget: true });
  await db
    .collection('stays')
    .aggregate([{ $match: { a: { $lt: 50 } } }, { $out: 'out' }])
    .toArray();
  await db.collection('goes').insertOne({ _id: 'again' as never });
  await db.dropCollection('old view');
  await db.createCollection('new view', { viewOn: 'moved', pipeline: [{ $match: { a: 1 } }] });
  await db.collection('weather').insertMany([
    { at: new Date(0), m: 1, t: 5 },
    { at: new Date(1000), m: 1, t: 6 },
  ]);
  await db.createCollection('climate', {
    timeseries: { timeField: 'at' },
    expireAfterSeconds: 1_000_000_000,
  });
  await db.collection('climate').insertOne({ at: new Date(1_700_000_000_000), t: 1 });
  await db.collection('capped').insertMany(Array.from({ length: 50 }, (_, _id) => ({ _id: _id as never })));
  await using session = client.startSession();
  await session.withTransaction(async () => {
    // More than an entry of the oplog can hold.
    const large = { text: 'y'.repeat(6 * MiB) };
    for (const _id of ['l1', 'l2', 'l3', 'l4']) {
      await db.collection('newcomer').insertOne({ ...large, _id: _id as never }, { session });
    }
    await db.collection('stays').updateOne({ a: 1 }, { $set: { inTransaction: true } }, { session });
  });
  await session
    .withTransaction(async () => {
      await db.collection('stays').insertOne({ _id: 'never' as never }, { session });
      throw new Error('given up');
    })
    .catch(() => {});
}
