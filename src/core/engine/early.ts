/** Entries that are applied while other objects still load: those of objects whose last record is there. */
import type { CatalogEntry, StreamOpen, Target } from '../adapter.ts';
import type { Job } from './job.ts';
import type { Deferred, PostData } from './post-data.ts';

/** What is known of an object whose number of parts is known. */
interface Loading {
  streams: number;
  readonly entries: Deferred[];
}

/**
 * One entry at a time, on the target's own connections, so that the lanes go on loading. An entry is tried once; what
 * the target does not take, and what is not reached before the last object is loaded, waits for its turn.
 */
export class EarlyEntries {
  readonly #job: Job;
  readonly #apply: NonNullable<Target['applyEarly']>;
  readonly #postData: PostData;
  /** Objects of pre-data, by id. */
  readonly #owners = new Map<number, string>();
  readonly #loading = new Map<string, Loading>();
  #last: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(job: Job, apply: NonNullable<Target['applyEarly']>, postData: PostData) {
    this.#job = job;
    this.#apply = apply;
    this.#postData = postData;
  }

  /** Every entry of the catalog, before the first record. */
  note(entry: CatalogEntry, deferred: Deferred | undefined): void {
    if (entry.of === undefined) return;
    const owner = JSON.stringify(entry.of);
    if (!deferred) this.#owners.set(entry.id, owner);
    else if (this.#needsOnly(owner, entry)) this.#of(owner).entries.push(deferred);
  }

  /** All records of a stream have been loaded. */
  loaded({ object, of = object, parts }: StreamOpen): void {
    if (this.#closed || parts === undefined) return;
    const loading = this.#loading.get(JSON.stringify(of));
    if (!loading) return;
    loading.streams += 1;
    if (loading.streams < parts) return;
    this.#loading.delete(JSON.stringify(of));
    for (const entry of loading.entries) this.#last = this.#last.then(() => this.#try(entry));
  }

  /** Begins nothing more, and resolves when what is being applied has ended. Never rejects. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#last;
  }

  /** It needs, and locks, nothing but what was made of its own object before the first record. */
  #needsOnly(owner: string, { after = [], locks = {} }: CatalogEntry): boolean {
    const ids = [...after, ...(locks.shared ?? []), ...(locks.exclusive ?? [])];
    return ids.every((id) => this.#owners.get(id) === owner);
  }

  #of(owner: string): Loading {
    let loading = this.#loading.get(owner);
    if (!loading) {
      loading = { streams: 0, entries: [] };
      this.#loading.set(owner, loading);
    }
    return loading;
  }

  async #try(deferred: Deferred): Promise<void> {
    if (this.#closed || this.#job.signal.aborted) return;
    try {
      if (await this.#apply(await this.#postData.read(deferred))) this.#postData.applied(deferred);
    } catch (error) {
      this.#job.fail(error);
    }
  }
}
