/** MongoDB in a container of testcontainers, as users run it, and a database that goes there and back in it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { adapter } from '../../src/adapters/mongodb/adapter.ts';
import { dumped, restored } from '../../src/testkit/jobs.ts';
import { mongodbContainer } from '../engines/containers.ts';
import { mongoUrl, withMongo } from '../engines/mongodb.ts';
import { compareMongoDatabases } from '../oracle/mongodb.ts';

test('a MongoDB container of testcontainers with a root user is dumped and restored', async () => {
  const settings = await mongodbContainer();
  await using container = await settings
    .withUsername('keeper')
    .withPassword('s3cret')
    .withEnvironment({ MONGO_INITDB_DATABASE: 'shop' })
    .withCopyContentToContainer([
      {
        content: 'db.orders.insertMany([{ _id: 1, total: NumberDecimal("9.90") }, { _id: 2 }])',
        target: '/docker-entrypoint-initdb.d/orders.js',
        mode: 0o644,
      },
    ])
    .start();
  // The member is known by a name that only the container knows. Docker's network may not be loopback.
  const url = `${container.getConnectionString().replace('?', '/?')}&directConnection=true&tls=false`;
  await withMongo(url, async (client) => {
    assert.equal(await client.db('shop').collection('orders').countDocuments(), 2);
    const status = await client.db('admin').command({ connectionStatus: 1 });
    assert.deepEqual(status.authInfo.authenticatedUsers, [{ user: 'keeper', db: 'admin' }]);
  });
  const [source, copy] = [mongoUrl(url, 'shop'), mongoUrl(url, 'copy')];
  const { store } = await dumped(adapter, source);
  await restored(adapter, store, copy);
  assert.deepEqual(await compareMongoDatabases(source, copy), []);
});
