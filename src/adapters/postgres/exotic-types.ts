/** The text form of types that no other engine has, from their binary form. */
import { isIPv6 } from 'node:net';
import { type ByteReader, damaged, times } from './byte-reader.ts';
import type { DecodeText } from './encodings.ts';

type Write = (reader: ByteReader, text: DecodeText) => string;

const WRITERS: Readonly<Record<string, Write>> = {
  point: (reader) => point(reader),
  lseg: (reader) => `[${point(reader)},${point(reader)}]`,
  box: (reader) => `${point(reader)},${point(reader)}`,
  line: (reader) => `{${float(reader)},${float(reader)},${float(reader)}}`,
  circle: (reader) => `<${point(reader)},${float(reader)}>`,
  polygon: (reader) => `(${points(reader)})`,
  path: (reader) => {
    const [open, close] = reader.uint8() !== 0 ? '()' : '[]';
    return `${open}${points(reader)}${close}`;
  },
  inet: (reader) => address(reader, false),
  cidr: (reader) => address(reader, true),
  macaddr: (reader) => octets(reader.take(6)),
  macaddr8: (reader) => octets(reader.take(8)),
  bit: bits,
  varbit: bits,
  money: (reader) => money(reader.int64()),
  tid: (reader) => `(${reader.uint32()},${reader.uint16()})`,
  pg_lsn: (reader) => {
    const [high, low] = [reader.uint32(), reader.uint32()];
    return `${high.toString(16)}/${low.toString(16)}`.toUpperCase();
  },
  pg_snapshot: snapshot,
  txid_snapshot: snapshot,
  jsonpath: (reader, text) => {
    if (reader.uint8() !== 1) throw damaged();
    return text(reader.rest());
  },
  tsvector: (reader, text) => times(reader.int32(), () => lexeme(reader, text)).join(' '),
};

/** @throws DbimgError `IMAGE_DAMAGED` for a type that has no binary form in images. */
export function exoticText(wire: string, reader: ByteReader, text: DecodeText): string {
  const write = WRITERS[wire];
  if (!write) throw damaged();
  return write(reader, text);
}

function point(reader: ByteReader): string {
  return `(${float(reader)},${float(reader)})`;
}

function float(reader: ByteReader): string {
  const value = reader.float64();
  return Object.is(value, -0) ? '-0' : String(value);
}

function points(reader: ByteReader): string {
  return times(reader.int32(), () => point(reader)).join(',');
}

function octets(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(':');
}

function bits(reader: ByteReader): string {
  const length = reader.int32();
  return [...reader.rest()]
    .map((byte) => byte.toString(2).padStart(8, '0'))
    .join('')
    .slice(0, length);
}

/** As under lc_monetary C. */
function money(cents: bigint): string {
  const absolute = cents < 0n ? -cents : cents;
  const whole = String(absolute / 100n).replace(/\B(?=(\d{3})+$)/g, ',');
  return `${cents < 0n ? '-' : ''}$${whole}.${String(absolute % 100n).padStart(2, '0')}`;
}

function address(reader: ByteReader, network: boolean): string {
  const family = reader.uint8();
  const prefix = reader.uint8();
  reader.uint8();
  const bytes = reader.take(reader.uint8());
  const whole = family === 2 ? 32 : 128;
  const shown = family === 2 ? bytes.join('.') : addressOf6(bytes);
  return network || prefix !== whole ? `${shown}/${prefix}` : shown;
}

/** The longest run of zero groups is left out. What stands for an address of version 4 ends like one. */
function addressOf6(bytes: Uint8Array): string {
  const head = Buffer.from(bytes.subarray(0, 12)).toString('hex');
  const tail = bytes.subarray(12).join('.');
  if (head === `${'0'.repeat(20)}ffff`) return `::ffff:${tail}`;
  // The unspecified address and those next to it are not meant.
  if (head === '0'.repeat(24) && (bytes[12] || bytes[13])) return `::${tail}`;
  const groups = Array.from({ length: 8 }, (_, index) =>
    (((bytes[index * 2] ?? 0) << 8) | (bytes[index * 2 + 1] ?? 0)).toString(16),
  );
  const runs = groups.join(':').match(/(?<![0-9a-f])0(?::0)+(?![0-9a-f])/g) ?? [];
  const longest = runs.toSorted((a, b) => b.length - a.length)[0];
  if (longest === undefined) return groups.join(':');
  const short = groups.join(':').replace(new RegExp(`:?(?<![0-9a-f])${longest}(?![0-9a-f]):?`), '::');
  return isIPv6(short) ? short : groups.join(':');
}

function snapshot(reader: ByteReader): string {
  const count = reader.int32();
  const [low, high] = [reader.int64(), reader.int64()];
  return `${low}:${high}:${times(count, () => reader.int64()).join(',')}`;
}

function lexeme(reader: ByteReader, text: DecodeText): string {
  const word = quoted(text(reader.untilZero()));
  const positions = times(reader.uint16(), () => {
    const position = reader.uint16();
    return `${position & 0x3fff}${['', 'C', 'B', 'A'][position >>> 14]}`;
  });
  return positions.length === 0 ? word : `${word}:${positions.join(',')}`;
}

function quoted(word: string): string {
  return `'${word.replace(/['\\]/g, '$&$&')}'`;
}
