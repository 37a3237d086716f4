/**
 * The rivals: the least that a client can do. A process of its own, so that it is measured like any program.
 *
 * usage: node bare.ts read URL                every document in raw batches on one connection, thrown away
 *        node bare.ts cursor URL FILE         every document through the driver's own cursor, one Buffer each, into a file
 *        node bare.ts save URL FOLDER         raw batches as files of ready BSON: what `insert` takes
 *        node bare.ts insert URL FOLDER       ready BSON, inserted unordered on one connection, nothing else
 *        node bare.ts indexes URL SOURCE      the indexes of SOURCE, collection by collection
 */
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir, open, readdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { type Db, type Document, MongoClient } from 'mongodb';

const { DocumentSequence } = createRequire(import.meta.url)('mongodb/lib/cmap/commands.js') as {
  DocumentSequence: new (field: string) => { push(document: Document, bytes: Uint8Array): number };
};

const BATCH_DOCUMENTS = 1_000_000;
/** Of one insert, like a chunk. */
const INSERT_BYTES = 1024 * 1024;
const READ_BYTES = 8 * 1024 * 1024;

/** Documents of a reply as the server sent them, the array's names between them. */
async function rawBatches(database: Db, name: string, take: (batch: Buffer) => Promise<void>): Promise<void> {
  const raw = { raw: true } as Document;
  const find = { find: name, hint: { $natural: 1 }, batchSize: BATCH_DOCUMENTS };
  let reply = await database.command(find, raw);
  for (;;) {
    const cursor = reply.cursor as Buffer;
    await take(cursor);
    const id = idOf(cursor);
    if (id === 0n) return;
    reply = await database.command({ getMore: id, collection: name, batchSize: BATCH_DOCUMENTS }, raw);
  }
}

/** The reply's cursor begins with `firstBatch` or `nextBatch`, or ends with `id`; the server writes `id` in either place. */
function idOf(cursor: Buffer): bigint {
  for (const { type, key, value } of fields(cursor))
    if (type === 0x12 && key === 'id') return value.readBigInt64LE(0);
  throw new Error('a reply without the id of its cursor');
}

function* fields(document: Buffer): Generator<{ type: number; key: string; value: Buffer }> {
  for (let at = 4; document[at] !== 0; ) {
    const type = document[at] as number;
    const end = document.indexOf(0, at + 1);
    const key = document.toString('latin1', at + 1, end);
    const start = end + 1;
    const length =
      type === 0x12 ? 8 : type === 0x08 ? 1 : document.readInt32LE(start) + (type === 0x02 ? 4 : 0);
    yield { type, key, value: document.subarray(start, start + length) };
    at = start + length;
  }
}

function* documentsOf(cursor: Buffer): Generator<Buffer> {
  for (const { key, value } of fields(cursor)) {
    if (!key.endsWith('Batch')) continue;
    for (let at = 4; value[at] !== 0; ) {
      const start = value.indexOf(0, at + 1) + 1;
      const length = value.readInt32LE(start);
      yield value.subarray(start, start + length);
      at = start + length;
    }
  }
}

async function collections(database: Db): Promise<string[]> {
  const found = await database.listCollections({ type: 'collection' }, { nameOnly: true }).toArray();
  return found.map(({ name }) => name).sort();
}

async function read(database: Db): Promise<void> {
  for (const name of await collections(database)) await rawBatches(database, name, async () => {});
}

async function cursor(database: Db, path: string): Promise<void> {
  const out = createWriteStream(path);
  for (const name of await collections(database)) {
    for await (const bytes of database.collection(name).find({}, { raw: true })) {
      if (!out.write(bytes)) await once(out, 'drain');
    }
  }
  out.end();
  await once(out, 'finish');
}

async function save(database: Db, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const name of await collections(database)) {
    await using file = await open(join(folder, name), 'w');
    await rawBatches(database, name, async (batch) => {
      await file.write(Buffer.concat([...documentsOf(batch)]));
    });
  }
}

async function insert(database: Db, folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    await database.createCollection(name);
    await using file = await open(join(folder, name));
    let held: Buffer = Buffer.alloc(0);
    let sequence = new DocumentSequence('documents');
    let length = 0;
    const send = async (): Promise<void> => {
      const options = { ordered: false, bypassDocumentValidation: true };
      if (length > 0) await database.command({ insert: name, documents: sequence, ...options });
      sequence = new DocumentSequence('documents');
      length = 0;
    };
    for (;;) {
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(READ_BYTES), 0, READ_BYTES);
      held = Buffer.concat([held, buffer.subarray(0, bytesRead)]);
      let at = 0;
      while (at + 4 <= held.length && at + held.readInt32LE(at) <= held.length) {
        const size = held.readInt32LE(at);
        sequence.push({}, held.subarray(at, at + size));
        at += size;
        length += size;
        if (length >= INSERT_BYTES) await send();
      }
      await send();
      held = held.subarray(at);
      if (bytesRead === 0) break;
    }
  }
}

async function indexes(database: Db, source: string): Promise<void> {
  await using other = await new MongoClient(source).connect();
  for (const name of await collections(other.db())) {
    const found = await other.db().collection(name).indexes();
    const made = found.filter((index) => index.name !== '_id_').map(({ v: _, ...index }) => index);
    if (made.length > 0) await database.command({ createIndexes: name, indexes: made });
  }
}

const [job = '', url = '', path = ''] = process.argv.slice(2);
const jobs: Readonly<Record<string, (database: Db, path: string) => Promise<void>>> = {
  read,
  cursor,
  save,
  insert,
  indexes,
};
const client = await new MongoClient(url, { maxPoolSize: 1 }).connect();
await jobs[job]?.(client.db(), path);
await client.close();
