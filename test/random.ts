/** A small seeded generator of random numbers (mulberry32): the same seed gives the same choices on every machine. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** 0 ≤ x < 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let x = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
  }

  /** Both bounds included. */
  integer(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(choices: readonly T[]): T {
    if (choices.length === 0) throw new Error('nothing to pick from');
    return choices[this.integer(0, choices.length - 1)] as T;
  }

  /** Up to `most` different ones, at least one, in random order. */
  some<T>(choices: readonly T[], most: number = choices.length): T[] {
    const rest = [...choices];
    const taken: T[] = [];
    for (let left = this.integer(1, Math.max(1, Math.min(most, rest.length))); left > 0; left -= 1) {
      taken.push(...rest.splice(this.integer(0, rest.length - 1), 1));
    }
    return taken;
  }

  times<T>(low: number, high: number, make: (nth: number) => T): T[] {
    return Array.from({ length: this.integer(low, high) }, (_, nth) => make(nth));
  }
}
