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

  times<T>(low: number, high: number, make: (nth: number) => T): T[] {
    return Array.from({ length: this.integer(low, high) }, (_, nth) => make(nth));
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.integer(0, 255));
  }

  rowid(): bigint {
    const bits = this.integer(0, 62);
    const value = (BigInt(this.integer(0, 2 ** 31 - 1)) << 32n) | BigInt(this.integer(0, 2 ** 31 - 1));
    return BigInt.asIntN(64, (value & ((1n << BigInt(bits)) - 1n)) * (this.chance(0.3) ? -1n : 1n));
  }
}
