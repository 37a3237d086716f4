/** Locks on the tables of a snapshot: taken before it is, so that it sees each table as it stays. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Context, ObjectName } from '../../core/adapter.ts';
import { DbimgError } from '../../core/errors.ts';
import { sqlState } from './errors.ts';
import { relationOf } from './names.ts';
import type { Row, Session } from './session.ts';

/** A table as a list of tables has it. */
export interface ListedTable {
  readonly oid: number;
  readonly object: ObjectName;
}

const BATCH = 500;

/**
 * SQL: a relation alias `c` with its schema `n` holds rows that an image carries, or is the parent of such: no
 * temporary table, no system table, nothing that an extension brings along unless its rows are to be dumped.
 */
export const IS_USER_TABLE = `
  c.relpersistence <> 't' AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_' AND NOT EXISTS (
    SELECT FROM pg_catalog.pg_depend AS m JOIN pg_catalog.pg_extension AS e ON e.oid = m.refobjid
     WHERE m.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND m.objid = c.oid AND m.deptype = 'e'
       AND m.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass
       AND c.oid <> ALL (coalesce(e.extconfig, '{}')))`;

/** All tables that are to be locked, as the session sees them now. */
export async function listTables(
  session: Session,
  database: string,
  selects: (object: ObjectName) => boolean,
): Promise<ListedTable[]> {
  const rows = await session.query(
    `SELECT c.oid::int8::text AS oid, n.nspname AS schema, c.relname AS name
       FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
      WHERE c.relkind IN ('r', 'p') AND ${IS_USER_TABLE} ORDER BY c.oid`,
    undefined,
    { what: 'The tables could not be listed' },
  );
  return rows
    .map((row) => ({
      oid: Number(row.oid),
      object: [database, String(row.schema), String(row.name)],
    }))
    .filter(({ object }) => selects(object));
}

/** Locks tables against being dropped, altered, truncated or rewritten; readers and writers are not hindered. */
export class TableLocker {
  readonly #leader: Session;
  /** Looks at who holds what while the leader waits. */
  readonly #side: Session;
  readonly #context: Context;

  constructor(leader: Session, side: Session, context: Context) {
    this.#leader = leader;
    this.#side = side;
    this.#context = context;
  }

  /**
   * Locks in the leader's transaction, which is aborted if this fails.
   *
   * @throws DbimgError `LOCK_TIMEOUT` naming the table and who holds it; `SOURCE_CHANGED` if a table is gone.
   */
  async lock(tables: readonly ListedTable[]): Promise<void> {
    await this.#leader.query(
      `SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = ${Math.max(1, Math.round(this.#context.lockTimeout))}`,
    );
    for (let start = 0; start < tables.length; start += BATCH) {
      await this.#lockBatch(tables.slice(start, start + BATCH));
    }
    await this.#leader.query('SET LOCAL lock_timeout = 0');
  }

  async #lockBatch(tables: readonly ListedTable[]): Promise<void> {
    const names = tables.map(({ object }) => `ONLY ${relationOf(object)}`);
    const watch = new AbortController();
    const blockers = this.#watch(watch.signal);
    try {
      await this.#leader.query(`LOCK TABLE ${names.join(', ')} IN ACCESS SHARE MODE`, undefined, {
        what: 'The tables could not be locked',
      });
      watch.abort();
      await blockers;
    } catch (error) {
      watch.abort();
      const found = await blockers;
      const state = sqlState(error);
      if (state === '55P03') throw lockTimeout(found, this.#context.lockTimeout, error);
      if (state === '42P01' || state === '3F000' || state === '42809') {
        throw new DbimgError('SOURCE_CHANGED', 'A table was dropped while the snapshot was prepared.', {
          cause: error,
        });
      }
      throw error;
    }
  }

  /** Shortly before the timeout: which table is waited for, and who is in the way. */
  async #watch(signal: AbortSignal): Promise<readonly Row[]> {
    try {
      await sleep(this.#context.lockTimeout * 0.7, undefined, { signal, ref: false });
      return await this.#side.query(
        `SELECT n.nspname AS schema, c.relname AS name, a.pid, a.usename AS username,
                a.application_name AS application, a.state,
                pg_catalog.age(pg_catalog.clock_timestamp(), a.xact_start)::text AS age
           FROM pg_catalog.pg_locks AS l
           JOIN pg_catalog.pg_class AS c ON c.oid = l.relation
           JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
           LEFT JOIN pg_catalog.pg_stat_activity AS a ON a.pid = ANY (pg_catalog.pg_blocking_pids(l.pid))
          WHERE l.pid = $1 AND NOT l.granted`,
        [this.#leader.pid],
      );
    } catch {
      return [];
    }
  }
}

function lockTimeout(found: readonly Row[], timeout: number, cause: unknown): DbimgError {
  const [first] = found;
  if (!first) {
    return new DbimgError('LOCK_TIMEOUT', `A table could not be locked within ${timeout} ms.`, {
      cause,
      hint: 'Try again later, or with a longer --lock-timeout.',
    });
  }
  const object = [String(first.schema), String(first.name)];
  const sessions = found
    .filter((row) => row.pid !== null)
    .map(
      (row) =>
        `process ${row.pid} of ${row.username} (${row.application || 'no name'}, ${row.state}, for ${row.age})`,
    );
  const who = sessions.length > 0 ? ` Held by ${sessions.join(', ')}.` : '';
  return new DbimgError(
    'LOCK_TIMEOUT',
    `${object.join('.')} could not be locked within ${timeout} ms.${who}`,
    {
      cause,
      object,
      hint: 'Let that session end its transaction, try again later, or wait longer with --lock-timeout.',
    },
  );
}
