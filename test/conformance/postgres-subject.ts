/** PostgreSQL as the conformance suite sees it: everything here goes by the driver and PostgreSQL's own tools. */
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { adapter } from '../../src/adapters/postgres/adapter.ts';
import type { Cell, ColumnSpec, Scratch, Subject, TableSpec } from '../../src/testkit/index.ts';
import { databaseUrl, query } from '../engines/postgres.ts';
import { compareDatabases } from '../oracle/postgres.ts';

const TYPES = { integer: 'bigint', text: 'text', bytes: 'bytea' } as const;
/** Rows of one INSERT. */
const BATCH = 1000;
const UNKNOWN_DATABASE = '3D000';
const UNKNOWN_TABLE = '42P01';

/** A server with a superuser's URL. */
export interface TestServer {
  readonly url: string;
  readonly version: number;
}

export function postgresSubject(server: TestServer): Subject {
  return {
    name: `postgres ${server.version}`,
    adapter,
    faultStride: 2,
    oddNames: ['a"b', "it's", 'line\nend', '😀 shop', 'select', 'Ünï.cödé', 'x'.repeat(63)],
    secret: {
      location: databaseUrl(server.url, 'nowhere', { user: 'nobody', password: 'S3cr3t!x' }),
      password: 'S3cr3t!x',
    },
    async create() {
      const scratch = scratchOf(server);
      await query(server.url, `CREATE DATABASE ${pg.escapeIdentifier(nameOf(scratch.location))}`);
      return scratch;
    },
    absent: async () => scratchOf(server),
    fill: async (location, tables) => {
      for (const table of tables) await makeTable(location, table);
    },
    rows: readRows,
    transfer: async (location, table, from, to, amount) => {
      const name = pg.escapeIdentifier(table);
      // Row locks are taken in key order, so that writers do not lock each other out.
      const sql = `WITH locked AS (SELECT id FROM ${name} WHERE id IN ($1, $2) ORDER BY id FOR UPDATE) UPDATE ${name} t SET balance = balance + CASE t.id WHEN $1::bigint THEN -$3::bigint ELSE $3 END FROM locked WHERE t.id = locked.id`;
      await writers(location).query(sql, [from, to, amount]);
    },
    traces: (location) => traces(server, location),
    compare: compareDatabases,
  };
}

function nameOf(location: string): string {
  return decodeURIComponent(new URL(location).pathname.slice(1));
}

function scratchOf(server: TestServer): Scratch {
  const name = `suite ${randomBytes(4).toString('hex')}`;
  const location = databaseUrl(server.url, name);
  return {
    location,
    async [Symbol.asyncDispose]() {
      await closeWriters(location);
      const identifier = pg.escapeIdentifier(name);
      await query(server.url, `DROP DATABASE IF EXISTS ${identifier} WITH (FORCE)`);
    },
  };
}

/** Sessions of the tests' own writers, by database. */
const pools = new Map<string, pg.Pool>();

function writers(location: string): pg.Pool {
  let pool = pools.get(location);
  if (!pool) {
    pool = new pg.Pool({ connectionString: location, application_name: 'suite', max: 3 });
    pool.on('error', () => {});
    pools.set(location, pool);
  }
  return pool;
}

async function closeWriters(location: string): Promise<void> {
  await pools.get(location)?.end();
  pools.delete(location);
}

async function makeTable(location: string, table: TableSpec): Promise<void> {
  const name = pg.escapeIdentifier(table.name);
  const column = (spec: ColumnSpec): string => `${pg.escapeIdentifier(spec.name)} ${TYPES[spec.type]}`;
  const [key, ...others] = table.columns.map(column);
  await query(location, `CREATE TABLE ${name} (${[`${key} PRIMARY KEY`, ...others].join(', ')})`);
  for (let i = 0; i < table.rows.length; i += BATCH) {
    const rows = table.rows.slice(i, i + BATCH);
    const lists = table.columns.map((_, c) => rows.map((row) => parameter(row[c] as Cell)));
    const arrays = table.columns.map((spec, c) => `$${c + 1}::${TYPES[spec.type]}[]`);
    await query(location, `INSERT INTO ${name} SELECT * FROM unnest(${arrays.join(', ')})`, lists);
  }
  const last = table.columns.at(-1)?.type === 'bytes' ? 'md5' : '';
  const indexed = pg.escapeIdentifier(table.columns.at(-1)?.name ?? 'id');
  await query(location, `CREATE INDEX ON ${name} (${last}(${indexed}))`);
}

function parameter(cell: Cell): unknown {
  if (cell instanceof Uint8Array) return Buffer.from(cell);
  return typeof cell === 'bigint' ? cell.toString() : cell;
}

async function readRows(location: string, table: string): Promise<readonly (readonly Cell[])[] | undefined> {
  try {
    const rows = await query(location, `SELECT * FROM ${pg.escapeIdentifier(table)} ORDER BY id`);
    return rows.map((row) => Object.entries(row).map(([name, value]) => cellOf(name, value)));
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === UNKNOWN_DATABASE || code === UNKNOWN_TABLE) return undefined;
    throw error;
  }
}

/** The driver gives int8 as text and bytea as a Buffer. */
function cellOf(column: string, value: unknown): Cell {
  if (Buffer.isBuffer(value)) return new Uint8Array(value);
  if (typeof value === 'string' && ['id', 'amount', 'balance'].includes(column)) return BigInt(value);
  return value as Cell;
}

/** Sessions may need a moment to end after their socket was closed. */
const PATIENCE = 2000;

async function traces(server: TestServer, _location: string): Promise<readonly string[]> {
  const deadline = performance.now() + PATIENCE;
  for (;;) {
    const found = await query<{ trace: string }>(
      server.url,
      `SELECT 'session ' || pid || ' ' || state || ' ' || left(query, 60) AS trace FROM pg_stat_activity
         WHERE application_name LIKE 'dbimg%'
       UNION ALL SELECT 'database ' || datname FROM pg_database WHERE datname LIKE '%dbimg%'
       UNION ALL SELECT 'slot ' || slot_name FROM pg_replication_slots
       UNION ALL SELECT 'prepared ' || gid FROM pg_prepared_xacts`,
    );
    if (found.length === 0 || performance.now() > deadline) return found.map((row) => row.trace);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
