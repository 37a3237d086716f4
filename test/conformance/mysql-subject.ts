/** MySQL and MariaDB as the conformance suite sees them: everything here goes by the driver and the product's own tools. */
import { randomBytes } from 'node:crypto';
import mysql from 'mysql2/promise';
import { adapter } from '../../src/adapters/mysql/adapter.ts';
import type { Cell, ColumnSpec, Scratch, Subject, TableSpec } from '../../src/testkit/index.ts';
import {
  connectionOptions,
  type MysqlProduct,
  type MysqlRow,
  mysqlName,
  mysqlQuery,
  mysqlUrl,
  withMysql,
} from '../engines/mysql.ts';
import { compareMysqlDatabases } from '../oracle/mysql.ts';

const TYPES = { integer: 'bigint', text: 'text', bytes: 'longblob' } as const;
/** Bytes of the values of one INSERT, and its rows. */
const BATCH = 1000;
const BATCH_BYTES = 8 << 20;
/** ER_BAD_DB_ERROR, ER_NO_SUCH_TABLE. */
const ABSENT = [1049, 1146];
const DEADLOCK = 1213;

/** A server with the administrator's URL. */
export interface TestServer {
  readonly url: string;
  readonly product: MysqlProduct;
}

export interface MysqlSubjectOptions {
  /** Of all tables. Default InnoDB. */
  readonly engine?: 'InnoDB' | 'MyISAM' | 'Aria';
}

export async function mysqlSubject(server: TestServer, options: MysqlSubjectOptions = {}): Promise<Subject> {
  const engine = options.engine ?? 'InnoDB';
  const settings = await globalSettings(server);
  return {
    name: server.product,
    adapter,
    faultStride: 3,
    oddNames: [
      'a"b',
      "it's",
      'line\nend',
      'tick`ed',
      'select',
      'Ünï.cödé/中文',
      'back\\slash',
      '%s',
      'x'.repeat(64),
    ],
    secret: {
      location: mysqlUrl(server.url, 'nowhere', { user: 'nobody', password: 'S3cr3t!x' }),
      password: 'S3cr3t!x',
    },
    async create() {
      const scratch = scratchOf(server);
      await mysqlQuery(server.url, `CREATE DATABASE ${mysqlName(nameOf(scratch.location))}`);
      return scratch;
    },
    absent: async () => scratchOf(server),
    fill: async (location, tables) => {
      for (const table of tables) await makeTable(location, table, engine);
    },
    rows: readRows,
    transfer: async (location, table, from, to, amount) => {
      if (engine === 'InnoDB') await moveInTwoSteps(location, table, from, to, amount);
      else await moveAtOnce(location, table, from, to, amount);
    },
    traces: () => traces(server, settings),
    compare: (a, b) => compareMysqlDatabases(server.product, a, b),
  };
}

function nameOf(location: string): string {
  return decodeURIComponent(new URL(location).pathname.slice(1));
}

function scratchOf(server: TestServer): Scratch {
  const name = `suite ${randomBytes(4).toString('hex')}`;
  const location = mysqlUrl(server.url, name);
  return {
    location,
    async [Symbol.asyncDispose]() {
      await writers.get(location)?.end();
      writers.delete(location);
      await mysqlQuery(server.url, `DROP DATABASE IF EXISTS ${mysqlName(name)}`);
    },
  };
}

/** Sessions of the tests' own writers, by database. */
const writers = new Map<string, mysql.Pool>();
const WRITER = 'suite_writer';

function writer(location: string): mysql.Pool {
  let pool = writers.get(location);
  if (pool === undefined) {
    const connectAttributes = { program_name: WRITER };
    pool = mysql.createPool({ ...connectionOptions(location), connectionLimit: 3, connectAttributes });
    writers.set(location, pool);
  }
  return pool;
}

/** Rows are locked in key order, so that writers rarely lock each other out. */
async function moveInTwoSteps(
  location: string,
  table: string,
  from: number,
  to: number,
  amount: number,
): Promise<void> {
  const sql = `UPDATE ${mysqlName(table)} SET balance = balance + ? WHERE id = ?`;
  const steps = [
    [-amount, from],
    [amount, to],
  ].sort((a, b) => (a[1] as number) - (b[1] as number));
  const session = await writer(location).getConnection();
  try {
    for (;;) {
      try {
        await session.beginTransaction();
        for (const step of steps) await session.query(sql, step);
        await session.commit();
        return;
      } catch (error) {
        await session.rollback();
        if ((error as { errno?: number }).errno !== DEADLOCK) throw error;
      }
    }
  } finally {
    session.release();
  }
}

/** Without transactions one statement is the largest that is done as a whole. */
async function moveAtOnce(
  location: string,
  table: string,
  from: number,
  to: number,
  amount: number,
): Promise<void> {
  const sql = `UPDATE ${mysqlName(table)} SET balance = balance + IF(id = ?, -?, ?) WHERE id IN (?, ?)`;
  await writer(location).query(sql, [from, amount, amount, from, to]);
}

