/** What is in the databases: collections and views as the server lists them. */
import type { ObjectName } from '../../core/adapter.ts';
import { INTERNAL_DATABASES } from './location.ts';
import { BUCKETS, databaseOf, FUNCTIONS, namespaceOf, SCRATCH, VIEWS } from './names.ts';
import { inParallel } from './parallel.ts';
import { decodeSimply, documentWith, EMPTY, elementsOf, fieldOf, textOf } from './raw-bson.ts';
import type { Session } from './session.ts';

export type CollectionKind = 'collection' | 'timeseries' | 'view';

export interface ListedCollection {
  readonly object: ObjectName;
  readonly kind: CollectionKind;
  /** What `listCollections` says of it, as bytes. */
  readonly info: Buffer;
  /** Of what holds the documents: for time-series of the buckets. Views have none. Hexadecimal. */
  readonly uuid: string | undefined;
  /** The collection that holds the documents. */
  readonly storage: string;
  readonly capped: boolean;
  readonly clustered: boolean;
}

export interface Inventory {
  readonly collections: readonly ListedCollection[];
  /** System collections that are no state of the user's and that no one knows how to restore. */
  readonly strange: readonly ObjectName[];
  /** Of restores that are running, or were killed. */
  readonly scratch: readonly ObjectName[];
}

/** System collections that the server makes by itself, and makes anew. */
const OWN = new Set([VIEWS, 'system.profile', 'system.indexes', 'system.namespaces']);

/** Databases that are not the server's own, or the one that is asked for. */
export async function listDatabases(session: Session, only: string | undefined): Promise<string[]> {
  if (only !== undefined) return [only];
  const command = { listDatabases: 1, nameOnly: true, authorizedDatabases: false };
  const doing = { what: 'The databases could not be listed' };
  const { databases } = await session.query('admin', command, doing);
  const names = (databases as readonly { name: string }[]).map(({ name }) => name);
  return names.filter((name) => !INTERNAL_DATABASES.has(name)).sort();
}

/** @throws DbimgError `PERMISSION_DENIED`. */
export async function takeInventory(
  session: Session,
  databases: readonly string[],
  selects: (object: ObjectName) => boolean,
): Promise<Inventory> {
  const collections: ListedCollection[] = [];
  const strange: ObjectName[] = [];
  const scratch: ObjectName[] = [];
  for (const database of databases) {
    const buckets = new Map<string, string | undefined>();
    const listed: ListedCollection[] = [];
    for await (const document of listCollections(session, database)) {
      const info = Buffer.from(document);
      const name = textOf(fieldOf(info, 'name')) ?? '';
      const object = [database, name];
      if (SCRATCH.test(name)) scratch.push(object);
      else if (name.startsWith(BUCKETS)) buckets.set(name.slice(BUCKETS.length), uuidOf(info));
      else if (!selects(object) || OWN.has(name)) continue;
      else if (name.startsWith('system.') && name !== FUNCTIONS) strange.push(object);
      else listed.push(describe(object, info));
    }
    for (const collection of listed) {
      const uuid = collection.uuid ?? buckets.get(collection.object[1] as string);
      collections.push({ ...collection, uuid: collection.kind === 'view' ? undefined : uuid });
    }
  }
  collections.sort((a, b) => (namespaceOf(a.object) < namespaceOf(b.object) ? -1 : 1));
  return { collections, strange, scratch };
}

function listCollections(session: Session, database: string, filter = {}): AsyncGenerator<Buffer> {
  const doing = { what: `The collections of ${database} could not be listed`, object: [database] };
  return session.documents(database, { listCollections: 1, filter }, doing);
}

/** The name that a collection has now: mostly the one that it had. */
export async function nameOfUuid(
  session: Session,
  database: string,
  before: string,
  uuid: string,
): Promise<string | undefined> {
  for (const filter of [{ name: before }, {}]) {
    for await (const info of listCollections(session, database, filter)) {
      if (uuidOf(info) === uuid) return textOf(fieldOf(info, 'name'));
    }
  }
  return undefined;
}

