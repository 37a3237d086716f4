/**
 * What MongoDB itself says of two databases: everything in which they differ. Definitions are compared as the server's
 * own bytes, documents as bytes in the order of `_id` (capped collections: as they lie), contents by `dbHash` too.
 */
import { createHash } from 'node:crypto';
import { BSON, type Db, type Document, type FindOptions, type MongoClient } from 'mongodb';
import { withMongo } from '../engines/mongodb.ts';

export interface CompareOptions {
  /** Users and roles of the databases, with their credentials. Default true. */
  readonly users?: boolean;
  /** Collections have the same UUIDs as well. Default false. */
  readonly uuids?: boolean;
}

/** Databases of the server's own, whose contents are no state of the user's. */
const INTERNAL = ['admin', 'config', 'local'];
/** Names the database in its documents: views are compared by their definitions. */
const NOT_HASHED = ['system.views', 'system.profile'];

type Description = Map<string, string>;

/** Differences of the two databases that the URLs name; empty if there are none. */
export async function compareMongoDatabases(
  a: string,
  b: string,
  options: CompareOptions = {},
): Promise<string[]> {
  return await withMongo(a, (first) =>
    withMongo(b, async (second) => {
      const [one, two] = [first.db(), second.db()];
      const differences = differing(await describe(one, options), await describe(two, options));
      return await withDocuments(differences, one, two);
    }),
  );
}

/** Differences of all databases of two servers, and of the users and roles of `admin`. */
export async function compareMongoServers(
  a: string,
  b: string,
  options: CompareOptions = {},
): Promise<string[]> {
  return await withMongo(a, (first) =>
    withMongo(b, async (second) => {
      const [names, others] = [await databases(first), await databases(second)];
      const differences = `${names}` === `${others}` ? [] : [`databases: ${names} and ${others}`];
      for (const name of names) {
        const [one, two] = [first.db(name), second.db(name)];
        const found = differing(await describe(one, options), await describe(two, options));
        differences.push(...(await withDocuments(found, one, two)).map((text) => `${name}: ${text}`));
      }
      if (options.users !== false) {
        const [one, two] = [await principals(first.db('admin')), await principals(second.db('admin'))];
        differences.push(...differing(one, two).map(({ key, text }) => `admin: ${key}: ${text}`));
      }
      return differences;
    }),
  );
}

interface Difference {
  readonly key: string;
  readonly text: string;
}

function differing(a: Description, b: Description): Difference[] {
  const keys = [...new Set([...a.keys(), ...b.keys()])].sort();
  return keys
    .filter((key) => a.get(key) !== b.get(key))
    .map((key) => ({ key, text: `${a.get(key) ?? 'missing'} and ${b.get(key) ?? 'missing'}` }));
}

async function databases(client: MongoClient): Promise<string[]> {
  const { databases: all } = await client.db('admin').admin().listDatabases({ nameOnly: true });
  return all
    .map(({ name }) => name)
    .filter((name) => !INTERNAL.includes(name))
    .sort();
}

async function describe(database: Db, options: CompareOptions): Promise<Description> {
  const found: Description = new Map();
  const hashes = await database.command({ dbHash: 1 });
  for (const raw of await batchOf(database, { listCollections: 1, cursor: { batchSize: 100_000 } })) {
    const info = BSON.deserialize(raw, { promoteValues: false });
    const name = String(info.name);
    if (NOT_HASHED.includes(name)) continue;
    const fields = elements(raw);
    for (const field of ['type', 'options', 'idIndex']) {
      const bytes = fields.get(field);
      if (bytes !== undefined) found.set(`${field} of ${name}`, shown(bytes));
    }
    if (info.type.valueOf() === 'view') continue;
    if (options.uuids && info.info.uuid) found.set(`UUID of ${name}`, info.info.uuid.toString('hex'));
    if (info.type.valueOf() === 'timeseries') {
      await describeIndexes(database, name, found);
      continue;
    }
    found.set(`dbHash of ${name}`, String(hashes.collections[name]));
    await describeIndexes(database, name, found);
    found.set(`documents of ${name}`, await hashDocuments(database, name, Boolean(info.options.capped)));
  }
  if (options.users !== false) for (const [key, value] of await principals(database)) found.set(key, value);
  return found;
}

