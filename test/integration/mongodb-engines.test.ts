/** The MongoDB servers that the other tests rely on. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  forceElection,
  type Mongod,
  memberUrl,
  mongoCommand,
  mongoDatabase,
  mongoUrl,
  startMongo,
  withMongo,
} from '../engines/mongodb.ts';

test('a replica set of one has snapshot reads, transactions and an oplog, and goes without a trace', async () => {
  const server = await startMongo({ oplogMiB: 50, parameters: { minSnapshotHistoryWindowInSeconds: 7 } });
  const [member] = server.members as [Mongod];
  try {
    await withMongo(server.url, async (client) => {
      await using scratch = mongoDatabase(server);
      const database = client.db(scratch.name);
      await client.withSession((session) =>
        session.withTransaction(() => database.collection('c').insertOne({ n: 1 }, { session })),
      );
      const session = client.startSession({ snapshot: true });
      assert.equal(await database.collection('c').countDocuments({}, { session }), 1);
      await session.endSession();
      const stats = await client.db('local').command({ collStats: 'oplog.rs', scale: 1 << 20 });
      assert.equal(stats.maxSize, 50);
      const parameters = { getParameter: 1, minSnapshotHistoryWindowInSeconds: 1 };
      assert.equal((await client.db('admin').command(parameters)).minSnapshotHistoryWindowInSeconds, 7);
    });
  } finally {
    await server.stop();
  }
  assert.equal(existsSync(dirname(member.dbPath)), false);
});

test('a replica set and a stand-alone ask for a log-in', async () => {
  for (const members of [0, 1] as const) {
    await using server = await startMongo({ members, auth: true });
    const hello = await mongoCommand(server.url, 'admin', { hello: 1 });
    assert.equal(hello.setName, members === 0 ? undefined : 'rs0');
    await mongoCommand(server.url, 'admin', { createUser: "odd 'user'@/", pwd: 'p:w@/', roles: [] });
    const login = { user: "odd 'user'@/", password: 'p:w@/' };
    await mongoCommand(mongoUrl(server.url, 'shop', login), 'shop', { ping: 1 });
    const wrong = mongoUrl(server.url, 'shop', { ...login, password: 'wrong' });
    await assert.rejects(mongoCommand(wrong, 'shop', { ping: 1 }), { code: 18 });
    const nobody = memberUrl(server.members[0] as Mongod);
    await assert.rejects(mongoCommand(nobody, 'shop', { listCollections: 1 }), { codeName: 'Unauthorized' });
  }
});

test('three members elect another primary, and a member comes back after a crash', async () => {
  await using server = await startMongo({ members: 3 });
  await forceElection(server);
  const { primary } = await mongoCommand(server.url, 'admin', { hello: 1 });
  const at = server.members.findIndex(({ host, port }) => `${host}:${port}` === primary);
  const member = server.members[at] as Mongod;
  await member.stop('crash', 'keepFiles');
  await using _again = await member.restart();
  await withMongo(server.url, async (client) => {
    await client
      .db('shop')
      .collection('c')
      .insertOne({ n: 1 }, { writeConcern: { w: 3 } });
  });
});

test('a parameter that the server does not know is told with its own words', async () => {
  await assert.rejects(startMongo({ parameters: { nonsense: 1 } }), /Unknown --setParameter 'nonsense'/);
});

test('a server does not outlive a killed process', async () => {
  const module = new URL('../engines/mongodb.ts', import.meta.url).href;
  const source = `
    const { startMongo } = await import(${JSON.stringify(module)});
    console.log((await startMongo({ members: 0 })).members[0].dbPath);
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', source], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  child.stdout.setEncoding('utf8');
  const [dbPath] = (await once(child.stdout, 'data')) as [string];
  assert.ok(existsSync(dbPath.trim()));
  child.kill('SIGKILL');
  for (let tries = 0; existsSync(dbPath.trim()) && tries < 500; tries += 1) await sleep(20);
  assert.equal(existsSync(dbPath.trim()), false);
});
