/** Session settings that give values their meaning, and those that keep a long job alive. */

/** Text forms of values depend on these; every session of dbimg has the same, so equal values are equal bytes. */
export const VALUE_SETTINGS = {
  DateStyle: 'ISO',
  IntervalStyle: 'postgres',
  TimeZone: 'UTC',
  bytea_output: 'hex',
  extra_float_digits: '3',
  lc_monetary: 'C',
} as const;

const ENDURANCE = {
  statement_timeout: '0',
  lock_timeout: '0',
  idle_in_transaction_session_timeout: '0',
  idle_session_timeout: '0',
  transaction_timeout: '0',
} as const;

/** Nothing that a user set for the role or the database may change what statements mean. */
const MEANING = {
  search_path: '',
  row_security: 'off',
  standard_conforming_strings: 'on',
  quote_all_identifiers: 'off',
  array_nulls: 'on',
  xmloption: 'content',
  xmlbinary: 'base64',
  transform_null_equals: 'off',
} as const;

export const READ_SETTINGS: Readonly<Record<string, string>> = {
  ...VALUE_SETTINGS,
  ...ENDURANCE,
  ...MEANING,
  // Rows come in the order in which they lie, so that equal tables give equal chunks.
  synchronize_seqscans: 'off',
  max_parallel_workers_per_gather: '0',
  jit: 'off',
  // Against tables that were swapped for views with side effects: CVE-2024-7348.
  restrict_nonsystem_relation_kind: 'view, foreign-table',
};

export const WRITE_SETTINGS: Readonly<Record<string, string>> = {
  ...VALUE_SETTINGS,
  ...ENDURANCE,
  ...MEANING,
  check_function_bodies: 'off',
  client_min_messages: 'warning',
  default_transaction_isolation: 'read committed',
  default_transaction_read_only: 'off',
  default_table_access_method: 'heap',
  default_tablespace: '',
  // Publishing commits synchronously, and with it everything before.
  synchronous_commit: 'off',
  vacuum_cost_delay: '0',
};

/**
 * A statement that sets those of the settings which the server knows. `local` ones last until the end of the
 * transaction and can leak into nobody else's session, even through a pooler.
 */
export function settingStatement(settings: Readonly<Record<string, string>>, local: boolean): string {
  const values = Object.entries(settings).map(([name, value]) => `('${name.toLowerCase()}', '${value}')`);
  return (
    `SELECT pg_catalog.set_config(s.name, v.value, ${local}) FROM pg_catalog.pg_settings AS s ` +
    `JOIN (VALUES ${values.join(', ')}) AS v (name, value) ON pg_catalog.lower(s.name) = v.name`
  );
}
