/** The doors of the driver that dbimg uses beside its public interface: they hold with the version that is pinned. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { BSON } from 'mongodb';
import manifest from '../../package.json' with { type: 'json' };
import { insertDocuments } from '../../src/adapters/mongodb/inserting.ts';
import { fieldOf } from '../../src/adapters/mongodb/raw-bson.ts';
import { documentsIn, Session, UNINTERRUPTED } from '../../src/adapters/mongodb/session.ts';
import { startMongo } from '../engines/mongodb.ts';

const server = startMongo();
after(async () => await (await server).stop());

const DOING = { what: 'The test failed' };

test('the version is pinned', () => {
  assert.match(manifest.dependencies.mongodb, /^\d+\.\d+\.\d+$/);
});

test('ready BSON goes in as a sequence of documents and comes out as one batch, byte for byte', async () => {
  await using session = await Session.open({ url: (await server).url }, { signal: UNINTERRUPTED });
  // More than one command takes, so that the run is cut.
  const documents = Array.from({ length: 100_003 }, (_, _id) =>
    Buffer.from(BSON.serialize({ _id, b: 'b', a: [_id] })),
  );
  const inserted = await insertDocuments(
    session,
    {
      ...{ object: ['door', 'c'], storage: ['door', 'c'], buckets: false, writeConcern: { w: 1 } },
      abilities: { keepsEmptyTimestamps: false },
    },
    Buffer.concat(documents),
    documents.length,
  );
  assert.equal(inserted, documents.length);
  await using cursor = session.cursor('door', DOING);
  const read: Buffer[] = [];
  const command = { find: 'c', hint: { _id: 1 }, batchSize: 30_000 };
  for (let batch = await cursor.open(command); ; batch = await cursor.more()) {
    for (const document of documentsIn(batch)) read.push(Buffer.from(document));
    if (batch.id.isZero()) break;
  }
  assert.equal(Buffer.compare(Buffer.concat(read), Buffer.concat(documents)), 0);
});

test('a find carries the time of a snapshot, which the driver itself would drop', async () => {
  await using session = await Session.open({ url: (await server).url }, { signal: UNINTERRUPTED });
  await session.command(
    'door',
    { insert: 's', documents: [{ _id: 1, v: 1 }], writeConcern: { w: 'majority' } },
    DOING,
  );
  const { lastWrite } = await session.command('admin', { hello: 1 }, DOING);
  await session.command('door', { update: 's', updates: [{ q: {}, u: { $set: { v: 2 } } }] }, DOING);
  const readConcern = { level: 'snapshot', atClusterTime: lastWrite.majorityOpTime.ts };
  const found: number[] = [];
  for await (const document of session.documents('door', { find: 's', readConcern }, DOING)) {
    found.push(fieldOf(document, 'v')?.value.readInt32LE() ?? 0);
  }
  assert.deepEqual(found, [1]);
});
