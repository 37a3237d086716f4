/**
 * Records in the form in which SQLite would write them today. Rows that are older than a column lack its value, which
 * reading them supplies from the column's default; files of schema format 3 and older keep 0 and 1 in a byte.
 * Two databases with the same rows so have the same records.
 */
import { PageDamage } from './pages/damage.ts';
import type { Cell } from './pages/page.ts';
import { storedSize } from './pages/record.ts';
import { readVarint, varintSize, writeVarint } from './pages/varint.ts';

/** A stored value: its serial type, and its bytes in base 64. Plain data: it travels to lanes. */
export interface StoredField {
  readonly [key: string]: number | string;
  readonly serial: number;
  readonly bytes: string;
}

/** A record is `head`, its own bytes without the first `skip`, and `tail`. */
export interface Amendment {
  readonly head: Uint8Array;
  readonly skip: number;
  readonly tail: Uint8Array;
}

export interface AmendOptions {
  /** For each value of a record, in stored order, what rows have that are older. */
  readonly fallbacks: readonly StoredField[];
  /** Of the file: 1 to 4. */
  readonly schemaFormat: number;
}

/** The first schema format in which 0 and 1 take no byte. */
const CONSTANTS_SINCE = 4;
const ZERO = 8;
const TEXT_OR_BLOB = 12;

export class Amender {
  readonly #fallbacks: readonly StoredField[];
  readonly #fields: number;
  readonly #old: boolean;

  constructor(options: AmendOptions) {
    this.#fallbacks = options.fallbacks;
    this.#fields = options.fallbacks.length;
    this.#old = options.schemaFormat < CONSTANTS_SINCE;
  }

  /**
   * Whether a record is as it should be: all values, and as long as its header says. `cell` says where in `bytes` it
   * lies. Every row passes here.
   */
  isPlain(bytes: Uint8Array, cell: Cell): boolean {
    const length = bytes[cell.begin] as number;
    if (this.#old || length >= 0x80 || length > cell.local) return false;
    const end = cell.begin + length;
    let size = length;
    let fields = 0;
    let serial = 0;
    for (let at = cell.begin + 1; at < end; at += 1) {
      const byte = bytes[at] as number;
      serial = serial * 128 + (byte & 0x7f);
      if (byte >= 0x80) continue;
      if (serial >= TEXT_OR_BLOB) size += Math.floor((serial - TEXT_OR_BLOB) / 2);
      else size += storedSize(serial) ?? Number.NaN;
      fields += 1;
      serial = 0;
    }
    return fields >= this.#fields && size === cell.size;
  }

  /**
   * How a record must be changed; undefined if it need not.
   * @throws PageDamage, on `page`, if its bytes are no record.
   */
  amend(pieces: Iterable<Uint8Array>, size: number, page: number): Amendment | undefined {
    const record = this.#old ? joined(pieces, size) : headerOf(pieces, size);
    const header = readVarint(record, 0);
    const valid = header && header.value <= size && header.value >= header.end;
    const serials = valid ? serialsOf(record, header.end, header.value) : undefined;
    if (!header || !serials || header.value + sizeOf(serials) !== size) throw damaged(page);
    const missing = this.#fallbacks.slice(serials.length);
    if (this.#old) {
      const amendment = rewritten(record, header.value, serials, missing);
      if (!amendment) throw damaged(page);
      return amendment;
    }
    if (missing.length === 0) return undefined;
    return {
      head: headerFor([...serials, ...missing.map((field) => field.serial)]),
      skip: header.value,
      tail: bodyOf(missing),
    };
  }
}

/** Bytes of all values; not a number if a type is reserved. */
function sizeOf(serials: readonly number[]): number {
  return serials.reduce((sum, serial) => sum + (storedSize(serial) ?? Number.NaN), 0);
}

function damaged(page: number): PageDamage {
  return new PageDamage(page, 'has a row whose header makes no sense');
}

function serialsOf(record: Uint8Array, begin: number, end: number): number[] | undefined {
  const serials: number[] = [];
  for (let at = begin; at < end; ) {
    const serial = readVarint(record, at);
    if (!serial || serial.end > end) return undefined;
    serials.push(serial.value);
    at = serial.end;
  }
  return serials;
}

/** A record of an old file: 0 and 1 that take a byte no longer do. */
function rewritten(
  record: Uint8Array,
  begin: number,
  serials: readonly number[],
  missing: readonly StoredField[],
): Amendment | undefined {
  const bodies: Uint8Array[] = [];
  const changed: number[] = [];
  let at = begin;
  for (const serial of serials) {
    const size = storedSize(serial);
    if (size === undefined || at + size > record.length) return undefined;
    const small = serial === 1 && (record[at] as number) <= 1;
    changed.push(small ? ZERO + (record[at] as number) : serial);
    if (!small) bodies.push(record.subarray(at, at + size));
    at += size;
  }
  const head = headerFor([...changed, ...missing.map((field) => field.serial)]);
  return { head, skip: record.length, tail: Buffer.concat([...bodies, bodyOf(missing)]) };
}

/** A record's header counts its own length in its length. */
function headerFor(serials: readonly number[]): Uint8Array {
  const types = serials.reduce((sum, serial) => sum + varintSize(serial), 0);
  let length = types + 1;
  if (varintSize(length) > 1) length = types + varintSize(types + 2);
  const header = new Uint8Array(length);
  let at = writeVarint(header, 0, length);
  for (const serial of serials) at = writeVarint(header, at, serial);
  return header;
}

function bodyOf(fields: readonly StoredField[]): Uint8Array {
  return Buffer.concat(fields.map((field) => Buffer.from(field.bytes, 'base64')));
}

/** As many pieces as hold the whole header. */
function headerOf(pieces: Iterable<Uint8Array>, size: number): Uint8Array {
  const taken: Uint8Array[] = [];
  let have = 0;
  let need = Math.min(9, size);
  for (const piece of pieces) {
    taken.push(piece.slice());
    have += piece.length;
    const header = readVarint(taken[0] as Uint8Array, 0);
    need = Math.min(size, header?.value ?? need);
    if (have >= need) break;
  }
  return Buffer.concat(taken);
}

/** Old files are of a time when rows were small: here a row is held whole. */
function joined(pieces: Iterable<Uint8Array>, size: number): Uint8Array {
  const record = new Uint8Array(size);
  let at = 0;
  for (const piece of pieces) {
    record.set(piece, at);
    at += piece.length;
  }
  return record;
}
