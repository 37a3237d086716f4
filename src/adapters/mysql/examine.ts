/** What `doctor` says of a server. */
import type { Context, Finding } from '../../core/adapter.ts';
import { Divider } from './division.ts';
import type { ServerFacts } from './facts.ts';
import {
  hasRows,
  isTable,
  type Listed,
  listDatabases,
  listTables,
  TableReader,
  transactionalEngines,
} from './inventory.ts';
import { describeEndpoint, type Endpoint } from './location.ts';
import { longStatement } from './locks.ts';
import { Privileges } from './privileges.ts';
import { displayName } from './quoting.ts';
import { unreadable } from './readable.ts';
import { Session } from './session.ts';
import { applySettings, READ_SETTINGS } from './settings.ts';
import { STAGING_NAME } from './staging.ts';

interface Examined {
  readonly session: Session;
  readonly facts: ServerFacts;
  readonly databases: readonly string[];
  readonly listed: readonly Listed[];
  readonly privileges: Privileges;
}

type Probe = (examined: Examined) => Promise<readonly Finding[]>;

const ORDER = ['obstacle', 'warning', 'note', 'ok'] as const;
/** Tables of this size are named if many lanes cannot share them, in bytes. */
const HUGE = 1024 ** 3;
const NAMED = 10;

/** The most serious first. */
export async function* examine(
  endpoint: Endpoint,
  facts: ServerFacts,
  context: Context,
): AsyncGenerator<Finding> {
  await using session = await Session.open(endpoint, context);
  await applySettings(session, READ_SETTINGS);
  const databases = await listDatabases(session, endpoint.database);
  const listed: Listed[] = [];
  for (const database of databases) listed.push(...(await listTables(session, database)));
  const examined = { session, facts, databases, listed, privileges: await Privileges.of(session) };
  const findings: Finding[] = [];
  for (const probe of PROBES) findings.push(...(await probe(examined)));
  for (const level of ORDER) yield* findings.filter((finding) => finding.level === level);
}

const server: Probe = async ({ session, facts, databases }) => [
  {
    level: 'ok',
    what: `${facts.product} ${facts.info.version}, ${describeEndpoint(session.endpoint)}, as ${facts.account}; ${databases.length === 1 ? 'one database' : `${databases.length} databases`}.`,
  },
  ...(facts.readOnly
    ? [
        {
          level: 'note',
          what: 'The server is read-only: it can be dumped, but nothing can be restored here.',
        } as const,
      ]
    : []),
];

const reading: Probe = async ({ session, facts, listed }) => {
  const denied = await unreadable(session, listed);
  if (denied.length === 0)
    return [{ level: 'ok', what: `${facts.account} may read every table it can see.` }];
  return [
    {
      level: 'obstacle',
      code: 'PERMISSION_DENIED',
      what: `${facts.account} may not read ${namesOf(denied)}.`,
      hint: 'GRANT SELECT ON the database to it, or leave them out with --skip.',
    },
  ];
};

/** Which way to one moment for all lanes is open. */
const locking: Probe = async ({ facts, databases, privileges }) => {
  const reload = privileges.global('RELOAD') || privileges.global('FLUSH_TABLES');
  const tables = databases.every((database) => privileges.on(database, 'LOCK TABLES'));
  const findings: Finding[] = [];
  if (reload) {
    const lock = facts.product === 'MySQL' ? 'the global read lock' : 'BACKUP STAGE BLOCK_COMMIT';
    findings.push({ level: 'ok', what: `All lanes begin under ${lock}, held for a moment.` });
  } else if (facts.product === 'MariaDB' && facts.binlog) {
    findings.push({
      level: 'ok',
      what: 'All lanes begin at the same transaction of the binary log, without a lock.',
    });
  } else if (tables) {
    const what = 'Without the privilege RELOAD, all lanes begin under read locks on the tables.';
    findings.push({ level: 'note', what });
  } else {
    findings.push({
      level: 'warning',
      what: `${facts.account} may not take a lock: several lanes would not see the same moment.`,
      hint: 'GRANT RELOAD ON *.*, or LOCK TABLES on the database; or dump with --jobs 1.',
    });
  }
  if (facts.product === 'MySQL' && !privileges.global('BACKUP_ADMIN')) {
    const what = 'Without the privilege BACKUP_ADMIN, changes of definitions are noticed, not held off.';
    findings.push({ level: 'note', what });
  }
  return findings;
};

