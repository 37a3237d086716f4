/** How things stand where a restore is to end up. */
import { withoutDatabase } from './connect.ts';
import type { ServerFacts } from './facts.ts';
import type { Endpoint } from './location.ts';
import { Privileges } from './privileges.ts';
import { literal } from './quoting.ts';
import { type Patience, Session } from './session.ts';

export interface Situation {
  readonly facts: ServerFacts;
  readonly privileges: Privileges;
  /** Whether the server takes LOAD DATA LOCAL. */
  readonly localInfile: boolean;
  /** Tables without a primary key are refused. */
  readonly requiresKey: boolean;
  readonly longestPacket: number;
  /** Names of collations that the server has. */
  readonly collations: ReadonlySet<string>;
  /** Storage engines that can be used, in lower case. */
  readonly engines: ReadonlySet<string>;
  /** Plugins that check who logs in, in lower case. */
  readonly authentication: ReadonlySet<string>;
  /** Names of privileges, in upper case. */
  readonly privilegeNames: ReadonlySet<string>;
}

export async function examineTarget(
  endpoint: Endpoint,
  facts: ServerFacts,
  patience: Patience,
): Promise<Situation> {
  await using session = await Session.open(withoutDatabase(endpoint), patience);
  const variables = await session.query(
    `SHOW GLOBAL VARIABLES WHERE Variable_name IN ('local_infile', 'sql_require_primary_key', 'max_allowed_packet')`,
  );
  const value = (name: string): string => variables.find((row) => row.Variable_name === name)?.Value ?? '';
  const column = async (sql: string): Promise<ReadonlySet<string>> =>
    new Set((await session.query(sql)).map((row) => String(row.name)));
  return {
    facts,
    privileges: await Privileges.of(session),
    localInfile: value('local_infile') === 'ON',
    requiresKey: value('sql_require_primary_key') === 'ON',
    longestPacket: Number(value('max_allowed_packet')),
    collations: await column(
      facts.product === 'MariaDB'
        ? 'SELECT FULL_COLLATION_NAME AS name FROM information_schema.COLLATION_CHARACTER_SET_APPLICABILITY'
        : 'SELECT COLLATION_NAME AS name FROM information_schema.COLLATIONS',
    ).catch(() => column('SELECT COLLATION_NAME AS name FROM information_schema.COLLATIONS')),
    engines: await column(
      "SELECT LOWER(ENGINE) AS name FROM information_schema.ENGINES WHERE SUPPORT IN ('YES', 'DEFAULT')",
    ),
    authentication: await column(
      "SELECT LOWER(PLUGIN_NAME) AS name FROM information_schema.PLUGINS WHERE PLUGIN_TYPE = 'AUTHENTICATION' AND PLUGIN_STATUS = 'ACTIVE'",
    ),
    privilegeNames: new Set(
      (await session.query('SHOW PRIVILEGES')).map((row) => String(row.Privilege).toUpperCase()),
    ),
  };
}

/** What somebody made in a database. Empty also if there is no such database. */
export async function contentOf(session: Session, database: string): Promise<string[]> {
  const name = literal(database);
  const rows = await session.query(
    `SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA = ${name}
      UNION ALL SELECT ROUTINE_NAME FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = ${name}
      UNION ALL SELECT EVENT_NAME FROM information_schema.EVENTS WHERE EVENT_SCHEMA = ${name} LIMIT 20`,
  );
  return rows.map((row) => String(row.name));
}
