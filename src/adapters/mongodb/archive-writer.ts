/** An image as a mongodump archive, one namespace after the other, each with its checksum at its end. */
import type { CatalogEntry, ObjectName, Omission } from '../../core/adapter.ts';
import { DbimgError } from '../../core/errors.ts';
import type { ImageContents } from '../../core/interchange.ts';
import { MAGIC, TERMINATOR } from './archive-bytes.ts';
import { metadataText, textField } from './archive-definitions.ts';
import { specialName } from './archive-names.ts';
import { indexesOf, infoOf, type Principal, principalOf, uuidOf } from './catalog.ts';
import { Crc64 } from './crc64.ts';
import { BUCKETS } from './names.ts';
import { documentWith, type Element, fieldOf, TYPE } from './raw-bson.ts';

type Field = Pick<Element, 'type' | 'key' | 'value'>;
type Namespace = readonly [database: string, collection: string];

/** What mongorestore wants to know of the version of users and roles: the only one since MongoDB 3.0. */
const AUTH_SCHEMA = 5;
const OPLOG: Namespace = ['', 'oplog'];

interface Definition {
  readonly object: ObjectName;
  readonly kind: string;
  readonly info: Buffer;
  readonly uuid: string | undefined;
  indexes: readonly Buffer[];
}

export async function* writeArchive(
  image: ImageContents,
  omit: (omission: Omission) => void,
): AsyncGenerator<Uint8Array> {
  const { definitions, principals } = await readCatalog(image.entries());
  const { version, settings } = image.summary.server;
  const special = specialDocuments(principals, settings.database);
  yield MAGIC;
  yield header(version);
  for (const [namespace] of special) yield announced(namespace, '', '');
  for (const definition of definitions.values()) {
    const { text, exact } = metadataText(definition.info, definition.uuid, definition.indexes);
    if (!exact) omit(inexact(definition));
    yield announced(namespaceOf(definition.object), text, definition.kind);
  }
  if (image.log) yield announced(OPLOG, '', '');
  yield TERMINATOR;
  for (const [namespace, documents] of special) yield* block(namespace, documents);
  yield* body(image, definitions);
  if (image.log) yield* block(OPLOG, logOf(image.log()));
}

async function readCatalog(
  entries: AsyncIterable<CatalogEntry>,
): Promise<{ definitions: Map<string, Definition>; principals: Principal[] }> {
  const definitions = new Map<string, Definition>();
  const principals: Principal[] = [];
  for await (const entry of entries) {
    const key = JSON.stringify(entry.object);
    const { object, kind } = entry;
    if (kind === 'user' || kind === 'role') principals.push(principalOf(entry));
    else if (kind === 'indexes') {
      const definition = definitions.get(key);
      if (definition) definition.indexes = indexesOf(entry);
    } else definitions.set(key, { object, kind, info: infoOf(entry), uuid: uuidOf(entry), indexes: [] });
  }
  return { definitions, principals };
}

function namespaceOf([database = '', collection = '']: ObjectName): Namespace {
  return [database, collection];
}

/** Users and roles as mongodump writes them: nothing at all if there are none. */
function specialDocuments(
  principals: readonly Principal[],
  database: string | undefined,
): (readonly [Namespace, readonly Buffer[]])[] {
  if (principals.length === 0) return [];
  const of = (kind: Principal['kind']): Buffer[] =>
    principals.filter((principal) => principal.kind === kind).map(({ document }) => document);
  const version = documentWith([textField('_id', 'authSchema'), int32('currentVersion', AUTH_SCHEMA)]);
  return [
    [specialName('user', database), of('user')],
    [specialName('role', database), of('role')],
    [specialName('version', database), [version]],
  ];
}

/** All documents, and the ends of what has none: of views too, or they would not be made. */
async function* body(image: ImageContents, definitions: Map<string, Definition>): AsyncGenerator<Uint8Array> {
  const left = new Map(definitions);
  let current: { readonly key: string; readonly namespace: Namespace; readonly crc: Crc64 } | undefined;
  for await (const { open, chunks } of image.streams()) {
    const key = JSON.stringify(open.object);
    if (open.encoding !== 'bson') throw strange(open.object);
    if (current?.key !== key) {
      if (current) yield ending(current.namespace, current.crc.value);
      const kind = left.get(key)?.kind;
      if (!left.delete(key)) throw strange(open.object);
      current = { key, namespace: storageOf(open.object, kind), crc: new Crc64() };
    }
    yield* segment(current.namespace, current.crc, chunks);
  }
  if (current) yield ending(current.namespace, current.crc.value);
  for (const { object, kind } of left.values()) yield ending(storageOf(object, kind), new Crc64().value);
}

/** Documents of time-series are those of their buckets. */
function storageOf(object: ObjectName, kind: string | undefined): Namespace {
  const [database, collection] = namespaceOf(object);
  return [database, kind === 'timeseries' ? `${BUCKETS}${collection}` : collection];
}

/** A namespace as a whole. */
async function* block(
  namespace: Namespace,
  documents: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const crc = new Crc64();
  yield* segment(namespace, crc, documents);
  yield ending(namespace, crc.value);
}

/** Nothing if there are no documents. */
async function* segment(
  namespace: Namespace,
  crc: Crc64,
  documents: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  let begun = false;
  for await (const bytes of documents) {
    if (!begun) yield blockHeader(namespace, false, 0n);
    begun = true;
    crc.update(bytes);
    yield bytes;
  }
  if (begun) yield TERMINATOR;
}

function ending(namespace: Namespace, crc: bigint): Buffer {
  return Buffer.concat([blockHeader(namespace, true, crc), TERMINATOR]);
}

async function* logOf(batches: AsyncIterable<{ readonly bytes: Uint8Array }>): AsyncGenerator<Uint8Array> {
  for await (const { bytes } of batches) yield bytes;
}

function header(serverVersion: string): Buffer {
  return documentWith([
    // Namespaces come one after the other.
    int32('concurrent_collections', 1),
    textField('version', '0.1'),
    textField('server_version', serverVersion),
    textField('tool_version', 'dbimg'),
  ]);
}

function announced([database, collection]: Namespace, metadata: string, type: string): Buffer {
  return documentWith([
    textField('db', database),
    textField('collection', collection),
    textField('metadata', metadata),
    int32('size', 0),
    textField('type', type),
  ]);
}

function blockHeader([database, collection]: Namespace, end: boolean, crc: bigint): Buffer {
  const value = Buffer.alloc(8);
  value.writeBigInt64LE(crc);
  return documentWith([
    textField('db', database),
    textField('collection', collection),
    { type: TYPE.boolean, key: 'EOF', value: Buffer.of(end ? 1 : 0) },
    { type: TYPE.int64, key: 'CRC', value },
  ]);
}

function int32(key: string, number: number): Field {
  const value = Buffer.alloc(4);
  value.writeInt32LE(number);
  return { type: TYPE.int32, key, value };
}

function inexact({ object, info }: Definition): Omission {
  const what = fieldOf(info, 'options') ? 'Its options or indexes' : 'It';
  const reason = `${what} cannot be said exactly in Extended JSON, which is what archives hold.`;
  return { kind: 'definition', object, reason };
}

function strange(object: ObjectName): DbimgError {
  return new DbimgError('IMAGE_DAMAGED', 'The image has documents of a collection that it does not define.', {
    object,
  });
}
