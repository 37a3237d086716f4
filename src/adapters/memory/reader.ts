/** A lane that reads a memory snapshot. */
import { randomUUID } from 'node:crypto';
import type { Context, Invitation, Part, ReadLane, RecordSink } from '../../core/adapter.ts';
import { fileRecordHeader } from '../../core/records/file.ts';
import { databases } from './database.ts';
import { FILE } from './types.ts';
import { call, serve } from './wire.ts';

serve('join', (database: string, session: string) => {
  databases.get(database)?.sessions.add(session);
});
serve('leave', (database: string, session: string) => {
  databases.get(database)?.sessions.delete(session);
});

export class MemoryReadLane implements ReadLane {
  readonly #snapshot: string;
  readonly #database: string;
  readonly #session: string = `lane ${randomUUID()}`;
  readonly #context: Context;

  private constructor(invitation: Invitation, context: Context) {
    this.#snapshot = invitation.snapshot as string;
    this.#database = invitation.database as string;
    this.#context = context;
  }

  static async join(invitation: Invitation, context: Context): Promise<MemoryReadLane> {
    context.signal.throwIfAborted();
    const lane = new MemoryReadLane(invitation, context);
    await call('join', lane.#database, lane.#session);
    return lane;
  }

  async read(part: Part, sink: RecordSink): Promise<void> {
    const scope = part.scope as { table: string; path: string; from: number; to: number };
    if (part.open.encoding === FILE) {
      const bytes = (await call('bytes', this.#snapshot, scope.path, scope.from, scope.to)) as Uint8Array;
      sink.append(fileRecordHeader(scope.path, scope.from, bytes.length), false);
      sink.append(bytes, true);
      await sink.pressure();
      return;
    }
    const rows = (await call('rows', this.#snapshot, scope.table, scope.from, scope.to)) as Uint8Array[];
    for (const row of rows) {
      this.#context.signal.throwIfAborted();
      sink.append(row, true);
      await sink.pressure();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await call('leave', this.#database, this.#session);
  }
}
