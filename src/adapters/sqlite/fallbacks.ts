/** The values that rows have in columns which were added after them. */
import { DatabaseSync } from 'node:sqlite';
import { type Affinity, affinityOf } from './affinity.ts';
import type { StoredField } from './amend.ts';
import type { TextEncoding } from './pages/header.ts';
import type { TableShape } from './shape.ts';

const NULL: StoredField = { serial: 0, bytes: '' };

/** Evaluates defaults as SQLite does, in a database of its own. Most tables share a few of them. */
export class FallbackReader implements Disposable {
  readonly #scratch: DatabaseSync;
  readonly #known = new Map<string, StoredField>();

  constructor(encoding: TextEncoding) {
    this.#scratch = new DatabaseSync(':memory:');
    this.#scratch.exec(`PRAGMA encoding = '${encoding}'`);
  }

  /** For each value of a record, in stored order. */
  read(shape: TableShape): StoredField[] {
    return shape.order.map((at) => {
      const { fallback, type = '' } = shape.columns[at] ?? {};
      if (fallback === undefined) return NULL;
      const affinity = shape.strict && /^any$/i.test(type) ? 'BLOB' : affinityOf(type);
      const key = `${affinity} ${fallback}`;
      const field = this.#known.get(key) ?? this.#evaluate(fallback, affinity);
      this.#known.set(key, field);
      return field;
    });
  }

  [Symbol.dispose](): void {
    if (this.#scratch.isOpen) this.#scratch.close();
  }

  /**
   * What a row that was there before its column shows: not always what a new row gets (`TEXT DEFAULT 1.10` is `1.10` in
   * the one and `1.1` in the other). Only constants can be that, so whatever cannot be computed here is none.
   */
  #evaluate(fallback: string, affinity: Affinity): StoredField {
    const isCall = /^[^'"]*\(/.test(fallback);
    try {
      this.#scratch.exec('CREATE TABLE row (before); INSERT INTO row DEFAULT VALUES');
      this.#scratch.exec(
        `ALTER TABLE row ADD COLUMN value ${affinity} DEFAULT ${isCall ? `(${fallback}\n)` : fallback}`,
      );
      const select = this.#scratch.prepare(
        'SELECT typeof(value) AS type, value, CAST(value AS BLOB) AS bytes FROM row',
      );
      select.setReadBigInts(true);
      return fieldOf(select.get() as unknown as Evaluated, affinity);
    } catch {
      return NULL;
    } finally {
      this.#scratch.exec('DROP TABLE IF EXISTS row');
    }
  }
}

interface Evaluated {
  readonly type: string;
  readonly value: unknown;
  readonly bytes: Uint8Array | null;
}

function fieldOf({ type, value, bytes }: Evaluated, affinity: Affinity): StoredField {
  if (type === 'integer') return integerField(value as bigint);
  if (type === 'real') return realField(value as number, affinity);
  if (type === 'null') return NULL;
  const content = Buffer.from(bytes ?? []);
  return { serial: content.length * 2 + (type === 'text' ? 13 : 12), bytes: content.toString('base64') };
}

function realField(value: number, affinity: Affinity): StoredField {
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
