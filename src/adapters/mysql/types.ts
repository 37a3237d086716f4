/** What the OPEN frame of a `mysql.row` stream says of its columns, and how a query reads each of them exactly. */
import type { Plain, StreamOpen } from '../../core/adapter.ts';
import type { ColumnType } from './column-type.ts';
import type { Product } from './facts.ts';
import { identifier } from './quoting.ts';

export const ENCODING = 'mysql.row';

/**
 * In what form a column's values travel.
 *
 * - `plain`: as the column has them; numbers and times as text.
 * - `double`: FLOAT as the text of the DOUBLE that equals it, because its own text has six digits.
 * - `number`: ENUM as its index, SET as its bits: labels may hold anything, and 0 is a value too.
 * - `json`: MySQL's JSON as text in utf8mb4, which must be converted when it is loaded from a binary string.
 * - `text`: MariaDB's addresses and UUIDs in their text form, likewise: a binary string would be taken for their bytes.
 */
export type ReadAs = 'plain' | 'double' | 'number' | 'json' | 'text';

/** `StreamOpen.details`, aligned with its columns. */
export interface RowDetails {
  readonly product: Product;
  /** Character set of each column; null for those that hold no text. */
  readonly charsets: readonly (string | null)[];
  readonly readAs: readonly ReadAs[];
  /** A system-versioned table with its history: two of the columns are the row's period. */
  readonly versioned?: boolean;
}

export function detailsOf(open: StreamOpen): RowDetails {
  return open.details as unknown as RowDetails;
}

export function plainDetails(details: RowDetails): Plain {
  return { ...details };
}

export function readAsOf(type: ColumnType, product: Product): ReadAs {
  if (type.name === 'float') return 'double';
  if (type.name === 'enum' || type.name === 'set') return 'number';
  if (type.name === 'json' && product === 'MySQL') return 'json';
  if (/^(inet4|inet6|uuid)$/.test(type.name)) return 'text';
  return 'plain';
}

/** What is selected for a column. */
export function selectedAs(name: string, readAs: ReadAs): string {
  const column = identifier(name);
  if (readAs === 'double') return `CAST(${column} AS DOUBLE)`;
  // Not `+ 0`, which counts in DOUBLE and loses bits of a large SET.
  if (readAs === 'number') return `CAST(${column} AS UNSIGNED)`;
  return column;
}
