/** Databases go there and back, judged by the server: dbHash, definitions, documents as bytes, users and roles. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { adapter } from '../../src/adapters/mongodb/adapter.ts';
import { dumped, restored } from '../../src/testkit/jobs.ts';
import { mongoDatabase, startMongo, withMongo } from '../engines/mongodb.ts';
import { createChinook } from '../mongodb-fixtures/chinook.ts';
import { createEveryKind, dropUsers } from '../mongodb-fixtures/every-kind.ts';
import { createRandomDatabase } from '../mongodb-fixtures/random-database.ts';
import { compareMongoDatabases } from '../oracle/mongodb.ts';

const server = startMongo();
after(async () => await (await server).stop());

const seed = Number(process.env.DBIMG_TEST_SEED ?? Date.now() % 2 ** 31);
const RANDOM = Number(process.env.DBIMG_TEST_ROUNDS ?? 30);

async function thereAndBack(source: string, copy: string, options = {}): Promise<void> {
  const { store, omissions } = await dumped(adapter, source, options);
  assert.deepEqual(omissions, []);
  await restored(adapter, store, copy, { trust: true });
  assert.deepEqual(await compareMongoDatabases(source, copy), []);
}

test('a database with every value, option and kind of index', async () => {
  await using source = mongoDatabase(await server, 'every');
  await using copy = mongoDatabase(await server, 'every');
  await withMongo(source.url, (client) => createEveryKind(client.db()));
  try {
    await thereAndBack(source.url, copy.url);
  } finally {
    for (const { url } of [source, copy]) await withMongo(url, (client) => dropUsers(client.db()));
  }
});

test('Chinook as documents', async () => {
  await using source = mongoDatabase(await server, 'chinook');
  await using copy = mongoDatabase(await server, 'chinook');
  await withMongo(source.url, (client) => createChinook(client.db()));
  await thereAndBack(source.url, copy.url, { jobs: 1 });
});

test(`${RANDOM} random databases (seed ${seed})`, async () => {
  for (let round = 0; round < RANDOM; round += 1) {
    await using source = mongoDatabase(await server, 'random');
    await using copy = mongoDatabase(await server, 'random');
    await withMongo(source.url, (client) => createRandomDatabase(client.db(), seed + round));
    try {
      await thereAndBack(source.url, copy.url);
    } catch (error) {
      throw new Error(`random database of seed ${seed + round}`, { cause: error });
    } finally {
      for (const { url } of [source, copy]) await withMongo(url, (client) => dropUsers(client.db()));
    }
  }
});