function describe(object: ObjectName, info: Buffer): ListedCollection {
  const kind = (textOf(fieldOf(info, 'type')) ?? 'collection') as CollectionKind;
  const options = optionsOf(info);
  const name = object[1] as string;
  return {
    object,
    kind,
    info,
    uuid: uuidOf(info),
    // From 8.3 on the buckets have the collection's own name; listCollections then gives it a UUID.
    storage: kind === 'timeseries' ? `${BUCKETS}${name}` : name,
    capped: options.has('capped'),
    clustered: options.has('clusteredIndex') || kind === 'timeseries',
  };
}

function optionsOf(info: Buffer): Set<string> {
  const options = fieldOf(info, 'options');
  return new Set(options ? [...elementsOf(options.value)].map(({ key }) => key) : []);
}

function uuidOf(info: Buffer): string | undefined {
  const uuid = fieldOf(fieldOf(info, 'info')?.value ?? EMPTY, 'uuid');
  return uuid?.value.subarray(5).toString('hex');
}

/** Definitions of indexes, by collection, as bytes; without the one on `_id` that every collection has. */
export async function listIndexes(
  session: Session,
  collections: readonly ListedCollection[],
): Promise<Map<ListedCollection, readonly Buffer[]>> {
  const found = new Map<ListedCollection, readonly Buffer[]>();
  const work = collections.filter(({ kind }) => kind !== 'view');
  await inParallel(work, WIDTH, async (collection) => {
    const given = await definitionsOf(session, collection.object, collection.object[1] as string);
    const original =
      collection.kind === 'timeseries' ? await originalsOf(session, collection) : new Map<string, Buffer>();
    const indexes = given.map((index) => asNow(index, original.get(textOf(fieldOf(index, 'name')) ?? '')));
    found.set(collection, indexes);
  });
  return found;
}

/** An index in the words in which it was made, hidden or not as it is now. */
function asNow(index: Buffer, original: Buffer | undefined): Buffer {
  if (!original) return index;
  const hidden = fieldOf(index, 'hidden');
  if (Boolean(hidden) === Boolean(fieldOf(original, 'hidden'))) return original;
  const rest = [...elementsOf(original)].filter(({ key }) => key !== 'hidden');
  return documentWith(hidden ? [...rest, hidden] : rest);
}

/** Those that are not made with the collection. */
async function definitionsOf(session: Session, object: ObjectName, collection: string): Promise<Buffer[]> {
  const doing = { what: `The indexes of ${namespaceOf(object)} could not be listed`, object };
  const indexes: Buffer[] = [];
  for await (const document of session.documents(databaseOf(object), { listIndexes: collection }, doing)) {
    const { key, name, clustered } = decodeSimply(document);
    const onId = Object.keys(key).length === 1 && key._id === 1;
    if (!clustered && !(onId && name === '_id_')) indexes.push(Buffer.from(document));
  }
  return indexes;
}

/** Indexes of buckets remember the words by which they were made, by name. */
async function originalsOf(
  session: Session,
  { object, storage }: ListedCollection,
): Promise<Map<string, Buffer>> {
  const originals = new Map<string, Buffer>();
  for (const index of await definitionsOf(session, object, storage)) {
    const original = fieldOf(index, 'originalSpec');
    if (original) originals.set(textOf(fieldOf(index, 'name')) ?? '', Buffer.from(original.value));
  }
  return originals;
}

const WIDTH = 8;

/** Bytes and documents of each collection, as the server counts them: estimates. */
export async function measure(
  session: Session,
  collections: readonly ListedCollection[],
): Promise<Map<ListedCollection, { readonly bytes: number; readonly records: number }>> {
  const sizes = new Map<ListedCollection, { bytes: number; records: number }>();
  await inParallel(collections, WIDTH, async (collection) => {
    const { object, storage, kind } = collection;
    if (kind === 'view') return;
    const doing = { what: `The size of ${namespaceOf(object)} could not be read`, object };
    const { size = 0, count = 0 } = await session.query(databaseOf(object), { collStats: storage }, doing);
    sizes.set(collection, { bytes: Number(size), records: Number(count) });
  });
  return sizes;
}
