/** Values of other engines as rows: records of SQLite's format, made as SQLite itself would make them. */
import type { StreamOpen } from '../../core/adapter.ts';
import { DbimgError } from '../../core/errors.ts';
import type { RecordEncoder, Value } from '../../core/value.ts';
import type { StorageType } from './column-mapping.ts';
import { varintSize, writeVarint } from './pages/varint.ts';
import { type Stored, storedValue } from './stored-values.ts';
import { LENGTH_SIZE, ROW, ROWID_SIZE, rowLayoutOf } from './types.ts';

const PREFIX = LENGTH_SIZE + ROWID_SIZE;
/** SQLite takes no longer rows. */
const MAX_ROW = 1_000_000_000;

const STORAGE: ReadonlySet<string> = new Set(['INTEGER', 'REAL', 'NUMERIC', 'TEXT', 'BLOB', 'ANY']);

/** `open` is one of the translator's: its columns are declared with the types in which they are stored. */
export function encoder(open: StreamOpen): RecordEncoder {
  if (open.encoding !== ROW) {
    throw new DbimgError('UNSUPPORTED', `The SQLite adapter writes no records of encoding ${open.encoding}.`);
  }
  const { columns, rowidColumn } = rowLayoutOf(open);
  const storage = columns.map(({ type }) => storageNamed(type));
  return {
    encode: (record, number) => {
      const values = storage.map((type, at) => stored(record[at], type));
      let rowid = BigInt(number) + 1n;
      if (rowidColumn !== undefined) {
        rowid = rowidOf(values[rowidColumn]);
        values[rowidColumn] = null;
      }
      return rowRecord(rowid, values);
    },
  };
}

function storageNamed(type: string): StorageType {
  return STORAGE.has(type) ? (type as StorageType) : 'ANY';
}

function stored(value: Value | undefined, type: StorageType): Stored {
  return value === undefined ? null : storedValue(value, type);
}

function rowidOf(value: Stored | undefined): bigint {
  if (typeof value === 'bigint') return value;
  throw new DbimgError('UNSUPPORTED', 'A key of integers has a row without an integer.');
}

/** A row as it is in a chunk: its length, its rowid, and the record. */
function rowRecord(rowid: bigint, values: readonly Stored[]): Uint8Array {
  const fields = values.map(fieldOf);
  const types = fields.reduce((sum, { serial }) => sum + varintSize(serial), 0);
  // The size of the header counts itself.
  let header = types + 1;
  if (varintSize(header) > 1) header = types + varintSize(types + varintSize(header));
  const size = fields.reduce((sum, field) => sum + field.size, PREFIX + header);
  if (size > MAX_ROW)
    throw new DbimgError('UNSUPPORTED', 'A row is longer than SQLite takes: 1,000,000,000 bytes.');
  const record = Buffer.allocUnsafe(size);
  record.writeInt32LE(size, 0);
  record.writeBigInt64LE(rowid, LENGTH_SIZE);
  let at = writeVarint(record, PREFIX, header);
  for (const { serial } of fields) at = writeVarint(record, at, serial);
  for (const field of fields) {
    field.write(record, at);
    at += field.size;
  }
  return record;
}

/** A value with its serial type. https://www.sqlite.org/fileformat2.html#record_format */
interface Field {
  readonly serial: number;
  readonly size: number;
  write(record: Buffer, at: number): void;
}

const nothing = (): void => {};
const NULL: Field = { serial: 0, size: 0, write: nothing };
const ZERO: Field = { serial: 8, size: 0, write: nothing };
const ONE: Field = { serial: 9, size: 0, write: nothing };

function fieldOf(value: Stored): Field {
  switch (typeof value) {
    case 'bigint':
      return integerField(value);
    case 'number':
      return { serial: 7, size: 8, write: (record, at) => record.writeDoubleBE(value, at) };
    case 'string': {
      const size = Buffer.byteLength(value);
      return { serial: 13 + 2 * size, size, write: (record, at) => record.write(value, at) };
    }
    default:
      if (value === null) return NULL;
      return {
        serial: 12 + 2 * value.length,
        size: value.length,
        write: (record, at) => record.set(value, at),
      };
  }
}

/** In as few bytes as it needs. */
function integerField(value: bigint): Field {
  if (value === 0n) return ZERO;
  if (value === 1n) return ONE;
  const small = Number(value);
  if (value < -(2n ** 47n) || value >= 2n ** 47n) {
    return { serial: 6, size: 8, write: (record, at) => record.writeBigInt64BE(value, at) };
  }
  const place = INTEGER_SIZES.findIndex(
    (size) => small >= -(2 ** (8 * size - 1)) && small < 2 ** (8 * size - 1),
  );
  const size = INTEGER_SIZES[place] as number;
  return { serial: place + 1, size, write: (record, at) => record.writeIntBE(small, at, size) };
}

const INTEGER_SIZES: readonly number[] = [1, 2, 3, 4, 6];
