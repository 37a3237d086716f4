/** A database file, opened when something is asked of it. */
import { readSync } from 'node:fs';
import type {
  Context,
  Database,
  Finding,
  ServerInfo,
  Snapshot,
  SnapshotOptions,
  Target,
  TargetOptions,
} from '../../core/adapter.ts';
import { openKept, releaseKept } from './descriptors.ts';
import { examine } from './examine.ts';
import { pathOf } from './location.ts';
import { HEADER_SIZE, parseHeader } from './pages/header.ts';
import { SqliteSnapshot } from './snapshot.ts';
import { SqliteTarget } from './target.ts';

export class SqliteDatabase implements Database {
  readonly server: ServerInfo;
  readonly #path: string;
  readonly #context: Context;

  /** Reads no more than the header. A file that is not there is no failure yet: a restore makes it. */
  constructor(location: string, context: Context) {
    context.signal.throwIfAborted();
    this.#path = pathOf(location);
    this.#context = context;
    this.server = {
      product: 'SQLite',
      version: process.versions.sqlite ?? '',
      settings: settingsOf(this.#path),
    };
  }

  async snapshot(options: SnapshotOptions): Promise<Snapshot> {
    return await SqliteSnapshot.take(this.#path, options, this.#context);
  }

  async target(options: TargetOptions): Promise<Target> {
    return new SqliteTarget(this.#path, options, this.#context);
  }

  async *examine(): AsyncGenerator<Finding> {
    yield* examine(this.#path, this.#context);
  }

  /** What is open belongs to snapshots and targets. */
  async [Symbol.asyncDispose](): Promise<void> {}
}

/** What the header says; nothing if there is none that can be read. */
function settingsOf(path: string): Record<string, string> {
  try {
    const fd = openKept(path);
    try {
      const start = Buffer.alloc(HEADER_SIZE);
      readSync(fd, start, 0, HEADER_SIZE, 0);
      const header = parseHeader(start);
      if (!header) return {};
      return { page_size: String(header.pageSize), encoding: header.encoding };
    } finally {
      releaseKept(fd);
    }
  } catch {
    return {};
  }
}
