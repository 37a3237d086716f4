/** Settings of sessions that write: values mean what they meant, and nothing is checked twice. */
import type { Session } from './session.ts';
import { applySettings, READ_SETTINGS } from './settings.ts';

/** So many warnings of one statement are kept: each must be explained. */
const WARNINGS = '65535';

const WRITE: Readonly<Record<string, string>> = {
  ...READ_SETTINGS,
  foreign_key_checks: '0',
  unique_checks: '0',
  max_error_count: WARNINGS,
  // Tables are made as they were, with no key, row format or column of the server's own invention.
  sql_generate_invisible_primary_key: '0',
  restrict_fk_on_non_standard_key: '0',
  sql_require_primary_key: '0',
  innodb_strict_mode: '0',
  explicit_defaults_for_timestamp: '1',
  check_constraint_checks: '0',
  system_versioning_alter_history: "'KEEP'",
  bulk_insert_buffer_size: '67108864',
  alter_algorithm: "'DEFAULT'",
  sql_warnings: '0',
};

/** These take privileges that a restore can do without: some servers let nobody but administrators set them. */
const PRIVILEGED: readonly string[] = ['sql_require_primary_key', 'sql_generate_invisible_primary_key'];

/**
 * @param binary strings in statements are bytes: for lanes that load rows
 * @returns the settings that the account may not set
 */
export async function applyWriteSettings(session: Session, binary: boolean): Promise<string[]> {
  const plain = Object.entries(WRITE).filter(([name]) => !PRIVILEGED.includes(name));
  await applySettings(session, Object.fromEntries(plain));
  const refused: string[] = [];
  for (const name of PRIVILEGED) {
    const known = await session.query(`SHOW SESSION VARIABLES LIKE '${name}'`);
    if (known.length === 0 || known[0]?.Value === 'OFF') continue;
    await session.execute(`SET SESSION ${name} = ${WRITE[name]}`).catch(() => refused.push(name));
  }
  if (binary) await session.execute('SET NAMES binary');
  return refused;
}
