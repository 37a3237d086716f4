/** Whether everything can be read, asked before anything is. */
import { DbimgError } from '../../core/errors.ts';
import { errorNumber } from './errors.ts';
import type { ServerFacts } from './facts.ts';
import { hasRows, type Listed, qualified } from './inventory.ts';
import { Privileges } from './privileges.ts';
import { displayName } from './quoting.ts';
import type { Session } from './session.ts';

const NAMED = 20;
const DENIED: ReadonlySet<number> = new Set([1142, 1143, 1044, 1045, 1227]);

/** @throws DbimgError `PERMISSION_DENIED` naming every table that the account may not read whole. */
export async function assertReadable(
  session: Session,
  facts: ServerFacts,
  listed: readonly Listed[],
): Promise<void> {
  const denied = await unreadable(session, listed);
  if (denied.length === 0) return;
  const names = denied.slice(0, NAMED).map(({ object }) => displayName(object));
  const more = denied.length > NAMED ? ` and ${denied.length - NAMED} more` : '';
  throw new DbimgError('PERMISSION_DENIED', `${facts.account} may not read ${names.join(', ')}${more}.`, {
    ...(denied[0] ? { object: denied[0].object } : {}),
    hint: 'GRANT SELECT ON the database to it, or leave them out with --skip.',
  });
}

/** Tables, of those that the account can see, without the right to read all columns. */
export async function unreadable(session: Session, listed: readonly Listed[]): Promise<readonly Listed[]> {
  const privileges = await Privileges.of(session);
  if (privileges.global('SELECT')) return [];
  const denied: Listed[] = [];
  for (const table of listed.filter(hasRows)) {
    if (privileges.on(table.object[0] as string, 'SELECT')) continue;
    try {
      await session.query(`SELECT * FROM ${qualified((name) => name, table.object)} LIMIT 0`);
    } catch (error) {
      if (!DENIED.has(errorNumber(error) ?? 0)) throw error;
      denied.push(table);
    }
  }
  return denied;
}
