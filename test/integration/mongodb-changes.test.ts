/** Every kind of definition that may change while a dump is made: what comes back is as it was at its end. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { type Db, type Document, Double } from 'mongodb';
import { adapter } from '../../src/adapters/mongodb/adapter.ts';
import { dumped, rejects, restored } from '../../src/testkit/jobs.ts';
import { interrupted } from '../engines/interrupted.ts';
import { mongoCommand, mongoDatabase, mongoUrl, startMongo, withMongo } from '../engines/mongodb.ts';
import { dbPointer, document, field, int32 } from '../mongodb-fixtures/bson.ts';
import { dropUsers } from '../mongodb-fixtures/every-kind.ts';
import { insertRaw } from '../mongodb-fixtures/insert.ts';
import { compareMongoDatabases } from '../oracle/mongodb.ts';

const server = startMongo();
after(async () => await (await server).stop());

/** What is run before and during the dump; `n` is the name of a collection that only this case has. */
interface Change {
  before?(n: string): readonly Document[];
  during(n: string): readonly Document[];
}

const index = (n: string, options: Document = {}): Document => ({
  createIndexes: n,
  indexes: [{ key: { a: 1 }, name: 'a', ...options }],
});
const one = (n: string, document: Document = { _id: 1, a: 1 }): Document => ({
  insert: n,
  documents: [document],
});
const of = (options: Document, change: Document, ...more: readonly Document[]): Change => ({
  before: (n) => [{ create: n, ...options }],
  during: (n) => [change, ...more].map((each) => ({ collMod: n, ...each })),
});
const ofIndex = (options: Document, ...changes: readonly Document[]): Change => ({
  before: (n) => [one(n), index(n, options)],
  during: (n) => changes.map((change) => ({ collMod: n, index: { name: 'a', ...change } })),
});
const measured = { timeField: 't', metaField: 'm' };
const measurement = (n: string, m: unknown): Document => one(n, { t: new Date(1_700_000_000_000), m, v: 1 });

