/** What the engine asks of a lane, wherever it lives, and the lanes of this thread. */
import type {
  Adapter,
  CatalogEntry,
  Chunk,
  Context,
  Invitation,
  Part,
  ReadLane,
  StreamOpen,
  WriteLane,
} from '../adapter.ts';
import { freeMemory } from '../chunk-memory.ts';
import { type Sealing, StreamSealer } from '../codec/sealing.ts';
import { FrameOpener, type Opening, type StoredFrame } from '../image/frame-opener.ts';
import { passedThrough } from './collecting.ts';
import { DigestSink, type Emit, LaneSink, type Totals } from './lane-sink.ts';
import { type Foreign, Transcoder } from './transcoder.ts';

/** Reads parts: into frames for an image, or into a digest for a proof. One call at a time. */
export interface SourceLane extends AsyncDisposable {
  dump(part: Part, stream: number, emit: Emit): Promise<Totals>;
  digest(part: Part): Promise<Totals>;
}

/** What was loaded. */
export interface LoadedChunk {
  /** What the server counted. */
  readonly records: number;
  /** Of a chunk of another engine: what its records have become. */
  readonly totals?: Totals;
}

/** Loads frames. */
export interface TargetLane extends AsyncDisposable {
  /** How many calls of `load` gain from being made at once: one loads while the other opens its chunk. */
  readonly loads: number;
  /**
   * Opens, verifies and loads one chunk. `frames` is more than one frame only for a record that is larger than a chunk.
   */
  load(chunk: TargetChunk, frames: AsyncIterable<StoredFrame> | Iterable<StoredFrame>): Promise<LoadedChunk>;
  apply(entry: CatalogEntry): Promise<void>;
}

/** Which chunk it is. Plain data. */
export interface TargetChunk {
  readonly open: StreamOpen;
  readonly records: number;
  readonly sequence: number;
  /** Present if another engine wrote it; `open` is then how the target knows the stream. */
  readonly foreign?: Foreign | undefined;
}

/** Everything needed to make a lane that reads, here or in a worker. */
export interface SourceLaneOptions {
  readonly adapter: Adapter;
  readonly invitation: Invitation;
  /** Absent for lanes that only prove. */
  readonly sealing?: Sealing;
}

export interface TargetLaneOptions {
  readonly adapter: Adapter;
  readonly invitation: Invitation;
  readonly opening: Opening;
  /** The adapter that wrote the image, if it is another one. */
  readonly source?: Adapter | undefined;
}

export class LocalSourceLane implements SourceLane {
  readonly #lane: ReadLane;
  readonly #sealing: Sealing | undefined;

  private constructor(lane: ReadLane, sealing: Sealing | undefined) {
    this.#lane = lane;
    this.#sealing = sealing;
  }

  static async join(options: SourceLaneOptions, context: Context): Promise<LocalSourceLane> {
    return new LocalSourceLane(await options.adapter.joinLane(options.invitation, context), options.sealing);
  }

  async dump(part: Part, stream: number, emit: Emit): Promise<Totals> {
    if (!this.#sealing) throw new TypeError('this lane was made for proofs');
    const sealer = new StreamSealer(this.#sealing, stream);
    await emit(await sealer.open(part.open));
    const sink = new LaneSink(sealer, emit);
    try {
      await this.#lane.read(part, sink);
      const totals = await sink.end();
      await emit(await sealer.close(totals));
      return totals;
    } catch (error) {
      sink.drop();
      throw error;
    }
  }

  async digest(part: Part): Promise<Totals> {
    const sink = new DigestSink();
    try {
      await this.#lane.read(part, sink);
      return sink.end();
    } catch (error) {
      sink.drop();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#lane[Symbol.asyncDispose]();
  }
}

export class LocalTargetLane implements TargetLane {
  readonly loads: number;
  readonly #lane: WriteLane;
  /** The session takes one chunk at a time. */
  #turn: Promise<unknown> = Promise.resolve();
  readonly #opener: FrameOpener;
  readonly #transcoder: Transcoder | undefined;

  private constructor(lane: WriteLane, { opening, adapter, source }: TargetLaneOptions) {
    this.#lane = lane;
    this.#opener = new FrameOpener(opening);
    this.#transcoder = source && new Transcoder(source, adapter);
    // Transcoding is work of this thread: nothing is gained from chunks side by side.
    this.loads = this.#transcoder ? 1 : 2;
  }

  static async join(options: TargetLaneOptions, context: Context): Promise<LocalTargetLane> {
    const lane = await options.adapter.joinWriteLane(options.invitation, context);
    return new LocalTargetLane(lane, options);
  }

  async load(
    { open, records, sequence, foreign }: TargetChunk,
    frames: AsyncIterable<StoredFrame> | Iterable<StoredFrame>,
  ): Promise<LoadedChunk> {
    const pieces = this.#verified(frames);
    const first = await pieces.next();
    const chunk: Chunk = { records, sequence, pieces: first.done ? [] : resumed(first.value, pieces) };
    const loaded = await this.#load(open, chunk, foreign);
    if (!first.done) freeMemory(first.value);
    return loaded;
  }

  async #load(open: StreamOpen, chunk: Chunk, foreign: Foreign | undefined): Promise<LoadedChunk> {
    if (!foreign) return { records: await this.#inTurn(() => this.#lane.load(open, chunk)) };
    if (!this.#transcoder) throw new TypeError('this lane was made for images of its own engine');
    const { totals, ...translated } = await this.#transcoder.chunk(open, foreign, chunk);
    return { records: await this.#inTurn(() => this.#lane.load(open, translated)), totals };
  }

  async #inTurn(load: () => Promise<number>): Promise<number> {
    const loaded = this.#turn.then(load);
    this.#turn = loaded.catch(() => {});
    return await loaded;
  }

  async apply(entry: CatalogEntry): Promise<void> {
    await this.#lane.apply(entry);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#lane[Symbol.asyncDispose]();
  }

  async *#verified(
    frames: AsyncIterable<StoredFrame> | Iterable<StoredFrame>,
  ): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    for await (const frame of frames) {
      const plain = await this.#opener.open(frame);
      if (plain !== frame.payload) freeMemory(frame.payload);
      passedThrough(plain.length);
      yield plain;
    }
  }
}

/** The first piece was verified before the server hears of the chunk; the rest follow as they are pulled. */
async function* resumed(first: Uint8Array, rest: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield first;
  yield* rest;
}
