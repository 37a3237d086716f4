/** The lanes of a restore: they take chunks in any order and account for every record. */
import type { Adapter, ObjectName, StreamOpen, Target } from '../adapter.ts';
import { DbimgError } from '../errors.ts';
import { FLAG, type StoredFrame } from '../image/frame.ts';
import type { Opening } from '../image/frame-opener.ts';
import { addDigests, EMPTY_DIGEST } from '../records/digest.ts';
import { type ChunkJob, ChunkQueue } from './chunk-queue.ts';
import type { Crossed, Crossing } from './crossing.ts';
import type { Job } from './job.ts';
import { joinTarget, type LaneHome } from './lane-home.ts';
import type { Totals } from './lane-sink.ts';
import type { TargetChunk, TargetLane } from './lanes.ts';
import { ImageTotals, type ObjectTotals } from './totals.ts';

export interface LoaderOptions {
  readonly adapter: Adapter;
  readonly target: Target;
  /** The image is of another engine. */
  readonly crossing?: Crossing | undefined;
  readonly opening: Opening;
  readonly jobs: number;
  readonly lanes: LaneHome;
  /** Keep what the image says of each object, to prove it later. */
  readonly keepTotals: boolean;
  readonly tmp: string | undefined;
  /** Called when all records of a stream have been loaded and counted. */
  readonly onLoaded?: ((open: StreamOpen) => void) | undefined;
}

/** A stream whose records are on their way. */
interface OpenStream {
  /** As the target knows it. */
  readonly open: StreamOpen;
  readonly wanted: boolean;
  readonly crossed: Crossed | undefined;
  /** What its records have become, if another engine wrote it. */
  translated: Totals;
  /** The target has no place for it. */
  readonly lost?: ObjectName;
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
    const { adapter, target, crossing, opening, jobs } = this.#options;
    const source = crossing?.source;
    const options = { adapter, invitation: target.invitation, opening, source };
    await this.#job.lanes(jobs, async (number) => {
      this.lanes[number] = await joinTarget(this.#options.lanes, options, this.#job);
    });
    this.#working = this.#job.lanes(jobs, (number) => this.#work(number));
    this.#working.catch(() => {});
  }

  open(stream: number, open: StreamOpen, wanted: boolean): void {
    const { crossing } = this.#options;
    const crossed = wanted ? crossing?.route(open) : undefined;
    const state = { outstanding: 0, loaded: 0, expected: undefined, translated: NOTHING };
    const lost = crossing !== undefined && crossed === undefined;
    this.#streams.set(stream, {
      ...{ open: crossed?.open ?? open, wanted: wanted && !lost, crossed, ...state },
      ...(wanted && lost ? { lost: open.object } : {}),
    });
  }

  /** Waits while the queue is full. */
  async data(frame: StoredFrame): Promise<void> {
    const stream = this.#stream(frame.stream);
    if (!stream.wanted) return;
    if ((frame.flags & FLAG.CONTINUED) === 0) stream.outstanding += 1;
    const begin = (records: number): TargetChunk => ({
      ...{ open: stream.open, records, sequence: frame.sequence },
      foreign: stream.crossed?.take(records),
    });
    await this.#queue.push(frame.stream, begin, frame);
  }

  async close(number: number, totals: Totals): Promise<void> {
    const stream = this.#stream(number);
    if (!stream.wanted) {
      if (stream.lost && totals.digest.records > 0) this.#options.crossing?.miss(stream.lost);
      this.#streams.delete(number);
      return;
    }
    stream.expected = totals;
    if (stream.open.part === 0) this.objects += 1;
    await this.#settle(number, stream);
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
    const { open, records, sequence, foreign } = chunk;
    const { records: loaded, totals } = await lane.load({ open, records, sequence, foreign }, counted);
    if (loaded !== chunk.records) throw miscounted(chunk.open, chunk.records, loaded);
    this.records += loaded;
    this.bytes += bytes;
    this.#job.advance({ bytes, records: loaded, stored });
    const stream = this.#stream(chunk.stream);
    stream.outstanding -= 1;
    stream.loaded += loaded;
    if (totals) stream.translated = sum(stream.translated, totals);
    await this.#settle(chunk.stream, stream);
  }

  async #settle(number: number, stream: OpenStream): Promise<void> {
    if (!stream.expected || stream.outstanding > 0) return;
    this.#streams.delete(number);
    const expected = stream.expected.digest.records;
    if (stream.loaded !== expected) throw miscounted(stream.open, expected, stream.loaded);
    this.#job.object(stream.open.object, expected, stream.expected.bytes);
    this.#options.onLoaded?.(stream.open);
    if (!this.#options.keepTotals) return;
    await this.#totals.add(stream.open, stream.crossed ? stream.translated : stream.expected);
  }

  #stream(number: number): OpenStream {
    const stream = this.#streams.get(number);
    if (stream) return stream;
    throw new DbimgError('IMAGE_DAMAGED', `The image has frames of stream ${number} before it was opened.`);
  }
}

const NOTHING: Totals = { digest: EMPTY_DIGEST, bytes: 0 };

function sum(a: Totals, b: Totals): Totals {
  return { digest: addDigests(a.digest, b.digest), bytes: a.bytes + b.bytes };
}

function miscounted(open: StreamOpen, expected: number, loaded: number): DbimgError {
  return new DbimgError('MISMATCH', `The server took ${loaded} records of ${expected}.`, {
    object: open.object,
    hint: 'Nothing was published. A trigger, rule or policy on the target may swallow rows.',
  });
}
