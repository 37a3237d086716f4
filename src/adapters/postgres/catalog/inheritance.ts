/**
 * Inherited tables whose columns stand in another order than INHERITS would give them, because a parent has got a
 * column later or the table joined its parents when it was there already.
 *
 * Such a table grows as it once did: from a scaffold that hands down what is inherited, column by column in their true
 * order. Then it joins its parents, leaves the scaffold, and the scaffold goes. So columns and checks stay inherited
 * ones, and rows keep their form.
 */
import { type ColumnRow, fullColumnClause, inheritedColumnClause } from './columns.ts';
import type { ObjectGraph } from './graph.ts';
import { identifier } from './quoting.ts';
import type { TableRow } from './tables.ts';

/** Whether INHERITS would put the columns of this table into another order than theirs. */
export function isReordered(table: TableRow): boolean {
  if (table.parents.length === 0 || table.partition) return false;
  const names = table.columns.map((column) => column.name);
  const natural = [...new Set([...table.parentColumns, ...names])];
  return natural.some((name, at) => name !== names[at]);
}

export interface Growing {
  readonly keyword: string;
  /** CREATE TABLE with what stands between its brackets, and parents. */
  create(inner: readonly string[], parents: readonly string[]): string;
  /** Checks of the table itself. */
  readonly checks: readonly string[];
  /** Checks that it has from parents only. */
  readonly inherited: readonly string[];
  readonly graph: ObjectGraph;
}

/** Statements that make such a table. */
export function createReordered(table: TableRow, growing: Growing): readonly string[] {
  const scaffold = `${identifier(table.schema)}.${identifier(`dbimg scaffold ${table.oid}`)}`;
  const alter = `ALTER ${growing.keyword} ONLY ${table.qualified}`;
  const firstOwn = table.columns.findIndex((column) => column.local);
  const begin = firstOwn < 0 ? table.columns : table.columns.slice(0, firstOwn);
  const rest = table.columns.slice(begin.length);
  const handed = (column: ColumnRow): string => inheritedColumnClause(table, column, growing.graph);
  return [
    `CREATE TABLE ${scaffold} (${begin.map(handed).join(', ')})`,
    growing.create([], [scaffold]),
    ...rest.map((column) =>
      column.local
        ? `${alter} ADD COLUMN ${fullColumnClause(column, growing.graph)}`
        : `ALTER TABLE ${scaffold} ADD COLUMN ${handed(column)}`,
    ),
    ...growing.checks.map((check) => `${alter} ADD ${check}`),
    ...growing.inherited.map((check) => `ALTER TABLE ${scaffold} ADD ${check}`),
    ...table.parents.map((parent) => `${alter} INHERIT ${parent}`),
    `${alter} NO INHERIT ${scaffold}`,
    `DROP TABLE ${scaffold}`,
  ];
}
