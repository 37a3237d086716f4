/** The encodings of this adapter's streams, and what their OPEN frames say. `docs/sqlite.md` section "Records". */
import type { Column, StreamOpen } from '../../core/adapter.ts';
import { DbimgError } from '../../core/errors.ts';
import type { DataTable } from './inventory.ts';
import type { TextEncoding } from './pages/header.ts';

export const ROW = 'sqlite.row';
export const FILE = 'file';

/** The one schema that a database file has, under SQLite's own name for it. */
export const SCHEMA = 'main';
/** The path in the records of a physical image. */
export const MAIN_FILE = 'main.db';

/** Length of a record, itself included, i32; little-endian. */
export const LENGTH_SIZE = 4;
/** Then the rowid, i64, little-endian: not for WITHOUT ROWID tables. */
export const ROWID_SIZE = 8;

/** How the records of a table are to be read. Columns are in the order of the table, without virtual generated ones. */
export interface RowLayout {
  readonly columns: readonly Column[];
  readonly encoding: TextEncoding;
  readonly withoutRowid: boolean;
  /** The column that is the rowid and therefore NULL in the record. */
  readonly rowidColumn: number | undefined;
  /** The column that each value of a record belongs to. */
  readonly order: readonly number[];
}

export function openOf({ name, owner, shape }: DataTable, part: number, encoding: TextEncoding): StreamOpen {
  const { withoutRowid, rowidColumn, order } = shape;
  return {
    object: [SCHEMA, name],
    ...(owner === undefined ? {} : { of: [SCHEMA, owner] }),
    part,
    encoding: ROW,
    columns: shape.columns.map((column) => ({ name: column.name, type: column.type })),
    settings: { encoding },
    details: { withoutRowid, rowidColumn: rowidColumn ?? null, ...(withoutRowid ? { order } : {}) },
  };
}

/** @throws DbimgError `IMAGE_DAMAGED` if the OPEN frame does not say it. */
export function rowLayoutOf(open: StreamOpen): RowLayout {
  const { columns = [] } = open;
  const { withoutRowid, rowidColumn, order } = (open.details ?? {}) as Record<string, unknown>;
  const encoding = open.settings?.encoding;
  const last = columns.length - 1;
  const isColumn = (value: unknown): value is number =>
    Number.isInteger(value) && (value as number) >= 0 && (value as number) <= last;
  const valid =
    typeof withoutRowid === 'boolean' &&
    (encoding === 'UTF-8' || encoding === 'UTF-16le' || encoding === 'UTF-16be') &&
    (rowidColumn === null || isColumn(rowidColumn)) &&
    (withoutRowid ? Array.isArray(order) && order.every(isColumn) : true);
  if (!valid) {
    throw new DbimgError('IMAGE_DAMAGED', 'A stream does not say how its rows are to be read.', {
      object: open.object,
    });
  }
  return {
    columns,
    encoding,
    withoutRowid,
    rowidColumn: rowidColumn ?? undefined,
    order: withoutRowid ? (order as number[]) : columns.map((_, at) => at),
  };
}
