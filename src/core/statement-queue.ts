/** The order of work on one connection: one statement at a time, ended by a signal, and an end that always comes. */
import { setTimeout as sleep } from 'node:timers/promises';
import { cancelled, DbimgError } from './errors.ts';

/** How long a statement may take to end once it was cancelled, before the connection is cut, in milliseconds. */
const CANCEL_GRACE = 500;
/** How long taking leave of the server may take, in milliseconds. */
const END_GRACE = 1000;

/** What the queue asks of the connection. None of them may throw. */
export interface Connection {
  /** Asks the server to end the statement that runs; gives up within half a second. */
  cancel(): Promise<void>;
  /** Takes leave of the server. */
  end(): Promise<void>;
  /** Ends the connection at once; whatever runs on it fails. */
  cut(): void;
}

export class StatementQueue implements AsyncDisposable {
  readonly #connection: Connection;
  readonly #signal: AbortSignal;
  readonly #onAbort = (): void => void this.#interrupt();
  #tail: Promise<unknown> = Promise.resolve();
  #running = false;
  #closed = false;

  constructor(connection: Connection, signal: AbortSignal) {
    this.#connection = connection;
    this.#signal = signal;
    signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  /**
   * Runs a statement when those before it have ended.
   *
   * @throws DbimgError `CANCELLED` once the signal is aborted, else what `explain` makes of the failure.
   */
  async run<T>(statement: () => Promise<T>, explain: (error: unknown) => DbimgError): Promise<T> {
    const before = this.#tail;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#tail = promise;
    await before;
    try {
      if (this.#signal.aborted) throw cancelled(this.#signal);
      if (this.#closed) throw new DbimgError('BUG', 'A session was used after its end.');
      this.#running = true;
      return await statement();
    } catch (error) {
      if (this.#signal.aborted) throw cancelled(this.#signal);
      throw explain(error);
    } finally {
      this.#running = false;
      resolve();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#signal.removeEventListener('abort', this.#onAbort);
    await this.#interrupt();
    await Promise.race([this.#connection.end(), sleep(END_GRACE, undefined, { ref: false })]);
    this.#connection.cut();
  }

  /** Ends what runs: first by asking the server, then by cutting the connection. */
  async #interrupt(): Promise<void> {
    if (!this.#running) return;
    const idle = this.#tail.then(() => true);
    await this.#connection.cancel();
    const ended = await Promise.race([idle, sleep(CANCEL_GRACE, false, { ref: false })]);
    if (!ended) this.#connection.cut();
  }
}
