/** MongoDB Extended JSON, canonical, relaxed or mixed, as BSON bytes. */
import { BSON } from 'mongodb';
import { type Json, JsonTrees } from './json-tree.ts';
import { documentWith, TYPE } from './raw-bson.ts';

/** A value as it stands in a document. */
export interface BsonValue {
  readonly type: number;
  readonly value: Buffer;
}

/** One value, whose text is complete. @throws Error that says what is wrong. */
export function parseExtendedJson(text: string): BsonValue {
  const trees = new JsonTrees(false);
  const [tree] = [...trees.push(text), ...trees.end()];
  if (tree === undefined) throw new Error('there is no value');
  return bsonOf(tree);
}

type Members = readonly (readonly [name: string, value: Json])[];

/** What an object whose first field is this one may be. Undefined: a document like any other. */
const WRAPPERS: ReadonlyMap<string, (members: Members) => BsonValue | undefined> = new Map([
  ['$oid', (m: Members) => withText(m, objectId)],
  ['$symbol', (m: Members) => withText(m, (text) => ({ type: TYPE.symbol, value: stringBytes(text) }))],
  ['$numberInt', (m: Members) => withText(m, int32)],
  ['$numberLong', (m: Members) => withText(m, int64)],
  ['$numberDouble', (m: Members) => withText(m, double)],
  ['$numberDecimal', (m: Members) => withText(m, decimal)],
  ['$uuid', (m: Members) => withText(m, uuid)],
  ['$binary', binary],
  ['$code', code],
  ['$timestamp', timestamp],
  ['$regularExpression', regularExpression],
  ['$dbPointer', dbPointer],
  ['$date', date],
  ['$minKey', (m: Members) => withoutValue(m, TYPE.minKey)],
  ['$maxKey', (m: Members) => withoutValue(m, TYPE.maxKey)],
  ['$undefined', (m: Members) => withoutValue(m, TYPE.undefined)],
]);

/** Whether a document with such a field can look like a value of another type. */
export function isWrapperName(name: string): boolean {
  return WRAPPERS.has(name);
}

/** @throws RangeError for a number that no type of BSON holds. */
export function bsonOf(node: Json): BsonValue {
  switch (node.kind) {
    case 'object':
      return wrapped(node.members) ?? { type: TYPE.document, value: documentOf(node.members) };
    case 'array':
      return { type: TYPE.array, value: documentOf(node.items.map((item, at) => [String(at), item])) };
    case 'string':
      return { type: TYPE.string, value: stringBytes(node.text) };
    case 'number':
      return numberOf(node.text);
    default:
      return node.value === null
        ? { type: TYPE.null, value: NOTHING }
        : { type: TYPE.boolean, value: Buffer.of(node.value ? 1 : 0) };
  }
}

export function documentOf(members: Members): Buffer {
  return documentWith(
    members.map(([key, node]) => {
      if (key.includes('\0')) throw new RangeError('the name of a field holds a NUL character');
      return { key, ...bsonOf(node) };
    }),
  );
}

const NOTHING = Buffer.alloc(0);

function wrapped(members: Members): BsonValue | undefined {
  const first = members[0]?.[0];
  if (first === undefined || !first.startsWith('$')) return undefined;
  const byFirst = WRAPPERS.get(first)?.(members);
  // Fields of these may come in the other order.
  if (byFirst || members.length !== 2) return byFirst;
  const second = members[1]?.[0];
  return second === '$code' || second === '$binary' ? WRAPPERS.get(second)?.(members) : undefined;
}

function withText(members: Members, make: (text: string) => BsonValue | undefined): BsonValue | undefined {
  const value = members[0]?.[1];
  return members.length === 1 && value?.kind === 'string' ? make(value.text) : undefined;
}

function withoutValue(members: Members, type: number): BsonValue | undefined {
  const value = members[0]?.[1];
  const one =
    value?.kind === 'number' ? value.text === '1' : value?.kind === 'literal' && value.value === true;
  return members.length === 1 && one ? { type, value: NOTHING } : undefined;
}

function member(members: Members, name: string): Json | undefined {
  return members.find(([key]) => key === name)?.[1];
}

function textMember(members: Members, name: string): string | undefined {
  const value = member(members, name);
  return value?.kind === 'string' ? value.text : undefined;
}

function objectMembers(members: Members, name: string): Members | undefined {
  const value = member(members, name);
  return value?.kind === 'object' ? value.members : undefined;
}

function bytesOfLength(text: string): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(Buffer.byteLength(text) + 1);
  return length;
}

function stringBytes(text: string): Buffer {
  return Buffer.concat([bytesOfLength(text), Buffer.from(`${text}\0`)]);
}

function objectId(text: string): BsonValue | undefined {
  return /^[0-9a-f]{24}$/i.test(text) ? { type: TYPE.objectId, value: Buffer.from(text, 'hex') } : undefined;
}

function int32(text: string): BsonValue | undefined {
  const number = Number(text);
  if (!/^-?\d+$/.test(text) || number !== (number | 0)) return undefined;
  const value = Buffer.alloc(4);
  value.writeInt32LE(number);
  return { type: TYPE.int32, value };
}

const FIRST_INT64 = -(2n ** 63n);
const LAST_INT64 = 2n ** 63n - 1n;

function int64Bytes(text: string): Buffer | undefined {
  if (!/^-?\d{1,20}$/.test(text)) return undefined;
  const number = BigInt(text);
  if (number < FIRST_INT64 || number > LAST_INT64) return undefined;
  const value = Buffer.alloc(8);
  value.writeBigInt64LE(number);
  return value;
}

function int64(text: string): BsonValue | undefined {
  const value = int64Bytes(text);
  return value && { type: TYPE.int64, value };
}