const CHANGES: Readonly<Record<string, Change>> = {
  'an index and a validator at once': {
    before: (n) => [one(n), index(n)],
    during: (n) => [{ collMod: n, index: { name: 'a', hidden: true }, validator: { a: 1 } }],
  },
  shown: ofIndex({ hidden: true }, { hidden: false }),
  'hidden and shown': ofIndex({}, { hidden: true }, { hidden: false }),
  'later expiry': ofIndex({ expireAfterSeconds: 100_000_000 }, { expireAfterSeconds: 200_000_000 }),
  'expiry by pattern': {
    before: (n) => [one(n), index(n)],
    during: (n) => [
      { collMod: n, index: { keyPattern: { a: 1 }, expireAfterSeconds: new Double(200_000_000.5) } },
    ],
  },
  'to become unique': ofIndex({}, { prepareUnique: true }),
  'not to become unique': ofIndex({ prepareUnique: true }, { prepareUnique: false }),
  unique: ofIndex({}, { prepareUnique: true }, { unique: true }),
  'without a validator': of({ validator: { a: 1 } }, { validator: {}, validationLevel: 'off' }),
  'validated in another way': of(
    { validator: { a: 1 } },
    { validationLevel: 'moderate', validationAction: 'warn' },
  ),
  'with pre-images': of({}, { changeStreamPreAndPostImages: { enabled: true } }),
  'without expiry': of(
    { clusteredIndex: { key: { _id: 1 }, unique: true }, expireAfterSeconds: 100_000_000 },
    { expireAfterSeconds: 'off' },
  ),
  'with expiry': of(
    { clusteredIndex: { key: { _id: 1 }, unique: true } },
    { expireAfterSeconds: 123_456_789 },
  ),
  'series of hours': {
    before: (n) => [{ create: n, timeseries: measured }, measurement(n, 1)],
    during: (n) => [{ collMod: n, timeseries: { granularity: 'hours' } }, measurement(n, 2)],
  },
  'series without expiry': of(
    { timeseries: measured, expireAfterSeconds: 100_000_000 },
    { expireAfterSeconds: 'off' },
  ),
  'series with indexes': {
    before: (n) => [{ create: n, timeseries: measured }],
    during: (n) => [
      {
        createIndexes: n,
        indexes: [
          { key: { 'm.x': 1, t: -1 }, name: 'down' },
          { key: { m: -1, t: 1 }, name: 'up' },
          { key: { v: 1 }, name: 'v' },
        ],
      },
      { collMod: n, index: { name: 'down', hidden: true } },
    ],
  },
  'series without an index': {
    before: (n) => [{ create: n, timeseries: measured }, index(n, { key: { m: 1 } })],
    during: (n) => [{ dropIndexes: n, index: 'a' }],
  },
  'series dropped': { before: (n) => [{ create: n, timeseries: measured }], during: (n) => [{ drop: n }] },
  'series made': {
    during: (n) => [
      { create: n, timeseries: measured },
      measurement(n, { x: 1 }),
      index(n, { key: { m: 1 } }),
    ],
  },
  'series with deletions': {
    before: (n) => [{ create: n, timeseries: measured }, measurement(n, 1), measurement(n, 2)],
    during: (n) => [
      { delete: n, deletes: [{ q: { m: 1 }, limit: 0 }] },
      { update: n, updates: [{ q: { m: 2 }, u: { $set: { m: 3 } }, multi: true }] },
    ],
  },
  'view of something else': {
    before: (n) => [{ create: n, viewOn: 'shown', pipeline: [] }],
    during: (n) => [{ collMod: n, viewOn: 'unique', pipeline: [{ $match: { a: 1 } }] }],
  },
  'view, then collection': {
    before: (n) => [{ create: n, viewOn: 'shown', pipeline: [] }],
    during: (n) => [{ drop: n }, one(n)],
  },
  'collection, then view': {
    before: (n) => [one(n)],
    during: (n) => [{ drop: n }, { create: n, viewOn: 'shown', pipeline: [] }],
  },
  'capped by copying': { before: (n) => [one(n)], during: (n) => [{ convertToCapped: n, size: 4096 }] },
  'without indexes': {
    before: (n) => [one(n), index(n), index(n, { key: { b: 1 }, name: 'b' })],
    during: (n) => [{ dropIndexes: n, index: '*' }],
  },
  'with another index of the name': {
    before: (n) => [one(n), index(n)],
    during: (n) => [{ dropIndexes: n, index: 'a' }, index(n, { unique: true, collation: { locale: 'de' } })],
  },
  'dropped and made again': { before: (n) => [one(n)], during: (n) => [{ drop: n }, one(n, { _id: 2 })] },
};

/** Dumps `before` while it becomes `during`, restores it, and compares. */
async function comesBack(
  part: number,
  before: (database: Db) => Promise<void>,
  during: (database: Db) => Promise<void>,
): Promise<void> {
  await using source = mongoDatabase(await server, 'changes');
  await using copy = mongoDatabase(await server, 'changes');
  await withMongo(source.url, async (client) => {
    const database = client.db();
    await before(database);
    const { store } = await dumped(
      interrupted(adapter, 'joinLane.read', part + 1, () => during(database)),
      source.url,
      { jobs: 1 },
    );
    await restored(adapter, store, copy.url);
  });
  try {
    assert.deepEqual(await compareMongoDatabases(source.url, copy.url), []);
  } finally {
    for (const { url } of [source, copy]) await withMongo(url, (client) => dropUsers(client.db()));
  }
}

async function run(database: Db, when: 'before' | 'during'): Promise<void> {
  for (const [n, change] of Object.entries(CHANGES)) {
    for (const command of change[when]?.(n) ?? []) await database.command(command);
  }
}

for (const part of [0, 12]) {
  test(`collections, indexes and views change before part ${part} is read`, async () => {
    await comesBack(
      part,
      (database) => run(database, 'before'),
      (database) => run(database, 'during'),
    );
  });
}