const seeing: Probe = async ({ facts, databases, privileges }) => {
  const missing = ['SHOW VIEW', 'TRIGGER', 'EVENT'].filter(
    (privilege) => !databases.every((database) => privileges.on(database, privilege)),
  );
  const findings: Finding[] = [];
  if (missing.length > 0) {
    const what = `${facts.account} has no privilege ${missing.join(', ')}: what it does not see is not dumped.`;
    findings.push({ level: 'warning', what });
  }
  if (!privileges.on('mysql', 'SELECT')) {
    findings.push({
      level: 'note',
      what: `${facts.account} may not read the accounts: they are not dumped.`,
    });
  }
  return findings;
};

const position: Probe = async ({ facts, privileges }) => {
  if (!facts.binlog)
    return [{ level: 'note', what: 'There is no binary log: images have no position in it.' }];
  const may =
    privileges.global('REPLICATION CLIENT') ||
    privileges.global('BINLOG MONITOR') ||
    privileges.global('SUPER');
  if (may) return [];
  const what = 'Without the privilege REPLICATION CLIENT, images have no file and offset of the binary log.';
  return [{ level: 'note', what }];
};

const statements: Probe = async ({ session, facts }) => {
  if (facts.product !== 'MySQL') return [];
  const running = await longStatement(session);
  if (!running) return [];
  return [
    {
      level: 'warning',
      what: `A statement of session ${running.id} has been running for ${running.seconds} s: a dump waits for its end before it takes the global read lock.`,
    },
  ];
};

/** Each lane is a session, and so are those that lock, list and read accounts. */
const sessions: Probe = async ({ session }) => {
  const row = await session.row('SELECT @@GLOBAL.max_connections AS most');
  const [used] = await session.query("SHOW GLOBAL STATUS LIKE 'Threads_connected'");
  const free = Number(row.most) - Number(used?.Value ?? 0);
  const what = `${free} sessions are free; a dump with N lanes takes N + 4.`;
  return [{ level: free < 10 ? 'warning' : 'ok', what }];
};

const tables: Probe = async ({ session, facts, listed }) => {
  const engines = await transactionalEngines(session);
  const loose = listed.filter((table) => hasRows(table) && !engines.has(table.engine));
  const findings: Finding[] = [];
  if (loose.length > 0) {
    const bytes = loose.reduce((sum, table) => sum + table.bytes, 0);
    findings.push({
      level: 'note',
      what: `${namesOf(loose)} know no transactions: nobody can write to them while their ${Math.ceil(bytes / 1e6)} MB are set aside.`,
    });
  }
  const huge = listed.filter((table) => isTable(table) && table.bytes >= HUGE && !table.partitioned);
  const described = await new TableReader(session, facts).describe(huge.slice(0, NAMED));
  const whole = described.filter((table) => !Divider.fits(table));
  if (whole.length > 0) {
    findings.push({ level: 'note', what: `${namesOf(whole)} cannot be cut by a key: one lane reads each.` });
  }
  return findings;
};

const leftovers: Probe = async ({ session }) => {
  const rows = await session.query('SELECT SCHEMA_NAME AS name FROM information_schema.SCHEMATA');
  return rows
    .filter((row) => STAGING_NAME.test(row.name ?? ''))
    .map((row) => ({
      level: 'warning',
      what: `The database ${row.name} belongs to a restore that is running, or that died.`,
      hint: `If none is running: DROP DATABASE \`${row.name}\`;`,
    }));
};

function namesOf(listed: readonly Listed[]): string {
  const names = listed.slice(0, NAMED).map(({ object }) => displayName(object));
  return listed.length > NAMED ? `${names.join(', ')} and ${listed.length - NAMED} more` : names.join(', ');
}

const PROBES: readonly Probe[] = [
  server,
  reading,
  locking,
  seeing,
  position,
  statements,
  sessions,
  tables,
  leftovers,
];
