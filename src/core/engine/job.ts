/** One run of the engine: its signal, its clock, and what it tells its caller. */
import type { Context, ObjectName } from '../adapter.ts';
import { asDbimgError, DbimgError } from '../errors.ts';
import type { LaneState, Listener, Step, Warning } from '../events.ts';

export interface JobOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: Listener | undefined;
  /** Milliseconds that one lock may be waited for. */
  readonly lockTimeout?: number | undefined;
}

export interface StepTime {
  readonly step: Step;
  readonly milliseconds: number;
}

/**
 * Everything that runs on behalf of one job hangs on its `signal`: the caller's abort reaches it, and so does the first
 * failure of any lane, so that the others stop as well.
 */
export class Job implements Context {
  readonly warnings: Warning[] = [];
  readonly steps: StepTime[] = [];
  readonly lockTimeout: number;
  readonly started: number = performance.now();
  readonly #controller = new AbortController();
  readonly #listener: Listener | undefined;
  readonly #release: () => void;
  #bytes = 0;
  #records = 0;
  #stored = 0;
  #entries = 0;

  constructor(options: JobOptions) {
    this.#listener = options.onProgress;
    this.lockTimeout = options.lockTimeout ?? 5000;
    const outer = options.signal;
    const onAbort = (): void => this.fail(cancelled(outer?.reason));
    outer?.addEventListener('abort', onAbort, { once: true });
    this.#release = () => outer?.removeEventListener('abort', onAbort);
    if (outer?.aborted) onAbort();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get milliseconds(): number {
    return Math.round(performance.now() - this.started);
  }

  /** The first failure wins; the signal's reason is that error. */
  fail(error: unknown): void {
    this.#controller.abort(asDbimgError(error));
  }

  /** What the job failed of, if a lane's error is only the echo of it. */
  causeOf(error: unknown): DbimgError {
    return this.signal.aborted ? asDbimgError(this.signal.reason) : asDbimgError(error);
  }

  warn(warning: Warning): void {
    this.warnings.push(warning);
    this.#listener?.({ type: 'warning', warning });
  }

  async step<T>(step: Step, run: () => Promise<T>): Promise<T> {
    this.signal.throwIfAborted();
    const begin = performance.now();
    this.#listener?.({ type: 'step', step, state: 'begin' });
    try {
      return await run();
    } finally {
      const milliseconds = Math.round(performance.now() - begin);
      this.steps.push({ step, milliseconds });
      this.#listener?.({ type: 'step', step, state: 'end', milliseconds });
    }
  }

  expect(amount: { readonly bytes?: number; readonly records?: number; readonly entries?: number }): void {
    this.#listener?.({ type: 'expect', ...amount });
  }

  advance(by: {
    readonly bytes?: number;
    readonly records?: number;
    readonly stored?: number;
    readonly entries?: number;
  }): void {
    this.#bytes += by.bytes ?? 0;
    this.#records += by.records ?? 0;
    this.#stored += by.stored ?? 0;
    this.#entries += by.entries ?? 0;
    this.#listener?.({
      type: 'progress',
      bytes: this.#bytes,
      records: this.#records,
      stored: this.#stored,
      entries: this.#entries,
    });
  }

  lane(state: LaneState): void {
    this.#listener?.({ type: 'lane', lane: state });
  }

  object(object: ObjectName, records: number, bytes: number): void {
    this.#listener?.({ type: 'object', object, records, bytes });
  }

  /**
   * Runs `work` once a lane, side by side, and resolves when all have ended. The first failure aborts the job, and is
   * thrown once every lane has come to rest.
   */
  async lanes(count: number, work: (lane: number) => Promise<void>): Promise<void> {
    const guarded = async (lane: number): Promise<void> => {
      try {
        await work(lane);
      } catch (error) {
        this.fail(error);
      }
    };
    await Promise.all(Array.from({ length: count }, (_, lane) => guarded(lane)));
    this.signal.throwIfAborted();
  }

  /** Lets go of the caller's signal. */
  close(): void {
    this.#release();
  }
}

function cancelled(reason: unknown): DbimgError {
  if (reason instanceof DbimgError) return reason;
  return new DbimgError('CANCELLED', 'The work was cancelled; nothing of it remains.', { cause: reason });
}
