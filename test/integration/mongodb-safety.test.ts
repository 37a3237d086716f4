/** Elections, and how many members must have what is written. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { adapter } from '../../src/adapters/mongodb/adapter.ts';
import { dumped, type MemoryDump, rejects, restored } from '../../src/testkit/jobs.ts';
import { interrupted } from '../engines/interrupted.ts';
import {
  forceElection,
  memberUrl,
  mongoCommand,
  mongoDatabase,
  mongoUrl,
  type RunningMongo,
  startMongo,
  withMongo,
} from '../engines/mongodb.ts';
import { compareMongoDatabases } from '../oracle/mongodb.ts';

let server: RunningMongo;
let shop: string;
let image: MemoryDump;
before(async () => {
  server = await startMongo({ members: 3 });
  shop = mongoUrl(server.url, 'shop');
  await withMongo(shop, async (client) => {
    const rows = Array.from({ length: 2000 }, (_, n) => ({ n, text: 'é'.repeat(1500) }));
    for (const name of ['a', 'b']) await client.db().collection(name).insertMany(structuredClone(rows));
    const aged = { timeseries: { timeField: 't' }, expireAfterSeconds: 1_000_000_000 };
    await client.db().createCollection('t', aged);
    await client.db().collection('t').insertOne({ t: new Date() });
  });
});
after(async () => await server.stop());

async function collections(url: string): Promise<string[]> {
  return await withMongo(url, async (client) => {
    const listed = await client.db().listCollections({}, { nameOnly: true }).toArray();
    return listed.map(({ name }) => name).sort();
  });
}

async function assertTtlRuns(): Promise<void> {
  for (const member of server.members) {
    const command = { getParameter: 1, ttlMonitorEnabled: 1 };
    const { ttlMonitorEnabled } = await mongoCommand(memberUrl(member), 'admin', command);
    assert.equal(ttlMonitorEnabled, true, 'the TTL monitor runs again, wherever it was stopped');
  }
}

test('an election in the middle of a dump: small collections are read from the next primary', async () => {
  image = await dumped(
    interrupted(adapter, 'joinLane.read', 1, () => forceElection(server)),
    shop,
    {
      jobs: 2,
    },
  );
  assert.equal(image.records, 4001);
});

test('an election in the middle of a restore ends it, and nothing of it remains', async () => {
  await using copy = mongoDatabase(server, 'copy');
  const elected = interrupted(adapter, 'joinWriteLane.load', 3, () => forceElection(server));
  const error = await rejects(restored(elected, image.store, copy.url, { jobs: 1 }), 'CONNECTION_LOST');
  assert.match(error.hint ?? '', /Try again/);
  assert.deepEqual(await collections(copy.url), []);
  await assertTtlRuns();
});

test('with w=majority a restore goes on with the next primary, which has all that was loaded', async () => {
  await using copy = mongoDatabase(server, 'copy');
  const elected = interrupted(adapter, 'joinWriteLane.load', 3, () => forceElection(server));
  await restored(elected, image.store, `${copy.url}&w=majority`, { jobs: 1 });
  assert.deepEqual(await compareMongoDatabases(shop, copy.url), []);
  await assertTtlRuns();
});

test('the URL says how many members must have what is written', async () => {
  await withMongo(server.url, async (client) => {
    const { config } = await client.db('admin').command({ replSetGetConfig: 1 });
    config.version += 1;
    config.members.forEach((member: { tags: object }, n: number) => {
      member.tags = { place: `p${n}` };
    });
    config.settings.getLastErrorModes = { everywhere: { place: 3 } };
    await client.db('admin').command({ replSetReconfig: config });
  });
  for (const concern of [
    'w=majority',
    'w=1',
    'w=2',
    'w=everywhere',
    'journal=true',
    'w=3&wtimeoutMS=60000',
  ]) {
    await using copy = mongoDatabase(server, 'copy');
    await restored(adapter, image.store, `${copy.url}&${concern}`);
    assert.deepEqual(await compareMongoDatabases(shop, copy.url), [], concern);
  }
  const refused = mongoUrl(server.url, 'refused');
  await rejects(restored(adapter, image.store, `${refused}&w=0`), 'USAGE');
  for (const concern of ['w=4', 'w=nowhere']) {
    const error = await rejects(restored(adapter, image.store, `${refused}&${concern}`), 'SERVER_ERROR');
    assert.match(error.hint ?? '', /w, wtimeoutMS/);
    assert.deepEqual(await collections(refused), []);
  }
});

test('a set whose members go one after the other', async () => {
  const roles = await Promise.all(
    server.members.map(async (member) => {
      const { secondary } = await mongoCommand(memberUrl(member), 'admin', { hello: 1 });
      return { member, secondary };
    }),
  );
  const [first, survivor] = roles.filter(({ secondary }) => secondary).map(({ member }) => member);
  assert.ok(first && survivor);
  await first.stop();
  const late = mongoUrl(server.url, 'late');
  const error = await rejects(restored(adapter, image.store, `${late}&w=3&wtimeoutMS=300`), 'SERVER_ERROR');
  assert.match(error.hint ?? '', /w, wtimeoutMS/);
  assert.deepEqual(await collections(late), []);
  // A primary that is left alone would go on for ten seconds.
  for (const { member } of roles) if (member !== survivor) await member.stop();
  const none = await rejects(dumped(adapter, `${shop}&serverSelectionTimeoutMS=3000`), 'CONNECT_FAILED');
  assert.match(none.hint ?? '', /no primary/);
});
