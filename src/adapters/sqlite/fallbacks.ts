/** The values that rows have in columns which were added after them. */
import { DatabaseSync } from 'node:sqlite';
import { affinityOf } from './affinity.ts';
import type { StoredField } from './amend.ts';
import type { TextEncoding } from './pages/header.ts';
import type { TableColumn, TableShape } from './shape.ts';

const NULL: StoredField = { serial: 0, bytes: '' };

/** For each value of a record, in stored order. */
export function fallbacksOf(shape: TableShape, encoding: TextEncoding): StoredField[] {
  return shape.order.map((at) => {
    const column = shape.columns[at];
    return column?.fallback === undefined ? NULL : evaluate(column, shape.strict, encoding);
  });
}

/** Only constants can be a default of rows that are there already, so whatever cannot be computed here is none. */
function evaluate(column: TableColumn, strict: boolean, encoding: TextEncoding): StoredField {
  const { fallback = 'NULL' } = column;
  if (/^\s*null\s*$/i.test(fallback)) return NULL;
  const affinity = strict && /^any$/i.test(column.type) ? 'BLOB' : affinityOf(column.type);
  const scratch = new DatabaseSync(':memory:');
  try {
    scratch.exec(`PRAGMA encoding = '${encoding}'`);
    const call = /^[^'"]*\(/.test(fallback);
    scratch.exec(`CREATE TABLE row (value ${affinity} DEFAULT ${call ? `(${fallback}\n)` : fallback})`);
    scratch.exec('INSERT INTO row DEFAULT VALUES');
    const select = scratch.prepare(
      'SELECT typeof(value) AS type, value, CAST(value AS BLOB) AS bytes FROM row',
    );
    select.setReadBigInts(true);
    return fieldOf(select.get() as unknown as Evaluated, affinity);
  } catch {
    return NULL;
  } finally {
    scratch.close();
  }
}

interface Evaluated {
  readonly type: string;
  readonly value: unknown;
  readonly bytes: Uint8Array | null;
}

function fieldOf({ type, value, bytes }: Evaluated, affinity: string): StoredField {
  if (type === 'integer') return integerField(value as bigint);
  if (type === 'real') return realField(value as number, affinity);
  if (type === 'null') return NULL;
  const content = Buffer.from(bytes ?? []);
  return { serial: content.length * 2 + (type === 'text' ? 13 : 12), bytes: content.toString('base64') };
}

function realField(value: number, affinity: string): StoredField {
  // SQLite stores whole numbers of REAL columns as integers if that is shorter.
  if (affinity === 'REAL' && Number.isInteger(value) && Math.abs(value) < 2 ** 47) {
    return integerField(BigInt(value));
  }
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(value);
  return { serial: 7, bytes: bytes.toString('base64') };
}

function integerField(value: bigint): StoredField {
  if (value === 0n || value === 1n) return { serial: 8 + Number(value), bytes: '' };
  const serial = SIZES.findIndex((size) => size > 0 && BigInt.asIntN(size * 8, value) === value);
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(value);
  return { serial, bytes: bytes.subarray(8 - (SIZES[serial] as number)).toString('base64') };
}

/** Bytes of integers by serial type. */
const SIZES = [0, 1, 2, 3, 4, 6, 8];
