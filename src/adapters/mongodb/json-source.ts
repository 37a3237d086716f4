/** A file of Extended JSON as a database of one collection: an array of documents, or one after the other. */

import { BSON } from 'mongodb';
import type {
  CatalogEntry,
  Database,
  Finish,
  ObjectName,
  Omission,
  Part,
  ReadLane,
  RecordSink,
  Snapshot,
} from '../../core/adapter.ts';
import { DbimgError } from '../../core/errors.ts';
import type { FileSource } from '../../core/interchange.ts';
import { unpacked } from './archive-bytes.ts';
import { textField } from './archive-definitions.ts';
import { entriesOf } from './catalog.ts';
import { documentOf } from './extended-json-reader.ts';
import type { ListedCollection } from './inventory.ts';
import { JsonTrees } from './json-tree.ts';
import { openOf } from './parts.ts';
import { documentWith, EMPTY, fieldOf, TYPE } from './raw-bson.ts';

/** @param source the file's bytes, compressed with gzip or not. */
export function jsonSource(source: AsyncIterable<Uint8Array>, object: ObjectName): FileSource {
  const [database, collection] = object;
  if (object.length !== 2 || !database || !collection) {
    throw new DbimgError('USAGE', 'A collection is named as database.collection.', { object });
  }
  const lane: ReadLane = {
    read: (_part, sink) => readDocuments(unpacked(source), object, sink),
    [Symbol.asyncDispose]: async () => {},
  };
  return {
    connect: async () => new JsonDatabase(object),
    joinLane: async () => lane,
  };
}

class JsonDatabase implements Database {
  readonly server: Database['server'];
  readonly #object: ObjectName;

  constructor(object: ObjectName) {
    this.#object = object;
    this.server = { product: 'MongoDB', version: '0', settings: { database: object[0] as string } };
  }

  async snapshot(): Promise<Snapshot> {
    return new JsonSnapshot(this.#object);
  }

  async target(): Promise<never> {
    throw new DbimgError('UNSUPPORTED', 'A text is not restored into.');
  }

  async *examine(): AsyncGenerator<never> {}

  async [Symbol.asyncDispose](): Promise<void> {}
}

class JsonSnapshot implements Snapshot {
  readonly kind = 'logical';
  readonly invitation: Snapshot['invitation'] = {};
  readonly position: Snapshot['position'] = {
    ...{ type: 'extended-json', value: null },
    ...{ time: new Date().toISOString(), exact: false },
  };
  readonly #object: ObjectName;

  constructor(object: ObjectName) {
    this.#object = object;
  }

  async *catalog(): AsyncGenerator<CatalogEntry> {
    const collection = plainCollection(this.#object);
    const contents = { collections: [collection], indexes: new Map(), sizes: new Map(), principals: [] };
    yield* entriesOf(contents);
  }

  omissions(): readonly Omission[] {
    return [];
  }

  async *parts(): AsyncGenerator<Part> {
    const open = { ...openOf(this.#object, 'collection'), part: 0, parts: 1 };
    yield { open, estimate: { bytes: 0, records: 0 }, scope: null };
  }

  async *partsOf(): AsyncGenerator<Part> {
    yield* this.parts();
  }

  async finish(): Promise<Finish> {
    return { position: this.position };
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

/** Without options. */
function plainCollection(object: ObjectName): ListedCollection {
  const name = object[1] as string;
  const info = documentWith([
    textField('name', name),
    textField('type', 'collection'),
    { type: TYPE.document, key: 'options', value: EMPTY },
  ]);
  return {
    object,
    kind: 'collection',
    info,
    uuid: undefined,
    storage: name,
    capped: false,
    clustered: false,
  };
}

async function readDocuments(
  source: AsyncIterable<Uint8Array>,
  object: ObjectName,
  sink: RecordSink,
): Promise<void> {
  const trees = new JsonTrees(true);
  const utf8 = new TextDecoder('utf-8', { fatal: true });
  let count = 0;
  const take = async (next: () => ReturnType<JsonTrees['push']>): Promise<void> => {
    try {
      for (const tree of next()) {
        if (tree.kind !== 'object') throw new Error('it is no object');
        sink.append(withId(documentOf(tree.members)), true);
        count += 1;
      }
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new DbimgError('SOURCE_DAMAGED', `Document ${count + 1} cannot be read: ${why}.`, {
        object,
        hint: 'The file must hold Extended JSON: one array of objects, or one object after the other.',
        cause,
      });
    }
    await sink.pressure();
  };
  for await (const bytes of source) await take(() => trees.push(utf8.decode(bytes, { stream: true })));
  await take(() => trees.push(utf8.decode()));
  await take(() => trees.end());
}

/** Documents of a text may have none; the server would give one to each. */
function withId(document: Buffer): Buffer {
  if (fieldOf(document, '_id')) return document;
  const id = { type: TYPE.objectId, key: '_id', value: Buffer.from(new BSON.ObjectId().id) };
  const whole = Buffer.concat([documentWith([id]).subarray(0, -1), document.subarray(4)]);
  whole.writeUInt32LE(whole.length, 0);
  return whole;
}
