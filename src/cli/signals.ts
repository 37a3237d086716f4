/** Ctrl-C and friends: the first asks the work to clean up and end, the second ends the process. */
import { constants } from 'node:os';
import { DbimgError } from '../core/errors.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
type Signal = (typeof SIGNALS)[number];

/** Exit code by convention: 128 + the signal's number. */
export function signalExit(signal: Signal): number {
  return 128 + constants.signals[signal];
}

/** Listens from construction until disposed. */
export class SignalGuard implements Disposable {
  readonly #controller = new AbortController();
  readonly #tell: (text: string) => void;
  #received: Signal | undefined;

  /** `tell` prints one line for the user. */
  constructor(tell: (text: string) => void) {
    this.#tell = tell;
    for (const signal of SIGNALS) process.on(signal, this.#onSignal);
  }

  /** Aborted by the first signal, with a `CANCELLED` error. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get received(): Signal | undefined {
    return this.#received;
  }

  [Symbol.dispose](): void {
    for (const signal of SIGNALS) process.off(signal, this.#onSignal);
  }

  readonly #onSignal = (signal: Signal): void => {
    if (this.#received) {
      this[Symbol.dispose]();
      process.kill(process.pid, signal);
      return;
    }
    this.#received = signal;
    this.#tell(`${signal}: stopping and cleaning up; once more to stop at once.`);
    this.#controller.abort(new DbimgError('CANCELLED', `Cancelled by ${signal}.`));
  };
}
