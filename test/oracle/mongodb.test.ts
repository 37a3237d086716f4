/** The oracle itself: what differs must be seen. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { BSON, type Collection, type Db, Long, MongoClient, Timestamp } from 'mongodb';
import { mongoDatabase, type RunningMongo, startMongo } from '../engines/mongodb.ts';
import { compareMongoDatabases, compareMongoServers } from './mongodb.ts';

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

interface Numbered {
  _id: number;
  [field: string]: unknown;
}

function docs(database: Db): Collection<Numbered> {
  return database.collection<Numbered>('docs');
}

async function fill(database: Db): Promise<void> {
  await database.createCollection('docs', { validator: { a: { $exists: true }, b: { $exists: false } } });
  await docs(database).insertMany([
    { _id: 1, a: 1, z: 'x' },
    { _id: 2, a: 0 },
    { _id: 3, a: new Timestamp(Long.fromNumber(1)) },
  ]);
  await docs(database).createIndex({ a: 1 }, { name: 'i', expireAfterSeconds: 10_000, sparse: true });
  await database.createCollection('capped', { capped: true, size: 10_000 });
  await database.collection<Numbered>('capped').insertMany([{ _id: 1 }, { _id: 2 }]);
  await database.createCollection('weather', { timeseries: { timeField: 't', metaField: 'm' } });
  await database.collection('weather').insertOne({ t: new Date(0), m: 1, v: 1 });
  await database.createCollection('view', { viewOn: 'docs', pipeline: [{ $match: { a: 1 } }] });
  await database.command({
    createRole: 'r',
    privileges: [{ resource: { db: database.databaseName, collection: 'docs' }, actions: ['find'] }],
    roles: [],
  });
}

/** Users get their salt by chance, so the copy takes the credentials over. */
async function copyUser(from: Db, to: Db): Promise<void> {
  const users = client.db('admin').collection<{ _id: string }>('system.users');
  const user = await users.findOne({ _id: `${from.databaseName}.u` });
  const fields = { ...user, _id: `${to.databaseName}.u`, db: to.databaseName };
  const roles = [{ role: 'read', db: to.databaseName }];
  const admin = client.db('admin');
  await admin.collection('fresh').insertOne({ ...fields, roles } as object);
  const merge = {
    tempUsersCollection: 'admin.fresh',
    tempRolesCollection: '',
    drop: false,
    db: to.databaseName,
  };
  await admin.command({ _mergeAuthzCollections: 1, ...merge });
  await admin.dropCollection('fresh');
}

const CHANGES: readonly [string, (database: Db) => Promise<unknown>][] = [
  ['a missing document', (db) => docs(db).deleteOne({ _id: 1 })],
  ['another document', (db) => docs(db).insertOne({ _id: 4, a: 1 })],
  ['the order of fields', (db) => docs(db).replaceOne({ _id: 1 }, { z: 'x', a: 1 })],
  ['a type of a number', (db) => docs(db).updateOne({ _id: 1 }, { $set: { a: Long.fromNumber(1) } })],
  ['the sign of a zero', (db) => docs(db).updateOne({ _id: 2 }, { $set: { a: new BSON.Double(-0) } })],
  ['an index', (db) => db.collection('docs').dropIndex('i')],
  [
    'an option of an index',
    (db) => db.command({ collMod: 'docs', index: { name: 'i', expireAfterSeconds: 9 } }),
  ],
  ['a hidden index', (db) => db.command({ collMod: 'docs', index: { name: 'i', hidden: true } })],
  [
    'the order of fields in a validator',
    (db) => db.command({ collMod: 'docs', validator: { b: { $exists: false }, a: { $exists: true } } }),
  ],
  ['a validation level', (db) => db.command({ collMod: 'docs', validationLevel: 'moderate' })],
  ['pre-images', (db) => db.command({ collMod: 'docs', changeStreamPreAndPostImages: { enabled: true } })],
  ['another collection', (db) => db.createCollection('empty')],
  [
    'the order in a capped collection',
    async (db) => {
      await db.dropCollection('capped');
      await db.createCollection('capped', { capped: true, size: 10_000 });
      await db.collection<Numbered>('capped').insertMany([{ _id: 2 }, { _id: 1 }]);
    },
  ],
  ['a size of a capped collection', (db) => db.command({ collMod: 'capped', cappedSize: 20_000 })],
  ['a measurement', (db) => db.collection('weather').insertOne({ t: new Date(1), m: 1, v: 2 })],
  ['a pipeline', (db) => db.command({ collMod: 'view', viewOn: 'docs', pipeline: [] })],
  ['a missing view', (db) => db.dropCollection('view')],
  ['a password', (db) => db.command({ updateUser: 'u', pwd: 'q' })],
  ['a right', (db) => db.command({ grantRolesToUser: 'u', roles: ['readWrite'] })],
  ['a missing role', (db) => db.command({ dropRole: 'r' })],
];

test('finds each kind of difference, and none where there is none', async (t) => {
  await using a = mongoDatabase(server);
  const source = client.db(a.name);
  await fill(source);
  const mechanisms = ['SCRAM-SHA-1'];
  await source.command({ createUser: 'u', pwd: 'p', roles: ['read'], mechanisms });
  for (const [what, change] of CHANGES) {
    await t.test(`sees ${what}`, async () => {
      await using b = mongoDatabase(server);
      const copy = client.db(b.name);
      await fill(copy);
      // Ids of buckets hold their time and a counter.
      await copy.collection('system.buckets.weather').deleteMany({});
      const buckets = await source.collection('system.buckets.weather').find().toArray();
      await copy.collection('system.buckets.weather').insertMany(buckets);
      await copyUser(source, copy);
      assert.deepEqual(await compareMongoDatabases(a.url, b.url), []);
      await change(copy);
      assert.notDeepEqual(await compareMongoDatabases(a.url, b.url), []);
      await copy.command({ dropAllUsersFromDatabase: 1 });
      await copy.command({ dropAllRolesFromDatabase: 1 });
    });
  }
  await source.command({ dropAllUsersFromDatabase: 1 });
  await source.command({ dropAllRolesFromDatabase: 1 });
});

test('compares servers, and the users of admin', async () => {
  await using other = await startMongo({ members: 0 });
  assert.deepEqual(await compareMongoServers(server.url, other.url), []);
  await client.db('admin').command({ createUser: 'boss', pwd: 'p', roles: ['root'] });
  assert.match(String(await compareMongoServers(server.url, other.url)), /admin: user boss/);
  await client.db('admin').command({ dropUser: 'boss' });
  await client.db('shop').createCollection('c');
  assert.match(String(await compareMongoServers(server.url, other.url)), /databases: shop and /);
  await client.db('shop').dropDatabase();
});
