/** One moment for all lanes, with the least locking that the product and the account's privileges offer. */
import type { Context, ObjectName } from '../../core/adapter.ts';
import { DbimgError } from '../../core/errors.ts';
import { errorNumber } from './errors.ts';
import type { ServerFacts } from './facts.ts';
import type { LanePool } from './lane-pool.ts';
import { acquire, BackupStage, Denied, GlobalReadLock, type Lock, TableLocks } from './locks.ts';
import { type BinlogPosition, readPosition } from './position.ts';
import { identifier } from './quoting.ts';
import type { Session } from './session.ts';

/** The right to go on without one moment, as `--allow` names it. */
export const WEAK_SNAPSHOT = 'weak-snapshot';
/** How often snapshots without a lock are begun anew until they are equal. */
const EQUAL_TRIES = 50;

export interface Moment {
  readonly position: BinlogPosition;
  /** Whether `position` is exactly the moment of the snapshots. */
  readonly exact: boolean;
  /** Whether the server keeps DDL away until `control` unlocks the instance. */
  readonly ddlHeld: boolean;
}

export interface Freezing {
  readonly facts: ServerFacts;
  readonly pool: LanePool;
  /** Holds the lock. */
  readonly control: Session;
  /** Holds the locks on tables without transactions, until their rows are spooled. */
  readonly side: Session;
  readonly tables: readonly ObjectName[];
  readonly nontransactional: readonly ObjectName[];
  readonly allow: readonly string[];
  readonly context: Context;
}

/**
 * Begins all snapshots at one moment. Tables without transactions stay locked by `side`.
 *
 * @throws DbimgError `LOCK_TIMEOUT`, `SOURCE_CHANGED`; `PERMISSION_DENIED` if no way is open to the account.
 */
export async function freeze(freezing: Freezing): Promise<Moment> {
  const { facts, control, side, tables, nontransactional, context } = freezing;
  const ways: (() => Promise<Moment>)[] =
    facts.product === 'MySQL'
      ? [() => underLock(freezing, new GlobalReadLock(control, side, context))]
      : [
          () => underLock(freezing, new BackupStage(control, new TableLocks(side, nontransactional))),
          ...(facts.binlog ? [() => equalSnapshots(freezing)] : []),
        ];
  ways.push(() => underLock(freezing, new TableLocks(control, tables)));
  let failure: DbimgError | undefined;
  for (const way of ways) {
    try {
      return await way();
    } catch (error) {
      await side.execute('UNLOCK TABLES');
      if (error instanceof DbimgError && error.code === 'LOCK_TIMEOUT') failure = error;
      else if (!(error instanceof Denied)) throw error;
    }
  }
  if (failure) throw failure;
  return await unlocked(freezing);
}

async function underLock(freezing: Freezing, lock: Lock): Promise<Moment> {
  const { facts, pool, control, context } = freezing;
  await acquire(lock, context);
  try {
    if (!(lock instanceof BackupStage)) await lockNontransactional(freezing);
    await pool.begin();
    const position = await readPosition(control, facts);
    return { position, exact: true, ddlHeld: await holdDdl(freezing) };
  } finally {
    await lock.release();
  }
}

/** They must not change between the moment and their being spooled. Under the lock nobody writes, so nothing waits. */
async function lockNontransactional({ side, nontransactional, context }: Freezing): Promise<void> {
  if (nontransactional.length > 0) await acquire(new TableLocks(side, nontransactional), context);
}

/** MySQL: keeps DDL away, and nothing else. Without the privilege it is only noticed, from a moment later on. */
async function holdDdl({ facts, control }: Freezing): Promise<boolean> {
  if (facts.product !== 'MySQL') return false;
  try {
    await control.execute('LOCK INSTANCE FOR BACKUP');
    return true;
  } catch (error) {
    if (errorNumber(error) === 1227) return false;
    throw error;
  }
}

/**
 * MariaDB tells for each snapshot after which transaction of the binary log it was taken: equal answers are equal
 * snapshots, and no lock is needed.
 */
async function equalSnapshots(freezing: Freezing): Promise<Moment> {
  const { facts, pool, control, context } = freezing;
  if (!(await logsAll(control))) throw new Denied('Not all that the server commits is in its binary log.');
  await lockNontransactional(freezing);
  for (let attempt = 0; attempt < EQUAL_TRIES; attempt++) {
    context.signal.throwIfAborted();
    await pool.begin();
    const places = await Promise.all(pool.sessions.map(snapshotPlace));
    const [first] = places;
    if (first && places.every(({ file, offset }) => file === first.file && offset === first.offset)) {
      return {
        // What a replica has applied is known for now alone; the binary log has all of it.
        position: { ...first, gtid: await gtidAt(control, first) },
        exact: true,
        ddlHeld: false,
      };
    }
  }
  throw new DbimgError('LOCK_TIMEOUT', 'The server commits too often for equal snapshots without a lock.', {
    hint: `GRANT RELOAD ON *.* TO ${identifier(facts.account)}, or use fewer lanes (--jobs).`,
  });
}

/** A replica may leave out what it gets from its source. */
async function logsAll(control: Session): Promise<boolean> {
  const { all } = await control.row("SELECT @@log_slave_updates OR @@gtid_slave_pos = '' AS `all`");
  return all === '1';
}

async function snapshotPlace(session: Session): Promise<{ file: string; offset: number }> {
  const rows = await session.query("SHOW STATUS LIKE 'binlog_snapshot_%'");
  const value = (name: string): string =>
    rows.find((row) => String(row.Variable_name).toLowerCase() === name)?.Value ?? '';
  return { file: value('binlog_snapshot_file'), offset: Number(value('binlog_snapshot_position')) };
}

/** NULL where the server cannot tell: its scan gives up at events above max_allowed_packet. */
async function gtidAt(session: Session, place: { file: string; offset: number }): Promise<string | null> {
  const row = await session.row(
    `SELECT BINLOG_GTID_POS('${place.file.replaceAll("'", '')}', ${place.offset}) AS gtid`,
  );
  return row.gtid || null;
}

/** No lock at all. One lane alone sees one moment; several do if nothing was committed while they began. */
async function unlocked(freezing: Freezing): Promise<Moment> {
  const { facts, pool, control, nontransactional, allow, context } = freezing;
  const alone = pool.sessions.length === 1 && nontransactional.length === 0;
  if (!alone && !allow.includes(WEAK_SNAPSHOT)) {
    throw new DbimgError(
      'PERMISSION_DENIED',
      `${facts.account} may not take any lock that gives all lanes the same moment.`,
      {
        hint:
          'GRANT RELOAD ON *.* (with BACKUP_ADMIN on MySQL) or LOCK TABLES on the database; use --jobs 1; or accept ' +
          `tables of different moments with --allow ${WEAK_SNAPSHOT}.`,
      },
    );
  }
  let position = await readPosition(control, facts);
  for (let attempt = 0; attempt < EQUAL_TRIES; attempt++) {
    context.signal.throwIfAborted();
    await pool.begin();
    const after = await readPosition(control, facts);
    if (after.gtid === position.gtid && after.offset === position.offset && after.file === position.file)
      break;
    position = after;
  }
  if (!alone) {
    context.warn({
      code: 'weaker-consistency',
      message: 'No lock could be taken: lanes may see different moments, and the position is only near them.',
    });
  }
  return { position, exact: false, ddlHeld: false };
}
