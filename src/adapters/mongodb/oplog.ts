/** The oplog, tailed from before the first document is read until the moment that the image stands for. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ChangeBatch, ChangeFeed, Context, Position } from '../../core/adapter.ts';
import { ByteSpool, type Extent } from '../../core/engine/byte-spool.ts';
import { DbimgError } from '../../core/errors.ts';
import { isTransient, serverCode } from './errors.ts';
import { type ClusterTime, clusterTimeOf, numberOfTime, toTimestamp } from './facts.ts';
import type { Endpoint } from './location.ts';
import {
  definitionChangeOf,
  timeOfEntry,
  type Unreplayable,
  unreplayableIn,
  type Wanted,
} from './oplog-entry.ts';
import { type Batch, documentsIn, Session } from './session.ts';

export const OPLOG = 'mongo.oplog';

/** The longest that the server waits for news, in milliseconds. */
const WAIT = 500;
const RETRIES = 20;
const RETRY_PAUSE = 500;
const POSITION_LOST = 136;
/** Bytes of the log that become one batch in the image. */
const BATCH_BYTES = 1024 * 1024;

/** A run of entries on its way into the image. */
interface Held {
  readonly to: bigint;
  readonly records: number;
  readonly extent: Extent;
}

export class OplogTail implements ChangeFeed {
  readonly encoding: string = OPLOG;
  readonly from: Position;
  readonly #session: Session;
  readonly #context: Context;
  readonly #wanted: Wanted;
  readonly #spool: ByteSpool;
  readonly #held: Held[] = [];
  readonly #running: Promise<void>;
  /** All entries up to here have been seen. */
  #seen: bigint;
  /** When a definition was changed, and when one was made, the last time. */
  #lastChange = 0n;
  #lastCreation = 0n;
  #unreplayable: Unreplayable | undefined;
  #end: bigint | undefined;
  #needed: boolean | undefined;
  #failure: DbimgError | undefined;
  #stopped = false;
  #changed: PromiseWithResolvers<void> = Promise.withResolvers();

  private constructor(session: Session, start: ClusterTime, wanted: Wanted, context: Context, tmp?: string) {
    this.#session = session;
    this.#context = context;
    this.#wanted = wanted;
    this.#spool = new ByteSpool(tmp);
    this.from = positionAt(start);
    this.#seen = numberOfTime(start);
    this.#running = this.#run();
  }

  /**
   * Begins to read at `start`, which must still be in the oplog.
   *
   * @throws DbimgError `PERMISSION_DENIED` if the user may not read it.
   */
  static async begin(
    endpoint: Endpoint,
    start: ClusterTime,
    wanted: Wanted,
    context: Context,
    tmp: string | undefined,
  ): Promise<OplogTail> {
    const session = await Session.open(endpoint, context);
    return new OplogTail(session, start, wanted, context, tmp);
  }

  /** Whether, as far as has been seen, a definition was changed after `time`, or also one made. */
  changedSince(time: bigint, what: 'changes' | 'also creates'): boolean {
    return this.#lastChange > time || (what === 'also creates' && this.#lastCreation > time);
  }

