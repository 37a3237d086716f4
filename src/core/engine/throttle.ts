/** `--rate`: an upper bound on plain bytes a second, over all lanes. */
import { setTimeout as sleep } from 'node:timers/promises';

export class Throttle {
  readonly #rate: number | undefined;
  readonly #signal: AbortSignal;
  /** When the bytes let through so far would have ended at the given rate, in milliseconds of the process's clock. */
  #until = 0;

  constructor(rate: number | undefined, signal: AbortSignal) {
    this.#rate = rate;
    this.#signal = signal;
  }

  /** Resolves when `bytes` more may pass; rejects with the signal's reason when it aborts. */
  async pass(bytes: number): Promise<void> {
    if (this.#rate === undefined) return;
    const now = performance.now();
    const start = Math.max(this.#until, now);
    this.#until = start + (bytes / this.#rate) * 1000;
    if (start > now) {
      await sleep(start - now, undefined, { signal: this.#signal }).catch(() =>
        this.#signal.throwIfAborted(),
      );
    }
  }
}
