/** Planner statistics for everything that was loaded, by several sessions. */
import type { Context } from '../../core/adapter.ts';
import type { Endpoint } from './location.ts';
import { IS_USER_TABLE } from './locks.ts';
import { Session } from './session.ts';
import { settingStatement, WRITE_SETTINGS } from './settings.ts';

/** Tables per statement: each ANALYZE of a list is a transaction of its own per table. */
const LIST = 50;

export async function analyzeDatabase(endpoint: Endpoint, lanes: number, context: Context): Promise<void> {
  await using first = await Session.open(endpoint, context);
  const rows = await first.query(
    `SELECT pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname) AS name
       FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
      WHERE c.relkind IN ('r', 'm', 'p') AND ${IS_USER_TABLE}
      ORDER BY pg_catalog.pg_relation_size(c.oid) DESC, c.oid`,
  );
  const names = rows.map((row) => String(row.name));
  let next = 0;
  const work = async (session: Session): Promise<void> => {
    await session.query(settingStatement(WRITE_SETTINGS, false));
    while (next < names.length) {
      // Large tables one at a time, the many small ones at the end together.
      const size = next < names.length / 2 ? 1 : LIST;
      const list = names.slice(next, next + size);
      next += list.length;
      await session.query(`ANALYZE ${list.join(', ')}`, undefined, {
        what: 'Statistics could not be gathered',
      });
    }
  };
  const others = Math.min(lanes, names.length) - 1;
  const all = [work(first)];
  for (let lane = 0; lane < others; lane++) {
    all.push(
      (async () => {
        await using session = await Session.open(endpoint, context);
        await work(session);
      })(),
    );
  }
  const failed = (await Promise.allSettled(all)).find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
}
