/** What must be known of a table to read it: its columns, their types, its size. */
import type { Column, ObjectName, StreamOpen } from '../../core/adapter.ts';
import { identifier } from './catalog/quoting.ts';
import type { ServerFacts } from './facts.ts';
import { IS_USER_TABLE } from './locks.ts';
import { relationOf } from './names.ts';
import type { Row, Session } from './session.ts';
import { VALUE_SETTINGS } from './settings.ts';
import { type WireType, WireTypes } from './types.ts';

export interface TableColumn extends Column {
  /** Undefined: only as text. */
  readonly wire: WireType | undefined;
}

export interface Table {
  readonly oid: number;
  readonly object: ObjectName;
  /** All but generated ones. */
  readonly columns: readonly TableColumn[];
  /** Bytes of the table itself. */
  readonly main: number;
  /** With TOAST. */
  readonly total: number;
  /** As of the last VACUUM or ANALYZE; 0 if there was none. */
  readonly records: number;
  readonly heap: boolean;
  readonly unlogged: boolean;
  /** `WHERE …`: the rows of an extension's table that are to be dumped. */
  readonly condition: string;
  /** Where its rows lie if it is a partitioned table that must be loaded as a whole. */
  readonly leaves?: readonly Table[];
}

/**
 * Roots of trees that are partitioned by the hash of an enum, or of something that may hold one: the hash is of the
 * label's oid, which is another one in every database. Their rows must be routed anew when they are loaded.
 */
const REROUTED = `
SELECT pg_catalog.pg_partition_root(p.partrelid) FROM pg_catalog.pg_partitioned_table AS p
 WHERE p.partstrat = 'h' AND EXISTS (
   SELECT FROM pg_catalog.unnest(p.partclass) AS k (oid) JOIN pg_catalog.pg_opclass AS o ON o.oid = k.oid
    WHERE o.opcname IN ('enum_ops', 'array_ops', 'range_ops', 'multirange_ops', 'record_ops'))`;

const TABLES = `
SELECT c.oid::int8::text AS oid, n.nspname AS schema, c.relname AS name,
       coalesce(pg_catalog.pg_relation_size(c.oid), 0)::text AS main,
       coalesce(pg_catalog.pg_table_size(c.oid), 0)::text AS total,
       greatest(c.reltuples, 0)::float8 AS records, a.amname = 'heap' AS heap, c.relpersistence = 'u' AS unlogged,
       coalesce((SELECT e.extcondition[pg_catalog.array_position(e.extconfig, c.oid)]
          FROM pg_catalog.pg_extension AS e WHERE c.oid = ANY (e.extconfig)), '') AS condition,
       c.relkind = 'p' AS partitioned
  FROM pg_catalog.pg_class AS c
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  LEFT JOIN pg_catalog.pg_am AS a ON a.oid = c.relam`;

/** Tables that have rows of their own, and those that stand for the rows of all their partitions. */
const LOADED = `(
  (c.relkind = 'r' AND (NOT c.relispartition OR pg_catalog.pg_partition_root(c.oid) NOT IN (${REROUTED})))
  OR (c.relkind = 'p' AND c.oid IN (${REROUTED})))`;

const PAGE = 1000;

export class TableReader {
  readonly #session: Session;
  readonly #facts: ServerFacts;
  readonly #types: WireTypes;
  #cursors = 0;

  constructor(session: Session, facts: ServerFacts) {
    this.#session = session;
    this.#facts = facts;
    this.#types = new WireTypes(session, facts.version);
  }

  /** Every table that is wanted, the largest first. */
  async *all(selects: (object: ObjectName) => boolean): AsyncGenerator<Table> {
    const cursor = `dbimg_tables_${++this.#cursors}`;
    const doing = { what: 'The tables could not be listed' };
    const query = `${TABLES} WHERE ${LOADED} AND ${IS_USER_TABLE} ORDER BY pg_catalog.pg_table_size(c.oid) DESC NULLS LAST, c.oid`;
    await this.#session.query(`DECLARE ${cursor} NO SCROLL CURSOR FOR ${query}`, undefined, doing);
    for (;;) {
      const rows = await this.#session.query(`FETCH ${PAGE} FROM ${cursor}`, undefined, doing);
      if (rows.length === 0) break;
      yield* await this.#describe(rows.filter((row) => selects(this.#nameOf(row))));
    }
    await this.#session.query(`CLOSE ${cursor}`);
  }

