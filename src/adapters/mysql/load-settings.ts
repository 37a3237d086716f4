/** Settings of sessions that write: values mean what they meant, and nothing is checked twice. */
import type { Session } from './session.ts';
import { applySettings, READ_SETTINGS } from './settings.ts';

/** So many warnings of one statement are kept: each must be explained. */
const WARNINGS = '65535';

const WRITE: Readonly<Record<string, string>> = {
  ...READ_SETTINGS,
  foreign_key_checks: '0',
  unique_checks: '0',
  check_constraint_checks: '0',
  system_versioning_alter_history: "'KEEP'",
  sql_warnings: '0',
  // Nobody else uses what a restore makes; only a backup of the whole server may be in the way.
  lock_wait_timeout: '300',
};

/**
 * Tables are made as they were, with no key, row format or column of the server's own invention. These take privileges
 * that a restore can do without if the server does not insist; each with the value that needs no change.
 */
const PRIVILEGED: Readonly<Record<string, string>> = {
  sql_require_primary_key: 'OFF',
  sql_generate_invisible_primary_key: 'OFF',
  restrict_fk_on_non_standard_key: 'OFF',
  innodb_strict_mode: 'OFF',
  explicit_defaults_for_timestamp: 'ON',
  max_error_count: WARNINGS,
};

/** On by default, and seldom in the way: a table that they refuse says so. */
export const SELDOM: ReadonlySet<string> = new Set([
  'restrict_fk_on_non_standard_key',
  'innodb_strict_mode',
  'max_error_count',
]);

/**
 * @param binary strings in statements are bytes: for lanes that load rows
 * @returns the settings that the account may not set
 */
export async function applyWriteSettings(session: Session, binary: boolean): Promise<string[]> {
  await applySettings(session, WRITE);
  const refused: string[] = [];
  const names = Object.keys(PRIVILEGED);
  const rows = await session.query(
    `SHOW SESSION VARIABLES WHERE Variable_name IN (${names.map((name) => `'${name}'`).join(', ')})`,
  );
  for (const { Variable_name, Value } of rows) {
    const name = String(Variable_name);
    if (Value === PRIVILEGED[name]) continue;
    await session.execute(`SET SESSION ${name} = ${PRIVILEGED[name]}`).catch(() => refused.push(name));
  }
  if (session.endpoint.binlog === 'off') {
    await session.execute('SET SESSION sql_log_bin = 0', {
      what: 'The restore could not be kept out of the binary log',
    });
  }
  if (binary) await session.execute('SET NAMES binary');
  return refused;
}
