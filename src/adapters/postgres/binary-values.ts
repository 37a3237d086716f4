/** Values from PostgreSQL's binary form. Source: the send functions in its source, `src/backend/utils/adt`. */
import type { Value } from '../../core/value.ts';
import { arrayText, plainText } from './array-text.ts';
import { ByteReader, damaged, times } from './byte-reader.ts';
import type { DecodeText } from './encodings.ts';
import { exoticText } from './exotic-types.ts';
import {
  dateFromDays,
  intervalFrom,
  timeFromMicroseconds,
  timestampFromMicroseconds,
  zoneFromSeconds,
} from './temporal.ts';
import { innerOf, type WireType } from './types.ts';

type Read = (reader: ByteReader, text: DecodeText) => Value;

const string: Read = (reader, text) => ({ type: 'text', value: text(reader.rest()) });
const unsigned: Read = (reader) => ({ type: 'integer', value: BigInt(reader.uint32()) });

const READERS: Readonly<Record<string, Read>> = {
  bool: (reader) => ({ type: 'boolean', value: reader.uint8() !== 0 }),
  int2: (reader) => ({ type: 'integer', value: BigInt(reader.int16()) }),
  int4: (reader) => ({ type: 'integer', value: BigInt(reader.int32()) }),
  int8: (reader) => ({ type: 'integer', value: reader.int64() }),
  xid8: (reader) => ({ type: 'integer', value: reader.uint64() }),
  oid: unsigned,
  xid: unsigned,
  cid: unsigned,
  float4: (reader) => ({ type: 'float', value: shortest(reader.float32()) }),
  float8: (reader) => ({ type: 'float', value: reader.float64() }),
  numeric: (reader) => ({ type: 'decimal', value: decimal(reader) }),
  text: string,
  varchar: string,
  bpchar: string,
  name: string,
  char: (reader) => ({ type: 'text', value: singleByte(reader.uint8()) }),
  enum: string,
  bytea: (reader) => ({ type: 'bytes', value: reader.rest().slice() }),
  json: (reader, text) => ({ type: 'json', value: text(reader.rest()) }),
  jsonb: (reader, text) => {
    if (reader.uint8() !== 1) throw damaged();
    return { type: 'json', value: text(reader.rest()) };
  },
  uuid: (reader) => ({ type: 'uuid', value: uuid(reader.take(16)) }),
  date: (reader) => ({ type: 'date', value: dateFromDays(reader.int32()) }),
  time: (reader) => ({ type: 'time', value: timeFromMicroseconds(reader.int64()) }),
  timetz: (reader) => ({
    type: 'time',
    value: timeFromMicroseconds(reader.int64()) + zoneFromSeconds(reader.int32()),
  }),
  timestamp: (reader) => ({ type: 'timestamp', value: timestampFromMicroseconds(reader.int64(), '') }),
  timestamptz: (reader) => ({ type: 'timestamptz', value: timestampFromMicroseconds(reader.int64(), 'Z') }),
  interval: (reader) => {
    const microseconds = reader.int64();
    const days = reader.int32();
    return { type: 'interval', value: intervalFrom(reader.int32(), days, microseconds) };
  },
};

/** @param name the engine's own name of the type, for values that have no other. */
export function binaryValue(wire: WireType, name: string, bytes: Uint8Array, text: DecodeText): Value {
  const reader = new ByteReader(bytes);
  const value = readValue(wire, name, reader, text);
  if (!reader.done) throw damaged();
  return value;
}

function readValue(wire: WireType, name: string, reader: ByteReader, text: DecodeText): Value {
  const read = READERS[wire];
  if (read) return read(reader, text);
  if (wire.startsWith('array<')) return arrayValue(innerOf(wire), name, reader, text);
  if (wire.startsWith('range<'))
    return { type: 'other', name, value: rangeText(innerOf(wire), reader, text) };
  if (wire.startsWith('multirange<')) {
    const ranges = times(reader.int32(), () =>
      rangeText(innerOf(wire), new ByteReader(reader.take(reader.int32())), text),
    );
    return { type: 'other', name, value: `{${ranges.join(',')}}` };
  }
  return { type: 'other', name, value: exoticText(wire, reader, text) };
}

