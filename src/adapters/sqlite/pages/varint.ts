/** SQLite's variable-length integers: seven bits a byte, most significant first, all eight of the ninth. */

/** A non-negative integer below 2^53, and where it ends; undefined if it is larger or leaves the bytes. */
export function readVarint(bytes: Uint8Array, at: number): { value: number; end: number } | undefined {
  let value = 0;
  for (let end = at; end < at + 8 && end < bytes.length; ) {
    const byte = bytes[end++] as number;
    value = value * 128 + (byte & 0x7f);
    if (value > Number.MAX_SAFE_INTEGER) return undefined;
    if (byte < 0x80) return { value, end };
  }
  return undefined;
}

export function varintSize(value: number): number {
  let size = 1;
  for (let left = value; left >= 128; left = Math.floor(left / 128)) size += 1;
  return size;
}

/** Writes a non-negative integer below 2^53; returns where it ends. */
export function writeVarint(bytes: Uint8Array, at: number, value: number): number {
  const end = at + varintSize(value);
  let left = value;
  for (let to = end - 1; to >= at; to -= 1) {
    bytes[to] = (left % 128) | (to === end - 1 ? 0 : 0x80);
    left = Math.floor(left / 128);
  }
  return end;
}

/** A rowid: a signed 64-bit varint that lies whole in the bytes. */
export function readRowid(bytes: Uint8Array, at: number): { value: bigint; end: number } {
  let value = 0n;
  for (let end = at; end < at + 8; ) {
    const byte = bytes[end++] as number;
    value = (value << 7n) | BigInt(byte & 0x7f);
    if (byte < 0x80) return { value: BigInt.asIntN(64, value), end };
  }
  return { value: BigInt.asIntN(64, (value << 8n) | BigInt(bytes[at + 8] as number)), end: at + 9 };
}
