/** MongoDB: 300 random databases, and money that moves during dumps of half a minute. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { type Document, Long } from 'mongodb';
import { adapter } from '../../src/adapters/mongodb/adapter.ts';
import { dumped, restored } from '../../src/testkit/jobs.ts';
import { mongoDatabase, startMongo, withMongo } from '../engines/mongodb.ts';
import { createRandomDatabase } from '../mongodb-fixtures/random-database.ts';
import { compareMongoDatabases } from '../oracle/mongodb.ts';

const server = startMongo();
after(async () => await (await server).stop());

const seed = Number(process.env.DBIMG_TEST_SEED ?? Date.now() % 2 ** 31);
const ROUNDS = Number(process.env.DBIMG_TEST_RUNS ?? 300);

test(`${ROUNDS} random databases (seed ${seed})`, async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    await using source = mongoDatabase(await server, 'random');
    await using copy = mongoDatabase(await server, 'random');
    await withMongo(source.url, (client) => createRandomDatabase(client.db(), seed + round));
    try {
      const { store, omissions } = await dumped(adapter, source.url);
      assert.deepEqual(omissions, []);
      await restored(adapter, store, copy.url);
      assert.deepEqual(await compareMongoDatabases(source.url, copy.url), []);
    } catch (cause) {
      throw new Error(`random database of seed ${seed + round}`, { cause });
    }
  }
});

const ACCOUNTS = 10_000;
const BALANCE = 1000;
/** Of the collection, in bytes, and of a second of the dump, so that it takes half a minute. */
const SIZE = 60 * 1024 * 1024;
const RATE = SIZE / 30;

interface Account extends Document {
  _id: number;
  balance: Long;
}

for (const mode of ['snapshot', 'log', 'snapshot that expires'] as const) {
  test(`money that moves for 30 seconds is neither lost nor made: ${mode}`, async (t) => {
    await using source = mongoDatabase(await server, 'money');
    await openAccounts(source.url, mode === 'log');
    const seconds = mode === 'snapshot that expires' ? 2 : 300;
    await withMongo(source.url, (client) =>
      client.db('admin').command({ setParameter: 1, minSnapshotHistoryWindowInSeconds: seconds }),
    );
    const stop = new AbortController();
    const writers = [1, 2, 3, 4].map((writer) => move(source.url, writer, stop.signal));
    const { store, milliseconds, position } = await dumped(adapter, source.url, {
      jobs: 2,
      rate: RATE,
    }).finally(() => stop.abort());
    const moved = (await Promise.all(writers)).reduce((sum, count) => sum + count, 0);
    t.diagnostic(JSON.stringify({ mode, seconds: milliseconds / 1000, moved, position: position.value }));
    assert.ok(milliseconds > 25_000, `the dump took ${milliseconds} ms`);
    await using copy = mongoDatabase(await server, 'copy');
    await restored(adapter, store, copy.url);
    const sum = await withMongo(copy.url, async (client) => {
      const rows = await client.db().collection<Account>('accounts').find().project({ balance: 1 }).toArray();
      assert.equal(rows.length, ACCOUNTS);
      return rows.reduce((total, { balance }) => total + Number(balance), 0);
    });
    assert.equal(sum, ACCOUNTS * BALANCE);
  });
}

async function openAccounts(url: string, capped: boolean): Promise<void> {
  const padding = 'x'.repeat(SIZE / ACCOUNTS);
  await withMongo(url, async (client) => {
    const rows = Array.from({ length: ACCOUNTS }, (_, _id) => ({
      _id,
      balance: Long.fromNumber(BALANCE),
      padding,
    }));
    await client.db().collection<Account>('accounts').insertMany(rows);
    // It cannot be read at a moment of the past.
    if (capped) await client.db().createCollection('history', { capped: true, size: 4096 });
  });
}

async function move(url: string, writer: number, signal: AbortSignal): Promise<number> {
  let moved = 0;
  await withMongo(url, async (client) => {
    const accounts = client.db().collection<Account>('accounts');
    await using session = client.startSession();
    for (let n = writer; !signal.aborted; n = (n * 7919 + writer) % ACCOUNTS) {
      await session.withTransaction(async () => {
        for (const [_id, amount] of [
          [n, -5],
          [(n + ACCOUNTS / 2) % ACCOUNTS, 5],
        ] as const)
          await accounts.updateOne({ _id }, { $inc: { balance: Long.fromNumber(amount) } }, { session });
      });
      moved += 1;
    }
  });
  return moved;
}
