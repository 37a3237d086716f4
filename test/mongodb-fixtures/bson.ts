/** BSON by hand, from its specification: also what no library writes any more, or ever would. */

/** One field: its type byte, its name and the bytes of its value. */
export type Field = readonly [type: number, name: string, value: Uint8Array];
/** A value without a name. */
export type Raw = readonly [type: number, value: Uint8Array];

export function document(...fields: readonly Field[]): Buffer {
  const parts = fields.flatMap(([type, name, value]) => [Buffer.of(type), cstring(name), value]);
  const body = Buffer.concat(parts);
  return Buffer.concat([int(body.length + 5), body, Buffer.of(0)]);
}

export function field(name: string, [type, value]: Raw): Field {
  return [type, name, value];
}

function cstring(text: string): Buffer {
  return Buffer.from(`${text}\0`);
}

function int(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
}

function withLength(bytes: Uint8Array): Buffer {
  return Buffer.concat([int(bytes.length + 1), bytes, Buffer.of(0)]);
}

export function double(value: number): Raw {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return [1, bytes];
}

/** NaN keeps its payload only as bits. */
export function doubleBits(bits: bigint): Raw {
  return [1, eight(bits)];
}

function eight(bits: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt.asUintN(64, bits));
  return bytes;
}

export function string(value: string | Uint8Array): Raw {
  return [2, withLength(Buffer.from(value as string))];
}

export function object(...fields: readonly Field[]): Raw {
  return [3, document(...fields)];
}

export function array(...values: readonly Raw[]): Raw {
  return [4, document(...values.map((value, at) => field(String(at), value)))];
}

/** Subtype 2 has its length once more inside. */
export function binary(subtype: number, bytes: Uint8Array): Raw {
  const inner = subtype === 2 ? Buffer.concat([int(bytes.length), bytes]) : bytes;
  return [5, Buffer.concat([int(inner.length), Buffer.of(subtype), inner])];
}

export const undefinedValue: Raw = [6, Buffer.alloc(0)];

export function objectId(hex: string): Raw {
  return [7, Buffer.from(hex, 'hex')];
}

export function boolean(value: boolean): Raw {
  return [8, Buffer.of(value ? 1 : 0)];
}

/** Milliseconds since 1970, any 64 bits of them. */
export function date(milliseconds: bigint): Raw {
  return [9, eight(milliseconds)];
}

export const nullValue: Raw = [10, Buffer.alloc(0)];

export function regex(pattern: string, options: string): Raw {
  return [11, Buffer.concat([cstring(pattern), cstring(options)])];
}

export function dbPointer(namespace: string, hex: string): Raw {
  return [12, Buffer.concat([withLength(Buffer.from(namespace)), Buffer.from(hex, 'hex')])];
}

export function code(source: string): Raw {
  return [13, withLength(Buffer.from(source))];
}

export function symbol(text: string): Raw {
  return [14, withLength(Buffer.from(text))];
}

export function codeWithScope(source: string, ...scope: readonly Field[]): Raw {
  const body = Buffer.concat([withLength(Buffer.from(source)), document(...scope)]);
  return [15, Buffer.concat([int(body.length + 4), body])];
}

export function int32(value: number): Raw {
  return [16, int(value)];
}

export function timestamp(seconds: number, increment: number): Raw {
  return [17, eight((BigInt(seconds) << 32n) | BigInt(increment))];
}

export function int64(value: bigint): Raw {
  return [18, eight(value)];
}

/** The 128 bits as hexadecimal digits, the most significant first. */
export function decimal128(hex: string): Raw {
  return [19, Buffer.from(hex, 'hex').reverse()];
}

export const minKey: Raw = [255, Buffer.alloc(0)];
export const maxKey: Raw = [127, Buffer.alloc(0)];