  /** @throws DbimgError `SOURCE_CHANGED` if something was run that no restore could run again. */
  assertReplayable(): void {
    if (!this.#unreplayable) return;
    const { command, object } = this.#unreplayable;
    throw new DbimgError(
      'SOURCE_CHANGED',
      `${command} was run, which the log of the image could not repeat.`,
      {
        object,
        hint: 'Dump again while no such commands are run.',
      },
    );
  }

  /** Resolves when everything up to `time` has been seen. Rejects if that cannot be. */
  async reached(time: bigint): Promise<void> {
    while (this.#seen < time) {
      if (this.#failure) throw this.#failure;
      this.#context.signal.throwIfAborted();
      await this.#changed.promise;
    }
  }

  /** Says whether the image needs the log, once. Until then what comes is kept aside. */
  decide(needed: boolean): void {
    this.#needed = needed;
    this.#notify();
  }

  /** Nothing at all if the log turns out to be unneeded. */
  async *batches(): AsyncGenerator<ChangeBatch> {
    let from = this.from;
    for (;;) {
      if (this.#needed === false) return;
      this.#context.signal.throwIfAborted();
      const held = this.#needed ? this.#held.shift() : undefined;
      if (held) {
        const bytes = await this.#spool.read(held.extent);
        const to = positionAt(clusterTimeOf(held.to));
        yield { from, to, records: held.records, bytes };
        from = to;
        continue;
      }
      if (this.#needed && this.#end !== undefined && this.#seen >= this.#end) return;
      if (this.#needed && this.#failure) throw this.#failure;
      await this.#changed.promise;
    }
  }

  acknowledge(): void {}

  stop(at: Position): void {
    this.#end = numberOfTime(at.value as unknown as ClusterTime);
    this.#notify();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    this.#notify();
    await this.#session[Symbol.asyncDispose]();
    await this.#running;
    await this.#spool[Symbol.asyncDispose]();
  }

  #notify(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  /** Never rejects: whether a failure matters is known at the end. */
  async #run(): Promise<void> {
    for (let tries = 0; !this.#ended(); ) {
      const before = this.#seen;
      try {
        await this.#tail();
      } catch (error) {
        tries = this.#seen > before ? 0 : tries + 1;
        const again = isTransient(error) || serverCode(error) === POSITION_LOST;
        if (this.#stopped || this.#context.signal.aborted || !again || tries > RETRIES) {
          this.#failure = error instanceof DbimgError ? error : undefined;
          break;
        }
        await sleep(RETRY_PAUSE, undefined, { ref: false });
      }
    }
    this.#notify();
  }

  #ended(): boolean {
    return this.#stopped || (this.#end !== undefined && this.#seen >= this.#end);
  }

  async #tail(): Promise<void> {
    const doing = { what: 'The oplog could not be read', object: ['local', 'oplog.rs'] };
    await using cursor = this.#session.cursor('local', doing);
    const start = this.#seen;
    let batch = await cursor.open({
      find: 'oplog.rs',
      filter: { ts: { $gte: toTimestamp(clusterTimeOf(start)) } },
      tailable: true,
      awaitData: true,
      noCursorTimeout: true,
      readConcern: { level: 'majority' },
    });
    let first = true;
    while (!this.#ended()) {
      if (await this.#take(batch, first ? start : undefined)) first = false;
      if (batch.id.isZero()) return;
      batch = await cursor.more(WAIT);
    }
  }

  /** `expected` is the time of the first entry, without which there is a gap. Returns whether there were entries. */
  async #take(batch: Batch, expected: bigint | undefined): Promise<boolean> {
    let due = expected;
    let kept: Buffer[] = [];
    let length = 0;
    let last = this.#seen;
    const flush = async (): Promise<void> => {
      if (kept.length > 0) {
        const extent = await this.#spool.append(Buffer.concat(kept, length));
        this.#held.push({ to: last, records: kept.length, extent });
      }
      this.#seen = last;
      kept = [];
      length = 0;
    };
    let some = false;
    for (const entry of documentsIn(batch)) {
      some = true;
      const time = timeOfEntry(entry);
      if (due !== undefined && time !== due) throw rolledOver();
      // The first entry after a pause was seen before; the very first of all was not.
      const repeated =
        due !== undefined && time === this.#seen && time !== numberOfTime(this.from.value as never);
      due = undefined;
      if (repeated) continue;
      if (this.#end !== undefined && time > this.#end) {
        last = this.#end;
        break;
      }
      if (this.#wanted(entry)) {
        kept.push(entry);
        length += entry.length;
        const change = definitionChangeOf(entry);
        if (change === 'changes') {
          this.#lastChange = time;
          this.#unreplayable ??= unreplayableIn(entry);
        }
        if (change === 'creates') this.#lastCreation = time;
      }
      last = time;
      if (length >= BATCH_BYTES) await flush();
    }
    await flush();
    this.#notify();
    return some;
  }
}

function rolledOver(): DbimgError {
  return new DbimgError('LOG_GAP', 'The oplog no longer holds the moment at which the dump began.', {
    hint: 'Give the oplog more room (replSetResizeOplog), or use more lanes so that the dump takes less time.',
    object: ['local', 'oplog.rs'],
  });
}

export function positionAt(time: ClusterTime): Position {
  return {
    type: 'mongo.clusterTime',
    value: { t: time.t, i: time.i },
    time: new Date(time.t * 1000).toISOString(),
    exact: true,
  };
}
