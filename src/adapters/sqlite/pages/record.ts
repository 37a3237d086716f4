/** SQLite's record format: a header of serial types, then the values. https://www.sqlite.org/fileformat2.html#record_format */
import type { TextEncoding } from './header.ts';
import { readVarint } from './varint.ts';

/** A value as it is stored. Text is the bytes of the database's encoding. */
export type StoredValue =
  | { readonly type: 'null' }
  | { readonly type: 'integer'; readonly value: bigint }
  | { readonly type: 'real'; readonly value: number }
  | { readonly type: 'text' | 'blob'; readonly bytes: Uint8Array };

/** Bytes of a value by its serial type; undefined for the types that are reserved. */
export function storedSize(serial: number): number | undefined {
  if (serial >= 12) return Math.floor((serial - 12) / 2);
  return FIXED[serial];
}

const FIXED: readonly (number | undefined)[] = [0, 1, 2, 3, 4, 6, 8, 8, 0, 0];

/** The values of a record, or undefined if the bytes are none. */
export function parseRecord(record: Uint8Array): StoredValue[] | undefined {
  const header = readVarint(record, 0);
  if (!header || header.value > record.length || header.value < header.end) return undefined;
  const view = new DataView(record.buffer, record.byteOffset, record.byteLength);
  const values: StoredValue[] = [];
  let at = header.value;
  for (let next = header.end; next < header.value; ) {
    const serial = readVarint(record, next);
    const size = serial ? storedSize(serial.value) : undefined;
    if (!serial || size === undefined || serial.end > header.value || at + size > record.length)
      return undefined;
    values.push(storedValue(view, at, serial.value, size));
    next = serial.end;
    at += size;
  }
  return values;
}

function storedValue(view: DataView, at: number, serial: number, size: number): StoredValue {
  if (serial === 0) return { type: 'null' };
  if (serial === 7) return { type: 'real', value: view.getFloat64(at) };
  if (serial >= 12) {
    const bytes = new Uint8Array(view.buffer, view.byteOffset + at, size);
    return { type: serial % 2 === 0 ? 'blob' : 'text', bytes };
  }
  return { type: 'integer', value: storedInteger(view, at, serial) };
}

function storedInteger(view: DataView, at: number, serial: number): bigint {
  switch (serial) {
    case 1:
      return BigInt(view.getInt8(at));
    case 2:
      return BigInt(view.getInt16(at));
    case 3:
      return BigInt(view.getInt8(at) * 65536 + view.getUint16(at + 1));
    case 4:
      return BigInt(view.getInt32(at));
    case 5:
      return BigInt(view.getInt16(at) * 2 ** 32 + view.getUint32(at + 2));
    case 6:
      return view.getBigInt64(at);
    default:
      return BigInt(serial - 8);
  }
}

/** Text, or undefined if the bytes are none of the encoding. */
export function decodeText(bytes: Uint8Array, encoding: TextEncoding): string | undefined {
  try {
    return DECODERS[encoding].decode(bytes);
  } catch {
    return undefined;
  }
}

const FATAL = { fatal: true, ignoreBOM: true };
const DECODERS: Readonly<Record<TextEncoding, InstanceType<typeof TextDecoder>>> = {
  'UTF-8': new TextDecoder('utf-8', FATAL),
  'UTF-16le': new TextDecoder('utf-16le', FATAL),
  'UTF-16be': new TextDecoder('utf-16be', FATAL),
};
