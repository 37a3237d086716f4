/** What goes wrong between dbimg and a MongoDB server: said in its words, with nothing left behind. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Document } from 'mongodb';
import { adapter } from '../../src/adapters/mongodb/adapter.ts';
import type { Adapter } from '../../src/core/adapter.ts';
import { doctor } from '../../src/index.ts';
import { dumped, only, rejects, restored } from '../../src/testkit/jobs.ts';
import { tapped } from '../../src/testkit/tap.ts';
import { interrupted } from '../engines/interrupted.ts';
import { mongoCommand, mongoUrl, type RunningMongo, startMongo, withMongo } from '../engines/mongodb.ts';

const MiB = 1024 * 1024;
const servers: Promise<RunningMongo>[] = [];
after(async () => await Promise.all(servers.map(async (server) => (await server).stop())));

function started(options: Parameters<typeof startMongo>[0]): Promise<RunningMongo> {
  const server = startMongo(options);
  servers.push(server);
  return server;
}

async function fill(url: string, count = 100, length = 10): Promise<void> {
  await withMongo(url, async (client) => {
    const documents = Array.from({ length: count }, (_, n) => ({ n, text: `${n}`.padEnd(length, 'é') }));
    for (const name of ['a', 'b']) await client.db().collection(name).insertMany(structuredClone(documents));
  });
}

async function collections(url: string): Promise<string[]> {
  return await withMongo(url, async (client) => {
    const listed = await client.db().listCollections({}, { nameOnly: true }).toArray();
    return listed.map(({ name }) => name).sort();
  });
}

test('nobody answers', async () => {
  const url = 'mongodb://127.0.0.1:1/shop?serverSelectionTimeoutMS=500';
  const error = await rejects(dumped(adapter, url), 'CONNECT_FAILED');
  assert.match(error.hint ?? '', /host and port/);
});

test('log-in: a wrong password, a wrong database to know the user', async () => {
  const server = await started({ auth: true });
  await mongoCommand(server.url, 'shop', { createUser: 'clerk', pwd: 'right', roles: ['readWrite'] });
  for (const url of [
    mongoUrl(server.url, 'shop', { user: 'clerk', password: 'wrong' }),
    mongoUrl(server.url, 'shop', { user: 'clerk', password: 'right' }),
  ]) {
    const error = await rejects(dumped(adapter, url), 'LOGIN_FAILED');
    assert.match(error.hint ?? '', /authSource/);
  }
});

test('missing rights are named, and what they leave out is an omission', async () => {
  const server = await started({ auth: true });
  const shop = mongoUrl(server.url, 'shop');
  await fill(shop);
  await mongoCommand(server.url, 'admin', {
    createUser: 'reader',
    pwd: 'r',
    roles: [{ role: 'read', db: 'shop' }],
  });
  await mongoCommand(server.url, 'admin', { createUser: 'nobody', pwd: 'n', roles: [] });
  const nobody = mongoUrl(server.url, 'shop', { user: 'nobody', password: 'n' });
  const denied = await rejects(dumped(adapter, nobody), 'PERMISSION_DENIED');
  assert.match(denied.hint ?? '', /role backup/);
  const reader = mongoUrl(server.url, 'shop', { user: 'reader', password: 'r' });
  const image = await dumped(adapter, reader);
  assert.equal(image.records, 200);
  assert.deepEqual(
    image.omissions.map(({ kind }) => kind),
    ['users'],
  );
  assert.deepEqual(
    image.warnings.map(({ code }) => code),
    ['no-oplog'],
  );
  await rejects(restored(adapter, image.store, reader, { replace: true }), 'PERMISSION_DENIED');
  assert.deepEqual(await collections(shop), ['a', 'b']);
  await mongoCommand(server.url, 'shop', { create: 'c', capped: true, size: 4096 });
  await rejects(dumped(adapter, reader), 'PERMISSION_DENIED');
  await mongoCommand(server.url, 'shop', { create: 't', timeseries: { timeField: 't' } });
  await rejects(dumped(adapter, reader, { skip: ['c'] }), 'PERMISSION_DENIED');
  const { findings } = await doctor({ location: reader, registry: only(adapter) });
  assert.ok(findings.some(({ level, what }) => level === 'warning' && /oplog/.test(what)));
});

test('a stand-alone has no one moment, unless writers are kept out', async () => {
  const server = await started({ members: 0 });
  const shop = mongoUrl(server.url, 'shop');
  await fill(shop);
  const refused = await rejects(dumped(adapter, shop), 'UNSUPPORTED');
  assert.match(refused.hint ?? '', /--lock.*--allow fuzzy/);
  const fuzzy = await dumped(adapter, shop, { allow: ['fuzzy'] });
  assert.deepEqual(
    fuzzy.omissions.map(({ kind }) => kind),
    ['fuzzy'],
  );
  let locked = false;
  const watched: Adapter = {
    ...adapter,
    joinLane: async (...args) => {
      locked = await isLocked(server.url);
      return await adapter.joinLane(...args);
    },
  };
  const image = await dumped(watched, shop, { lock: true });
  assert.deepEqual([image.omissions, locked, await isLocked(server.url)], [[], true, false]);
  await restored(adapter, image.store, mongoUrl(server.url, 'copy'));
  const stop = new AbortController();
  const aborted = tapped(adapter, (what) => {
    if (what === 'joinLane.read') stop.abort();
  });
  await rejects(dumped(aborted, shop, { lock: true, signal: stop.signal }), 'CANCELLED');
  assert.equal(await isLocked(server.url), false);
});

async function isLocked(url: string): Promise<boolean> {
  const { fsyncLock } = await mongoCommand(url, 'admin', { currentOp: 1, $ownOps: true });
  return fsyncLock === true;
}

test('an oplog that rolls over while it is needed', async () => {
  const server = await started({ oplogMiB: 1, parameters: { enableTestCommands: 1 } });
  const shop = mongoUrl(server.url, 'shop');
  await fill(shop, 50);
  await mongoCommand(server.url, 'shop', { create: 'c', capped: true, size: 4096 });
  const rolledOver = interrupted(adapter, 'joinLane.read', 1, () =>
    withMongo(server.url, async (client) => {
      const oplog = client.db('local').collection('oplog.rs');
      const first = () => oplog.findOne({}, { sort: { $natural: 1 } });
      const [newest] = await oplog.find().sort({ $natural: -1 }).limit(1).toArray();
      const failing = (mode: string): Promise<Document> =>
        client.db('admin').command({
          ...{ configureFailPoint: 'failCommand', mode },
          data: {
            ...{ failCommands: ['find', 'getMore'], namespace: 'local.oplog.rs', appName: 'dbimg' },
            ...{ errorCode: 189, blockConnection: true, blockTimeMS: 1000 },
          },
        });
      // Nobody reads the oplog until it has lost what the dump saw last.
      await failing('alwaysOn');
      const others = client.db('other').collection('o');
      for (let n = 0; n < 64; n += 1) await others.insertOne({ text: 'x'.repeat(MiB) });
      // The server cuts its oplog about once a minute.
      while ((await first())?.ts.lte(newest?.ts)) {
        await others.insertOne({});
        await sleep(200);
      }
      await failing('off');
    }),
  );
  const error = await rejects(dumped(rolledOver, shop, { jobs: 1 }), 'LOG_GAP');
  assert.match(error.hint ?? '', /replSetResizeOplog/);
});
