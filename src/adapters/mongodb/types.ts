/** BSON values as values of dbimg: nothing is lost, also not of types that are deprecated. */
import { BSON } from 'mongodb';
import type { Value } from '../../core/value.ts';
import { bufferOf, documentWith, type Element, elementsOf, TYPE } from './raw-bson.ts';

const UUID_SUBTYPE = 4;
/** Generic, and its form before BSON had lengths of its own. */
const GENERIC_SUBTYPE = 0;
/** What ECMAScript's Date can hold, in milliseconds. */
const LAST_DATE = 8_640_000_000_000_000n;

export function valueOfDocument(document: Uint8Array): Value {
  return {
    type: 'document',
    value: [...elementsOf(document)].map((element) => [element.key, valueOfElement(element)] as const),
  };
}

export function valueOfElement(element: Element): Value {
  const { type, value } = element;
  switch (type) {
    case TYPE.double:
      return { type: 'float', value: value.readDoubleLE(0) };
    case TYPE.string:
      return { type: 'text', value: value.toString('utf8', 4, value.length - 1) };
    case TYPE.document:
      return valueOfDocument(value);
    case TYPE.array:
      return { type: 'list', value: [...elementsOf(value)].map(valueOfElement) };
    case TYPE.binary:
      return binary(element);
    case TYPE.boolean:
      return { type: 'boolean', value: value[0] !== 0 };
    case TYPE.date:
      return date(element);
    case TYPE.null:
      return { type: 'null' };
    case TYPE.int32:
      return { type: 'integer', value: BigInt(value.readInt32LE(0)) };
    case TYPE.int64:
      return { type: 'integer', value: value.readBigInt64LE(0) };
    case TYPE.decimal128:
      return { type: 'decimal', value: new BSON.Decimal128(bufferOf(value)).toString() };
    case TYPE.objectId:
      return { type: 'other', name: 'objectId', value: value.toString('hex') };
    default:
      return other(element);
  }
}

function binary(element: Element): Value {
  const subtype = element.value[4];
  const bytes = element.value.subarray(5);
  if (subtype === UUID_SUBTYPE && bytes.length === 16) {
    const hex = bytes.toString('hex');
    const value = hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
    return { type: 'uuid', value };
  }
  return subtype === GENERIC_SUBTYPE ? { type: 'bytes', value: bytes } : other(element);
}

function date(element: Element): Value {
  const milliseconds = element.value.readBigInt64LE(0);
  if (milliseconds > LAST_DATE || milliseconds < -LAST_DATE) return other(element);
  return { type: 'timestamptz', value: new Date(Number(milliseconds)).toISOString() };
}

const NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(TYPE).map(([name, type]) => [type, name] as const),
);

/** Types that no other engine has: their canonical Extended JSON. */
function other(element: Element): Value {
  const name = NAMES.get(element.type) ?? 'unknown';
  return { type: 'other', name, value: extendedJson(element) };
}

function extendedJson(element: Element): string {
  const { type, value } = element;
  // The driver decodes these into something else.
  if (type === TYPE.undefined) return '{"$undefined":true}';
  if (type === TYPE.dbPointer) {
    const $ref = value.toString('utf8', 4, value.length - 13);
    return JSON.stringify({ $dbPointer: { $ref, $id: { $oid: value.toString('hex', value.length - 12) } } });
  }
  if (type === TYPE.date) return `{"$date":{"$numberLong":"${value.readBigInt64LE(0)}"}}`;
  const document = BSON.deserialize(documentWith([{ ...element, key: 'v' }]), {
    promoteValues: false,
    bsonRegExp: true,
    validation: { utf8: false },
  });
  return BSON.EJSON.stringify(document.v, { relaxed: false });
}
