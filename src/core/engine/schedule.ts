/** Order of post-data: what is ready, largest first, never two entries at once that lock each other out. */

/** What the schedule needs to know of an entry. */
export interface Scheduled {
  readonly id: number;
  readonly size: number;
  readonly after: readonly number[];
  readonly shared: readonly number[];
  readonly exclusive: readonly number[];
}

/** How many ready entries are looked at for one without a conflict before a lane is sent to wait. */
const LOOK_AHEAD = 256;

/** Hands out entries to lanes. `take` and `done` are synchronous; `changed` resolves when `take` may have more. */
export class Schedule<T extends Scheduled> {
  readonly #ready: T[] = [];
  readonly #missing = new Map<number, number>();
  readonly #waiting = new Map<number, T[]>();
  readonly #locks = new Map<number, { shared: number; exclusive: boolean }>();
  #left: number;
  #changed: PromiseWithResolvers<void> = Promise.withResolvers();

  /** Dependencies on entries that are not among `entries` count as met. */
  constructor(entries: readonly T[]) {
    this.#left = entries.length;
    const ids = new Set(entries.map((entry) => entry.id));
    for (const entry of entries) {
      const missing = entry.after.filter((id) => ids.has(id));
      if (missing.length === 0) this.#ready.push(entry);
      else this.#missing.set(entry.id, missing.length);
      for (const id of missing) push(this.#waiting, id, entry);
    }
    this.#ready.sort(smallestFirst);
  }

  /** True when every entry is done. */
  get finished(): boolean {
    return this.#left === 0;
  }

  /** Resolves at the next `done` or `stop`. */
  get changed(): Promise<void> {
    return this.#changed.promise;
  }

  /** The largest entry that can run now, or undefined if everything ready has to wait. Its locks are held until `done`. */
  take(): T | undefined {
    const last = this.#ready.length - 1;
    for (let i = last; i >= 0 && i > last - LOOK_AHEAD; i -= 1) {
      const entry = this.#ready[i] as T;
      if (!this.#free(entry)) continue;
      this.#ready.splice(i, 1);
      for (const id of entry.shared) this.#lock(id).shared += 1;
      for (const id of entry.exclusive) this.#lock(id).exclusive = true;
      return entry;
    }
    return undefined;
  }

  done(entry: T): void {
    for (const id of entry.shared) this.#lock(id).shared -= 1;
    for (const id of entry.exclusive) this.#lock(id).exclusive = false;
    this.#left -= 1;
    for (const next of this.#waiting.get(entry.id) ?? []) {
      const missing = (this.#missing.get(next.id) as number) - 1;
      this.#missing.set(next.id, missing);
      if (missing === 0) this.#insert(next);
    }
    this.#waiting.delete(entry.id);
    this.stop();
  }

  /** Wakes all who wait for `changed`. */
  stop(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  #insert(entry: T): void {
    let low = 0;
    let high = this.#ready.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (smallestFirst(this.#ready[middle] as T, entry) < 0) low = middle + 1;
      else high = middle;
    }
    this.#ready.splice(low, 0, entry);
  }

  #free(entry: T): boolean {
    return (
      entry.shared.every((id) => !this.#locks.get(id)?.exclusive) &&
      entry.exclusive.every((id) => {
        const lock = this.#locks.get(id);
        return !lock || (!lock.exclusive && lock.shared === 0);
      })
    );
  }

  #lock(id: number): { shared: number; exclusive: boolean } {
    let lock = this.#locks.get(id);
    if (!lock) {
      lock = { shared: 0, exclusive: false };
      this.#locks.set(id, lock);
    }
    return lock;
  }
}

/** Equal sizes run in the order of their ids. */
function smallestFirst(a: Scheduled, b: Scheduled): number {
  return a.size - b.size || b.id - a.id;
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}
