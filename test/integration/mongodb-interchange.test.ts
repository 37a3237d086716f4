/** Archives and Extended JSON between MongoDB servers: what comes back is judged by the server and by a reader in Python. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { adapter } from '../../src/adapters/mongodb/adapter.ts';
import { convert, exportObject, importObject, MemoryStore } from '../../src/index.ts';
import { dumped, only, restored } from '../../src/testkit/jobs.ts';
import { mongoDatabase, startMongo, withMongo } from '../engines/mongodb.ts';
import { readArchive } from '../format/mongodump.ts';
import { createEveryKind, dropUsers } from '../mongodb-fixtures/every-kind.ts';
import { createRandomDatabase } from '../mongodb-fixtures/random-database.ts';
import { compareMongoDatabases } from '../oracle/mongodb.ts';

const server = startMongo();
after(async () => await (await server).stop());

const registry = only(adapter);
const seed = Number(process.env.DBIMG_TEST_SEED ?? Date.now() % 2 ** 31);

/** Through an archive, which is given back. */
async function throughArchive(source: string, copy: string): Promise<Uint8Array> {
  const { store } = await dumped(adapter, source);
  const archive = new MemoryStore();
  const { omissions } = await convert({ input: store, output: archive, registry });
  assert.deepEqual(omissions, []);
  const image = new MemoryStore();
  await convert({ input: archive, output: image, registry });
  await restored(adapter, image, copy, { trust: true });
  assert.deepEqual(await compareMongoDatabases(source, copy), []);
  return archive.bytes as Uint8Array;
}

test('a database with everything goes through an archive of mongodump', async () => {
  await using source = mongoDatabase(await server, 'archive');
  await using copy = mongoDatabase(await server, 'archive');
  await withMongo(source.url, (client) => createEveryKind(client.db(), { large: false }));
  try {
    const archive = await throughArchive(source.url, copy.url);
    const { prelude, documents } = await readArchive(archive);
    assert.equal(prelude.find(({ collection }) => collection === 'view')?.type, 'view');
    assert.equal(documents[`${source.name}.$admin.system.users`]?.length, 2);
    assert.equal(documents[`${source.name}.system.buckets.weather`]?.length, 34);
  } finally {
    for (const { url } of [source, copy]) await withMongo(url, (client) => dropUsers(client.db()));
  }
});

test(`random databases go through an archive (seed ${seed})`, async () => {
  for (let round = 0; round < 5; round += 1) {
    await using source = mongoDatabase(await server, 'archive');
    await using copy = mongoDatabase(await server, 'archive');
    await withMongo(source.url, (client) => createRandomDatabase(client.db(), seed + round));
    await throughArchive(source.url, copy.url).catch((cause) => {
      throw new Error(`random database of seed ${seed + round}`, { cause });
    });
  }
});

test('documents of every type go through canonical Extended JSON', async () => {
  await using source = mongoDatabase(await server, 'json');
  await withMongo(source.url, (client) => createEveryKind(client.db(), { users: false, large: false }));
  const { store } = await dumped(adapter, source.url);
  for (const [collection, array] of [
    ['values', false],
    ['all at once', true],
    ['ids', false],
    ['field names', true],
    ['one name twice', false],
    ['indexed', true],
  ] as const) {
    await using copy = mongoDatabase(await server, 'json');
    const pieces = await Array.fromAsync(exportObject({ image: store, object: collection, array, registry }));
    const input = new MemoryStore(new Uint8Array(Buffer.from(pieces.join(''))));
    const image = new MemoryStore();
    await importObject({ input, image, object: [copy.name, collection], registry });
    await restored(adapter, image, copy.url);
    const documents = (await compareMongoDatabases(source.url, copy.url)).filter(
      (difference) =>
        difference.startsWith(`dbHash of ${collection}:`) ||
        difference.startsWith(`documents of ${collection}:`),
    );
    assert.deepEqual(documents, [], collection);
  }
});
