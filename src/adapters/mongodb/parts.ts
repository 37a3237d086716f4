/** The documents of collections, cut into parts that lanes read independently. */
import type { ObjectName, Part, Plain, StreamOpen } from '../../core/adapter.ts';
import type { ListedCollection } from './inventory.ts';
import { databaseOf, namespaceOf } from './names.ts';
import { documentWith, fieldOf, toBase64 } from './raw-bson.ts';
import type { Session } from './session.ts';

export const ENCODING = 'bson';

/** How a lane finds a part. */
export interface Scope {
  readonly database: string;
  /** Where the documents lie: another name than the object's for time-series, and in a restore. */
  readonly storage: string;
  /** Of what holds the documents, hexadecimal: by that it is found again if it gets another name meanwhile. */
  readonly uuid?: string;
  readonly capped: boolean;
  /** Mean length of a document in bytes, or 0. */
  readonly mean: number;
  /** Read in the order of `_id` between these: base64 of `{_id: …}`. Absent: as the documents lie. */
  readonly range?: { readonly min?: string; readonly max?: string };
}

export interface Divisible extends Pick<ListedCollection, 'object' | 'storage' | 'capped' | 'clustered'> {
  readonly kind: 'collection' | 'timeseries';
  readonly uuid?: string | undefined;
  readonly size: Size;
  /** Name in the image. */
  readonly open: Omit<StreamOpen, 'part'>;
}

export interface Size {
  readonly bytes: number;
  readonly records: number;
}

const MiB = 1024 * 1024;
/** A collection is cut if every part has about so much. */
const PART_BYTES = 64 * MiB;
const MOST_PARTS = 1000;
/** Documents that are looked at for one bound. */
const SAMPLES = 30;
/** The server takes a sample by jumping about only if it is less than a twentieth of the collection. */
const SAMPLE_SHARE = 20;

/** One part, or even ranges of `_id` if there are lanes enough to gain from it. */
export async function* partsOf(session: Session, collection: Divisible, lanes: number): AsyncGenerator<Part> {
  const bounds = lanes > 1 ? await boundsOf(session, collection) : [];
  const { size } = collection;
  const parts = bounds.length + 1;
  for (let part = 0; part < parts; part += 1) {
    const range = {
      ...(part === 0 ? {} : { min: bounds[part - 1] as string }),
      ...(part === parts - 1 ? {} : { max: bounds[part] as string }),
    };
    const scope: Scope = {
      database: databaseOf(collection.object),
      storage: collection.storage,
      ...(collection.uuid === undefined ? {} : { uuid: collection.uuid }),
      capped: collection.capped,
      mean: size.records === 0 ? 0 : size.bytes / size.records,
      ...(parts === 1 ? {} : { range }),
    };
    yield {
      open: { ...collection.open, part, parts },
      estimate: { bytes: Math.ceil(size.bytes / parts), records: Math.ceil(size.records / parts) },
      scope: { ...scope } as unknown as Plain,
    };
  }
}

/**
 * Bounds between parts, ascending. A random sample is enough: asking for exact bounds (`splitVector`, `$bucketAuto`)
 * reads the whole index, or all documents, before the first lane can begin.
 */
async function boundsOf(session: Session, collection: Divisible): Promise<string[]> {
  const { object, storage, size } = collection;
  const parts = Math.min(MOST_PARTS, Math.round(size.bytes / PART_BYTES));
  // Documents of a capped collection keep the order in which they lie; buckets are few and large.
  if (parts < 2 || collection.capped || collection.kind === 'timeseries') return [];
  const samples = Math.min(parts * SAMPLES, Math.floor(size.records / SAMPLE_SHARE) - 1);
  if (samples < parts) return await bucketBounds(session, collection, parts);
  const doing = { what: `${namespaceOf(object)} could not be divided`, object };
  const pipeline = [{ $sample: { size: samples } }, { $project: { _id: 1 } }, { $sort: { _id: 1 } }];
  const command = { aggregate: storage, pipeline, cursor: { batchSize: samples }, allowDiskUse: true };
  const ids: string[] = [];
  for await (const document of session.documents(databaseOf(object), command, doing)) {
    const id = fieldOf(document, '_id');
    if (id) ids.push(toBase64(documentWith([id])));
  }
  return distinct(
    Array.from({ length: parts - 1 }, (_, n) => ids[Math.floor(((n + 1) * ids.length) / parts)]),
  );
}

/** Few and large documents. */
async function bucketBounds(session: Session, collection: Divisible, parts: number): Promise<string[]> {
  const { object, storage, size } = collection;
  const buckets = Math.min(parts, size.records);
  if (buckets < 2) return [];
  const doing = { what: `${namespaceOf(object)} could not be divided`, object };
  const pipeline = [{ $project: { _id: 1 } }, { $bucketAuto: { groupBy: '$_id', buckets } }];
  const command = { aggregate: storage, pipeline, cursor: {}, allowDiskUse: true };
  const bounds: string[] = [];
  for await (const document of session.documents(databaseOf(object), command, doing)) {
    const min = fieldOf(fieldOf(document, '_id')?.value ?? document, 'min');
    if (min) bounds.push(toBase64(documentWith([{ ...min, key: '_id' }])));
  }
  return distinct(bounds.slice(1));
}

function distinct(bounds: readonly (string | undefined)[]): string[] {
  return [...new Set(bounds.filter((bound) => bound !== undefined))];
}

/** What the OPEN frames of a collection's streams say. */
export function openOf(object: ObjectName, kind: 'collection' | 'timeseries'): Omit<StreamOpen, 'part'> {
  return {
    object,
    encoding: ENCODING,
    columns: [{ name: 'document', type: 'document' }],
    ...(kind === 'timeseries' ? { details: { buckets: true } } : {}),
  };
}
