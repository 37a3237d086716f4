/** The data of a snapshot, cut into parts that lanes read. */
import type { ObjectName, Part, SnapshotOptions, StreamOpen } from '../../core/adapter.ts';
import { DbimgError } from '../../core/errors.ts';
import { Divider, LARGE } from './division.ts';
import {
  hasRows,
  type Listed,
  listTables,
  qualified,
  type Schemas,
  type Table,
  type TableReader,
} from './inventory.ts';
import { identifier, literal } from './quoting.ts';
import { rangeCondition } from './ranges.ts';
import type { Session } from './session.ts';
import type { SpooledRows } from './spool.ts';
import { detailsOf, selectedAs } from './types.ts';

/** What a lane needs: a query whose rows are the records, or where they are already. */
export interface PartScope {
  readonly query: string;
  readonly spooled?: SpooledRows;
}

/** Tables that are described together. */
const BATCH = 200;

interface Piece {
  readonly partition?: string;
  /** MariaDB: the partition is one of history, or of what is current, and shows all that it holds. */
  readonly period?: true;
  readonly condition?: string;
  readonly share: number;
}

export class PartLister {
  readonly #session: Session;
  readonly #tables: TableReader;
  readonly #listed: readonly Listed[];
  readonly #options: Pick<SnapshotOptions, 'order'>;
  readonly #schemas: Schemas;
  readonly #spooled: ReadonlyMap<string, SpooledRows>;

  /**
   * @param session reads sizes and keys; not one of the snapshot's.
   * @param listed as at the moment of the snapshot.
   * @param spooled by `JSON.stringify(object)`.
   */
  constructor(
    session: Session,
    tables: TableReader,
    listed: readonly Listed[],
    options: Pick<SnapshotOptions, 'order'>,
    schemas: Schemas,
    spooled: ReadonlyMap<string, SpooledRows>,
  ) {
    this.#session = session;
    this.#tables = tables;
    this.#listed = listed.filter(hasRows);
    this.#options = options;
    this.#schemas = schemas;
    this.#spooled = spooled;
  }

  /** The largest first. */
  async *all(): AsyncGenerator<Part> {
    const sorted = this.#listed.toSorted((a, b) => b.bytes - a.bytes);
    for (let start = 0; start < sorted.length; ) {
      const database = sorted[start]?.object[0];
      let end = start;
      while (end < sorted.length && end - start < BATCH && sorted[end]?.object[0] === database) end += 1;
      for (const table of await this.#tables.describe(sorted.slice(start, end))) {
        yield* this.#cut(table, this.#tables.openOf(table));
      }
      start = end;
    }
  }

  /** @throws DbimgError `MISMATCH` if the table has other columns than `open`. */
  async *of(open: StreamOpen): AsyncGenerator<Part> {
    const [database, name] = open.object as [string, string];
    const known = this.#listed.find(({ object }) => object[0] === database && object[1] === name);
    const fresh = known ? [known] : await listTables(this.#session, database, this.#schemas(database));
    const listed = fresh.find(({ object }) => object[1] === name);
    if (!listed || !hasRows(listed)) return;
    const [table] = await this.#tables.describe([listed]);
    if (table) yield* this.#cut(table, matching(open, this.#tables.openOf(table)));
  }

  async *#cut(table: Table, open: StreamOpen): AsyncGenerator<Part> {
    let part = 0;
    for await (const piece of this.#pieces(table)) {
      const spooled = this.#spooled.get(JSON.stringify(table.object));
      const scope: PartScope = {
        query: queryOf(table, open, this.#schemas, piece, this.#options.order === 'key'),
        ...(spooled ? { spooled } : {}),
      };
      yield {
        open: { ...open, part },
        estimate: {
          bytes: Math.round(table.bytes * piece.share),
          records: Math.round(table.rows * piece.share),
        },
        scope: { query: scope.query, ...(spooled ? { spooled: { ...spooled } } : {}) },
      };
      part += 1;
    }
  }

  async *#pieces(table: Table): AsyncGenerator<Piece> {
    if (table.bytes < LARGE || this.#spooled.has(JSON.stringify(table.object))) {
      yield { share: 1 };
      return;
    }
    const partitions = table.partitioned
      ? await this.#partitions(table)
      : [{ name: undefined, bytes: table.bytes, period: false }];
    const total = Math.max(
      1,
      partitions.reduce((sum, { bytes }) => sum + bytes, 0),
    );
    for (const { name, bytes, period } of partitions) {
      const share = bytes / total;
      const partition: Partial<Piece> = {
        ...(name === undefined ? {} : { partition: name }),
        ...(period ? { period } : {}),
      };
      if (bytes < LARGE || !Divider.fits(table) || table.versioned) yield { ...partition, share };
      else yield* this.#ranges({ ...table, bytes, rows: Math.ceil(table.rows * share) }, name, share);
    }
  }

