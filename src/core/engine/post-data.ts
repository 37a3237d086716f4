/** What is applied after the rows: indexes and constraints by all lanes, then the finish in order. */
import type { CatalogEntry, Target } from '../adapter.ts';
import type { Job } from './job.ts';
import type { TargetLane } from './lanes.ts';
import { Schedule, type Scheduled } from './schedule.ts';
import { type Extent, Spool } from './spool.ts';

/** What stays in memory of a spooled entry. */
interface SpooledEntry extends Scheduled {
  readonly extent: Extent;
}

const NONE: readonly number[] = [];
const FINISH_BATCH = 200;

export class PostData implements AsyncDisposable {
  readonly #spool: Spool<CatalogEntry>;
  readonly #parallel: SpooledEntry[] = [];
  readonly #finish: Extent[] = [];

  constructor(directory: string | undefined) {
    this.#spool = new Spool(directory);
  }

  async add(entry: CatalogEntry): Promise<void> {
    const extent = await this.#spool.append(entry);
    if (entry.phase === 'finish') {
      this.#finish.push(extent);
      return;
    }
    this.#parallel.push({
      id: entry.id,
      size: entry.size ?? 0,
      after: entry.after ?? NONE,
      shared: entry.locks?.shared ?? NONE,
      exclusive: entry.locks?.exclusive ?? NONE,
      extent,
    });
  }

  /** Applies all post-data, side by side where the entries allow it. */
  async apply(job: Job, lanes: readonly TargetLane[]): Promise<void> {
    job.expect({ entries: this.#parallel.length + this.#finish.length });
    const schedule = new Schedule(this.#parallel);
    const wake = (): void => schedule.stop();
    job.signal.addEventListener('abort', wake, { once: true });
    await job.lanes(lanes.length, async (number) => {
      while (!schedule.finished) {
        job.signal.throwIfAborted();
        const next = schedule.take();
        if (!next) {
          job.lane({ lane: number, doing: 'idle' });
          await schedule.changed;
          continue;
        }
        const entry = await this.#spool.read(next.extent);
        job.lane({ lane: number, doing: 'apply', object: entry.object, kind: entry.kind });
        await (lanes[number] as TargetLane).apply(entry);
        schedule.done(next);
        job.advance({ entries: 1 });
      }
      job.lane({ lane: number, doing: 'idle' });
    });
    job.signal.removeEventListener('abort', wake);
  }

  /** Applies the finish phase in order. */
  async finish(target: Target): Promise<void> {
    for (let i = 0; i < this.#finish.length; i += FINISH_BATCH) {
      const extents = this.#finish.slice(i, i + FINISH_BATCH);
      await target.apply(await Promise.all(extents.map((extent) => this.#spool.read(extent))));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#spool[Symbol.asyncDispose]();
  }
}
