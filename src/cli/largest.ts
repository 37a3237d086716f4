/** The largest few of many: an image may have a million objects, a screen has fifty lines. */
export class Largest<T> {
  readonly #limit: number;
  readonly #sizeOf: (item: T) => number;
  #items: T[] = [];
  /** How many were added. */
  count = 0;

  constructor(limit: number, sizeOf: (item: T) => number) {
    this.#limit = limit;
    this.#sizeOf = sizeOf;
  }

  add(item: T): void {
    this.count++;
    this.#items.push(item);
    if (this.#items.length >= 2 * this.#limit + 64) this.#trim();
  }

  /** Largest first; of equal ones, the one added first. */
  items(): readonly T[] {
    this.#trim();
    return this.#items;
  }

  #trim(): void {
    this.#items = this.#items.sort((a, b) => this.#sizeOf(b) - this.#sizeOf(a)).slice(0, this.#limit);
  }
}
