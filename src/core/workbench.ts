/** Where SQL is asked of rows that are in no database: tables that live as long as the question. */
import type { Column } from './adapter.ts';
import type { Relation } from './relation.ts';
import type { Value } from './value.ts';

/** A table that a statement may read. */
export interface WorkbenchTable {
  readonly relation: Relation;
  /** The schema under which it is known as well; absent if its name alone must do. */
  readonly schema?: string;
}

/** What a statement reads of a table. */
export interface WorkbenchRead {
  readonly table: WorkbenchTable;
  /** In the table's order. None if only the number of rows matters. */
  readonly columns: readonly string[];
}

/** Made by an adapter. Everything it keeps is gone when it is disposed, also when the process is killed. */
export interface Workbench extends AsyncDisposable {
  /**
   * Makes the tables, empty, and finds out what the statement reads. Called once.
   *
   * @throws DbimgError `USAGE` if it is no single statement that only reads, or names what is not there; `name` of the
   * error's cause is then {@link UnknownName}.
   */
  prepare(sql: string, tables: readonly WorkbenchTable[]): readonly WorkbenchRead[];
  /** Takes rows with values for the columns of `read`, in their order. */
  insert(read: WorkbenchRead, rows: Iterable<readonly Value[]>): void;
  /** Takes so many rows of which nothing else matters. */
  fill(read: WorkbenchRead, rows: number): void;
  /** Runs the statement, once. */
  run(): { readonly columns: readonly Column[]; readonly rows: Iterable<readonly Value[]> };
}

/** Why a statement cannot be prepared: it names a table or column that is not there. */
export class UnknownName extends Error {
  override readonly name = 'UnknownName';
  readonly kind: 'table' | 'column';
  readonly unknown: string;

  constructor(kind: 'table' | 'column', unknown: string) {
    super(`no such ${kind}: ${unknown}`);
    this.kind = kind;
    this.unknown = unknown;
  }
}
