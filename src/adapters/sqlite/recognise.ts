/** Whether a path without a scheme means a SQLite database. Loaded before the adapter is. */
import { readSync, statSync } from 'node:fs';
import { openKept, releaseKept } from './descriptors.ts';

const MAGIC = 'SQLite format 3\0';
const ENDING = /\.(db|db3|sqlite|sqlite3)$/i;
/** `postgre://host/app.db` is a typing error, not a file. A drive letter of Windows is no scheme. */
const URL_LIKE = /^[a-z][a-z0-9+.-]+:/i;

/** By its first bytes, whatever its name; a file that is empty, or not there yet, by the ending of its name. */
export function isDatabasePath(path: string): boolean {
  try {
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat && !stat.isFile()) return false;
    return endsLikeOne(path) || (stat !== undefined && beginsLikeOne(path));
  } catch {
    return endsLikeOne(path);
  }
}

function endsLikeOne(path: string): boolean {
  return ENDING.test(path) && !URL_LIKE.test(path);
}

function beginsLikeOne(path: string): boolean {
  const fd = openKept(path);
  try {
    const start = Buffer.alloc(MAGIC.length);
    return readSync(fd, start, 0, MAGIC.length, 0) === MAGIC.length && start.toString('latin1') === MAGIC;
  } finally {
    releaseKept(fd);
  }
}