test('collections that exchange their names are read by what they are', async () => {
  for (const part of [0, 1, 2]) {
    await comesBack(
      part,
      async (database) => {
        for (const n of ['a', 'b', 'c']) await database.command(one(n, { _id: n }));
      },
      async (database) => {
        await database.collection('a').rename('t');
        await database.collection('b').rename('a');
        await database.collection('t').rename('b');
        await database.collection('c').rename('moved');
      },
    );
  }
});

test('all views go at once, or with their database', async () => {
  const drops = [
    (database: Db) => database.command({ drop: 'system.views' }),
    (database: Db) => database.dropDatabase(),
  ];
  for (const drop of drops) {
    await comesBack(
      0,
      async (database) => {
        await database.command(one('shown'));
        await database.command({ create: 'view', viewOn: 'shown', pipeline: [] });
      },
      async (database) => {
        await database.command({ create: 'another view', viewOn: 'shown', pipeline: [] });
        await database.command({ drop: 'shown' });
        await drop(database);
        await database.command(one('after'));
        await database.command({ create: 'last view', viewOn: 'after', pipeline: [] });
      },
    );
  }
});

test('documents whose keys the driver cannot write change too', async () => {
  const keyed = (byte: string, v: number) =>
    document(field('_id', dbPointer('shop.c', byte.repeat(12))), field('v', int32(v)));
  await comesBack(
    0,
    async (database) => {
      // It cannot be read at a moment of the past, so the log is replayed.
      await database.command({ create: 'capped', capped: true, size: 4096 });
      await insertRaw(database, 'c', [keyed('01', 1), keyed('02', 2), keyed('03', 3)]);
    },
    async (database) => {
      await database.command(one('capped'));
      const c = database.collection('c');
      await insertRaw(database, 'c', [keyed('04', 4), keyed('05', 5)]);
      await c.deleteMany({ v: { $in: [1, 4] } });
      await c.replaceOne({ v: 2 }, { v: 22 });
      await c.replaceOne({ v: 5 }, { v: 55 });
    },
  );
});

test('users and roles that change are those of the end of the dump', async () => {
  const commands = {
    before: [
      one('c'),
      { createUser: 'changed', pwd: 'old', roles: [] },
      { createUser: 'dropped', pwd: 'x', roles: ['read'] },
      { createRole: 'old', privileges: [], roles: ['read'] },
    ],
    during: [
      { drop: 'c' },
      { createUser: 'made', pwd: 'x', roles: ['read'], customData: { a: 1 } },
      { updateUser: 'changed', pwd: 'new', customData: { z: 1, a: 2 } },
      { dropUser: 'dropped' },
      { createRole: 'new', privileges: [], roles: ['old'] },
      { grantRolesToUser: 'made', roles: ['new', 'old'] },
      // In a transaction: it is taken from all who have it.
      { dropRole: 'old' },
      one('d'),
    ],
  };
  const all = (list: readonly Document[]) => async (database: Db) => {
    for (const command of list) await database.command(command);
  };
  await comesBack(0, all(commands.before), all(commands.during));
  const gone = [{ drop: 'c' }, { dropAllUsersFromDatabase: 1 }, { dropAllRolesFromDatabase: 1 }, one('d')];
  await comesBack(0, all(commands.before), all(gone));
});

test('what the log cannot say again ends the dump', async () => {
  await using other = await startMongo({ parameters: { enableTestCommands: 1 } });
  const url = mongoUrl(other.url, 'emptied');
  await mongoCommand(url, 'emptied', { create: 'capped', capped: true, size: 4096 });
  await mongoCommand(url, 'emptied', one('capped'));
  const emptied = interrupted(adapter, 'joinLane.read', 1, () =>
    mongoCommand(url, 'emptied', { emptycapped: 'capped' }),
  );
  const error = await rejects(dumped(emptied, url), 'SOURCE_CHANGED');
  assert.match(error.message, /emptycapped/);
  assert.deepEqual(error.object, ['emptied', 'capped']);
});