async function makeTable(location: string, table: TableSpec, engine: string): Promise<void> {
  const columns = table.columns.map(
    (spec: ColumnSpec, at) => `${mysqlName(spec.name)} ${TYPES[spec.type]}${at === 0 ? ' PRIMARY KEY' : ''}`,
  );
  const last = table.columns.at(-1);
  const indexed = mysqlName(last?.name ?? 'id');
  const index = `KEY more (${indexed}${last?.type === 'integer' ? '' : '(20)'})`;
  const name = mysqlName(table.name);
  await withMysql(location, async (session) => {
    await session.query(
      `CREATE TABLE ${name} (${[...columns, index].join(', ')}) ENGINE = ${engine} DEFAULT CHARSET utf8mb4`,
    );
    let batch: (Buffer | string | null)[][] = [];
    let bytes = 0;
    const flush = async (): Promise<void> => {
      if (batch.length > 0) await session.query(`INSERT INTO ${name} VALUES ?`, [batch]);
      batch = [];
      bytes = 0;
    };
    for (const row of table.rows) {
      batch.push(row.map(parameter));
      bytes += row.reduce((sum, cell) => sum + (cell instanceof Uint8Array ? cell.length : 20), 0);
      if (batch.length === BATCH || bytes > BATCH_BYTES) await flush();
    }
    await flush();
  });
}

function parameter(cell: Cell): Buffer | string | null {
  if (cell instanceof Uint8Array) return Buffer.from(cell);
  return cell === null ? null : String(cell);
}

async function readRows(location: string, table: string): Promise<readonly (readonly Cell[])[] | undefined> {
  try {
    const rows = await mysqlQuery(location, `SELECT * FROM ${mysqlName(table)} ORDER BY id`);
    return rows.map((row) => Object.entries(row).map(([name, value]) => cellOf(name, value)));
  } catch (error) {
    if (ABSENT.includes((error as { errno?: number }).errno ?? 0)) return undefined;
    throw error;
  }
}

function cellOf(column: string, value: unknown): Cell {
  if (Buffer.isBuffer(value)) return new Uint8Array(value);
  if (value !== null && ['id', 'amount', 'balance'].includes(column)) return BigInt(String(value));
  return value as Cell;
}

/** Sessions may need a moment to end after their socket was closed. */
const PATIENCE = 3000;
/** Counters and the like. */
const CHANGING =
  /gtid|binlog_snapshot|timestamp|^last_|_pos$|rand_seed|^innodb_buffer_pool|read_binlog_speed/;

async function traces(server: TestServer, settings: ReadonlyMap<string, string>): Promise<readonly string[]> {
  const deadline = performance.now() + PATIENCE;
  for (;;) {
    const found = [...(await sessionsAndDatabases(server)), ...(await changedSettings(server, settings))];
    if (found.length === 0 || performance.now() > deadline) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function sessionsAndDatabases(server: TestServer): Promise<string[]> {
  const own = new Set<number>();
  for (const pool of writers.values()) {
    const { _allConnections: all } = pool.pool as unknown as {
      _allConnections: { toArray(): mysql.Connection[] };
    };
    for (const { threadId } of all.toArray()) own.add(threadId);
  }
  const rows = await mysqlQuery<MysqlRow & { id: string; trace: string }>(
    server.url,
    `SELECT ID AS id, CONCAT_WS(' ', 'session', ID, USER, COMMAND, LEFT(INFO, 60)) AS trace FROM information_schema.PROCESSLIST
       WHERE ID <> CONNECTION_ID() AND USER NOT IN ('event_scheduler', 'system user')
     UNION ALL SELECT 0, CONCAT('database ', SCHEMA_NAME) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME LIKE '%dbimg%'
     UNION ALL SELECT 0, CONCAT('account ', User, '@', Host) FROM mysql.user WHERE User LIKE '%dbimg%'`,
  );
  return rows.filter(({ id }) => !own.has(Number(id))).map(({ trace }) => trace);
}

async function globalSettings(server: TestServer): Promise<Map<string, string>> {
  const rows = await mysqlQuery<MysqlRow & { Variable_name: string; Value: string }>(
    server.url,
    'SHOW GLOBAL VARIABLES',
  );
  const lasting = rows.filter(({ Variable_name }) => !CHANGING.test(Variable_name));
  return new Map(lasting.map(({ Variable_name, Value }) => [Variable_name, Value]));
}

async function changedSettings(server: TestServer, before: ReadonlyMap<string, string>): Promise<string[]> {
  return [...(await globalSettings(server))].flatMap(([name, value]) =>
    before.get(name) === value ? [] : [`setting ${name}: ${before.get(name)} became ${value}`],
  );
}
