/** Where large tables are cut: ranges of a key that leave no gap and overlap nowhere, compared by the server. */
import { identifier } from './quoting.ts';

/** A place in the order of a key: a literal for each of its first columns. Rows at or after it are right of it. */
export type Bound = readonly string[];

/** From inclusive to exclusive; undefined where the range is open. */
export interface KeyRange {
  readonly from?: Bound;
  readonly to?: Bound;
}

/** Ranges between bounds in ascending order; both ends are open, so no row can be missed. */
export function rangesBetween(bounds: readonly Bound[]): KeyRange[] {
  return Array.from({ length: bounds.length + 1 }, (_, index) => {
    const [from, to] = [bounds[index - 1], bounds[index]];
    return { ...(from ? { from } : {}), ...(to ? { to } : {}) };
  });
}

/** SQL, or undefined if the range is open on both sides. Written out, since the optimizers see no range in row values. */
export function rangeCondition(range: KeyRange, columns: readonly string[]): string | undefined {
  const parts = [
    ...(range.from ? [atOrAfter(columns, range.from)] : []),
    ...(range.to ? [before(columns, range.to)] : []),
  ];
  return parts.length > 0 ? parts.join(' AND ') : undefined;
}

/** `(a > 1 OR (a = 1 AND b >= 2))` */
function atOrAfter(columns: readonly string[], bound: Bound): string {
  return compare(columns, bound, '>', '>=');
}

/** `(a < 1 OR (a = 1 AND b < 2))` */
function before(columns: readonly string[], bound: Bound): string {
  return compare(columns, bound, '<', '<');
}

function compare(columns: readonly string[], bound: Bound, strict: string, last: string): string {
  const [value, ...rest] = bound;
  const [name, ...names] = columns;
  const column = identifier(name ?? '');
  if (rest.length === 0) return `${column} ${last} ${value}`;
  return `(${column} ${strict} ${value} OR (${column} = ${value} AND ${compare(names, rest, strict, last)}))`;
}