  async *#ranges(table: Table, partition: string | undefined, share: number): AsyncGenerator<Piece> {
    const names = table.key.map(({ name }) => name);
    const each = (share * LARGE) / 2 / table.bytes;
    for await (const range of new Divider(this.#session, table, this.#schemas, partition).ranges()) {
      const condition = rangeCondition(range, names);
      yield {
        ...(partition === undefined ? {} : { partition }),
        ...(condition === undefined ? {} : { condition }),
        share: each,
      };
    }
  }

  async #partitions(table: Table): Promise<{ name: string; bytes: number; period: boolean }[]> {
    const [database, name] = table.object as [string, string];
    const rows = await this.#session.query(
      `SELECT PARTITION_NAME AS name, SUM(DATA_LENGTH) AS bytes, MAX(PARTITION_METHOD = 'SYSTEM_TIME') AS period FROM information_schema.PARTITIONS
        WHERE TABLE_SCHEMA = ${literal(this.#schemas(database))} AND TABLE_NAME = ${literal(name)}
          AND PARTITION_NAME IS NOT NULL
        GROUP BY PARTITION_NAME, PARTITION_ORDINAL_POSITION ORDER BY PARTITION_ORDINAL_POSITION`,
    );
    return rows.map(({ name, bytes, period }) => ({
      name: String(name),
      bytes: Number(bytes ?? 0),
      period: period === '1',
    }));
  }
}

/** The query whose rows are the records of a stream. */
export function queryOf(
  table: Table,
  open: StreamOpen,
  schemas: Schemas,
  piece: Piece = { share: 1 },
  ordered = false,
): string {
  const { readAs, product } = detailsOf(open);
  const columns = (open.columns ?? []).map(({ name }, index) => selectedAs(name, readAs[index] ?? 'plain'));
  const partition = piece.partition === undefined ? '' : ` PARTITION (${identifier(piece.partition)})`;
  const history = table.versioned && !piece.period ? ' FOR SYSTEM_TIME ALL' : '';
  const index = piece.condition === undefined ? '' : ` FORCE INDEX (${identifier(table.index)})`;
  const where = piece.condition === undefined ? '' : ` WHERE ${piece.condition}`;
  const key = table.key.map(({ name }) => identifier(name)).join(', ');
  const order = ordered && key !== '' ? ` ORDER BY ${key}` : '';
  const cache = product === 'MariaDB' ? 'SQL_NO_CACHE ' : '';
  const source = `${qualified(schemas, table.object)}${partition}${history}${index}`;
  return `SELECT ${cache}${columns.join(', ') || '1'} FROM ${source}${where}${order}`;
}

/** The stream as the image has it, provided that the table's columns are the same in any order. */
function matching(open: StreamOpen, current: StreamOpen): StreamOpen {
  const here = new Set((current.columns ?? []).map(({ name }) => name));
  const there = (open.columns ?? []).map(({ name }) => name);
  const missing = there.find((name) => !here.has(name));
  if (missing === undefined && here.size === there.length) return { ...open, part: 0 };
  const what =
    missing === undefined
      ? `there are ${here.size} columns, not ${there.length}`
      : `column ${missing} is missing`;
  throw new DbimgError('MISMATCH', `${open.object.join('.')} has other columns than in the image: ${what}.`, {
    object: open.object,
  });
}

export function scopeOf(part: Part): PartScope {
  return part.scope as unknown as PartScope;
}

export type { ObjectName };
