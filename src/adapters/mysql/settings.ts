/** Session settings that give values their meaning, and those that keep a long job alive. */
import type { Session } from './session.ts';

/** Text forms of values depend on these; every session of dbimg has the same, so equal values are equal bytes. */
export const VALUE_SETTINGS = {
  sql_mode: 'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES',
  time_zone: '+00:00',
} as const;

const LONGEST = '31536000';

/** Nothing may end a session that waits for a slow reader, or a statement that takes hours. */
const ENDURANCE: Readonly<Record<string, string>> = {
  wait_timeout: LONGEST,
  interactive_timeout: LONGEST,
  net_read_timeout: LONGEST,
  net_write_timeout: LONGEST,
  max_execution_time: '0',
  max_statement_time: '0',
  idle_transaction_timeout: '0',
  idle_readonly_transaction_timeout: '0',
  idle_write_transaction_timeout: '0',
};

/** Nothing that an administrator set for sessions may change what statements mean or how many rows they give. */
const MEANING: Readonly<Record<string, string>> = {
  sql_select_limit: '18446744073709551615',
  sql_big_selects: '1',
  sql_safe_updates: '0',
  sql_auto_is_null: '0',
  sql_quote_show_create: '1',
  autocommit: '1',
  group_concat_max_len: '4294967295',
  information_schema_stats_expiry: '0',
  show_gipk_in_create_table_and_information_schema: '1',
  show_create_table_verbosity: '0',
  show_create_table_skip_secondary_engine: '0',
  print_identified_with_as_hex: '1',
  query_cache_type: '0',
  system_versioning_asof: 'DEFAULT',
  transaction_isolation: "'REPEATABLE-READ'",
  tx_isolation: "'REPEATABLE-READ'",
  character_set_connection: 'utf8mb4',
};

export const READ_SETTINGS: Readonly<Record<string, string>> = {
  sql_mode: `'${VALUE_SETTINGS.sql_mode}'`,
  time_zone: `'${VALUE_SETTINGS.time_zone}'`,
  ...ENDURANCE,
  ...MEANING,
};

/**
 * Sets those of the settings which the server knows. Values are SQL. `characterSetResults` NULL: bytes as columns have
 * them.
 */
export async function applySettings(
  session: Session,
  settings: Readonly<Record<string, string>>,
  characterSetResults: 'utf8mb4' | 'NULL' = 'utf8mb4',
): Promise<void> {
  const names = Object.keys(settings);
  const list = names.map((name) => `'${name}'`).join(', ');
  const known = await session.query(`SHOW SESSION VARIABLES WHERE Variable_name IN (${list})`, {
    what: 'The session could not be prepared',
  });
  const has = new Set(known.map((row) => String(row.Variable_name).toLowerCase()));
  const set = names.filter((name) => has.has(name)).map((name) => `SESSION ${name} = ${settings[name]}`);
  // Before the others: STRICT_ALL_TABLES refuses values that a server would only make fit.
  await session.execute("SET NAMES utf8mb4, SESSION sql_mode = ''", {
    what: 'The session could not be prepared',
  });
  await session.execute(`SET ${set.join(', ')}`, { what: 'The session could not be prepared' });
  if (characterSetResults === 'NULL') await session.execute('SET SESSION character_set_results = NULL');
}
