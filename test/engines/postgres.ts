/** PostgreSQL servers and databases for tests. */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import pg from 'pg';
import {
  type EmbeddedPostgres,
  POSTGRES_VERSIONS,
  type PostgresVersion,
  startEmbeddedPostgres,
} from '../../scripts/embedded-postgres.ts';

export { POSTGRES_VERSIONS, type PostgresVersion };

export interface StartOptions {
  /** When left out, the server of DBIMG_TEST_POSTGRES_URL if that is set, else the newest version. */
  readonly version?: PostgresVersion;
  /** Server settings; a server from outside cannot be given any, so these make it an embedded one. */
  readonly settings?: { readonly [name: string]: string | number | boolean };
  /** Roles to create, with their attributes: `{ name: 'reader', password: 'x', attributes: 'LOGIN NOSUPERUSER' }`. */
  readonly roles?: readonly TestRole[];
  /** More arguments for `initdb`. */
  readonly initdb?: readonly string[];
  /** Boots this data directory, which then belongs to the server. */
  readonly dataDir?: string;
}

export interface TestRole {
  readonly name: string;
  readonly password?: string;
  /** Default `LOGIN`. */
  readonly attributes?: string;
}

export interface RunningPostgres extends AsyncDisposable {
  /** Superuser's, naming the database `postgres`. */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  /** Major version. */
  readonly version: number;
  /** Undefined for a server from DBIMG_TEST_POSTGRES_URL. */
  readonly embedded: EmbeddedPostgres | undefined;
  /** Throws for a server from DBIMG_TEST_POSTGRES_URL. */
  readonly dataDir: string;
  /** Stops an embedded server (`crash`: as a power cut would); leaves one from outside alone. Idempotent. */
  stop(how?: 'fast' | 'crash'): Promise<void>;
}

/** A server that is ready. Dispose it: `await using server = await startPostgres({ version: 15 })`. */
export async function startPostgres(options: StartOptions = {}): Promise<RunningPostgres> {
  const outside = process.env.DBIMG_TEST_POSTGRES_URL;
  const special = options.version ?? options.settings ?? options.initdb ?? options.dataDir;
  const server =
    outside !== undefined && special === undefined
      ? await serverFromOutside(outside)
      : await embeddedServer(options);
  try {
    for (const role of options.roles ?? []) await createRole(server.url, role);
    return server;
  } catch (error) {
    await server.stop();
    throw error;
  }
}

async function embeddedServer(options: StartOptions): Promise<RunningPostgres> {
  const { roles: _, ...boot } = options;
  const embedded = await startEmbeddedPostgres(boot);
  return {
    url: embedded.url,
    host: embedded.host,
    port: embedded.port,
    version: embedded.version,
    dataDir: embedded.dataDir,
    embedded,
    stop: embedded.stop,
    [Symbol.asyncDispose]: () => embedded.stop(),
  };
}

async function serverFromOutside(url: string): Promise<RunningPostgres> {
  const [row] = await query<{ version: number }>(
    url,
    "SELECT current_setting('server_version_num')::int AS version",
  );
  const { hostname, port } = new URL(url);
  return {
    url,
    host: hostname,
    port: Number(port || 5432),
    version: Math.trunc((row?.version ?? 0) / 10_000),
    embedded: undefined,
    get dataDir(): string {
      throw new Error('the data directory of the server at DBIMG_TEST_POSTGRES_URL is not ours');
    },
    stop: async () => {},
    [Symbol.asyncDispose]: async () => {},
  };
}

async function createRole(url: string, role: TestRole): Promise<void> {
  const name = pg.escapeIdentifier(role.name);
  const password = role.password === undefined ? '' : ` PASSWORD ${pg.escapeLiteral(role.password)}`;
  await query(url, `DROP ROLE IF EXISTS ${name}`);
  await query(url, `CREATE ROLE ${name} ${role.attributes ?? 'LOGIN'}${password}`);
}

/** One statement, or several without values, in a session of its own. */
export async function query<Row extends pg.QueryResultRow = pg.QueryResultRow>(
  url: string,
  sql: string,
  values?: readonly unknown[],
): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    // A script of several statements answers with a list of results; only a single one's rows are of use.
    const result: pg.QueryResult<Row> | pg.QueryResult<Row>[] = await client.query<Row>(
      sql,
      values === undefined ? undefined : [...values],
    );
    return Array.isArray(result) ? (result.at(-1)?.rows ?? []) : result.rows;
  } finally {
    await client.end();
  }
}

/** The same URL with another database, and optionally another user. */
export function databaseUrl(
  url: string,
  database: string,
  login?: { user: string; password: string },
): string {
  const other = new URL(url);
  other.pathname = `/${encodeURIComponent(database)}`;
  if (login !== undefined) {
    other.username = encodeURIComponent(login.user);
    other.password = encodeURIComponent(login.password);
  }
  return other.href;
}

export interface TestDatabase extends AsyncDisposable {
  readonly url: string;
  readonly name: string;
}

/** An empty database with a random name (or the given one), dropped with all its sessions when disposed. */
export async function createDatabase(
  server: { readonly url: string },
  options: { readonly name?: string; readonly clause?: string } = {},
): Promise<TestDatabase> {
  const name = options.name ?? `test_${randomBytes(6).toString('hex')}`;
  const quoted = pg.escapeIdentifier(name);
  await query(server.url, `CREATE DATABASE ${quoted} TEMPLATE template0 ${options.clause ?? ''}`);
  return {
    name,
    url: databaseUrl(server.url, name),
    [Symbol.asyncDispose]: () => dropDatabase(server.url, name),
  };
}

/** Drops a database if it exists, ending its sessions first. Never throws, so that it hides no test's own error. */
export async function dropDatabase(serverUrl: string, name: string): Promise<void> {
  try {
    await query(serverUrl, 'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [
      name,
    ]);
    await query(serverUrl, `DROP DATABASE IF EXISTS ${pg.escapeIdentifier(name)}`);
  } catch {
    // The server may be stopped already.
  }
}

/** Runs a file of SQL in one session, in one implicit transaction. No psql commands. */
export async function runSqlFile(url: string, path: string | URL): Promise<void> {
  await query(url, await readFile(path, 'utf8'));
}
