/** Documents that are bytes already, put into a collection as they are. */
import { createRequire } from 'node:module';
import { BSON, type Db, type Document, Long, Timestamp } from 'mongodb';

interface Sequence {
  push(document: Document, bytes: Uint8Array): number;
}

const { DocumentSequence } = createRequire(import.meta.url)('mongodb/lib/cmap/commands.js') as {
  DocumentSequence: new (field: string) => Sequence;
};

/** Bytes of one message; the server takes 48,000,000. */
const MESSAGE = 40_000_000;
const DOCUMENTS = 50_000;

export async function insertRaw(
  database: Db,
  collection: string,
  documents: Iterable<Uint8Array>,
  options: Document = {},
): Promise<void> {
  let [sequence, bytes, count] = [new DocumentSequence('documents'), 0, 0];
  const send = async (): Promise<void> => {
    if (count === 0) return;
    const reply = await database.command({
      insert: collection,
      documents: sequence,
      ordered: true,
      ...options,
    });
    if (reply.n !== count)
      throw new Error(`${collection}: ${BSON.EJSON.stringify(reply.writeErrors ?? reply)}`);
    [sequence, bytes, count] = [new DocumentSequence('documents'), 0, 0];
  };
  for (const document of documents) {
    if (bytes + document.length > MESSAGE || count === DOCUMENTS) await send();
    sequence.push({}, document);
    bytes += document.length;
    count += 1;
  }
  await send();
}

/** A field of the value Timestamp(0, 0): an insert would make it the present moment, an update does not. */
export async function setEmptyTimestamp(database: Db, collection: string, id: number): Promise<void> {
  const empty = new Timestamp(Long.fromNumber(0, true));
  await database
    .collection<{ _id: number }>(collection)
    .updateOne({ _id: id }, { $set: { empty }, $unset: { gone: '' } });
}
