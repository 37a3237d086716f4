/** What columns of other engines become in SQLite. `docs/cross-engine.md` has the table for users. */
import type { ColumnMapping, Fidelity, RelationColumn, ValueKind } from '../../core/relation.ts';

/**
 * How values of a column are stored, which is its declared type. `ANY` is a column without a type: it keeps every value
 * as what it is.
 */
export type StorageType = 'INTEGER' | 'REAL' | 'NUMERIC' | 'TEXT' | 'BLOB' | 'ANY';

export interface StorageMapping {
  readonly storage: StorageType;
  readonly fidelity: Fidelity;
  readonly note?: string;
}

/** Decimal digits that a double keeps, whichever they are. */
const DOUBLE_DIGITS = 15;
/** Decimal digits that a 64-bit integer has room for, whichever they are. */
const INTEGER_DIGITS = 18;

/** @param key whether the column alone is the primary key: it becomes the rowid if it can. */
export function storageOf(column: RelationColumn, key: boolean): StorageMapping {
  const { value } = column;
  switch (value.kind) {
    case 'boolean':
      return { storage: 'INTEGER', fidelity: 'form', note: '0 and 1' };
    case 'integer':
      return integerStorage(value, key);
    case 'float':
      return { storage: 'REAL', fidelity: 'exact', note: 'NaN as text' };
    case 'decimal':
      return decimalStorage(value);
    case 'bytes':
      return { storage: 'BLOB', fidelity: 'exact' };
    case 'any':
      return { storage: 'ANY', fidelity: 'form', note: 'each value as what it is' };
    default:
      return textStorage(value);
  }
}

export function mappingOf(
  column: RelationColumn,
  { storage, fidelity, note }: StorageMapping,
): ColumnMapping {
  return {
    column: column.name,
    from: column.type,
    to: storage === 'ANY' ? 'any' : storage,
    fidelity,
    ...(note === undefined ? {} : { note }),
  };
}

function integerStorage(value: ValueKind & { kind: 'integer' }, key: boolean): StorageMapping {
  if (!value.unsigned || value.bits < 64 || key) return { storage: 'INTEGER', fidelity: 'exact' };
  return { storage: 'ANY', fidelity: 'form', note: 'numbers above 9223372036854775807 as text' };
}

/** As numbers only if no digit can get lost. */
function decimalStorage({ precision, scale = 0 }: ValueKind & { kind: 'decimal' }): StorageMapping {
  if (precision !== undefined && scale <= 0 && precision - scale <= INTEGER_DIGITS) {
    return { storage: 'INTEGER', fidelity: 'exact', note: 'NaN as text' };
  }
  const digits = precision === undefined ? Number.POSITIVE_INFINITY : Math.max(precision, scale);
  if (digits <= DOUBLE_DIGITS) {
    return { storage: 'NUMERIC', fidelity: 'form', note: 'all digits; zeros at the end are not kept' };
  }
  return { storage: 'TEXT', fidelity: 'form', note: 'all digits as text: CAST to compute' };
}

const NOTES: { readonly [kind in ValueKind['kind']]?: string } = {
  enum: 'the label',
  date: 'YYYY-MM-DD',
  time: 'HH:MM:SS.SSS',
  timestamp: 'YYYY-MM-DD HH:MM:SS.SSS',
  timestamptz: 'YYYY-MM-DD HH:MM:SS.SSS+00:00',
  interval: 'ISO 8601 duration',
  uuid: '8-4-4-4-12 hexadecimal digits',
  json: 'JSON text as stored',
  list: 'JSON array',
  document: 'JSON object',
  other: 'its text form',
};

function textStorage(value: ValueKind): StorageMapping {
  const note = NOTES[value.kind];
  if (note !== undefined) return { storage: 'TEXT', fidelity: 'form', note };
  return { storage: 'TEXT', fidelity: 'exact' };
}
