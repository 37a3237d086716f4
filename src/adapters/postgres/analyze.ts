/** Planner statistics for everything that was loaded, by several sessions. */
import type { Context } from '../../core/adapter.ts';
import { sqlState } from './errors.ts';
import { readFacts } from './facts.ts';
import type { Endpoint } from './location.ts';
import { IS_USER_TABLE } from './locks.ts';
import { Session } from './session.ts';
import { settingStatement, WRITE_SETTINGS } from './settings.ts';

/** Partitioned tables with foreign partitions, whose servers may be far away: statistics are not worth asking them. */
const HAS_FOREIGN = `EXISTS (SELECT 1 FROM pg_catalog.pg_partition_tree(pg_catalog.pg_partition_root(c.oid)) AS t
   JOIN pg_catalog.pg_class AS f ON f.oid = t.relid WHERE f.relkind = 'f')`;

/** So many small tables are one statement. */
const LIST = 50;
/** Tables from this size on, in bytes, are one each. */
const LARGE = 16 * 1024 * 1024;

export async function analyzeDatabase(endpoint: Endpoint, lanes: number, context: Context): Promise<void> {
  await using first = await Session.open(endpoint, context);
  const lists = await tableLists(first);
  const work = async (session: Session): Promise<void> => {
    await session.query(settingStatement(WRITE_SETTINGS, false));
    for (let list = lists.shift(); list; list = lists.shift()) await analyze(session, list, context);
  };
  const another = async (): Promise<void> => {
    await using session = await Session.open(endpoint, context);
    await work(session);
  };
  const others = Array.from({ length: Math.min(lanes, lists.length) - 1 }, another);
  const results = await Promise.allSettled([work(first), ...others]);
  const failed = results.find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
}

/** Statistics are worth a warning, not the whole restore: an index's own function may fail, a server may be far away. */
async function analyze(session: Session, list: string, context: Context): Promise<void> {
  try {
    await session.query(`ANALYZE ${list}`, undefined, { what: 'Statistics could not be gathered' });
  } catch (error) {
    if (sqlState(error) === undefined || context.signal.aborted) throw error;
    context.warn({
      code: 'statistics',
      message: `Statistics could not be gathered for all of ${list}: ${(error as Error).message}`,
      hint: 'Run ANALYZE on the restored database.',
    });
  }
}

/** The largest first. Before PostgreSQL 18, analyzing a partitioned table analyzes its partitions as well. */
async function tableLists(session: Session): Promise<string[]> {
  const { version } = await readFacts(session);
  const rows = await session.query(
    `SELECT ${version >= 180000 ? "CASE c.relkind WHEN 'p' THEN 'ONLY ' ELSE '' END ||" : ''}
            pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname) AS name,
            pg_catalog.pg_relation_size(c.oid) >= ${LARGE} AS large
       FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
      WHERE c.relkind IN ('r', 'm', 'p') AND ${IS_USER_TABLE} AND NOT (c.relkind = 'p' AND ${HAS_FOREIGN})
        ${version >= 180000 ? '' : `AND (NOT c.relispartition OR ${HAS_FOREIGN})`}
      ORDER BY pg_catalog.pg_relation_size(c.oid) DESC, c.oid`,
  );
  const large = rows.filter((row) => row.large === true).map((row) => String(row.name));
  const small = rows.filter((row) => row.large !== true).map((row) => String(row.name));
  for (let start = 0; start < small.length; start += LIST) {
    large.push(small.slice(start, start + LIST).join(', '));
  }
  return large;
}
