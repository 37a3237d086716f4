/** The lanes of a restore: they take chunks in any order and account for every record. */
import type { Adapter, StreamOpen, Target } from '../adapter.ts';
import { DbimgError } from '../errors.ts';
import { FLAG, type StoredFrame } from '../image/frame.ts';
import type { Opening } from '../image/frame-opener.ts';
import { type ChunkJob, ChunkQueue } from './chunk-queue.ts';
import type { Job } from './job.ts';
import { joinTarget, type LaneHome } from './lane-home.ts';
import type { Totals } from './lane-sink.ts';
import type { TargetLane } from './lanes.ts';
import { ImageTotals, type ObjectTotals } from './totals.ts';

export interface LoaderOptions {
  readonly adapter: Adapter;
  readonly target: Target;
  readonly opening: Opening;
  readonly jobs: number;
  readonly lanes: LaneHome;
  /** Keep what the image says of each object, to prove it later. */
  readonly keepTotals: boolean;
  readonly tmp: string | undefined;
}

/** A stream whose records are on their way. */
interface OpenStream {
  readonly open: StreamOpen;
  readonly wanted: boolean;
  outstanding: number;
  loaded: number;
  expected: Totals | undefined;
}

export class Loader implements AsyncDisposable {
  readonly lanes: TargetLane[] = [];
  readonly #job: Job;
  readonly #options: LoaderOptions;
  readonly #queue: ChunkQueue;
  readonly #streams = new Map<number, OpenStream>();
  readonly #totals: ImageTotals;
  #working: Promise<void> = Promise.resolve();
  objects = 0;
  records = 0;
  bytes = 0;

  constructor(job: Job, options: LoaderOptions) {
    this.#job = job;
    this.#options = options;
    this.#queue = new ChunkQueue(job.signal);
    this.#totals = new ImageTotals(options.tmp);
  }

  /** Joins all lanes and lets them wait for chunks. */
  async start(): Promise<void> {
    const { adapter, target, opening, jobs } = this.#options;
    const options = { adapter, invitation: target.invitation, opening };
    await this.#job.lanes(jobs, async (number) => {
      this.lanes[number] = await joinTarget(this.#options.lanes, options, this.#job);
    });
    this.#working = this.#job.lanes(jobs, (number) => this.#work(number));
    this.#working.catch(() => {});
  }

  open(stream: number, open: StreamOpen, wanted: boolean): void {
    this.#streams.set(stream, { open, wanted, outstanding: 0, loaded: 0, expected: undefined });
  }

  /** Waits while the queue is full. */
  async data(frame: StoredFrame): Promise<void> {
    const stream = this.#stream(frame.stream);
    if (!stream.wanted) return;
    if ((frame.flags & FLAG.CONTINUED) === 0) stream.outstanding += 1;
    await this.#queue.push(frame.stream, stream.open, frame);
  }

  async close(number: number, totals: Totals): Promise<void> {
    const stream = this.#stream(number);
    if (!stream.wanted) {
      this.#streams.delete(number);
      return;
    }
    stream.expected = totals;
    if (stream.open.part === 0) this.objects += 1;
    if (this.#options.keepTotals) await this.#totals.add(stream.open, totals);
    this.#settle(number, stream);
  }

  /** Resolves when every chunk has been loaded and counted. */
  async drain(): Promise<void> {
    this.#queue.close();
    await this.#working;
  }

  totals(): AsyncIterable<ObjectTotals> {
    return this.#totals.values();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#working.catch(() => {});
    await Promise.all(this.lanes.splice(0).map((lane) => lane?.[Symbol.asyncDispose]()));
    await this.#totals[Symbol.asyncDispose]();
  }

  async #work(number: number): Promise<void> {
    const lane = this.lanes[number] as TargetLane;
    const load = async (): Promise<void> => {
      for (let chunk = await this.#queue.take(); chunk; chunk = await this.#queue.take()) {
        this.#job.lane({ lane: number, doing: 'load', object: chunk.open.object });
        await this.#load(lane, chunk);
      }
    };
    const ended = await Promise.allSettled(
      Array.from({ length: lane.loads }, () =>
        load().catch((error: unknown) => {
          this.#job.fail(error);
          throw error;
        }),
      ),
    );
    for (const end of ended) if (end.status === 'rejected') throw end.reason;
    this.#job.lane({ lane: number, doing: 'idle' });
  }

  async #load(lane: TargetLane, chunk: ChunkJob): Promise<void> {
    let bytes = 0;
    let stored = 0;
    const counted = (async function* () {
      for await (const frame of chunk.frames) {
        bytes += frame.plainLength;
        stored += frame.payload.byteLength;
        yield frame;
      }
    })();
    const loaded = await lane.load(chunk.open, chunk.records, counted);
    if (loaded !== chunk.records) throw miscounted(chunk.open, chunk.records, loaded);
    this.records += loaded;
    this.bytes += bytes;
    this.#job.advance({ bytes, records: loaded, stored });
    const stream = this.#stream(chunk.stream);
    stream.outstanding -= 1;
    stream.loaded += loaded;
    this.#settle(chunk.stream, stream);
  }

  #settle(number: number, stream: OpenStream): void {
    if (!stream.expected || stream.outstanding > 0) return;
    this.#streams.delete(number);
    const expected = stream.expected.digest.records;
    if (stream.loaded !== expected) throw miscounted(stream.open, expected, stream.loaded);
    this.#job.object(stream.open.object, expected, stream.expected.bytes);
  }

  #stream(number: number): OpenStream {
    const stream = this.#streams.get(number);
    if (stream) return stream;
    throw new DbimgError('IMAGE_DAMAGED', `The image has frames of stream ${number} before it was opened.`);
  }
}

function miscounted(open: StreamOpen, expected: number, loaded: number): DbimgError {
  return new DbimgError('MISMATCH', `The server took ${loaded} records of ${expected}.`, {
    object: open.object,
    hint: 'Nothing was published. A trigger, rule or policy on the target may swallow rows.',
  });
}
