/** BSON as bytes: finding fields and putting documents together without decoding what is in them. */
import { BSON, type Document } from 'mongodb';
import { DbimgError } from '../../core/errors.ts';

export const TYPE = {
  double: 0x01,
  string: 0x02,
  document: 0x03,
  array: 0x04,
  binary: 0x05,
  undefined: 0x06,
  objectId: 0x07,
  boolean: 0x08,
  date: 0x09,
  null: 0x0a,
  regex: 0x0b,
  dbPointer: 0x0c,
  code: 0x0d,
  symbol: 0x0e,
  codeWithScope: 0x0f,
  int32: 0x10,
  timestamp: 0x11,
  int64: 0x12,
  decimal128: 0x13,
  minKey: 0xff,
  maxKey: 0x7f,
} as const;

/** One field of a document: where its value lies. */
export interface Element {
  readonly type: number;
  readonly key: string;
  /** The value's bytes: a view. */
  readonly value: Buffer;
}

const FIXED: ReadonlyMap<number, number> = new Map([
  [TYPE.double, 8],
  [TYPE.undefined, 0],
  [TYPE.objectId, 12],
  [TYPE.boolean, 1],
  [TYPE.date, 8],
  [TYPE.null, 0],
  [TYPE.int32, 4],
  [TYPE.timestamp, 8],
  [TYPE.int64, 8],
  [TYPE.decimal128, 16],
  [TYPE.minKey, 0],
  [TYPE.maxKey, 0],
]);

/** Extra bytes of values that begin with the length of the rest. */
const PREFIXED: ReadonlyMap<number, number> = new Map([
  [TYPE.string, 4],
  [TYPE.document, 0],
  [TYPE.array, 0],
  [TYPE.binary, 5],
  [TYPE.dbPointer, 16],
  [TYPE.code, 4],
  [TYPE.symbol, 4],
  [TYPE.codeWithScope, 0],
]);

/** The bytes as a Buffer over the same memory. */
export function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/**
 * The fields of the document that `bytes` begins with.
 *
 * @throws DbimgError `IMAGE_DAMAGED` if it is no BSON: what a server sends always is.
 */
export function* elementsOf(bytes: Uint8Array): Generator<Element> {
  const document = bufferOf(bytes);
  const length = document.length < 5 ? 0 : document.readUInt32LE(0);
  if (length < 5 || length > document.length || document[length - 1] !== 0) throw damaged();
  for (let at = 4; at < length - 1; ) {
    const type = document[at] as number;
    const end = document.indexOf(0, at + 1);
    if (end < 0 || end >= length - 1) throw damaged();
    const size = valueSize(document, type, end + 1);
    if (size === undefined || end + 1 + size > length - 1) throw damaged();
    yield {
      type,
      key: document.toString('utf8', at + 1, end),
      value: document.subarray(end + 1, end + 1 + size),
    };
    at = end + 1 + size;
  }
}

function valueSize(document: Buffer, type: number, at: number): number | undefined {
  const fixed = FIXED.get(type);
  if (fixed !== undefined) return fixed;
  const extra = PREFIXED.get(type);
  if (extra !== undefined) return at + 4 > document.length ? undefined : document.readUInt32LE(at) + extra;
  if (type !== TYPE.regex) return undefined;
  const pattern = document.indexOf(0, at);
  const options = pattern < 0 ? -1 : document.indexOf(0, pattern + 1);
  return options < 0 ? undefined : options + 1 - at;
}

/** The first field of that name, or undefined. */
export function fieldOf(document: Uint8Array, key: string): Element | undefined {
  for (const element of elementsOf(document)) if (element.key === key) return element;
  return undefined;
}

/** The text of a string value. */
export function textOf(element: Element | undefined): string | undefined {
  if (element?.type !== TYPE.string) return undefined;
  return element.value.toString('utf8', 4, element.value.length - 1);
}

/** A number of any type that counts whole things. */
export function numberOf(element: Element | undefined): number | undefined {
  switch (element?.type) {
    case TYPE.int32:
      return element.value.readInt32LE(0);
    case TYPE.int64:
      return Number(element.value.readBigInt64LE(0));
    case TYPE.double:
      return element.value.readDoubleLE(0);
    case TYPE.boolean:
      return element.value[0];
    default:
      return undefined;
  }
}

/** Seconds and ordinal of a timestamp as one number that ascends. */
export function timestampOf(element: Element | undefined): bigint | undefined {
  return element?.type === TYPE.timestamp ? element.value.readBigUInt64LE(0) : undefined;
}

/** The documents of an array, or of a document whose fields are documents: views. */
export function* documentsOf(array: Uint8Array): Generator<Buffer> {
  for (const { type, value } of elementsOf(array)) {
    if (type !== TYPE.document) throw damaged();
    yield value;
  }
}

/** Documents that lie one after the other: views. */
export function* sequenceOf(bytes: Uint8Array): Generator<Buffer> {
  const buffer = bufferOf(bytes);
  for (let at = 0; at < buffer.length; ) {
    const length = at + 4 > buffer.length ? 0 : buffer.readUInt32LE(at);
    if (length < 5 || at + length > buffer.length) throw damaged();
    yield buffer.subarray(at, at + length);
    at += length;
  }
}

/** A document, or an array, of nothing. */
export const EMPTY: Buffer = Buffer.from([5, 0, 0, 0, 0]);

/** A document of these fields, in this order. */
export function documentWith(fields: readonly Pick<Element, 'type' | 'key' | 'value'>[]): Buffer {
  const parts: Buffer[] = [];
  let length = 5;
  for (const { type, key, value } of fields) {
    const head = Buffer.from(`\0${key}\0`);
    head[0] = type;
    parts.push(head, value);
    length += head.length + value.length;
  }
  const start = Buffer.alloc(4);
  start.writeUInt32LE(length);
  return Buffer.concat([start, ...parts, Buffer.alloc(1)], length);
}

/** A document whose fields keep their order, also those that look like numbers. The driver writes it as one. */
export type Ordered = Map<string, unknown>;

/** Values of the driver's types: what is written back is what was read, but for types long deprecated. */
export function decodeExactly(document: Uint8Array): Ordered {
  const fields: Ordered = new Map();
  for (const element of elementsOf(document)) fields.set(element.key, exactValue(element));
  return fields;
}

function exactValue(element: Element): unknown {
  const { type, value } = element;
  if (type === TYPE.document) return decodeExactly(value);
  if (type === TYPE.array) return [...elementsOf(value)].map(exactValue);
  return BSON.deserialize(documentWith([{ type, key: 'v', value }]), EXACTLY).v;
}

const EXACTLY = { promoteValues: false, bsonRegExp: true, validation: { utf8: false } } as const;

/** The bytes of what {@link decodeExactly} gave. */
export function encodeExactly(document: Ordered): Buffer {
  return bufferOf(BSON.serialize(document as unknown as Document, { ignoreUndefined: false }));
}

/** For reading options: numbers are numbers. */
export function decodeSimply(document: Uint8Array): Document {
  return BSON.deserialize(document, { validation: { utf8: false } });
}

export function toBase64(document: Uint8Array): string {
  return bufferOf(document).toString('base64');
}

export function fromBase64(text: string): Buffer {
  return Buffer.from(text, 'base64');
}

function damaged(): DbimgError {
  return new DbimgError('IMAGE_DAMAGED', 'The bytes are no BSON documents.');
}
