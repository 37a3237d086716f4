/** Lanes that live in worker threads, seen from the engine's thread. */
import { Worker } from 'node:worker_threads';
import type { CatalogEntry, Context, Part } from '../adapter.ts';
import { asDbimgError, DbimgError } from '../errors.ts';
import type { StoredFrame } from '../image/frame-opener.ts';
import type { Emit, Totals } from './lane-sink.ts';
import type {
  LoadedChunk,
  SourceLane,
  SourceLaneOptions,
  TargetChunk,
  TargetLane,
  TargetLaneOptions,
} from './lanes.ts';
import type { FromWorker, ToWorker, WorkerSetup } from './worker-protocol.ts';

/** The worker's main module has the ending that this one has: unbuilt TypeScript or JavaScript. */
const MODULE = new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js', import.meta.url);

/** How long a worker may take to release its session before it is ended. */
const STOP_TIMEOUT = 5000;

/** What a running call does with the worker's questions. */
interface Call {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
  readonly emit?: Emit;
  readonly frames?: AsyncIterator<StoredFrame>;
}

class WorkerLane implements AsyncDisposable {
  readonly #worker: Worker;
  readonly #context: Context;
  readonly #exited: Promise<void>;
  readonly #onAbort: () => void;
  #call: Call | undefined;

  private constructor(setup: WorkerSetup, context: Context) {
    this.#context = context;
    this.#worker = new Worker(MODULE, { workerData: setup });
    this.#exited = new Promise((resolve) => this.#worker.once('exit', () => resolve()));
    this.#exited.then(() =>
      this.#call?.reject(new DbimgError('BUG', 'A worker thread ended before its work did.')),
    );
    this.#worker.on('message', (message: FromWorker) => void this.#hear(message));
    this.#worker.on('error', (error) => this.#call?.reject(error));
    this.#onAbort = () => this.#post({ do: 'abort', reason: asDbimgError(context.signal.reason).toJSON() });
    context.signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  static async start(setup: WorkerSetup, context: Context): Promise<WorkerLane> {
    const lane = new WorkerLane(setup, context);
    try {
      await new Promise<unknown>((resolve, reject) => {
        lane.#call = { resolve, reject };
      });
      return lane;
    } catch (error) {
      await lane[Symbol.asyncDispose]();
      throw error;
    }
  }

  async call(message: ToWorker, answers: Pick<Call, 'emit' | 'frames'> = {}): Promise<unknown> {
    return await new Promise<unknown>((resolve, reject) => {
      this.#call = { resolve, reject, ...answers };
      this.#post(message);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#context.signal.removeEventListener('abort', this.#onAbort);
    this.#post({ do: 'stop' });
    const timer = setTimeout(() => void this.#worker.terminate(), STOP_TIMEOUT);
    await this.#exited;
    clearTimeout(timer);
  }

  #post(message: ToWorker): void {
    this.#worker.postMessage(message);
  }

  async #hear(message: FromWorker): Promise<void> {
    const call = this.#call;
    try {
      switch (message.say) {
        case 'warn':
          return this.#context.warn(message.warning);
        case 'frame':
          await call?.emit?.(message.frame);
          return this.#post({ do: 'taken' });
        case 'more': {
          const next = await call?.frames?.next();
          return this.#post({ do: 'frame', frame: next?.done ? undefined : next?.value });
        }
        case 'ready':
          return call?.resolve(undefined);
        case 'done':
          return call?.resolve(message.result);
        case 'failed':
          return call?.reject(DbimgError.from(message.error));
      }
    } catch (error) {
      this.#post({ do: 'abort', reason: asDbimgError(error).toJSON() });
    }
  }
}

export class WorkerSourceLane implements SourceLane {
  readonly #lane: WorkerLane;

  private constructor(lane: WorkerLane) {
    this.#lane = lane;
  }

  static async join(options: SourceLaneOptions, context: Context): Promise<WorkerSourceLane> {
    const { adapter, invitation, sealing } = options;
    const { module } = adapter;
    const { lockTimeout } = context;
    const setup = { module, invitation, lockTimeout, side: 'source', sealing } as const;
    return new WorkerSourceLane(await WorkerLane.start(setup, context));
  }

  async dump(part: Part, stream: number, emit: Emit): Promise<Totals> {
    return (await this.#lane.call({ do: 'dump', part, stream }, { emit })) as Totals;
  }

  async digest(part: Part): Promise<Totals> {
    return (await this.#lane.call({ do: 'digest', part })) as Totals;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#lane[Symbol.asyncDispose]();
  }
}

export class WorkerTargetLane implements TargetLane {
  readonly loads: number = 1;
  readonly #lane: WorkerLane;

  private constructor(lane: WorkerLane) {
    this.#lane = lane;
  }

  static async join(options: TargetLaneOptions, context: Context): Promise<WorkerTargetLane> {
    const { adapter, invitation, opening } = options;
    const { module } = adapter;
    const { lockTimeout } = context;
    const source = options.source?.module;
    const setup = { module, invitation, lockTimeout, side: 'target', opening, source } as const;
    return new WorkerTargetLane(await WorkerLane.start(setup, context));
  }

  async load(
    chunk: TargetChunk,
    frames: AsyncIterable<StoredFrame> | Iterable<StoredFrame>,
  ): Promise<LoadedChunk> {
    const iterator = (async function* () {
      yield* frames;
    })();
    return (await this.#lane.call({ do: 'load', chunk }, { frames: iterator })) as LoadedChunk;
  }

  async apply(entry: CatalogEntry): Promise<void> {
    await this.#lane.call({ do: 'apply', entry });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#lane[Symbol.asyncDispose]();
  }
}
