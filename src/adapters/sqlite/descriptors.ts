/**
 * File descriptors on files that SQLite locks.
 *
 * POSIX locks belong to the process and the file: closing any descriptor on it ends all of them, also those that
 * another connection of this process holds through its own descriptor ("How To Corrupt An SQLite Database File",
 * section 2.2). So what is opened here is shared and stays open until the file has been deleted, or the process ends.
 * On Windows locks belong to the handle, and an open handle would be in the way of others: there it is closed.
 */
import { closeSync, fstatSync, openSync, statSync } from 'node:fs';

interface Kept {
  readonly fd: number;
  uses: number;
}

const kept = new Map<string, Kept>();

/** A descriptor for reading. Positions are given with every read, so that many may use it at once, in any thread. */
export function openKept(path: string): number {
  closeDeleted();
  const there = kept.get(identity(statSync(path, { bigint: true })));
  if (there) {
    there.uses += 1;
    return there.fd;
  }
  const fd = openSync(path, 'r');
  kept.set(identity(fstatSync(fd, { bigint: true })), { fd, uses: 1 });
  return fd;
}

/** Ends one use. */
export function releaseKept(fd: number): void {
  for (const [key, file] of kept) {
    if (file.fd !== fd) continue;
    file.uses -= 1;
    if (process.platform === 'win32' && file.uses <= 0) close(key, file);
  }
  closeDeleted();
}

/** Whether the path still leads to the file of the descriptor. */
export function isSameFile(fd: number, path: string): boolean {
  const now = statSync(path, { bigint: true, throwIfNoEntry: false });
  return now !== undefined && identity(now) === identity(fstatSync(fd, { bigint: true }));
}

function identity(stat: { readonly dev: bigint; readonly ino: bigint }): string {
  return `${stat.dev}:${stat.ino}`;
}

/** Nobody can open a deleted file again, so nobody's lock on it matters. */
function closeDeleted(): void {
  for (const [key, file] of kept) {
    if (file.uses <= 0 && fstatSync(file.fd).nlink === 0) close(key, file);
  }
}

function close(key: string, file: Kept): void {
  kept.delete(key);
  closeSync(file.fd);
}
