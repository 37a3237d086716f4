/** The place beside: scratch schemas in which a restore grows until it is complete. */
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Context } from '../../core/adapter.ts';
import { DbimgError } from '../../core/errors.ts';
import { dropAccounts, type MadeAccount } from './accounts.ts';
import { withoutDatabase } from './connect.ts';
import { applyWriteSettings } from './load-settings.ts';
import type { Endpoint } from './location.ts';
import { identifier, literal } from './quoting.ts';
import { Session, UNINTERRUPTED } from './session.ts';

/** Names that scratch schemas have, and those in which replaced tables wait to be dropped. */
export const STAGING_NAME: RegExp = /^dbimg_(?:old_)?[0-9a-f]{12}_[0-9a-f]{8}$/;

/** A server that was restarted is waited for, so that nothing stays behind: so often, with such a pause. */
const TRIES = 20;
const PAUSE = 1000;
/** Seconds. The server may not have noticed yet that a lane's connection is gone. */
const LOCK_WAIT = 30;

/** The schema in which a database of the image grows. */
export function scratchSchema(id: string, database: string): string {
  return `dbimg_${id}_${shortHash(database)}`;
}

/** The schema into which the tables go that it replaces. */
export function oldSchema(id: string, database: string): string {
  return `dbimg_old_${id}_${shortHash(database)}`;
}

function shortHash(database: string): string {
  return createHash('sha256').update(database).digest('hex').slice(0, 8);
}

/** Takes away every schema and account of this restore. Never throws; what it could not take away it reports. */
export async function clearAway(
  endpoint: Endpoint,
  id: string,
  accounts: readonly MadeAccount[],
  context: Context,
): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await using session = await Session.open(withoutDatabase(endpoint), UNINTERRUPTED);
      await applyWriteSettings(session, false);
      await session.execute(`SET SESSION lock_wait_timeout = ${LOCK_WAIT}`);
      await dropSchemas(session, id);
      await dropAccounts(session, accounts, context);
      return;
    } catch (error) {
      const lost = error instanceof DbimgError && /^CONNECT(ION_LOST|_FAILED)$/.test(error.code);
      if (lost && tries < TRIES) {
        await sleep(PAUSE);
        continue;
      }
      context.warn({
        code: 'left-behind',
        message: `The unfinished schemas dbimg_${id}_… could not be dropped: ${error instanceof Error ? error.message : String(error)}`,
        hint: `When the server is back: DROP DATABASE those whose names begin with dbimg_${id}_.`,
      });
      return;
    }
  }
}

export async function dropSchemas(session: Session, id: string): Promise<void> {
  const rows = await session.query(
    `SELECT SCHEMA_NAME AS name FROM information_schema.SCHEMATA
      WHERE SCHEMA_NAME LIKE ${literal(`dbimg\\_${id}\\_%`)} OR SCHEMA_NAME LIKE ${literal(`dbimg\\_old\\_${id}\\_%`)}`,
  );
  for (const { name } of rows) await session.execute(`DROP DATABASE IF EXISTS ${identifier(String(name))}`);
}
