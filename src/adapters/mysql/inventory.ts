/** What is in the databases of a snapshot: tables with their columns, keys, sizes and partitions. */
import type { Column, ObjectName, StreamOpen } from '../../core/adapter.ts';
import { type ColumnType, parseColumnType } from './column-type.ts';
import type { ServerFacts } from './facts.ts';
import { identifier, literal } from './quoting.ts';
import type { Row, Session } from './session.ts';
import { VALUE_SETTINGS } from './settings.ts';
import { ENCODING, plainDetails, type ReadAs, readAsOf } from './types.ts';

/** Databases of the server's own. */
export const SYSTEM_DATABASES: readonly string[] = [
  'mysql',
  'sys',
  'information_schema',
  'performance_schema',
  'ndbinfo',
];

/** Engines whose tables hold no rows of their own: definitions are carried, rows are elsewhere. */
const WITHOUT_ROWS: ReadonlySet<string> = new Set(
  'MRG_MYISAM MRG_MyISAM FEDERATED BLACKHOLE SPIDER CONNECT OQGRAPH SEQUENCE SPHINX MROONGA S3'.split(' '),
);

/** A table or view as `information_schema.TABLES` lists it. */
export interface Listed {
  readonly object: ObjectName;
  /** `BASE TABLE`, `VIEW`, `SYSTEM VERSIONED`, `SEQUENCE`. */
  readonly type: string;
  readonly engine: string;
  readonly bytes: number;
  readonly rows: number;
  readonly partitioned: boolean;
  /** For a view that cannot be used: why. */
  readonly comment: string;
  /** When it was made or altered, in whole seconds. */
  readonly created: string;
  /** That was so shortly ago that it may happen again within the same second. */
  readonly fresh: boolean;
}

export interface TableColumn extends Column {
  readonly parsed: ColumnType;
  readonly characterSet: string | null;
  readonly collation: string | null;
  readonly readAs: ReadAs;
}

export interface KeyColumn {
  readonly name: string;
  readonly descending: boolean;
}

export interface Table extends Listed {
  /** All but generated ones, in the table's order; with the period of a system-versioned one. */
  readonly columns: readonly TableColumn[];
  readonly versioned: boolean;
  /** Columns of the primary key, or of the first unique key without NULLs. Empty if there is none. */
  readonly key: readonly KeyColumn[];
  /** Name of the index of `key`. */
  readonly index: string;
}

/** Where the databases of object names are: elsewhere while a restore is not published. */
export type Schemas = (database: string) => string;

export const isTable = ({ type }: Listed): boolean => type === 'BASE TABLE' || type === 'SYSTEM VERSIONED';
export const hasRows = (listed: Listed): boolean => isTable(listed) && !WITHOUT_ROWS.has(listed.engine);

