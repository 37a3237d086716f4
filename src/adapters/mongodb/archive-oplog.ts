/** The oplog that a mongodump archive ends with, as the log of the image. */
import type { ChangeBatch, ChangeFeed, Context, Position } from '../../core/adapter.ts';
import { clusterTimeOf } from './facts.ts';
import { OPLOG, positionAt } from './oplog.ts';
import { timeOfEntry } from './oplog-entry.ts';
import { sequenceOf } from './raw-bson.ts';

export class ArchivedOplog implements ChangeFeed {
  readonly encoding: string = OPLOG;
  readonly from: Position = positionAt({ t: 0, i: 0 });
  readonly #signal: AbortSignal;
  /** At most one waits. */
  #batch: ChangeBatch | undefined;
  #last: Position | undefined;
  #stopped = false;
  #changed: PromiseWithResolvers<void> = Promise.withResolvers();

  constructor(context: Context) {
    this.#signal = context.signal;
    this.#signal.addEventListener('abort', () => this.#notify(), { once: true });
  }

  /** The moment up to which the log goes; undefined if it is empty. */
  get end(): Position | undefined {
    return this.#last;
  }

  /** Takes entries; resolves when there is room for more. */
  async push(entries: Buffer): Promise<void> {
    const times = [...sequenceOf(entries)].map(timeOfEntry);
    const [first, last] = [times[0], times.at(-1)];
    if (first === undefined || last === undefined) return;
    const to = positionAt(clusterTimeOf(last));
    const from = this.#last ?? positionAt(clusterTimeOf(first));
    this.#batch = { from, to, records: times.length, bytes: entries };
    this.#last = to;
    this.#notify();
    while (this.#batch) {
      this.#signal.throwIfAborted();
      await this.#changed.promise;
    }
  }

  async *batches(): AsyncGenerator<ChangeBatch> {
    for (;;) {
      this.#signal.throwIfAborted();
      const batch = this.#batch;
      if (batch) {
        yield batch;
        this.#batch = undefined;
        this.#notify();
      } else if (this.#stopped) return;
      else await this.#changed.promise;
    }
  }

  acknowledge(): void {}

  stop(): void {
    this.#stopped = true;
    this.#notify();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stop();
  }

  #notify(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}
