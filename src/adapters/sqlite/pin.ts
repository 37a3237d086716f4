/** One state of a database file, held for as long as a snapshot lives. */
import { closeSync, fstatSync, openSync, readSync, realpathSync, statSync } from 'node:fs';
import type { Context, Plain } from '../../core/adapter.ts';
import { DbimgError } from '../../core/errors.ts';
import { isSameFile, openKept, releaseKept } from './descriptors.ts';
import { ENCRYPTED_HINT, sqliteError } from './errors.ts';
import { nameOf } from './location.ts';
import { PageDamage, SALVAGE_HINT } from './pages/damage.ts';
import { type DatabaseHeader, HEADER_SIZE, isDatabase, parseHeader } from './pages/header.ts';
import { type PageLayout, PageSource } from './pages/source.ts';
import { readWalHeader, scanWal } from './pages/wal.ts';
import type { WalIndexHeader } from './pages/wal-index.ts';
import { ReadTransaction } from './transaction.ts';

/** How a state is kept from changing: by SQLite's locks, or, where none can be had, by a look afterwards. */
export type Hold = 'rollback' | 'wal' | 'still';

/** A database of no pages has neither header nor layout. */
export interface Content {
  readonly header: DatabaseHeader;
  readonly layout: PageLayout;
}

export class Pin {
  readonly path: string;
  readonly hold: Hold;
  readonly content: Content | undefined;
  /** Where the history of the file stands: counters that every transaction changes. */
  readonly position: Plain;
  readonly #open: OpenFiles;

  private constructor(open: OpenFiles, hold: Hold, content: Content | undefined, position: Plain) {
    this.path = open.path;
    this.#open = open;
    this.hold = hold;
    this.content = content;
    this.position = position;
  }

  /**
   * Holds the state that is committed now.
   *
   * @throws DbimgError `DATABASE_UNKNOWN`, `PERMISSION_DENIED`, `NOT_A_DATABASE`, `LOCK_TIMEOUT`, `SOURCE_DAMAGED`.
   */
  static async take(given: string, context: Context): Promise<Pin> {
    const open = openFiles(given);
    try {
      open.stampAtBegin = open.stamp();
      if (open.empty) return new Pin(open, 'still', undefined, { pages: 0 });
      open.transaction = await beginIfPossible(open, context);
      open.stampAtBegin = open.stamp();
      if (!isSameFile(open.fd, open.path)) {
        throw new DbimgError('SOURCE_CHANGED', 'The file was replaced while it was being opened.', {
          hint: 'Try again.',
        });
      }
      return Pin.#of(open);
    } catch (error) {
      open.close();
      throw error;
    }
  }

  static #of(open: OpenFiles): Pin {
    const held = open.transaction?.held;
    if (held?.mode === 'wal') {
      const { index } = held;
      const content = contentOf(open, walOf(open, index));
      return new Pin(open, 'wal', content, { salts: index.salts, frame: index.frames });
    }
    if (held) {
      const content = contentOf(open, {});
      return new Pin(open, 'rollback', content, { change: content.header.changeCounter });
    }
    const content = contentOf(open, looseWal(open));
    const { walSalts: salts, walFrames: frame } = content.layout;
    const change = content.header.changeCounter;
    return new Pin(open, 'still', content, salts ? { salts, frame } : { change });
  }

  /** @throws DbimgError `SOURCE_CHANGED` if no lock kept writers out and somebody wrote. */
  assertUnchanged(): void {
    if (this.hold !== 'still' || this.#open.stamp() === this.#open.stampAtBegin) return;
    throw new DbimgError('SOURCE_CHANGED', `${nameOf(this.path)} changed while it was read.`, {
      hint: 'No lock could be held, because the directory cannot be written. Try again, or with more rights.',
    });
  }

  /** Lets go of all locks. */
  release(): void {
    this.#open.close();
  }
}

/** Descriptors and transaction of a pin; closed in the order that SQLite's locks ask for. */
class OpenFiles {
  readonly path: string;
  readonly fd: number;
  /** Taken after SQLite has tried to open the file, which may touch it. */
  stampAtBegin = '';
  transaction: ReadTransaction | undefined;
  #wal: number | undefined;
  #closed = false;

  constructor(path: string, fd: number) {
    this.path = path;
    this.fd = fd;
  }

  get empty(): boolean {
    return fstatSync(this.fd).size === 0;
  }

  /** The WAL, which bears no locks. Undefined if there is none. */
  wal(): number | undefined {
    if (this.#wal === undefined && statSync(`${this.path}-wal`, { throwIfNoEntry: false })) {
      this.#wal = openSync(`${this.path}-wal`, 'r');
    }
    return this.#wal;
  }

