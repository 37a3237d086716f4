/** The main module of a worker thread: one lane, driven by messages. */
import { parentPort, workerData } from 'node:worker_threads';
import type { Adapter, Context } from '../adapter.ts';
import type { SealedFrame } from '../codec/sealing.ts';
import { asDbimgError, DbimgError } from '../errors.ts';
import type { StoredFrame } from '../image/frame-opener.ts';
import { LocalSourceLane, LocalTargetLane } from './lanes.ts';
import type { FromWorker, ToWorker, WorkerSetup } from './worker-protocol.ts';

const port = parentPort;
if (!port) throw new TypeError('worker.ts runs in worker threads only');
const setup = workerData as WorkerSetup;
const controller = new AbortController();
const say = (message: FromWorker): void => port.postMessage(message);
const fail = (error: unknown): void => say({ say: 'failed', error: asDbimgError(error).toJSON() });

const context: Context = {
  signal: controller.signal,
  lockTimeout: setup.lockTimeout,
  warn: (warning) => say({ say: 'warn', warning }),
};

/** Resolved by the engine's answer to the last `frame` or `more`. */
let answer: PromiseWithResolvers<StoredFrame | undefined> = Promise.withResolvers();

function ask(message: FromWorker): Promise<StoredFrame | undefined> {
  answer = Promise.withResolvers();
  if (controller.signal.aborted) answer.reject(controller.signal.reason);
  else say(message);
  return answer.promise;
}

async function emit(frame: SealedFrame): Promise<void> {
  await ask({ say: 'frame', frame });
}

async function* pulled(): AsyncGenerator<StoredFrame> {
  for (let frame = await ask({ say: 'more' }); frame; frame = await ask({ say: 'more' })) yield frame;
}

async function join(): Promise<LocalSourceLane | LocalTargetLane> {
  const adapter = await adapterOf(setup.module);
  const { invitation } = setup;
  if (setup.side === 'target') {
    const source = setup.source === undefined ? undefined : await adapterOf(setup.source);
    return await LocalTargetLane.join({ adapter, invitation, opening: setup.opening, source }, context);
  }
  const { sealing } = setup;
  return await LocalSourceLane.join({ adapter, invitation, ...(sealing ? { sealing } : {}) }, context);
}

async function adapterOf(module: string): Promise<Adapter> {
  return ((await import(module)) as { adapter: Adapter }).adapter;
}

async function work(lane: LocalSourceLane | LocalTargetLane, message: ToWorker): Promise<unknown> {
  if (lane instanceof LocalSourceLane) {
    if (message.do === 'dump') return await lane.dump(message.part, message.stream, emit);
    if (message.do === 'digest') return await lane.digest(message.part);
  } else {
    if (message.do === 'load') return await lane.load(message.chunk, pulled());
    if (message.do === 'apply') return await lane.apply(message.entry);
  }
  throw new TypeError(`a ${setup.side} lane was asked to ${message.do}`);
}

const joined = join();

port.on('message', async (message: ToWorker) => {
  switch (message.do) {
    case 'taken':
      return answer.resolve(undefined);
    case 'frame':
      return answer.resolve(message.frame);
    case 'abort':
      controller.abort(DbimgError.from(message.reason));
      return answer.reject(controller.signal.reason);
    case 'stop':
      await joined.then((lane) => lane[Symbol.asyncDispose]()).catch(() => {});
      return port.close();
    default:
      await work(await joined, message).then((result) => say({ say: 'done', result }), fail);
  }
});
answer.promise.catch(() => {});
joined.then(() => say({ say: 'ready' }), fail);
