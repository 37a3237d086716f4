/** Defaults that mean the same in other engines: constants and the current time, from the text of the expression. */
import type { PortableDefault, ValueKind } from '../../../core/relation.ts';

/** A constant as `pg_get_expr` writes it, with the cast that follows it. */
const TEXT = /^'((?:[^']|'')*)'(?:::[^']+)?$/;
const NUMBER = /^\(?'?(-?\d+(?:\.\d+)?)'?\)?(?:::[\w ()",.]+)?$/;

const NOW: ReadonlySet<string> = new Set([
  'now()',
  'CURRENT_TIMESTAMP',
  'LOCALTIMESTAMP',
  'transaction_timestamp()',
]);

/** Undefined if the expression is of another kind. */
export function portableDefault(text: string, value: ValueKind): PortableDefault | undefined {
  switch (value.kind) {
    case 'boolean':
      return text === 'true' || text === 'false' ? { type: 'boolean', value: text === 'true' } : undefined;
    case 'integer':
    case 'float':
    case 'decimal': {
      const digits = NUMBER.exec(text)?.[1];
      return digits === undefined ? undefined : { type: 'number', value: digits };
    }
    case 'timestamp':
    case 'timestamptz':
      return NOW.has(text.replace(/\(\d\)$/, '')) ? { type: 'now', as: 'timestamp' } : undefined;
    case 'date':
      if (text === 'CURRENT_DATE') return { type: 'now', as: 'date' };
      return /^'\d{4}-\d\d-\d\d'::date$/.test(text) ? { type: 'text', value: text.slice(1, 11) } : undefined;
    case 'text':
    case 'enum':
    case 'json':
    case 'uuid': {
      const constant = TEXT.exec(text)?.[1];
      return constant === undefined ? undefined : { type: 'text', value: constant.replaceAll("''", "'") };
    }
    default:
      return undefined;
  }
}