export async function listDatabases(session: Session, only: string | undefined): Promise<readonly string[]> {
  if (only !== undefined) return [only];
  const rows = await session.query('SELECT SCHEMA_NAME AS name FROM information_schema.SCHEMATA ORDER BY 1', {
    what: 'The databases could not be listed',
  });
  return rows
    .map((row) => String(row.name))
    .filter((name) => !SYSTEM_DATABASES.includes(name.toLowerCase()) && !/^#mysql50#/.test(name));
}

/** Every table and view of a database, by name. */
export async function listTables(
  session: Session,
  database: string,
  schema: string = database,
): Promise<Listed[]> {
  const rows = await session.query(
    `SELECT TABLE_NAME AS name, TABLE_TYPE AS type, COALESCE(ENGINE, '') AS engine,
            COALESCE(DATA_LENGTH, 0) AS bytes, COALESCE(TABLE_ROWS, 0) AS \`rows\`,
            COALESCE(CREATE_OPTIONS, '') LIKE '%partitioned%' AS partitioned,
            COALESCE(TABLE_COMMENT, '') AS comment, COALESCE(CREATE_TIME, '') AS created,
            COALESCE(CREATE_TIME >= NOW() - INTERVAL 2 SECOND, 0) AS fresh
       FROM information_schema.TABLES WHERE TABLE_SCHEMA = ${literal(schema)} AND TABLE_TYPE <> 'TEMPORARY'
      ORDER BY TABLE_NAME`,
    { what: `The tables of ${database} could not be listed` },
  );
  return rows.map((row) => ({
    object: [database, String(row.name)],
    type: String(row.type),
    engine: String(row.engine),
    bytes: Number(row.bytes),
    rows: Number(row.rows),
    partitioned: row.partitioned === '1',
    comment: String(row.comment),
    created: String(row.created),
    fresh: row.fresh === '1',
  }));
}

/** Engines that take part in transactions, so that a snapshot holds their tables still. */
export async function transactionalEngines(session: Session): Promise<ReadonlySet<string>> {
  const rows = await session.query(
    "SELECT ENGINE AS engine FROM information_schema.ENGINES WHERE TRANSACTIONS = 'YES'",
  );
  return new Set(rows.map((row) => String(row.engine)));
}

/** Completes listed tables with their columns and keys. */
export class TableReader {
  readonly #session: Session;
  readonly #facts: ServerFacts;
  readonly #schemas: Schemas;

  constructor(session: Session, facts: ServerFacts, schemas: Schemas = (database) => database) {
    this.#session = session;
    this.#facts = facts;
    this.#schemas = schemas;
  }

  /** In the order in which they are given, database by database. */
  async describe(tables: readonly Listed[]): Promise<Table[]> {
    const result: Table[] = [];
    for (const [database, own] of Map.groupBy(tables, ({ object }) => object[0] as string)) {
      result.push(...(await this.#describe(database, own)));
    }
    return result;
  }

  async #describe(database: string, tables: readonly Listed[]): Promise<Table[]> {
    const where = `TABLE_SCHEMA = ${literal(this.#schemas(database))} AND TABLE_NAME IN (${tables
      .map(({ object }) => literal(object[1] as string))
      .join(', ')})`;
    const columns = grouped(await this.#columns(where));
    const keys = grouped(await this.#keys(where));
    const result: Table[] = [];
    for (const table of tables) {
      const name = table.object[1] as string;
      const own = (columns.get(name) ?? []).map((row) => this.#column(row));
      const versioned = table.type === 'SYSTEM VERSIONED';
      const visible = versioned ? await this.#withPeriod(table, columns.get(name) ?? [], own) : own;
      result.push({ ...table, columns: visible, versioned, ...bestKey(keys.get(name) ?? []) });
    }
    return result;
  }

  async #columns(where: string): Promise<readonly Row[]> {
    const generated =
      this.#facts.product === 'MariaDB'
        ? "IS_GENERATED = 'NEVER'"
        : "COALESCE(GENERATION_EXPRESSION, '') = ''";
    return await this.#session.query(
      `SELECT TABLE_NAME AS \`table\`, COLUMN_NAME AS name, COLUMN_TYPE AS type, CHARACTER_SET_NAME AS charset,
              COLLATION_NAME AS collation FROM information_schema.COLUMNS
        WHERE ${where} AND ${generated} ORDER BY TABLE_NAME, ORDINAL_POSITION`,
      { what: 'The columns could not be read' },
    );
  }

  async #keys(where: string): Promise<readonly Row[]> {
    const { product } = this.#facts;
    const hidden = product === 'MySQL' ? "EXPRESSION IS NOT NULL OR IS_VISIBLE = 'NO'" : "IGNORED = 'YES'";
    return await this.#session.query(
      `SELECT TABLE_NAME AS \`table\`, INDEX_NAME AS \`index\`, COLUMN_NAME AS name, COLLATION = 'D' AS descending,
              SUB_PART IS NOT NULL OR NULLABLE = 'YES' OR INDEX_TYPE <> 'BTREE' OR ${hidden} AS unfit
         FROM information_schema.STATISTICS WHERE ${where} AND NON_UNIQUE = 0
        ORDER BY TABLE_NAME, INDEX_NAME <> 'PRIMARY', INDEX_NAME, SEQ_IN_INDEX`,
      { what: 'The keys could not be read' },
    );
  }

  #column(row: Row): TableColumn {
    const type = String(row.type);
    const parsed = parseColumnType(type);
    return {
      name: String(row.name),
      type,
      parsed,
      characterSet: row.charset ?? null,
      collation: row.collation ?? null,
      readAs: readAsOf(parsed, this.#facts.product),
    };
  }

  /** The columns of a period are generated to everybody, and hidden if nobody named them. */
  async #withPeriod(
    table: Listed,
    rows: readonly Row[],
    own: readonly TableColumn[],
  ): Promise<TableColumn[]> {
    const [database, name] = table.object as [string, string];
    const explicit = await this.#session.query(
      `SELECT COLUMN_NAME AS name, COLUMN_TYPE AS type FROM information_schema.COLUMNS
        WHERE TABLE_SCHEMA = ${literal(this.#schemas(database))} AND TABLE_NAME = ${literal(name)}
          AND GENERATION_EXPRESSION IN ('ROW START', 'ROW END') ORDER BY ORDINAL_POSITION`,
    );
    const period =
      explicit.length === 2
        ? explicit
        : ['row_start', 'row_end'].map((column) => ({ name: column, type: 'timestamp(6)' }));
    const known = new Set(rows.map((row) => row.name));
    return [
      ...own,
      ...period
        .filter((column) => !known.has(column.name ?? ''))
        .map((column) => this.#column({ ...column, charset: null, collation: null })),
    ];
  }

  /** What the OPEN frames of the table's streams say. */
  openOf(table: Table): StreamOpen {
    return {
      object: table.object,
      part: 0,
      encoding: ENCODING,
      columns: table.columns.map(({ name, type }) => ({ name, type })),
      settings: VALUE_SETTINGS,
      details: plainDetails({
        product: this.#facts.product,
        charsets: table.columns.map(({ characterSet }) => characterSet),
        readAs: table.columns.map(({ readAs }) => readAs),
        ...(table.versioned ? { versioned: true } : {}),
      }),
    };
  }
}

function grouped(rows: readonly Row[]): Map<string, Row[]> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const name = String(row.table);
    const group = groups.get(name) ?? [];
    group.push(row);
    groups.set(name, group);
  }
  return groups;
}

/** The first key whose columns are whole, never NULL and in a b-tree: rows are found in its order. */
function bestKey(rows: readonly Row[]): Pick<Table, 'key' | 'index'> {
  const byIndex = Map.groupBy(rows, (row) => String(row.index));
  for (const [index, columns] of byIndex) {
    if (columns.some((row) => row.unfit === '1')) {
      // A primary key is the order of the rows: another would be a detour.
      if (index === 'PRIMARY') break;
      continue;
    }
    const key = columns.map((row) => ({ name: String(row.name), descending: row.descending === '1' }));
    return { key, index };
  }
  return { key: [], index: '' };
}

export function qualified(schemas: Schemas, object: ObjectName): string {
  const [database, name] = object as [string, string];
  return `${identifier(schemas(database))}.${identifier(name)}`;
}