  /** Changes whenever somebody writes to the file or its WAL. */
  stamp(): string {
    const wal = statSync(`${this.path}-wal`, { bigint: true, throwIfNoEntry: false });
    return [fstatSync(this.fd, { bigint: true }), wal]
      .map((stat) => `${stat?.ino} ${stat?.size} ${stat?.mtimeNs} ${stat?.ctimeNs}`)
      .join(', ');
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.transaction?.end();
    if (this.#wal !== undefined) closeSync(this.#wal);
    releaseKept(this.fd);
  }
}

function openFiles(given: string): OpenFiles {
  try {
    const path = realpathSync(given);
    if (!statSync(path).isFile()) {
      throw new DbimgError('NOT_A_DATABASE', `${nameOf(path)} is no file.`, {
        hint: 'Name the database file.',
      });
    }
    const open = new OpenFiles(path, openKept(path));
    const start = Buffer.alloc(HEADER_SIZE);
    const got = readSync(open.fd, start, 0, HEADER_SIZE, 0);
    if (got === 0 || isDatabase(start)) return open;
    open.close();
    throw new DbimgError('NOT_A_DATABASE', `${nameOf(path)} is no SQLite database.`, {
      hint: ENCRYPTED_HINT,
    });
  } catch (error) {
    throw sqliteError(error, `${nameOf(given)} could not be opened`);
  }
}

/** Undefined if SQLite can hold nothing: then the file is read as it lies there, unless that is no state at all. */
async function beginIfPossible(open: OpenFiles, context: Context): Promise<ReadTransaction | undefined> {
  const transaction = await ReadTransaction.begin(open.path, open.fd, context);
  if (transaction) return transaction;
  const journal = statSync(`${open.path}-journal`, { throwIfNoEntry: false });
  if (!journal || journal.size === 0) return undefined;
  throw new DbimgError(
    'PERMISSION_DENIED',
    `${nameOf(open.path)} has a hot journal: a transaction that was cut short must be rolled back first.`,
    { hint: 'Open it once with rights to write, or copy the file together with its -journal.' },
  );
}

type WalPart = Pick<PageLayout, 'walFd' | 'walFrames' | 'walSalts'> & { readonly pages?: number };

/** Nothing of the WAL is needed once all of it is in the file; then writers may begin it anew. */
function walOf(open: OpenFiles, index: WalIndexHeader): WalPart {
  const pages = index.frames > 0 ? { pages: index.pages } : {};
  if (index.copied >= index.frames) return pages;
  const walFd = open.wal();
  if (walFd !== undefined) return { ...pages, walFd, walFrames: index.frames, walSalts: index.salts };
  throw new DbimgError(
    'SOURCE_DAMAGED',
    `The WAL of ${nameOf(open.path)} is gone, but part of the data is in it.`,
    {
      hint: 'Somebody deleted or renamed the -wal file. While the application still runs, its own backup may have all.',
    },
  );
}

/** A WAL without anybody who uses it: what is committed in it by its own checksums. */
function looseWal(open: OpenFiles): WalPart {
  const fd = open.wal();
  const header = fd === undefined ? undefined : readWalHeader(fd);
  if (fd === undefined || !header) return {};
  const { committed, pages } = scanWal(fd, header, Number.MAX_SAFE_INTEGER);
  return committed === 0 ? {} : { walFd: fd, walFrames: committed, walSalts: header.salts, pages };
}

function contentOf(open: OpenFiles, wal: WalPart): Content {
  const { pages, ...log } = wal;
  const inFile = Buffer.alloc(HEADER_SIZE);
  readSync(open.fd, inFile, 0, HEADER_SIZE, 0);
  const first = parseHeader(inFile);
  if (!first) throw damagedHeader(open.path);
  const rough = { fd: open.fd, pageSize: first.pageSize, usable: first.usable, pages: pages ?? 1, ...log };
  const header = parseHeader(firstPage(open.path, rough));
  if (!header) throw damagedHeader(open.path);
  const size = Math.floor(fstatSync(open.fd).size / header.pageSize);
  return { header, layout: { ...rough, usable: header.usable, pages: pages ?? (header.pages || size) } };
}

function firstPage(path: string, layout: PageLayout): Uint8Array {
  try {
    return new PageSource(layout).page(1);
  } catch (error) {
    if (!(error instanceof PageDamage)) throw error;
    throw new DbimgError('SOURCE_DAMAGED', `${nameOf(path)} cannot be read: ${error.message}.`, {
      cause: error,
      hint: SALVAGE_HINT,
    });
  }
}

function damagedHeader(path: string): DbimgError {
  return new DbimgError('SOURCE_DAMAGED', `The header of ${nameOf(path)} makes no sense.`, {
    hint: SALVAGE_HINT,
  });
}
