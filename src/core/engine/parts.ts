/** The work list of a job: parts pulled ahead of the lanes, so that progress knows the total early. */
import type { Part } from '../adapter.ts';
import type { Job } from './job.ts';

/** How many parts may wait. Beyond it the adapter is asked no further until lanes have taken some. */
const AHEAD = 20_000;

/** Shared by all lanes of a job; each part is handed out once. */
export class PartList {
  readonly #job: Job;
  readonly #waiting: Part[] = [];
  #next = 0;
  #done = false;
  #failure: { error: unknown } | undefined;
  #changed: PromiseWithResolvers<void> = Promise.withResolvers();
  #room: PromiseWithResolvers<void> = Promise.withResolvers();
  readonly #filled: Promise<void>;

  constructor(job: Job, parts: AsyncIterable<Part>) {
    this.#job = job;
    job.signal.addEventListener('abort', () => this.#signal(), { once: true });
    this.#filled = this.#fill(parts);
  }

  /** The next part, or undefined when there are no more. */
  async take(): Promise<Part | undefined> {
    for (;;) {
      this.#job.signal.throwIfAborted();
      const part = this.#waiting[this.#next];
      if (part) {
        this.#next += 1;
        if (this.#next >= AHEAD / 2) this.#shrink();
        return part;
      }
      if (this.#failure) throw this.#failure.error;
      if (this.#done) return undefined;
      this.#shrink();
      await this.#changed.promise;
    }
  }

  /** Resolves when the adapter has no more parts to give and none is being asked for. */
  async settled(): Promise<void> {
    this.#room.resolve();
    await this.#filled;
  }

  #shrink(): void {
    this.#waiting.splice(0, this.#next);
    this.#next = 0;
    this.#room.resolve();
  }

  #signal(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
    this.#room.resolve();
  }

  async #fill(parts: AsyncIterable<Part>): Promise<void> {
    let bytes = 0;
    let records = 0;
    try {
      for await (const part of parts) {
        if (this.#job.signal.aborted) return;
        bytes += part.estimate.bytes;
        records += part.estimate.records;
        this.#waiting.push(part);
        this.#changed.resolve();
        this.#changed = Promise.withResolvers();
        if (this.#waiting.length % 64 === 1) this.#job.expect({ bytes, records });
        while (this.#waiting.length - this.#next >= AHEAD && !this.#job.signal.aborted) {
          this.#room = Promise.withResolvers();
          await this.#room.promise;
        }
      }
      this.#job.expect({ bytes, records });
    } catch (error) {
      this.#failure = { error };
    } finally {
      this.#done = true;
      this.#changed.resolve();
    }
  }
}