async function describeIndexes(database: Db, name: string, found: Description): Promise<void> {
  for (const raw of await batchOf(database, { listIndexes: name, cursor: { batchSize: 10_000 } })) {
    found.set(`index ${BSON.deserialize(raw).name} of ${name}`, shown(raw));
  }
}

/** Everything in one batch: definitions are small. */
async function batchOf(database: Db, command: Document): Promise<Uint8Array[]> {
  const reply = (await database.command(command, { raw: true } as Document)) as { cursor: Uint8Array };
  const fields = elements(reply.cursor);
  if (BSON.deserialize(reply.cursor).id.toString() !== '0') throw new Error('more than one batch');
  return [...elements(fields.get('firstBatch')?.subarray(1) ?? new Uint8Array(5)).values()].map((bytes) =>
    bytes.subarray(1),
  );
}

/** Fields of a document: type byte and bytes of the value. Definitions have no field twice. */
function elements(document: Uint8Array): Map<string, Uint8Array> {
  const fields = new Map<string, Uint8Array>();
  for (const [type, nameOffset, nameLength, offset, length] of BSON.onDemand.parseToElements(document)) {
    const name = Buffer.from(document.subarray(nameOffset, nameOffset + nameLength)).toString();
    fields.set(name, Uint8Array.of(type, ...document.subarray(offset, offset + length)));
  }
  return fields;
}

/** For people to read, and exact: the text may hide a difference, the hash does not. */
function shown(bytes: Uint8Array): string {
  const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 16);
  const text = Buffer.from(bytes)
    .toString('latin1')
    .replaceAll(/[^ -~]+/g, '·');
  return `${text.slice(0, 400)} (${bytes.length} bytes, ${hash})`;
}

function documents(database: Db, name: string, capped: boolean): AsyncIterable<Uint8Array> {
  const options: FindOptions = { raw: true, ...(capped ? { hint: { $natural: 1 } } : { sort: { _id: 1 } }) };
  return database.collection(name).find({}, options) as AsyncIterable<unknown> as AsyncIterable<Uint8Array>;
}

async function hashDocuments(database: Db, name: string, capped: boolean): Promise<string> {
  const hash = createHash('sha256');
  let count = 0;
  for await (const bytes of documents(database, name, capped)) {
    hash.update(bytes);
    count += 1;
  }
  return `${count} documents, ${hash.digest('hex').slice(0, 16)}`;
}

/** Users and roles that the database owns, its own name left out. Ids of users are given by the server. */
async function principals(database: Db): Promise<Description> {
  const found: Description = new Map();
  const own = database.databaseName;
  const admin = database.client.db('admin');
  for (const [kind, collection, name] of [
    ['user', 'system.users', 'user'],
    ['role', 'system.roles', 'role'],
  ] as const) {
    for await (const { _id, userId: _, ...rest } of admin.collection(collection).find({ db: own })) {
      const text = BSON.EJSON.stringify(rest, (key, value) =>
        key === 'db' && value === own ? '<own>' : value,
      );
      found.set(`${kind} ${rest[name]}`, text);
    }
  }
  return found;
}

/** Adds the first pair of documents that differ. */
async function withDocuments(differences: readonly Difference[], a: Db, b: Db): Promise<string[]> {
  const told: string[] = [];
  for (const { key, text } of differences) {
    const [, name] = /^documents of (.*)$/s.exec(key) ?? [];
    const pair = name === undefined || text.includes('missing') ? '' : await firstPair(a, b, name);
    told.push(`${key}: ${text}${pair}`);
  }
  return told;
}

async function firstPair(a: Db, b: Db, name: string): Promise<string> {
  const [one, two] = await Promise.all([a, b].map((database) => isCapped(database, name)));
  const others = documents(b, name, two ?? false)[Symbol.asyncIterator]();
  let nth = 0;
  for await (const bytes of documents(a, name, one ?? false)) {
    const other = (await others.next()).value as Uint8Array | undefined;
    if (other === undefined || Buffer.compare(bytes, other) !== 0) {
      return `; document ${nth}: ${shown(bytes)} and ${other === undefined ? 'none' : shown(other)}`;
    }
    nth += 1;
  }
  return `; document ${nth}: none and another`;
}

async function isCapped(database: Db, name: string): Promise<boolean> {
  const [info] = await database.listCollections({ name }).toArray();
  return Boolean(info && 'options' in info && info.options?.capped);
}