  async named(schema: string, name: string): Promise<Table | undefined> {
    const rows = await this.#session.query(
      `${TABLES} WHERE ${LOADED} AND n.nspname = $1 AND c.relname = $2`,
      [schema, name],
    );
    const [table] = await this.#describe(rows);
    return table;
  }

  /** Columns of the primary key, in its order. */
  async primaryKey(table: Table): Promise<readonly string[]> {
    const rows = await this.#session.query(
      `SELECT a.attname AS name FROM pg_catalog.pg_index AS i
        CROSS JOIN LATERAL pg_catalog.unnest(i.indkey) WITH ORDINALITY AS k (number, place)
        JOIN pg_catalog.pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = k.number
        WHERE i.indrelid = $1 AND i.indisprimary AND k.place <= i.indnkeyatts ORDER BY k.place`,
      [table.oid],
    );
    return rows.map((row) => String(row.name));
  }

  /**
   * Range of an integer key in whose order the rows lie, or undefined: reading rows of a range elsewhere would cost
   * more than it gains.
   */
  async keyRange(table: Table): Promise<{ column: string; low: bigint; high: bigint } | undefined> {
    const key = await this.primaryKey(table);
    const column = key.length === 1 ? key[0] : undefined;
    const wire = table.columns.find(({ name }) => name === column)?.wire;
    if (column === undefined || !/^int[248]$/.test(wire ?? '')) return undefined;
    const [schema, name] = table.object.slice(-2);
    const [statistics] = await this.#session.query(
      `SELECT correlation::float8 AS correlation FROM pg_catalog.pg_stats
        WHERE schemaname = $1 AND tablename = $2 AND attname = $3 AND NOT inherited`,
      [schema, name, column],
    );
    if (Math.abs(Number(statistics?.correlation ?? 0)) < 0.9) return undefined;
    const quoted = identifier(column);
    const row = await this.#session.row(
      `SELECT min(${quoted})::text AS low, max(${quoted})::text AS high FROM ONLY ${relationOf(table.object)}`,
    );
    if (row.low === null) return undefined;
    return { column, low: BigInt(String(row.low)), high: BigInt(String(row.high)) };
  }

  /** What the OPEN frames of the table's streams say. */
  openOf(table: Table): StreamOpen {
    const binary = table.columns.every(({ wire }) => wire !== undefined);
    return {
      object: table.object,
      part: 0,
      encoding: binary ? 'pg.copy.binary' : 'pg.copy.text',
      columns: table.columns.map(({ name, type }) => ({ name, type })),
      settings: { client_encoding: this.#facts.encoding, ...VALUE_SETTINGS },
      details: { wire: table.columns.map(({ wire }) => wire ?? null) },
    };
  }

  #nameOf(row: Row): ObjectName {
    return [this.#facts.database, String(row.schema), String(row.name)];
  }

  async #describe(rows: readonly Row[]): Promise<Table[]> {
    if (rows.length === 0) return [];
    const columns = await this.#columns(rows.map((row) => String(row.oid)));
    const tables: Table[] = rows.map((row) => ({
      oid: Number(row.oid),
      object: this.#nameOf(row),
      columns: columns.get(String(row.oid)) ?? [],
      main: Number(row.main),
      total: Number(row.total),
      records: Number(row.records),
      heap: row.heap === true,
      unlogged: row.unlogged === true,
      condition: String(row.condition),
    }));
    return await Promise.all(
      tables.map(async (table, i) =>
        rows[i]?.partitioned === true ? { ...table, leaves: await this.#leaves(table) } : table,
      ),
    );
  }

  async #leaves(table: Table): Promise<readonly Table[]> {
    const rows = await this.#session.query(
      `${TABLES} WHERE c.relkind = 'r'
         AND c.oid IN (SELECT relid FROM pg_catalog.pg_partition_tree($1::oid) WHERE isleaf) ORDER BY c.oid`,
      [table.oid],
    );
    return await this.#describe(rows);
  }

  async #columns(tables: readonly string[]): Promise<Map<string, TableColumn[]>> {
    const rows = await this.#session.query(
      `SELECT attrelid::int8::text AS "table", attname AS name, atttypid::int8::text AS type,
              pg_catalog.format_type(atttypid, atttypmod) AS text
         FROM pg_catalog.pg_attribute
        WHERE attrelid = ANY ($1::oid[]) AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
        ORDER BY attrelid, attnum`,
      [`{${tables.join(',')}}`],
      { what: 'The columns could not be read' },
    );
    await this.#types.load(rows.map((row) => Number(row.type)));
    const columns = new Map<string, TableColumn[]>();
    for (const row of rows) {
      const table = String(row.table);
      const list = columns.get(table) ?? [];
      columns.set(table, list);
      list.push({
        name: String(row.name),
        type: String(row.text),
        wire: this.#types.wire(Number(row.type)),
      });
    }
    return columns;
  }
}
