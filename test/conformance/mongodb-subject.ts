/** MongoDB as the conformance suite sees it: tables are collections, cells are fields, the key is `_id`. */
import { BSON, type Document, Long, MongoClient } from 'mongodb';
import type { Adapter } from '../../src/core/adapter.ts';
import type { Cell, Scratch, Subject, TableSpec } from '../../src/testkit/index.ts';
import { mongoDatabase, mongoUrl, withMongo } from '../engines/mongodb.ts';
import { compareMongoDatabases } from '../oracle/mongodb.ts';

interface Row extends Document {
  _id: Long;
}

/** A replica set with the URL of a user who may do everything: there are no transactions without one. */
export function mongodbSubject(server: { readonly url: string }, adapter: Adapter): Subject {
  return {
    name: 'mongodb',
    adapter,
    faultStride: 3,
    key: '_id',
    oddNames: [
      ...['a"b', "it's", 'line\nend', '😀 shop', 'a.b..c.', 'back\\slash', '__proto__', '*', 'Ünï.cödé'],
      'x'.repeat(200),
    ],
    secret: {
      location: mongoUrl(server.url, 'nowhere', { user: 'nobody', password: 'S3cr3t!x' }),
      password: 'S3cr3t!x',
    },
    // There is no database without a collection: one that is empty is one that is absent.
    create: async () => scratchOf(server),
    absent: async () => scratchOf(server),
    fill: async (location, tables) =>
      await withMongo(location, async (client) => {
        for (const table of tables) await makeCollection(client, table);
      }),
    rows: async (location, table) => await withMongo(location, (client) => readRows(client, table)),
    transfer: async (location, table, from, to, amount) => {
      const client = await writer(location);
      const rows = client.db().collection<Row>(table);
      const move = (id: number, by: number): Promise<unknown> =>
        rows.updateOne({ _id: Long.fromNumber(id) }, { $inc: { balance: Long.fromNumber(by) } }, { session });
      const session = client.startSession();
      try {
        await session.withTransaction(async () => {
          await move(from, -amount);
          await move(to, amount);
        });
      } finally {
        await session.endSession();
      }
    },
    traces: async () => await traces(server),
    compare: compareMongoDatabases,
  };
}

function scratchOf(server: { readonly url: string }): Scratch {
  const database = mongoDatabase(server, 'suite');
  return {
    location: database.url,
    async [Symbol.asyncDispose]() {
      await writers.get(database.url)?.then((client) => client.close());
      writers.delete(database.url);
      await database[Symbol.asyncDispose]();
    },
  };
}

/** Sessions of the tests' own writers, by database. */
const writers = new Map<string, Promise<MongoClient>>();

function writer(location: string): Promise<MongoClient> {
  let client = writers.get(location);
  if (!client) {
    client = new MongoClient(location, { appName: 'writer of suite' }).connect();
    writers.set(location, client);
  }
  return client;
}

async function makeCollection(client: MongoClient, { name, columns, rows }: TableSpec): Promise<void> {
  const collection = await client.db().createCollection(name);
  const documents = rows.map((row) =>
    Object.fromEntries(
      columns.map((column, at) => [at === 0 ? '_id' : column.name, bsonOf(row[at] as Cell)]),
    ),
  );
  if (documents.length > 0) await collection.insertMany(documents, { ordered: false });
  const last = columns.length > 1 ? columns.at(-1)?.name : 'id';
  await collection.createIndex({ [last ?? 'id']: 1 }, { name: 'last' });
}

function bsonOf(cell: Cell): unknown {
  if (typeof cell === 'bigint') return Long.fromBigInt(cell);
  return cell instanceof Uint8Array ? new BSON.Binary(cell) : cell;
}

async function readRows(client: MongoClient, table: string): Promise<Cell[][] | undefined> {
  const [there] = await client.db().listCollections({ name: table }).toArray();
  if (there === undefined) return undefined;
  const documents = client.db().collection<Row>(table);
  const rows: Cell[][] = [];
  for await (const row of documents.find({}, { promoteValues: false }).sort({ _id: 1 })) {
    rows.push(Object.values(row).map(cellOf));
  }
  return rows;
}

function cellOf(value: unknown): Cell {
  if (value instanceof Long) return value.toBigInt();
  return value instanceof BSON.Binary ? new Uint8Array(value.value()) : (value as Cell);
}

/** Sessions may need a moment to end after their socket was closed. */
const PATIENCE = 3000;

async function traces(server: { readonly url: string }): Promise<string[]> {
  return await withMongo(server.url, async (client) => {
    for (const deadline = performance.now() + PATIENCE; ; ) {
      const found = await lookForTraces(client);
      if (found.length === 0 || performance.now() > deadline) return found;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  });
}

async function lookForTraces(client: MongoClient): Promise<string[]> {
  const admin = client.db('admin');
  const found: string[] = [];
  const all = { allUsers: true, idleConnections: true, idleCursors: true, idleSessions: true };
  for await (const operation of admin.aggregate([{ $currentOp: all }])) {
    const { appName = '', type, desc, command } = operation;
    if (/^dbimg/.test(appName))
      found.push(`${type} of ${appName}: ${desc} ${JSON.stringify(command)?.slice(0, 80)}`);
  }
  const { fsyncLock } = await admin.command({ currentOp: 1, $ownOps: true });
  if (fsyncLock) found.push('an fsync lock');
  const { ttlMonitorEnabled } = await admin.command({ getParameter: 1, ttlMonitorEnabled: 1 });
  if (ttlMonitorEnabled === false) found.push('the TTL monitor is off');
  const { databases } = await admin.command({ listDatabases: 1, nameOnly: true });
  for (const { name } of databases as { name: string }[]) {
    if (name.includes('dbimg')) found.push(`database ${name}`);
    for (const collection of await client.db(name).listCollections({}, { nameOnly: true }).toArray()) {
      if (collection.name.includes('dbimg')) found.push(`collection ${name}.${collection.name}`);
    }
  }
  return found;
}
