/** What the conformance suite needs to know of an adapter, beyond the adapter itself. */
import type { Adapter } from '../core/adapter.ts';

/** A value as the suite writes and reads it, from outside of dbimg. */
export type Cell = bigint | string | Uint8Array | null;

export interface ColumnSpec {
  readonly name: string;
  readonly type: 'integer' | 'text' | 'bytes';
}

/** A table to be made by the engine's own means. The first column is an integer and the key. */
export interface TableSpec {
  readonly name: string;
  readonly columns: readonly ColumnSpec[];
  readonly rows: readonly (readonly Cell[])[];
}

/** A place for one test. Disposing it removes whatever is there. */
export interface Scratch extends AsyncDisposable {
  readonly location: string;
}

export interface Subject {
  readonly name: string;
  readonly adapter: Adapter;
  /** An empty database. */
  create(): Promise<Scratch>;
  /** A location at which there is no database yet. */
  absent(): Promise<Scratch>;
  /** Makes tables with rows, key and one more index each, by the engine's own driver. */
  fill(location: string, tables: readonly TableSpec[]): Promise<void>;
  /** Rows of a table in key order, by the engine's own driver; undefined if there is no such table or database. */
  rows(location: string, table: string): Promise<readonly (readonly Cell[])[] | undefined>;
  /** In one transaction: takes `amount` from the second column of one row and adds it to another's. */
  transfer(location: string, table: string, from: number, to: number, amount: number): Promise<void>;
  /** All that dbimg may have left at a server: sessions, locks, slots, unfinished databases. Empty if nothing. */
  traces(location: string): Promise<readonly string[]>;
  /** Differences between two databases as the engine's own tools see them. */
  compare(a: string, b: string): Promise<readonly string[]>;
  /** A location with a password, and the password: it must not show. */
  readonly secret?: { readonly location: string; readonly password: string };
  /** What the key, the first column of every table, is called where its name is not free. Default: as it was given. */
  readonly key?: string;
  /** An absent database is an empty one, as a file is: a restore makes it without `create`. Default: it must be asked for. */
  readonly absentIsEmpty?: boolean;
  /** Names of tables that are hard to quote. */
  readonly oddNames: readonly string[];
  /** How many of the steps of a job the fault tests try: 1 is each, 3 every third. */
  readonly faultStride: number;
  /**
   * For adapters with physical images of any files: the suite writes and reads files through these. Without it, a
   * physical image is of the database that `fill` makes.
   */
  readonly files?: {
    write(location: string, path: string, bytes: Uint8Array): Promise<void>;
    read(location: string, path: string): Promise<Uint8Array | undefined>;
  };
}
