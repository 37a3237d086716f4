/** Ready BSON into a collection: as it is, counted by the server. */
import { createRequire } from 'node:module';
import type { Document } from 'mongodb';
import type { ObjectName } from '../../core/adapter.ts';
import { DbimgError } from '../../core/errors.ts';
import { mongoErrorOf } from './errors.ts';
import { databaseOf, namespaceOf } from './names.ts';
import {
  decodeExactly,
  documentWith,
  type Element,
  elementsOf,
  encodeExactly,
  sequenceOf,
  TYPE,
} from './raw-bson.ts';
import type { Session } from './session.ts';

/**
 * A section of a message that holds documents one after the other, as a chunk does. It is internal to the driver, whose
 * version is therefore pinned; `test/integration/mongodb-driver.test.ts` holds this door open.
 */
interface Sequence {
  push(document: Document, bytes: Uint8Array): number;
}

const commands = createRequire(import.meta.url)('mongodb/lib/cmap/commands.js') as {
  readonly DocumentSequence: new (field: string) => Sequence;
};

/** What the server takes in one command. Bytes: 48,000,000 less what the message needs besides. */
const MOST_DOCUMENTS = 100_000;
const MOST_BYTES = 48_000_000 - 1024 * 1024;

/** What servers can that have learnt it in the middle of their life. */
export interface ServerAbilities {
  /** Leaves empty timestamps as they are: SERVER-88750. */
  readonly keepsEmptyTimestamps: boolean;
}

/** First versions, by release. */
const KEEPS_TIMESTAMPS: ReadonlyMap<number, readonly [number, number]> = new Map([
  [5, [0, 29]],
  [6, [0, 17]],
  [7, [0, 13]],
]);

export function abilitiesOf(version: string): ServerAbilities {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map((part) => Number.parseInt(part, 10));
  const [fromMinor, fromPatch] = KEEPS_TIMESTAMPS.get(major) ?? [0, 0];
  const since = minor > fromMinor || (minor === fromMinor && patch >= fromPatch);
  return { keepsEmptyTimestamps: major >= 8 || (KEEPS_TIMESTAMPS.has(major) && since) };
}

export interface Destination {
  /** Name in the image, for messages. */
  readonly object: ObjectName;
  /** Where the documents go. */
  readonly storage: ObjectName;
  readonly buckets: boolean;
  readonly writeConcern: Document;
  readonly abilities: ServerAbilities;
}

/** Inserts documents that lie one after the other. Returns how many the server says it took. */
export async function insertDocuments(
  session: Session,
  destination: Destination,
  bytes: Uint8Array,
  records: number,
): Promise<number> {
  if (!destination.abilities.keepsEmptyTimestamps && mayHoldEmptyTimestamps(bytes)) {
    return await insertWithTimestamps(session, destination, bytes);
  }
  if (records <= MOST_DOCUMENTS && bytes.length <= MOST_BYTES) {
    return await insertRun(session, destination, bytes);
  }
  let inserted = 0;
  for (const run of runsOf(bytes)) inserted += await insertRun(session, destination, run);
  return inserted;
}

/** Runs of documents that fit into one command each. */
function* runsOf(bytes: Uint8Array): Generator<Uint8Array> {
  let start = 0;
  let at = 0;
  let count = 0;
  for (const { length } of sequenceOf(bytes)) {
    if (count === MOST_DOCUMENTS || (count > 0 && at + length - start > MOST_BYTES)) {
      yield bytes.subarray(start, at);
      start = at;
      count = 0;
    }
    at += length;
    count += 1;
  }
  if (count > 0) yield bytes.subarray(start, at);
}

async function insertRun(session: Session, destination: Destination, bytes: Uint8Array): Promise<number> {
  const { object, storage, buckets, writeConcern, abilities } = destination;
  const documents = new commands.DocumentSequence('documents');
  documents.push({}, bytes);
  const doing = { what: `Documents could not be inserted into ${namespaceOf(object)}`, object };
  const reply = await session.command(
    databaseOf(storage),
    {
      insert: storage[1],
      documents,
      ordered: false,
      writeConcern,
      // Buckets have a validator that is part of how they work.
      ...(buckets ? {} : { bypassDocumentValidation: true }),
      ...(abilities.keepsEmptyTimestamps ? { bypassEmptyTsReplacement: true } : {}),
    },
    doing,
  );
  const [first] = (reply.writeErrors ?? []) as readonly { code: number; errmsg: string }[];
  if (first) throw mongoErrorOf(first.code, first.errmsg, doing);
  if (reply.writeConcernError) {
    throw mongoErrorOf(reply.writeConcernError.code, reply.writeConcernError.errmsg, doing);
  }
  return Number(reply.n);
}

/** Deletes the document of this `_id`, whatever its type, if there is one. */
export async function deleteDocument(
  session: Session,
  { object, storage, writeConcern }: Destination,
  id: Element,
): Promise<void> {
  const one = Buffer.alloc(4);
  one.writeInt32LE(1);
  const deletes = new commands.DocumentSequence('deletes');
  const statement = documentWith([
    { type: TYPE.document, key: 'q', value: documentWith([{ ...id, key: '_id' }]) },
    { type: TYPE.int32, key: 'limit', value: one },
  ]);
  deletes.push({}, statement);
  const doing = { what: `A document could not be deleted from ${namespaceOf(object)}`, object };
  await session.command(databaseOf(storage), { delete: storage[1], deletes, writeConcern }, doing);
}

/** Older servers put the time in place of an empty timestamp that is a field of the document itself. */
async function insertWithTimestamps(
  session: Session,
  destination: Destination,
  bytes: Uint8Array,
): Promise<number> {
  const plain: Buffer[] = [];
  const special: Buffer[] = [];
  for (const document of sequenceOf(bytes)) (hasEmptyTimestamp(document) ? special : plain).push(document);
  let inserted = 0;
  if (plain.length > 0) {
    for (const run of runsOf(Buffer.concat(plain))) inserted += await insertRun(session, destination, run);
  }
  for (const document of special) inserted += await insertLogged(session, destination, document);
  return inserted;
}

/** As though it came from the oplog: nothing is put in place of anything. */
async function insertLogged(session: Session, destination: Destination, document: Buffer): Promise<number> {
  const { object, storage } = destination;
  const decoded = decodeExactly(document);
  if (!document.equals(encodeExactly(decoded))) {
    throw new DbimgError(
      'UNSUPPORTED',
      'This server cannot take a document with an empty timestamp and deprecated types.',
      {
        object,
        hint: 'Servers from 5.0.29, 6.0.17, 7.0.13 and 8.0 on can.',
      },
    );
  }
  const doing = { what: `A document could not be inserted into ${namespaceOf(object)}`, object };
  const operation = { op: 'i', ns: namespaceOf(storage), o: decoded };
  // Together with others, in one transaction, it would be an insert like any other.
  const command = { applyOps: [operation], allowAtomic: false };
  const { applied } = await session.command('admin', command, doing);
  return Number(applied);
}

const NINE_ZEROS = Buffer.alloc(9);

/** The end of a name and an empty value; other types may look like it. */
function mayHoldEmptyTimestamps(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).includes(NINE_ZEROS);
}

function hasEmptyTimestamp(document: Buffer): boolean {
  if (!document.includes(NINE_ZEROS)) return false;
  for (const { type, value } of elementsOf(document)) {
    if (type === TYPE.timestamp && value.readBigUInt64LE(0) === 0n) return true;
  }
  return false;
}
