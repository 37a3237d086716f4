/** The place of the target: whether it is free, who uses it, and the moment at which the new file takes it. */
import {
  accessSync,
  chmodSync,
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  linkSync,
  lstatSync,
  openSync,
  readSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Context, TargetOptions } from '../../core/adapter.ts';
import { DbimgError } from '../../core/errors.ts';
import { openKept, releaseKept } from './descriptors.ts';
import { isBusy, sqliteError } from './errors.ts';
import { nameOf } from './location.ts';
import { HEADER_SIZE, isDatabase } from './pages/header.ts';
import { PageSource } from './pages/source.ts';
import { Pin } from './pin.ts';
import { readSchema } from './schema.ts';
import { companions } from './staging-files.ts';

/** What a new file may be by default; the process's umask takes from it. */
const COMMON_MODE = 0o644;

/** The file that a path means, through symbolic links. It need not exist. */
export function resolvedTarget(path: string): string {
  return existsSync(path) ? realpathSync(path) : path;
}

/** What stands in the way of restoring to `path`, as the error that it would be; undefined if nothing does. */
export async function obstacleAt(
  path: string,
  options: TargetOptions,
  context: Context,
): Promise<DbimgError | undefined> {
  try {
    const stat = lstatSync(path, { throwIfNoEntry: false });
    // As for SQLite itself, a file that is not there is an empty database: nobody needs to ask for it.
    if (!stat) return beside(path, options);
    if (!stat.isFile()) return notADatabase(path, 'is no file');
    if (!isEmptyOrDatabase(path)) return notADatabase(path, 'is no SQLite database');
    accessSync(dirname(path), constants.W_OK);
    if (options.replace || (await isEmpty(path, context))) return undefined;
    return notEmpty(`${nameOf(path)} is not empty`);
  } catch (error) {
    return sqliteError(error, `${nameOf(path)} cannot be restored to`);
  }
}

/**
 * Puts the finished file in the place of the target. Whatever was there stays until that moment.
 *
 * @throws DbimgError `TARGET_NOT_EMPTY` if somebody has filled the target meanwhile, `LOCK_TIMEOUT` if somebody uses it.
 */
export async function publishFile(
  part: string,
  target: string,
  options: TargetOptions,
  context: Context,
): Promise<void> {
  const there = statSync(target, { throwIfNoEntry: false });
  chmodSync(part, there ? there.mode & 0o777 : COMMON_MODE & ~process.umask());
  syncPath(part);
  if (there) await replaceFile(part, target, options, context);
  else placeFile(part, target, options);
  syncDirectory(dirname(target));
}

/** Fails with `LOCK_TIMEOUT` if somebody else uses the database. Changes nothing that it contains. */
export async function assertUnused(target: string, context: Context): Promise<void> {
  if (!statSync(target, { throwIfNoEntry: false })?.size) return;
  (await holdAlone(target, context)).close();
}

async function replaceFile(
  part: string,
  target: string,
  options: TargetOptions,
  context: Context,
): Promise<void> {
  const held = await holdAlone(target, context);
  // A WAL is not bound to a database: what is left of the old would be taken for one of the new.
  const journal = held.prepare('PRAGMA journal_mode').get()?.journal_mode;
  try {
    if (!options.replace && !hasNothing(held)) throw notEmpty(`${nameOf(target)} was filled meanwhile`);
    held.exec('PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE');
    for (const path of companions(target)) rmSync(path, { force: true });
    if (process.platform === 'win32') held.close();
    renameSync(part, target);
  } catch (error) {
    if (held.isTransaction) held.exec('ROLLBACK');
    if (held.isOpen && journal === 'wal') held.exec('PRAGMA journal_mode = WAL');
    throw error;
  } finally {
    if (held.isOpen) held.close();
  }
}

/** A name that is free is taken only if it still is. */
function placeFile(part: string, target: string, options: TargetOptions): void {
  const stale = beside(target, options);
  if (stale) throw stale;
  for (const path of companions(target)) rmSync(path, { force: true });
  try {
    linkSync(part, target);
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === 'EEXIST') throw notEmpty(`${nameOf(target)} was made meanwhile`);
    // Not every file system has links.
    renameSync(part, target);
    return;
  }
  rmSync(part);
}

/**
 * A connection that alone uses the database, until it is closed: nobody else has a transaction, or in WAL mode a
 * connection. What is in the WAL goes into the file.
 */
async function holdAlone(target: string, context: Context): Promise<DatabaseSync> {
  const deadline = performance.now() + context.lockTimeout;
  for (;;) {
    context.signal.throwIfAborted();
    const connection = new DatabaseSync(target, { timeout: 0 });
    try {
      // In this mode a lock that was once taken is kept.
      connection.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; COMMIT');
      return connection;
    } catch (error) {
      connection.close();
      if (!isBusy(error) || performance.now() >= deadline) {
        throw sqliteError(error, `${nameOf(target)} could not be locked`);
      }
    }
    await sleep(5 + Math.random() * 20, undefined, { signal: context.signal });
  }
}

function hasNothing(connection: DatabaseSync): boolean {
  return connection.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get() === undefined;
}

async function isEmpty(path: string, context: Context): Promise<boolean> {
  const pin = await Pin.take(path, context);
  try {
    if (!pin.content) return true;
    const { layout, header } = pin.content;
    return readSchema(new PageSource(layout), header.encoding).length === 0;
  } finally {
    pin.release();
  }
}

function isEmptyOrDatabase(path: string): boolean {
  const fd = openKept(path);
  try {
    const start = Buffer.alloc(HEADER_SIZE);
    return readSync(fd, start, 0, HEADER_SIZE, 0) === 0 || isDatabase(start);
  } finally {
    releaseKept(fd);
  }
}

/** A WAL or journal whose database is gone may be all that is left of it. */
function beside(path: string, options: TargetOptions): DbimgError | undefined {
  if (!existsSync(dirname(path))) return noDirectory(path);
  accessSync(dirname(path), constants.W_OK);
  if (options.replace) return undefined;
  const left = companions(path).find((companion) => statSync(companion, { throwIfNoEntry: false })?.size);
  return left === undefined ? undefined : notEmpty(`${nameOf(left)} is there without its database`);
}

function noDirectory(path: string): DbimgError {
  const what = `${nameOf(path)} cannot be restored to: there is no directory ${dirname(path)}.`;
  return new DbimgError('DATABASE_UNKNOWN', what, { hint: 'Check the path, or make the directory.' });
}

function syncPath(path: string): void {
  const fd = openSync(path, 'r+');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** Not every system can sync a directory; where it cannot, it need not. */
function syncDirectory(path: string): void {
  try {
    const fd = openSync(path, 'r');
    try {
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
  } catch {
    return;
  }
}

function notEmpty(what: string): DbimgError {
  return new DbimgError('TARGET_NOT_EMPTY', `${what}.`, { hint: 'Add --replace, or name another file.' });
}

function notADatabase(path: string, what: string): DbimgError {
  return new DbimgError('NOT_A_DATABASE', `${nameOf(path)} ${what}.`, {
    hint: 'It is not replaced: name another file, or remove it first.',
  });
}
