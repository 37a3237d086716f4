/** Collections, indexes, views, users and roles as catalog entries, and what is in those entries. */
import type { CatalogEntry, ObjectName, Omission, Plain } from '../../core/adapter.ts';
import { DbimgError } from '../../core/errors.ts';
import type { ListedCollection } from './inventory.ts';
import { fieldOf, fromBase64, textOf, toBase64 } from './raw-bson.ts';

/** What the bodies of entries hold: BSON as the server gave it, in base64. */
export interface CollectionBody {
  /** An element of `listCollections`. */
  readonly info: string;
  /** Of what holds the documents, hexadecimal. */
  readonly uuid?: string;
}

export interface IndexesBody {
  /** Elements of `listIndexes`. */
  readonly indexes: readonly string[];
}

export interface PrincipalBody {
  /** A document of `admin.system.users` or `admin.system.roles`. */
  readonly document: string;
}

export interface Principal {
  readonly kind: 'user' | 'role';
  readonly document: Buffer;
}

/** Everything that the catalog is made of. */
export interface Contents {
  readonly collections: readonly ListedCollection[];
  readonly indexes: ReadonlyMap<ListedCollection, readonly Buffer[]>;
  readonly sizes: ReadonlyMap<ListedCollection, { readonly bytes: number }>;
  readonly principals: readonly Principal[];
}

/** Collections first; indexes, views and principals are made when all documents are there. */
export function* entriesOf(contents: Contents): Generator<CatalogEntry> {
  let id = 0;
  const ids = new Map<ListedCollection, number>();
  for (const collection of contents.collections) {
    if (collection.kind === 'view') continue;
    id += 1;
    ids.set(collection, id);
    const { object, info, uuid } = collection;
    const body = { info: toBase64(info), ...(uuid === undefined ? {} : { uuid }) };
    yield { id, kind: collection.kind, object, of: object, phase: 'pre-data', body };
  }
  for (const [collection, indexes] of contents.indexes) {
    const needed = ids.get(collection);
    if (needed === undefined || (indexes.length === 0 && collection.kind !== 'timeseries')) continue;
    id += 1;
    const size = (contents.sizes.get(collection)?.bytes ?? 0) * indexes.length;
    const body = { indexes: indexes.map(toBase64) };
    const { object } = collection;
    yield { id, kind: 'indexes', object, of: object, phase: 'finish', after: [needed], size, body };
  }
  for (const { object, kind, info } of contents.collections) {
    if (kind !== 'view') continue;
    id += 1;
    yield { id, kind, object, of: object, phase: 'finish', body: { info: toBase64(info) } };
  }
  for (const { kind, document } of contents.principals) {
    id += 1;
    const object = [textOf(fieldOf(document, 'db')) ?? '', textOf(fieldOf(document, kind)) ?? ''];
    const traits = kind === 'user' ? (['secret'] as const) : [];
    yield { id, kind, object, phase: 'finish', traits, body: { document: toBase64(document) } };
  }
}

/** @throws DbimgError `IMAGE_DAMAGED` if the body is not one of this adapter's. */
export function infoOf(entry: CatalogEntry): Buffer {
  const info = propertyOf(entry, 'info');
  if (typeof info === 'string') return fromBase64(info);
  throw foreign(entry);
}

export function uuidOf(entry: CatalogEntry): string | undefined {
  const uuid = propertyOf(entry, 'uuid');
  return typeof uuid === 'string' && /^[0-9a-f]{32}$/.test(uuid) ? uuid : undefined;
}

export function indexesOf(entry: CatalogEntry): Buffer[] {
  const indexes = propertyOf(entry, 'indexes');
  if (!Array.isArray(indexes)) throw foreign(entry);
  return indexes.map((index) => {
    if (typeof index === 'string') return fromBase64(index);
    throw foreign(entry);
  });
}

export function principalOf(entry: CatalogEntry): Principal {
  const document = propertyOf(entry, 'document');
  if (typeof document === 'string' && (entry.kind === 'user' || entry.kind === 'role')) {
    return { kind: entry.kind, document: fromBase64(document) };
  }
  throw foreign(entry);
}

function propertyOf(entry: CatalogEntry, name: string): Plain | undefined {
  const { body } = entry;
  return typeof body === 'object' && body !== null && !Array.isArray(body)
    ? (body as { readonly [key: string]: Plain })[name]
    : undefined;
}

function foreign(entry: CatalogEntry): DbimgError {
  return new DbimgError('IMAGE_DAMAGED', `The catalog entry ${entry.id} is no ${entry.kind} of MongoDB.`, {
    object: entry.object,
  });
}

export function strangeOmission(object: ObjectName): Omission {
  return {
    kind: 'system collection',
    object,
    reason: "It is one of the server's own, and there is no way to restore it.",
  };
}
