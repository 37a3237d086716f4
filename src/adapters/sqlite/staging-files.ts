/** The files of a restore that is not published yet: beside the target, under a name of their own. */
import { randomUUID } from 'node:crypto';
import { closeSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { DatabaseBody } from './catalog.ts';
import { HEADER_SIZE } from './pages/header.ts';

/** File systems end names at 255 bytes. */
const NAME_PART = 60;

/** Only its owner may read what is not published. */
export const PRIVATE = 0o600;

export class StagingFiles {
  /** The database that is being made. */
  readonly part: string;
  readonly ledger: string;

  constructor(target: string) {
    const name = [...basename(target)].slice(0, NAME_PART / 2).join('');
    this.part = join(dirname(target), `.${name}.${randomUUID()}.part`);
    this.ledger = `${this.part}-ledger`;
  }

  /** Removes whatever is there. */
  remove(): void {
    for (const path of [this.part, this.ledger]) removeWithCompanions(path);
  }
}

/** A database file and what SQLite keeps beside it. */
export function removeWithCompanions(path: string): void {
  rmSync(path, { force: true });
  for (const companion of companions(path)) rmSync(companion, { force: true });
}

export function companions(path: string): string[] {
  return ['-wal', '-shm', '-journal'].map((ending) => path + ending);
}

/** Tells the header how many pages the file has. */
export function writePageCount(fd: number, pages: number): void {
  const header = Buffer.alloc(HEADER_SIZE);
  readSync(fd, header, 0, HEADER_SIZE, 0);
  const change = header.readUInt32BE(24) + 1;
  header.writeUInt32BE(change, 24);
  header.writeUInt32BE(pages, 28);
  header.writeUInt32BE(change, 92);
  writeSync(fd, header, 0, HEADER_SIZE, 0);
}

/** Says by which journal the file is to be used: the last change, because SQLite then wants files beside it. */
export function writeJournalMode(path: string, journal: DatabaseBody['journal']): void {
  const version = journal === 'wal' ? 2 : 1;
  const fd = openSync(path, 'r+');
  try {
    writeSync(fd, Uint8Array.of(version, version), 0, 2, 18);
  } finally {
    closeSync(fd);
  }
}
