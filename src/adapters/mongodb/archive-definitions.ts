/** Definitions as a mongodump archive holds them: Extended JSON beside each collection's name. */
import { DbimgError } from '../../core/errors.ts';
import { damagedArchive } from './archive-bytes.ts';
import { ExtendedJsonWriter } from './extended-json.ts';
import { parseExtendedJson } from './extended-json-reader.ts';
import type { CollectionKind, ListedCollection } from './inventory.ts';
import { BUCKETS } from './names.ts';
import {
  documentsOf,
  documentWith,
  type Element,
  EMPTY,
  elementsOf,
  fieldOf,
  TYPE,
  textOf,
} from './raw-bson.ts';

type Field = Pick<Element, 'type' | 'key' | 'value'>;

/** One collection, view or time-series of the archive's prelude. */
export interface ArchivedDefinition {
  readonly collection: ListedCollection;
  /** As `listIndexes` gives them, without the one on `_id` that every collection has. */
  readonly indexes: readonly Buffer[];
}

const UUID_SUBTYPE = 4;
export function textField(key: string, text: string): Field {
  const bytes = Buffer.from(`${text}\0`);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(bytes.length);
  return { type: TYPE.string, key, value: Buffer.concat([length, bytes]) };
}

/**
 * @param prelude `{ db, collection, metadata, size, type }`
 * @throws DbimgError `SOURCE_DAMAGED`
 */
export function definitionOf(prelude: Buffer): ArchivedDefinition {
  const text = (key: string): string => textOf(fieldOf(prelude, key)) ?? '';
  const object = [text('db'), text('collection')];
  const metadata = metadataOf(text('metadata'), object);
  const options = fieldOf(metadata, 'options')?.value ?? EMPTY;
  const named = text('type') || (textOf(fieldOf(metadata, 'type')) ?? '');
  const kind = kindOf(named, options);
  const listed = [...documentsOf(fieldOf(metadata, 'indexes')?.value ?? EMPTY)].map((index) =>
    Buffer.from(index),
  );
  const uuid = uuidOf(textOf(fieldOf(metadata, 'uuid')));
  const idIndex = listed.find(isIdIndex);
  const info = documentWith([
    textField('name', object[1] as string),
    textField('type', kind),
    { type: TYPE.document, key: 'options', value: Buffer.from(options) },
    { type: TYPE.document, key: 'info', value: documentWith(infoFields(kind, uuid)) },
    ...(idIndex ? [{ type: TYPE.document, key: 'idIndex', value: idIndex }] : []),
  ]);
  const has = (option: string): boolean => fieldOf(options, option) !== undefined;
  const storage = kind === 'timeseries' ? `${BUCKETS}${object[1]}` : (object[1] as string);
  const clustered = has('clusteredIndex') || kind === 'timeseries';
  return {
    collection: {
      object,
      kind,
      info,
      uuid: uuid?.toString('hex'),
      storage,
      capped: has('capped'),
      clustered,
    },
    indexes: listed.filter((index) => index !== idIndex && !isIdIndex(index) && !fieldOf(index, 'clustered')),
  };
}

function metadataOf(text: string, object: readonly string[]): Buffer {
  if (text === '') return EMPTY;
  try {
    const { type, value } = parseExtendedJson(text);
    if (type === TYPE.document) return value;
  } catch (cause) {
    throw new DbimgError('SOURCE_DAMAGED', 'What the archive says of a collection is not Extended JSON.', {
      object,
      cause,
    });
  }
  throw damagedArchive(`What the archive says of ${object.join('.')} is no document.`);
}

/** Older archives do not say it. */
function kindOf(named: string, options: Buffer): CollectionKind {
  if (named === 'view' || named === 'timeseries') return named;
  if (fieldOf(options, 'viewOn')) return 'view';
  return fieldOf(options, 'timeseries') ? 'timeseries' : 'collection';
}

function isIdIndex(index: Buffer): boolean {
  const [first, ...more] = [...elementsOf(fieldOf(index, 'key')?.value ?? EMPTY)];
  return first?.key === '_id' && more.length === 0 && textOf(fieldOf(index, 'name')) === '_id_';
}

function uuidOf(hex: string | undefined): Buffer | undefined {
  return hex !== undefined && /^[0-9a-f]{32}$/i.test(hex) ? Buffer.from(hex, 'hex') : undefined;
}

function infoFields(kind: CollectionKind, uuid: Buffer | undefined): Field[] {
  const readOnly = { type: TYPE.boolean, key: 'readOnly', value: Buffer.of(kind === 'view' ? 1 : 0) };
  if (uuid === undefined || kind !== 'collection') return [readOnly];
  const head = Buffer.alloc(5);
  head.writeUInt32LE(uuid.length);
  head[4] = UUID_SUBTYPE;
  return [readOnly, { type: TYPE.binary, key: 'uuid', value: Buffer.concat([head, uuid]) }];
}

/** What `metadata` says of a collection, and whether that is all. */
export function metadataText(
  info: Buffer,
  uuid: string | undefined,
  indexes: readonly Buffer[],
): { readonly text: string; readonly exact: boolean } {
  const writer = new ExtendedJsonWriter({ relaxed: false });
  const options = fieldOf(info, 'options')?.value ?? EMPTY;
  const idIndex = fieldOf(info, 'idIndex')?.value;
  const all = [...(idIndex ? [idIndex] : []), ...indexes].map((index) => writer.document(index));
  const members = [
    ...(options.length > EMPTY.length ? [`"options":${writer.document(options)}`] : []),
    `"indexes":[${all.join(',')}]`,
    ...(uuid === undefined ? [] : [`"uuid":"${uuid}"`]),
    `"collectionName":${JSON.stringify(textOf(fieldOf(info, 'name')) ?? '')}`,
    `"type":${JSON.stringify(textOf(fieldOf(info, 'type')) ?? 'collection')}`,
  ];
  return { text: `{${members.join(',')}}`, exact: writer.inexact === 0 };
}
