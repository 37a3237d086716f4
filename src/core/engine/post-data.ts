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

/** An entry that waits for its turn. */
export type Deferred = { readonly extent: Extent };

const NONE: readonly number[] = [];
const FINISH_BATCH = 200;

export class PostData implements AsyncDisposable {
  readonly #spool: Spool<CatalogEntry>;
  readonly #parallel: SpooledEntry[] = [];
  readonly #finish: Deferred[] = [];
  readonly #applied = new Set<Deferred>();

  constructor(directory: string | undefined) {
    this.#spool = new Spool(directory);
  }

  async add(entry: CatalogEntry): Promise<Deferred> {
    const extent = await this.#spool.append(entry);
    if (entry.phase === 'finish') {
      const deferred = { extent };
      this.#finish.push(deferred);
      return deferred;
    }
    const spooled = {
      id: entry.id,
      size: entry.size ?? 0,
      after: entry.after ?? NONE,
      shared: entry.locks?.shared ?? NONE,
      exclusive: entry.locks?.exclusive ?? NONE,
      extent,
    };
    this.#parallel.push(spooled);
    return spooled;
  }

  async read({ extent }: Deferred): Promise<CatalogEntry> {
    return await this.#spool.read(extent);
  }

  /** It was applied before its turn. */
  applied(deferred: Deferred): void {
    this.#applied.add(deferred);
  }

  /** Applies all post-data, side by side where the entries allow it. */
  async apply(job: Job, lanes: readonly TargetLane[]): Promise<void> {
    const parallel = this.#parallel.filter((entry) => !this.#applied.has(entry));
    job.expect({ entries: parallel.length + this.#finish.length });
    const schedule = new Schedule(parallel);
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
        const entry = await this.read(next);
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
    const finish = this.#finish.filter((entry) => !this.#applied.has(entry));
    for (let i = 0; i < finish.length; i += FINISH_BATCH) {
      const batch = finish.slice(i, i + FINISH_BATCH);
      await target.apply(await Promise.all(batch.map((deferred) => this.read(deferred))));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#spool[Symbol.asyncDispose]();
  }
}