function double(text: string): BsonValue | undefined {
  if (!/^-?(?:Infinity|NaN|[0-9.]+(?:[eE][-+]?\d+)?)$/.test(text)) return undefined;
  const value = Buffer.alloc(8);
  value.writeDoubleLE(Number(text));
  return { type: TYPE.double, value };
}

function decimal(text: string): BsonValue | undefined {
  try {
    return { type: TYPE.decimal128, value: Buffer.from(BSON.Decimal128.fromString(text).bytes) };
  } catch {
    return undefined;
  }
}

/** JSON's own numbers: whole ones as the smallest type that holds them. */
function numberOf(text: string): BsonValue {
  const whole = text === '-0' ? undefined : (int32(text) ?? int64(text));
  const number = whole ?? double(text);
  if (number && (whole || Number.isFinite(number.value.readDoubleLE(0)))) return number;
  throw new RangeError(`the number ${text.slice(0, 40)} is too large`);
}

function uuid(text: string): BsonValue | undefined {
  const hex = text.replaceAll('-', '');
  if (!/^[0-9a-f]{32}$/i.test(hex)) return undefined;
  return binaryOf(4, Buffer.from(hex, 'hex'));
}

const OLD_BINARY = 2;

function binaryOf(subtype: number, bytes: Buffer): BsonValue {
  const head = Buffer.alloc(subtype === OLD_BINARY ? 9 : 5);
  head.writeUInt32LE(subtype === OLD_BINARY ? bytes.length + 4 : bytes.length);
  head[4] = subtype;
  if (subtype === OLD_BINARY) head.writeUInt32LE(bytes.length, 5);
  return { type: TYPE.binary, value: Buffer.concat([head, bytes]) };
}

/** `{ $binary: { base64, subType } }`, and the older `{ $binary, $type }`. */
function binary(members: Members): BsonValue | undefined {
  const inner = members.length === 1 ? objectMembers(members, '$binary') : undefined;
  const older = members.length === 2;
  const base64 = older ? textMember(members, '$binary') : textMember(inner ?? [], 'base64');
  const subtype = older ? textMember(members, '$type') : textMember(inner ?? [], 'subType');
  if (base64 === undefined || subtype === undefined || (inner?.length ?? 2) !== 2) return undefined;
  if (!/^[0-9a-f]{1,2}$/i.test(subtype) || !/^[A-Za-z0-9+/]*={0,2}$/.test(base64)) return undefined;
  return binaryOf(Number.parseInt(subtype, 16), Buffer.from(base64, 'base64'));
}

function code(members: Members): BsonValue | undefined {
  const source = textMember(members, '$code');
  if (source === undefined) return undefined;
  if (members.length === 1) return { type: TYPE.code, value: stringBytes(source) };
  const scope = members.length === 2 ? objectMembers(members, '$scope') : undefined;
  if (scope === undefined) return undefined;
  const body = Buffer.concat([stringBytes(source), documentOf(scope)]);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(body.length + 4);
  return { type: TYPE.codeWithScope, value: Buffer.concat([length, body]) };
}

function timestamp(members: Members): BsonValue | undefined {
  const inner = members.length === 1 ? objectMembers(members, '$timestamp') : undefined;
  const [t, i] = ['t', 'i'].map((name) => {
    const node = member(inner ?? [], name);
    const number = node?.kind === 'number' ? Number(node.text) : Number.NaN;
    return number === number >>> 0 ? number : undefined;
  });
  if (inner?.length !== 2 || t === undefined || i === undefined) return undefined;
  const value = Buffer.alloc(8);
  value.writeUInt32LE(i, 0);
  value.writeUInt32LE(t, 4);
  return { type: TYPE.timestamp, value };
}

function regularExpression(members: Members): BsonValue | undefined {
  const inner = members.length === 1 ? objectMembers(members, '$regularExpression') : undefined;
  const [pattern, options] = ['pattern', 'options'].map((name) => textMember(inner ?? [], name));
  if (inner?.length !== 2 || pattern === undefined || options === undefined) return undefined;
  if (pattern.includes('\0') || options.includes('\0')) return undefined;
  return { type: TYPE.regex, value: Buffer.from(`${pattern}\0${options}\0`) };
}

function dbPointer(members: Members): BsonValue | undefined {
  const inner = members.length === 1 ? objectMembers(members, '$dbPointer') : undefined;
  const namespace = textMember(inner ?? [], '$ref');
  const id = member(inner ?? [], '$id');
  const pointer = id?.kind === 'object' ? wrapped(id.members) : undefined;
  if (inner?.length !== 2 || namespace === undefined || pointer?.type !== TYPE.objectId) return undefined;
  return { type: TYPE.dbPointer, value: Buffer.concat([stringBytes(namespace), pointer.value]) };
}

/** `{ $date: { $numberLong } }`, ISO 8601, and the older form with a number. */
function date(members: Members): BsonValue | undefined {
  const node = members.length === 1 ? members[0]?.[1] : undefined;
  if (node?.kind === 'string') return isoDate(node.text);
  const number =
    node?.kind === 'number' ? node.text : node?.kind === 'object' ? longText(node.members) : undefined;
  const value = number === undefined ? undefined : int64Bytes(number);
  return value && { type: TYPE.date, value };
}

function longText(members: Members): string | undefined {
  return members.length === 1 ? textMember(members, '$numberLong') : undefined;
}

function isoDate(text: string): BsonValue | undefined {
  const milliseconds = /^\d{4}-\d\d-\d\dT/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(milliseconds)) return undefined;
  const value = Buffer.alloc(8);
  value.writeBigInt64LE(BigInt(milliseconds));
  return { type: TYPE.date, value };
}