function arrayValue(element: WireType, name: string, reader: ByteReader, text: DecodeText): Value {
  const dimensions = reader.int32();
  // Whether there are nulls, and the type of the elements.
  reader.int32();
  reader.uint32();
  const lowest: number[] = [];
  const lengths = times(dimensions, () => {
    const length = reader.int32();
    lowest.push(reader.int32());
    return length;
  });
  // An array without elements has no dimensions; one of which each takes no bytes would never end.
  if (lengths.some((length) => length < 1)) throw damaged();
  const level = (depth: number): Value => {
    if (depth === lengths.length) {
      const length = reader.int32();
      return length === -1 ? { type: 'null' } : binaryValue(element, element, reader.take(length), text);
    }
    return { type: 'list', value: times(lengths[depth] ?? 0, () => level(depth + 1)) };
  };
  const list: Value = dimensions === 0 ? { type: 'list', value: [] } : level(0);
  if (lowest.every((bound) => bound === 1)) return list;
  // A list could not say that its elements are not counted from 1.
  const bounds = lengths.map((length, at) => {
    const low = lowest[at] as number;
    return `[${low}:${low + length - 1}]`;
  });
  return { type: 'other', name, value: `${bounds.join('')}=${arrayText(list)}` };
}

const RANGE = { empty: 1, lowerIncluded: 2, upperIncluded: 4, lowerInfinite: 8, upperInfinite: 16 } as const;

function rangeText(element: WireType, reader: ByteReader, text: DecodeText): string {
  const flags = reader.uint8();
  if (flags & RANGE.empty) return 'empty';
  const bound = (infinite: number): string => {
    if (flags & infinite) return '';
    const value = binaryValue(element, element, reader.take(reader.int32()), text);
    const shown = plainText(value);
    return /[\s,()[\]"\\]|^$/.test(shown) ? `"${shown.replace(/["\\]/g, '$&$&')}"` : shown;
  };
  const lower = bound(RANGE.lowerInfinite);
  const upper = bound(RANGE.upperInfinite);
  return `${flags & RANGE.lowerIncluded ? '[' : '('}${lower},${upper}${flags & RANGE.upperIncluded ? ']' : ')'}`;
}

const SIGNS: Readonly<Record<number, string>> = { 49152: 'NaN', 53248: 'Infinity', 61440: '-Infinity' };

/** Digits to the base 10,000; `weight` is the power of the first. */
function decimal(reader: ByteReader): string {
  const count = reader.uint16();
  const weight = reader.int16();
  const sign = reader.uint16();
  const scale = reader.uint16();
  const digits = times(count, () => reader.uint16());
  const special = SIGNS[sign];
  if (special !== undefined) return special;
  const group = (index: number): string => String(digits[index] ?? 0).padStart(4, '0');
  let whole = '';
  for (let index = 0; index <= weight; index++) whole += group(index);
  let part = '';
  for (let power = -1; part.length < scale; power--) part += group(weight - power);
  const shown = whole.replace(/^0+(?=\d)/, '') || '0';
  return `${sign === 0x4000 ? '-' : ''}${shown}${scale > 0 ? `.${part.slice(0, scale)}` : ''}`;
}

function uuid(bytes: Uint8Array): string {
  return Buffer.from(bytes)
    .toString('hex')
    .replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

/** The shortest decimal that is this single-precision number, as the server writes it. */
function shortest(value: number): number {
  if (value === 0) return value;
  for (let digits = 1; digits < 9; digits++) {
    const candidate = Number(value.toPrecision(digits));
    if (Math.fround(candidate) === value) return candidate;
  }
  return value;
}

/** As the server writes a "char" since PostgreSQL 15. */
function singleByte(byte: number): string {
  if (byte === 0) return '';
  return byte < 128 ? String.fromCharCode(byte) : `\\${byte.toString(8)}`;
}
