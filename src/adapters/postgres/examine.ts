/** What `doctor` says of a PostgreSQL server. */
import type { Context, Finding } from '../../core/adapter.ts';
import { identifier } from './catalog/quoting.ts';
import type { ServerFacts } from './facts.ts';
import type { Endpoint } from './location.ts';
import { unreadable } from './readable.ts';
import { type Row, Session } from './session.ts';
import { STAGING_NAME } from './staging.ts';
import { MARKER } from './user-objects.ts';

type Probe = (session: Session, facts: ServerFacts) => Promise<readonly Finding[]>;

const ORDER = ['obstacle', 'warning', 'note', 'ok'] as const;

/** The most serious first. */
export async function* examine(
  endpoint: Endpoint,
  facts: ServerFacts,
  context: Context,
): AsyncGenerator<Finding> {
  await using session = await Session.open(endpoint, context);
  const findings: Finding[] = [];
  for (const probe of PROBES) findings.push(...(await probe(session, facts)));
  for (const level of ORDER) yield* findings.filter((finding) => finding.level === level);
}

const server: Probe = async (_session, facts) => [
  {
    level: 'ok',
    what: `PostgreSQL ${facts.info.version}, database ${facts.database}, encoding ${facts.encoding}.`,
  },
  ...(facts.recovery ? [STANDBY] : []),
  ...(facts.pooled ? [POOLED] : []),
];

const STANDBY: Finding = {
  level: 'note',
  what: 'This is a standby: it can be dumped, without the rows of unlogged tables, but nothing can be restored here.',
  hint: 'Long dumps may conflict with replay: set hot_standby_feedback = on, or raise max_standby_streaming_delay.',
};

const POOLED: Finding = {
  level: 'warning',
  what: 'A connection pooler answers in place of the server. If it hands out transactions, lanes share no snapshot.',
  hint: 'Give the URL of the server itself.',
};

const privileges: Probe = async (session, facts) => {
  const { denied, filtered } = await unreadable(session, facts.database, () => true);
  const names = (objects: readonly (readonly string[])[]): string =>
    objects.map((object) => object.slice(1).join('.')).join(', ');
  const findings: Finding[] = [];
  if (denied.length > 0) {
    findings.push({
      level: 'obstacle',
      code: 'PERMISSION_DENIED',
      what: `${facts.user} may not read ${names(denied)}.`,
      hint: `GRANT pg_read_all_data TO ${identifier(facts.user)} (PostgreSQL 14 and later), or leave them out with --skip.`,
    });
  }
  if (filtered.length > 0) {
    findings.push({
      level: 'obstacle',
      code: 'PERMISSION_DENIED',
      what: `Row-level security hides rows from ${facts.user} in ${names(filtered)}.`,
      hint: `ALTER ROLE ${identifier(facts.user)} BYPASSRLS, or connect as the owner.`,
    });
  }
  if (findings.length === 0) findings.push({ level: 'ok', what: `${facts.user} may read every table.` });
  const level = facts.createDatabase ? 'ok' : 'note';
  const what = facts.createDatabase
    ? `${facts.user} may make databases: a restore is built beside and takes the name in one moment.`
    : `${facts.user} may not make databases: a restore fills an empty one in place, and --replace is out of reach.`;
  return [...findings, { level, what }];
};

const locks: Probe = async (session) => {
  const rows = await session.query(
    `SELECT DISTINCT n.nspname || '.' || c.relname AS name, l.pid
       FROM pg_catalog.pg_locks AS l JOIN pg_catalog.pg_class AS c ON c.oid = l.relation
       JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
      WHERE l.mode = 'AccessExclusiveLock' AND c.relkind IN ('r', 'p')
        AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())`,
  );
  return rows.map((row) => ({
    level: 'warning',
    what: `Process ${row.pid} holds or awaits an exclusive lock on ${row.name}: a dump would have to wait for it.`,
  }));
};

/** Each lane is a session, and so are the leader and the one that watches locks. */
const sessions: Probe = async (session) => {
  const row = await session.row(
    `SELECT pg_catalog.current_setting('max_connections')::int
            - pg_catalog.current_setting('superuser_reserved_connections')::int
            - (SELECT count(*) FROM pg_catalog.pg_stat_activity WHERE backend_type = 'client backend')::int AS free`,
  );
  const free = Number(row.free);
  return [
    {
      level: free < 10 ? 'warning' : 'ok',
      what: `${free} sessions are free; a dump with N lanes takes N + 2.`,
    },
  ];
};

const tables: Probe = async (session) => {
  const row = await session.row(
    `SELECT count(*)::int AS tables, pg_catalog.current_setting('max_locks_per_transaction')::int *
            (pg_catalog.current_setting('max_connections')::int
             + pg_catalog.current_setting('max_prepared_transactions')::int) AS locks
       FROM pg_catalog.pg_class WHERE relkind IN ('r', 'p')`,
  );
  if (Number(row.tables) < Number(row.locks)) return [];
  return [
    {
      level: 'warning',
      what: `There are ${row.tables} tables to be locked, and room for about ${row.locks} locks.`,
      hint: 'Raise max_locks_per_transaction, and restart the server.',
    },
  ];
};

const leftovers: Probe = async (session) => {
  const databases = await session.query(
    `SELECT d.datname AS name, EXISTS (SELECT FROM pg_catalog.pg_stat_activity AS a
              WHERE a.datid = d.oid AND a.application_name = 'dbimg') AS alive FROM pg_catalog.pg_database AS d ORDER BY 1`,
  );
  const dead = databases.filter((row) => STAGING_NAME.test(String(row.name)) && row.alive !== true);
  const marked = await session.query('SELECT 1 AS one FROM pg_catalog.pg_namespace WHERE nspname = $1', [
    MARKER,
  ]);
  return [...dead.map(leftover), ...(marked.length > 0 ? [UNFINISHED] : [])];
};

function leftover(row: Row): Finding {
  const name = String(row.name);
  return {
    level: 'warning',
    what: `The database ${name} is what a restore that died left behind.`,
    hint: `DROP DATABASE ${identifier(name)};`,
  };
}

const UNFINISHED: Finding = {
  level: 'warning',
  what: 'This database holds a restore that has not ended.',
  hint: 'If none is running, restore again with --replace.',
};

const PROBES: readonly Probe[] = [server, privileges, locks, sessions, tables, leftovers];
