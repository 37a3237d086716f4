/** A read transaction that holds a snapshot still, through `node:sqlite`. */
import { existsSync, readSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Context } from '../../core/adapter.ts';
import { openKept, releaseKept } from './descriptors.ts';
import { isBusy, isDamage, isReadOnly, sqliteError } from './errors.ts';
import { HEADER_SIZE, isDatabase } from './pages/header.ts';
import { readWalIndexHeader, sameTransaction, type WalIndexHeader } from './pages/wal-index.ts';

/** Tries to begin between two transactions of others, before writers are made to wait for a moment. */
const TRIES = 100;
const WAL = 2;
/** The byte of the header that says how the file must be read. */
const READ_VERSION = 19;

/** What a transaction sees: the file alone, or the WAL index as it stood when the transaction began. */
export type Held = { readonly mode: 'rollback' } | { readonly mode: 'wal'; readonly index: WalIndexHeader };

export class ReadTransaction {
  readonly held: Held;
  readonly #connection: DatabaseSync;

  private constructor(connection: DatabaseSync, held: Held) {
    this.#connection = connection;
    this.held = held;
  }

  /**
   * Begins one on the file, of which `fd` is a descriptor. Waits for locks of others as long as the context says.
   * Undefined if SQLite cannot hold anything: it must not write beside the file, or the file is damaged.
   *
   * @throws DbimgError `LOCK_TIMEOUT`, `NOT_A_DATABASE`, `CANCELLED`.
   */
  static async begin(path: string, fd: number, context: Context): Promise<ReadTransaction | undefined> {
    let connection: DatabaseSync | undefined;
    try {
      connection = await patiently(context, () => openConnection(path, fd));
      const held = await settle(connection, path, fd, context);
      if (held) return new ReadTransaction(connection, held);
    } catch (error) {
      if (!holdsNothing(error)) {
        connection?.close();
        throw sqliteError(error, 'The database could not be opened');
      }
    }
    connection?.close();
    return undefined;
  }

  end(): void {
    if (this.#connection.isOpen) this.#connection.close();
  }
}

/**
 * A connection in a read transaction. Read-only, so that closing it neither copies the WAL back nor deletes it; but
 * where there are no WAL files they would be left behind, and a hot journal must be rolled back: there it may write.
 */
function openConnection(path: string, fd: number): DatabaseSync {
  const leaves = isWal(fd) && !existsSync(`${path}-wal`) && !existsSync(`${path}-shm`);
  try {
    return beginOn(path, !leaves);
  } catch (error) {
    if (!leaves && isReadOnly(error)) return beginOn(path, false);
    throw error;
  }
}

function beginOn(path: string, readOnly: boolean): DatabaseSync {
  const connection = new DatabaseSync(path, { readOnly, timeout: 0 });
  try {
    begin(connection);
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}

/** A pragma takes the lock without parsing the schema, which may be damaged. */
function begin(connection: DatabaseSync): void {
  connection.exec('BEGIN');
  try {
    connection.prepare('PRAGMA user_version').get();
  } catch (error) {
    // SQLite may have given it up itself, over a hot journal that it must not roll back.
    if (connection.isTransaction) connection.exec('ROLLBACK');
    throw error;
  }
}

/** Undefined if there is no WAL index to be read. */
async function settle(
  connection: DatabaseSync,
  path: string,
  fd: number,
  context: Context,
): Promise<Held | undefined> {
  if (!isWal(fd)) return { mode: 'rollback' };
  const shm = openKept(`${path}-shm`);
  try {
    for (let tries = 0; tries < TRIES; tries += 1) {
      context.signal.throwIfAborted();
      connection.exec('ROLLBACK');
      const index = await patiently(context, () => beginBetween(connection, shm));
      if (index) return { mode: 'wal', index };
      if (tries % 10 === 9) await sleep(1);
    }
    connection.exec('ROLLBACK');
    const index = await patiently(context, () => beginAlone(connection, path, shm));
    return index && { mode: 'wal', index };
  } finally {
    releaseKept(shm);
  }
}

/** Rights that are missing, also to the WAL index; or damage, which is named better when its page is read. */
function holdsNothing(error: unknown): boolean {
  const { code } = error as { code?: string };
  return isReadOnly(error) || isDamage(error) || /^(EACCES|EPERM|EISDIR|ENOENT)$/.test(code ?? '');
}

/** Begins, and gives the WAL index if nobody committed meanwhile: then the transaction sees exactly that. */
function beginBetween(connection: DatabaseSync, shm: number): WalIndexHeader | undefined {
  const before = readWalIndexHeader(shm);
  begin(connection);
  const after = readWalIndexHeader(shm);
  // How much was copied back counts as it is now: what is in the file already stays there while the snapshot is held.
  return before && after && sameTransaction(before, after) ? after : undefined;
}

/** The same while a second connection holds the lock that writers need: for a moment, and without writing. */
function beginAlone(connection: DatabaseSync, path: string, shm: number): WalIndexHeader | undefined {
  const guard = new DatabaseSync(path, { timeout: 0 });
  try {
    guard.exec('BEGIN IMMEDIATE');
    return beginBetween(connection, shm);
  } finally {
    guard.close();
  }
}

function isWal(fd: number): boolean {
  const start = Buffer.alloc(HEADER_SIZE);
  readSync(fd, start, 0, HEADER_SIZE, 0);
  return isDatabase(start) && start[READ_VERSION] === WAL;
}

/** Tries again while others hold a lock. */
async function patiently<T>(context: Context, attempt: () => T): Promise<T> {
  const deadline = performance.now() + context.lockTimeout;
  for (;;) {
    context.signal.throwIfAborted();
    try {
      return attempt();
    } catch (error) {
      if (!isBusy(error) || performance.now() >= deadline) throw error;
    }
    await sleep(1 + Math.random() * 4, undefined, { signal: context.signal });
  }
}
