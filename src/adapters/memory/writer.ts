/** A lane that loads into a memory database that is not published yet. */
import { randomUUID } from 'node:crypto';
import type { CatalogEntry, Chunk, Context, Invitation, StreamOpen, WriteLane } from '../../core/adapter.ts';
import { DbimgError } from '../../core/errors.ts';
import { decodeFileRecords } from '../../core/records/file.ts';
import { applyEntry } from './catalog.ts';
import { databases, type MemoryDatabase } from './database.ts';
import { FILE, splitRows } from './types.ts';
import { call, serve } from './wire.ts';

serve('load', async (database: string, open: StreamOpen, bytes: Uint8Array): Promise<number> => {
  return open.encoding === FILE
    ? await loadFiles(staging(database), bytes)
    : await loadRows(staging(database), open, bytes);
});
serve('apply', (database: string, entry: CatalogEntry) => {
  return staging(database).change((state) => applyEntry(state, entry));
});

export class MemoryWriteLane implements WriteLane {
  readonly #database: string;
  readonly #session: string = `lane ${randomUUID()}`;
  readonly #context: Context;

  private constructor(invitation: Invitation, context: Context) {
    this.#database = invitation.database as string;
    this.#context = context;
  }

  static async join(invitation: Invitation, context: Context): Promise<MemoryWriteLane> {
    context.signal.throwIfAborted();
    const lane = new MemoryWriteLane(invitation, context);
    await call('join', lane.#database, lane.#session);
    return lane;
  }

  async load(open: StreamOpen, chunk: Chunk): Promise<number> {
    const pieces: Uint8Array[] = [];
    for await (const piece of chunk.pieces) pieces.push(piece);
    this.#context.signal.throwIfAborted();
    return (await call('load', this.#database, open, Buffer.concat(pieces))) as number;
  }

  async apply(entry: CatalogEntry): Promise<void> {
    this.#context.signal.throwIfAborted();
    await call('apply', this.#database, entry);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await call('leave', this.#database, this.#session);
  }
}

function staging(name: string): MemoryDatabase {
  const database = databases.get(name);
  if (database) return database;
  throw new DbimgError('CONNECTION_LOST', 'The database that is being restored is gone.');
}

async function loadRows(database: MemoryDatabase, open: StreamOpen, bytes: Uint8Array): Promise<number> {
  const rows = [...splitRows(bytes)].map((row) => row.slice());
  const name = open.object.at(-1) as string;
  await database.change((state) => {
    const table = state.tables.get(name);
    if (!table) throw new DbimgError('SERVER_ERROR', 'There is no such table.', { object: open.object });
    table.rows.push(...rows);
  });
  return rows.length;
}

async function loadFiles(database: MemoryDatabase, bytes: Uint8Array): Promise<number> {
  const pieces = [...decodeFileRecords(bytes)];
  await database.change((state) => {
    for (const piece of pieces) {
      const before = state.files.get(piece.path) ?? new Uint8Array();
      const after = new Uint8Array(Math.max(before.length, piece.offset + piece.bytes.length));
      after.set(before);
      after.set(piece.bytes, piece.offset);
      state.files.set(piece.path, after);
    }
  });
  return pieces.length;
}
