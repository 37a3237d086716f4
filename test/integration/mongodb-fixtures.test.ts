/** The databases that the other tests are made of: the server takes them, and the seed decides. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { MongoClient } from 'mongodb';
import { mongoDatabase, type RunningMongo, startMongo } from '../engines/mongodb.ts';
import { chinookDocuments, createChinook } from '../mongodb-fixtures/chinook.ts';
import { createEveryKind, dropUsers } from '../mongodb-fixtures/every-kind.ts';
import { createRandomDatabase } from '../mongodb-fixtures/random-database.ts';
import { compareMongoDatabases } from '../oracle/mongodb.ts';

let server: RunningMongo;
let client: MongoClient;
before(async () => {
  server = await startMongo();
  client = await new MongoClient(server.url).connect();
});
after(async () => {
  await client.close();
  await server.stop();
});

test('Chinook has eleven collections', async () => {
  await using shop = mongoDatabase(server);
  await createChinook(client.db(shop.name));
  const documents = await chinookDocuments();
  assert.equal(documents.size, 11);
  assert.equal(await client.db(shop.name).collection('PlaylistTrack').countDocuments(), 8715);
  const first = { _id: 1, InvoiceId: 1, CustomerId: 2, InvoiceDate: new Date('2021-01-01T00:00:00Z') };
  assert.partialDeepStrictEqual(documents.get('Invoice')?.[0], first);
});

test('every kind of collection, index and value is there', async () => {
  await using scratch = mongoDatabase(server);
  const database = client.db(scratch.name);
  await createEveryKind(database);
  const collections = await database.listCollections().toArray();
  assert.deepEqual(
    new Set(collections.map(({ type }) => type)),
    new Set(['collection', 'view', 'timeseries']),
  );
  assert.equal((await database.collection('indexed').indexes()).length, 20);
  assert.equal((await database.command({ usersInfo: 1 })).users.length, 2);
  await dropUsers(database);
});

test('the same seed makes the same database', async (t) => {
  for (const seed of [1, 2, 3]) {
    await using a = mongoDatabase(server);
    await using b = mongoDatabase(server);
    const made = await createRandomDatabase(client.db(a.name), seed);
    t.diagnostic(JSON.stringify({ seed, ...made }));
    await createRandomDatabase(client.db(b.name), seed);
    const differences = await compareMongoDatabases(a.url, b.url);
    // Ids of buckets hold a random part.
    assert.deepEqual(
      differences.filter((text) => !/^(dbHash|documents) of system\.buckets/.test(text)),
      [],
    );
  }
});
