/** Lanes that read parts of a held state. */
import { setImmediate as turn } from 'node:timers/promises';
import type { Context, Invitation, Part, ReadLane, RecordSink } from '../../core/adapter.ts';
import { fileRecordHeader } from '../../core/records/file.ts';
import { Amender } from './amend.ts';
import { SUBTREE } from './division.ts';
import { damageError, type PageDamage } from './pages/damage.ts';
import { type PageLayout, PageSource } from './pages/source.ts';
import { type CellRun, cellRun, type WalkOptions, walk } from './pages/walk.ts';
import { CHUNK_BYTES, type FileScope, RECORD_BYTES, type RowScope } from './parts.ts';
import { RowFeed, TURN_AFTER } from './rows.ts';
import { FILE, MAIN_FILE } from './types.ts';

/**
 * What a lane needs. Descriptors, not a path: they belong to the whole process, and a lane that closed one of its own
 * would end the lock that holds the state (`descriptors.ts`).
 */
export interface SnapshotInvitation {
  readonly [key: string]: PageLayout | boolean | undefined;
  /** Absent for a database without pages. */
  readonly layout?: PageLayout;
  /** Leave out what is damaged: the snapshot has named it. */
  readonly salvage: boolean;
}

export class SqliteReadLane implements ReadLane {
  readonly #source: PageSource | undefined;
  readonly #salvage: boolean;
  readonly #context: Context;

  private constructor(invitation: SnapshotInvitation, context: Context) {
    this.#source = invitation.layout && new PageSource(invitation.layout);
    this.#salvage = invitation.salvage;
    this.#context = context;
  }

  static async join(invitation: Invitation, context: Context): Promise<SqliteReadLane> {
    context.signal.throwIfAborted();
    return new SqliteReadLane(invitation as unknown as SnapshotInvitation, context);
  }

  async read(part: Part, sink: RecordSink): Promise<void> {
    const source = this.#source;
    if (!source) return;
    try {
      if (part.open.encoding === FILE) await this.#pages(source, part.scope as unknown as FileScope, sink);
      else await this.#rows(source, part.scope as unknown as RowScope, sink);
    } catch (error) {
      throw damageError(error, part.open.object);
    }
  }

  /** Nothing is held here: the snapshot holds it all. */
  async [Symbol.asyncDispose](): Promise<void> {}

  async #rows(source: PageSource, scope: RowScope, sink: RecordSink): Promise<void> {
    const { kind, division } = scope;
    const range = {
      ...(division.from === undefined ? {} : { from: BigInt(division.from) }),
      ...(division.to === undefined ? {} : { to: BigInt(division.to) }),
    };
    const skip = this.#salvage ? { onDamage: NAMED_ALREADY } : {};
    const options = { kind, ...range, ...skip, amender: new Amender(scope), signal: this.#context.signal };
    await new RowFeed(source, sink, options).run(runsOf(source, scope, { kind, range, ...skip }));
  }

  async #pages(source: PageSource, scope: FileScope, sink: RecordSink): Promise<void> {
    const { pageSize } = source;
    const record = Buffer.alloc(RECORD_BYTES);
    for (let from = scope.from; from < scope.to; from += RECORD_BYTES) {
      this.#context.signal.throwIfAborted();
      const size = Math.min(RECORD_BYTES, scope.to - from);
      for (let at = 0; at < size; at += pageSize) {
        const page = (from + at) / pageSize + 1;
        // Nothing is ever written there, and where others hold locks it may not be readable.
        if (page === source.lockPage) record.fill(0, at, at + pageSize);
        else source.copy(page, record, at);
      }
      sink.append(fileRecordHeader(MAIN_FILE, from, size), false);
      sink.append(record.subarray(0, size), true);
      if ((from + RECORD_BYTES) % CHUNK_BYTES === 0) sink.cut?.();
      await sink.pressure();
      if ((from - scope.from) % TURN_AFTER === 0) await turn();
    }
  }
}

const NAMED_ALREADY = (_: PageDamage): void => {};

/** The cells of a part, in key order. */
export function* runsOf(source: PageSource, scope: RowScope, options: WalkOptions): Generator<CellRun> {
  const { pieces } = scope.division;
  if (!pieces) {
    yield* walk(source, scope.root, options);
    return;
  }
  for (const [page, cell] of pieces) {
    if (cell === SUBTREE) yield* walk(source, page, options);
    else yield cellRun(source, page, cell, options.kind);
  }
}
