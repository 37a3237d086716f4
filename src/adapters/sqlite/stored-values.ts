/** Values of any engine as SQLite stores them: what is stored is never changed by the column's affinity later. */

import { DbimgError } from '../../core/errors.ts';
import type { Value } from '../../core/value.ts';
import { valueToJson } from '../../core/value-json.ts';
import type { StorageType } from './column-mapping.ts';

/** What SQLite takes: a storage class for each type of JavaScript. */
export type Stored = null | bigint | number | string | Uint8Array;

const MAX_INTEGER = 2n ** 63n - 1n;
const MIN_INTEGER = -(2n ** 63n);

/** @throws DbimgError `UNSUPPORTED` for a number that has no place in the column. */
export function storedValue(value: Value, storage: StorageType): Stored {
  if (value.type === 'null') return null;
  switch (storage) {
    case 'INTEGER':
      return numeric(value, true);
    case 'NUMERIC':
      return numeric(value, false);
    case 'REAL':
      return real(value);
    case 'TEXT':
      return value.type === 'bytes' ? value.value : textOf(value);
    default:
      return natural(value);
  }
}

/** The value as text: what a column of type TEXT holds. */
export function textOf(value: Value): string {
  switch (value.type) {
    case 'text':
    case 'json':
    case 'uuid':
    case 'date':
    case 'time':
    case 'interval':
    case 'decimal':
    case 'other':
      return value.value;
    case 'timestamp':
    case 'timestamptz':
      return timestamp(value.value);
    default:
      return valueToJson(value);
  }
}

/**
 * As SQLite's own functions write it, in UTC with its offset: text in this form sorts as the times do, fractions
 * included, which it would not with `Z`.
 */
function timestamp(iso: string): string {
  return iso.replace(/^([+-]?\d+-\d\d-\d\d)T/, '$1 ').replace(/Z$/, '+00:00');
}

/** Each value as the storage class that is nearest to it. */
function natural(value: Value): Stored {
  switch (value.type) {
    case 'boolean':
      return value.value ? 1n : 0n;
    case 'integer':
      return fits(value.value) ? value.value : value.value.toString();
    case 'float':
      return Number.isNaN(value.value) ? 'NaN' : value.value;
    case 'decimal':
      return exactNumber(value.value) ?? value.value;
    case 'bytes':
      return value.value;
    default:
      return value.type === 'null' ? null : textOf(value);
  }
}

/** For columns that would turn text that looks like a number into one. */
function numeric(value: Value, whole: boolean): Stored {
  switch (value.type) {
    case 'boolean':
      return value.value ? 1n : 0n;
    case 'integer':
      if (fits(value.value)) return value.value;
      throw tooLarge(value.value.toString());
    case 'decimal': {
      const number = exactNumber(value.value);
      if (number !== undefined && !(whole && typeof number === 'number')) return number;
      if (/\d/.test(value.value)) throw tooLarge(value.value);
      return value.value;
    }
    case 'float':
      return float(value.value);
    default:
      return natural(value);
  }
}

/** A whole number in a column of numeric affinity is an integer. */
function float(value: number): Stored {
  if (Number.isNaN(value)) return 'NaN';
  return Number.isSafeInteger(value) && !Object.is(value, -0) ? BigInt(value) : value;
}

function real(value: Value): Stored {
  switch (value.type) {
    case 'float':
      return Number.isNaN(value.value) ? 'NaN' : value.value;
    case 'integer': {
      const number = Number(value.value);
      if (BigInt(number) === value.value) return number;
      throw tooLarge(value.value.toString());
    }
    case 'decimal':
      return /\d/.test(value.value) ? Number(value.value) : value.value;
    default:
      return natural(value);
  }
}

/** The number that a decimal is, or undefined if no 64-bit integer or double is exactly what its digits say. */
export function exactNumber(digits: string): bigint | number | undefined {
  const match = /^(-?)(\d*)(?:\.(\d*?)0*)?$/.exec(digits);
  if (!match) return undefined;
  const [, sign = '', whole = '', fraction = ''] = match;
  if (fraction === '') {
    const integer = BigInt(whole === '' ? 0 : whole) * (sign === '-' ? -1n : 1n);
    return fits(integer) ? integer : undefined;
  }
  const significant = `${whole}${fraction}`.replace(/^0+/, '');
  return significant.length <= 15 ? Number(digits) : undefined;
}

function fits(value: bigint): boolean {
  return value >= MIN_INTEGER && value <= MAX_INTEGER;
}

function tooLarge(value: string): DbimgError {
  return new DbimgError(
    'UNSUPPORTED',
    `The number ${value.slice(0, 60)} cannot be stored exactly in its column.`,
    {
      hint: 'Leave the table out with --skip, or change its value.',
    },
  );
}
