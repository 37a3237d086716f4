/** What every part of the adapter must know of the server that a session reached. */
import type { ServerInfo } from '../../core/adapter.ts';
import { DbimgError } from '../../core/errors.ts';
import type { Session } from './session.ts';

export const OLDEST_SUPPORTED = 12;

export interface ServerFacts {
  /** `server_version_num`: 150018. */
  readonly version: number;
  readonly database: string;
  readonly user: string;
  readonly superuser: boolean;
  readonly createDatabase: boolean;
  /** Encoding of the database. */
  readonly encoding: string;
  /** A standby: reads only. */
  readonly recovery: boolean;
  /** Tells one server from another: lanes must all reach the same. */
  readonly identity: string;
  /** A pooler answers in the server's place. */
  readonly pooled: boolean;
  readonly info: ServerInfo;
}

const FACTS = `
SELECT pg_catalog.version() AS banner,
       pg_catalog.current_setting('server_version_num')::int AS version,
       pg_catalog.current_setting('server_version') AS text,
       pg_catalog.pg_backend_pid() AS pid,
       pg_catalog.current_database() AS database,
       r.rolname AS username, r.rolsuper AS superuser, r.rolcreatedb OR r.rolsuper AS createdb,
       pg_catalog.pg_encoding_to_char(d.encoding) AS encoding,
       d.datcollate AS collate, d.datctype AS ctype,
       pg_catalog.pg_is_in_recovery() AS recovery,
       (extract(epoch FROM pg_catalog.pg_postmaster_start_time()) * 1000000)::bigint::text AS started,
       pg_catalog.current_setting('port') AS port,
       pg_catalog.current_setting('block_size') AS block_size,
       pg_catalog.current_setting('wal_level') AS wal_level,
       pg_catalog.current_setting('TimeZone') AS timezone
  FROM pg_catalog.pg_roles AS r, pg_catalog.pg_database AS d
 WHERE r.rolname = current_user AND d.datname = pg_catalog.current_database()`;

/** @throws DbimgError `SERVER_UNSUPPORTED` if it is no PostgreSQL or too old. */
export async function readFacts(session: Session): Promise<ServerFacts> {
  const [plain] = await session.query('SELECT version() AS banner', undefined, {
    what: 'The server did not answer',
  });
  assertPostgres(String(plain?.banner));
  const row = await session.row(FACTS, undefined, { what: 'The server could not be examined' });
  const text = (name: string): string => String(row[name]);
  return {
    version: Number(row.version),
    database: text('database'),
    user: text('username'),
    superuser: row.superuser === true,
    createDatabase: row.createdb === true,
    encoding: text('encoding'),
    recovery: row.recovery === true,
    identity: `${text('started')} ${text('port')}`,
    pooled: Number(row.pid) !== session.pid,
    info: {
      product: 'PostgreSQL',
      version: text('text').split(' ')[0] as string,
      settings: {
        server_encoding: text('encoding'),
        lc_collate: text('collate'),
        lc_ctype: text('ctype'),
        block_size: text('block_size'),
        wal_level: text('wal_level'),
        TimeZone: text('timezone'),
      },
    },
  };
}

function assertPostgres(banner: string): void {
  const match = /^(?:PostgreSQL|EnterpriseDB) (\d+)/.exec(banner);
  if (!match || /Redshift|Greenplum/.test(banner)) {
    throw new DbimgError('SERVER_UNSUPPORTED', `This server is no PostgreSQL: ${banner.slice(0, 80)}`);
  }
  if (Number(match[1]) < OLDEST_SUPPORTED) {
    throw new DbimgError('SERVER_UNSUPPORTED', `PostgreSQL ${match[1]} is too old: ${banner.slice(0, 40)}.`, {
      hint: `dbimg supports PostgreSQL ${OLDEST_SUPPORTED} and later; pg_upgrade or pg_dump bring older data there.`,
    });
  }
}

export function poolerError(what: string, cause?: unknown): DbimgError {
  return new DbimgError('POOLER_IN_BETWEEN', what, {
    cause,
    hint: 'A pooler such as PgBouncer hands each transaction to another session: give the URL of the server itself.',
  });
}
