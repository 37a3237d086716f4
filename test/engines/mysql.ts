/** MySQL and MariaDB servers and databases for tests. */
import { randomBytes } from 'node:crypto';
import mysql from 'mysql2/promise';
import { type Mysqld, ROOT, type ServerSettings, startMysqld } from './mysqld.ts';

export { ROOT, type ServerSettings } from './mysqld.ts';

export type MysqlProduct = 'mysql' | 'mariadb';

export interface StartMysqlOptions {
  /** Default `mysql`. */
  readonly product?: MysqlProduct;
  /** MySQL: `9`. MariaDB: `10.11` (default) or `11.8`. */
  readonly version?: '9' | '10.11' | '11.8';
  /** A server from outside cannot be given any, so these make it one of ours. */
  readonly settings?: ServerSettings;
}

export interface RunningMysql extends AsyncDisposable {
  /** The administrator's, naming no database. */
  readonly url: string;
  readonly product: MysqlProduct;
  /** Our own process. Throws for a server from DBIMG_TEST_MYSQL_URL or DBIMG_TEST_MARIADB_URL. */
  readonly process: Mysqld;
  /** Stops a server of ours, leaves one from outside alone. Idempotent. */
  stop(): Promise<void>;
}

/** A server that is ready. Dispose it: `await using server = await startMysql({ product: 'mariadb' })`. */
export async function startMysql(options: StartMysqlOptions = {}): Promise<RunningMysql> {
  const product = options.product ?? 'mysql';
  const variable = `DBIMG_TEST_${product.toUpperCase()}_URL`;
  const outside = process.env[variable];
  if (outside !== undefined && options.settings === undefined && options.version === undefined) {
    return {
      url: outside,
      product,
      get process(): Mysqld {
        throw new Error(`the server at ${variable} is not ours`);
      },
      stop: async () => {},
      [Symbol.asyncDispose]: async () => {},
    };
  }
  const name =
    product === 'mysql' ? 'mysql-9' : options.version === '11.8' ? 'mariadb-11.8' : 'mariadb-10.11';
  const own = await startMysqld(name, options.settings);
  return {
    url: `${product}://${ROOT.user}:${ROOT.password}@${own.host}:${own.port}/`,
    product,
    process: own,
    stop: own.stop,
    [Symbol.asyncDispose]: own.stop,
  };
}

/** The same URL with another database, and optionally another user. */
export function mysqlUrl(
  url: string,
  database: string,
  login?: { readonly user: string; readonly password: string },
): string {
  const other = new URL(url);
  other.pathname = `/${encodeURIComponent(database)}`;
  if (login !== undefined) {
    other.username = encodeURIComponent(login.user);
    other.password = encodeURIComponent(login.password);
  }
  return other.href;
}

/** What the driver is to be opened with: values as exact as their text, several statements at once. */
export function connectionOptions(url: string): mysql.ConnectionOptions {
  const { hostname, port, username, password, pathname } = new URL(url);
  const database = decodeURIComponent(pathname.slice(1));
  return {
    host: hostname,
    port: Number(port || 3306),
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
    ...(database === '' ? {} : { database }),
    multipleStatements: true,
    supportBigNumbers: true,
    bigNumberStrings: true,
    dateStrings: true,
  };
}

/** Works with a session of its own, which is closed in the end. Several statements may be sent at once. */
export async function withMysql<T>(url: string, work: (session: mysql.Connection) => Promise<T>): Promise<T> {
  const session = await mysql.createConnection(connectionOptions(url));
  try {
    return await work(session);
  } finally {
    // A session that the server has ended cannot be closed politely.
    await session.end().catch(() => session.destroy());
  }
}

export type MysqlRow = { [column: string]: unknown };

/** One statement, or several without values (then the rows of the last), in a session of its own. */
export async function mysqlQuery<Row extends MysqlRow = MysqlRow>(
  url: string,
  sql: string,
  values?: readonly (string | number | Buffer | null)[],
): Promise<Row[]> {
  return await withMysql(url, async (session) => {
    const [result] = await session.query(sql, values === undefined ? undefined : [...values]);
    if (!Array.isArray(result)) return [];
    // Rows of one statement, or results of several.
    const several = result.some(
      (each) => Array.isArray(each) || each?.constructor.name === 'ResultSetHeader',
    );
    const last: unknown = several ? result.at(-1) : result;
    return (Array.isArray(last) ? last : []) as Row[];
  });
}

/** A name as it stands in a statement. */
export function mysqlName(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}

export interface TestMysqlDatabase extends AsyncDisposable {
  readonly url: string;
  readonly name: string;
}

/** An empty database with a random name (or the given one), dropped when disposed. */
export async function createMysqlDatabase(
  server: { readonly url: string },
  options: { readonly name?: string; readonly clause?: string } = {},
): Promise<TestMysqlDatabase> {
  const name = options.name ?? `test_${randomBytes(6).toString('hex')}`;
  await mysqlQuery(server.url, `CREATE DATABASE ${mysqlName(name)} ${options.clause ?? ''}`);
  return {
    name,
    url: mysqlUrl(server.url, name),
    [Symbol.asyncDispose]: async () => {
      // The server may be stopped already; a test's own error must not be hidden.
      await mysqlQuery(server.url, `DROP DATABASE IF EXISTS ${mysqlName(name)}`).catch(() => {});
    },
  };
}
