/** Locks under which all lanes begin their snapshots: held for moments, waited for no longer than the lock timeout. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Context, ObjectName } from '../../core/adapter.ts';
import { DbimgError } from '../../core/errors.ts';
import { errorNumber, mysqlError } from './errors.ts';
import { qualified } from './inventory.ts';
import type { Session } from './session.ts';

/** Access denied: for a statement, to a database, to a table. */
const DENIED: ReadonlySet<number> = new Set([1227, 1044, 1045, 1142, 1370]);
const NO_SUCH_TABLE = 1146;
/** How often a lock is tried for. */
const TRIES = 3;
/** Statements that run longer are not queued behind, in seconds. */
const LONG_STATEMENT = 1;
const LOOK_EVERY = 200;

/** A lock that was not granted because the account lacks a privilege. */
export class Denied extends Error {}

/** A way to keep everybody from committing for a moment. */
export interface Lock {
  /** For messages. */
  readonly name: string;
  acquire(): Promise<void>;
  /** Idempotent; also after an `acquire` that failed. */
  release(): Promise<void>;
}

/**
 * Acquires, and tries again after a timeout, saying so.
 *
 * @throws DbimgError `LOCK_TIMEOUT` after the last try. {@link Denied} if the account may not.
 */
export async function acquire(lock: Lock, context: Context): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await lock.acquire();
    } catch (error) {
      await lock.release();
      const number = errorNumber(error);
      if (number !== undefined && DENIED.has(number)) throw new Denied(String(error));
      const failed = mysqlError(error, { what: `${lock.name} could not be taken` });
      if (failed.code !== 'LOCK_TIMEOUT' || attempt === TRIES) throw changedIf(failed, number);
      context.warn({ code: 'lock-retry', message: `${failed.message} Trying again.` });
      await sleep(LOOK_EVERY, undefined, { signal: context.signal }).catch(() => {});
    }
  }
}

/** A table that went away between the list and the lock. */
function changedIf(failed: DbimgError, number: number | undefined): DbimgError {
  if (number !== NO_SUCH_TABLE) return failed;
  return new DbimgError('SOURCE_CHANGED', failed.message, { cause: failed, hint: 'Try again.' });
}

export async function setLockTimeout(session: Session, context: Context): Promise<void> {
  const seconds = Math.max(1, Math.ceil(context.lockTimeout / 1000));
  await session.execute(`SET SESSION lock_wait_timeout = ${seconds}`);
}

/**
 * MySQL: FLUSH TABLES WITH READ LOCK. It waits for running statements while it already keeps writers out, and what it
 * has flushed stays closed to new statements until those end, even if it gives up itself. So it is not asked for while
 * a long statement runs.
 */
export class GlobalReadLock implements Lock {
  readonly name = 'The global read lock (FLUSH TABLES WITH READ LOCK)';
  readonly #session: Session;
  readonly #side: Session;
  readonly #context: Context;

  constructor(session: Session, side: Session, context: Context) {
    this.#session = session;
    this.#side = side;
    this.#context = context;
  }

  async acquire(): Promise<void> {
    await this.#quiet();
    await this.#session.execute('FLUSH TABLES WITH READ LOCK');
  }

  /** After a timeout too: the server (seen in 9.7) then goes on holding the first half of the lock. */
  async release(): Promise<void> {
    await this.#session.execute('UNLOCK TABLES').catch(() => {});
  }

  async #quiet(): Promise<void> {
    const until = Date.now() + this.#context.lockTimeout;
    for (;;) {
      const running = await longStatement(this.#side);
      if (running === undefined) return;
      if (Date.now() >= until) {
        throw new DbimgError(
          'LOCK_TIMEOUT',
          `A statement of session ${running.id} has been running for ${running.seconds} s, and everybody would have to wait behind it.`,
          { hint: 'Wait until it has ended, or end it; or give a longer --lock-timeout.' },
        );
      }
      await sleep(Math.min(LOOK_EVERY, this.#context.lockTimeout), undefined, {
        signal: this.#context.signal,
      }).catch(() => {});
      this.#context.signal.throwIfAborted();
    }
  }
}

/** Somebody's statement that a lock would have to wait for. Without the privilege to see them, none. */
export async function longStatement(session: Session): Promise<{ id: string; seconds: string } | undefined> {
  const rows = await session
    .query(
      `SELECT ID AS id, TIME AS seconds FROM performance_schema.processlist
      WHERE COMMAND IN ('Query', 'Execute', 'Fetch') AND ID <> CONNECTION_ID() AND TIME > ${LONG_STATEMENT}
        AND COALESCE(STATE, '') NOT LIKE 'Waiting for%' AND COALESCE(INFO, '') NOT LIKE 'FLUSH%'
        -- A replica's threads are always at work, even if they have nothing to do.
        AND (USER <> 'system user' OR INFO IS NOT NULL)
      ORDER BY TIME DESC LIMIT 1`,
    )
    .catch(() => []);
  const [row] = rows;
  return row && { id: String(row.id), seconds: String(row.seconds) };
}

/**
 * MariaDB: commits wait, readers do not, and it waits for no reader. Tables without transactions are locked on the way:
 * before BLOCK_DDL a statement that writes to MyISAM would keep the stage away while it waits for their lock; after
 * BLOCK_COMMIT one that writes to Aria stands still at its end, and does not give its table free.
 */
export class BackupStage implements Lock {
  readonly name = 'The backup lock (BACKUP STAGE BLOCK_COMMIT)';
  readonly #session: Session;
  readonly #tables: TableLocks;

  /** @param tables those without transactions. They stay locked after `release`, unless the lock was not acquired. */
  constructor(session: Session, tables: TableLocks) {
    this.#session = session;
    this.#tables = tables;
  }

  async acquire(): Promise<void> {
    try {
      await this.#session.execute('BACKUP STAGE START');
      await this.#session.execute('BACKUP STAGE BLOCK_DDL');
      await this.#tables.acquire();
      await this.#session.execute('BACKUP STAGE BLOCK_COMMIT');
    } catch (error) {
      await this.#tables.release();
      throw error;
    }
  }

  async release(): Promise<void> {
    await this.#session.execute('BACKUP STAGE END').catch(() => {});
  }
}

/** Both products: read locks on the tables themselves. Waits for transactions that wrote to them, not for readers. */
export class TableLocks implements Lock {
  readonly name: string;
  readonly #session: Session;
  readonly #tables: readonly ObjectName[];

  constructor(session: Session, tables: readonly ObjectName[]) {
    this.#session = session;
    this.#tables = tables;
    this.name = `Read locks on ${tables.length} ${tables.length === 1 ? 'table' : 'tables'} (LOCK TABLES)`;
  }

  async acquire(): Promise<void> {
    if (this.#tables.length === 0) return;
    const list = this.#tables.map((object) => `${qualified((name) => name, object)} READ`);
    await this.#session.execute(`LOCK TABLES ${list.join(', ')}`);
  }

  async release(): Promise<void> {
    await this.#session.execute('UNLOCK TABLES').catch(() => {});
  }
}
