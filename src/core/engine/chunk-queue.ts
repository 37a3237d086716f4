/** Between the one reader of an image and the lanes that load it: bounded in bytes, first in, first out. */
import { FLAG, type StoredFrame } from '../image/frame.ts';
import type { TargetChunk } from './lanes.ts';

/** Stored bytes that may wait for a lane. */
const CAPACITY = 24 * 1024 * 1024;

/** A chunk on its way to a lane. */
export interface ChunkJob extends TargetChunk {
  readonly stream: number;
  readonly frames: AsyncIterable<StoredFrame> | Iterable<StoredFrame>;
}

/** A queue with room for so many bytes. Waiting ends with the signal's reason when it aborts. */
class ByteQueue<T> {
  readonly #items: { item: T; bytes: number }[] = [];
  readonly #capacity: number;
  readonly #signal: AbortSignal;
  #bytes = 0;
  #closed = false;
  #changed: PromiseWithResolvers<void> = Promise.withResolvers();

  constructor(capacity: number, signal: AbortSignal) {
    this.#capacity = capacity;
    this.#signal = signal;
    signal.addEventListener('abort', () => this.#change(), { once: true });
  }

  async push(item: T, bytes: number): Promise<void> {
    while (this.#bytes > 0 && this.#bytes + bytes > this.#capacity) {
      this.#signal.throwIfAborted();
      await this.#changed.promise;
    }
    this.#signal.throwIfAborted();
    this.#items.push({ item, bytes });
    this.#bytes += bytes;
    this.#change();
  }

  /** No more will come: `take` gives undefined once what is there has been taken. */
  close(): void {
    this.#closed = true;
    this.#change();
  }

  async take(): Promise<T | undefined> {
    for (;;) {
      this.#signal.throwIfAborted();
      const first = this.#items.shift();
      if (first) {
        this.#bytes -= first.bytes;
        this.#change();
        return first.item;
      }
      if (this.#closed) return undefined;
      await this.#changed.promise;
    }
  }

  #change(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}

/**
 * Takes the DATA frames of an image in file order and hands out chunks. A record larger than a chunk becomes a job with
 * its first frame; the lane that took it pulls the others as they arrive.
 */
export class ChunkQueue {
  readonly #jobs: ByteQueue<ChunkJob>;
  readonly #signal: AbortSignal;
  #rest: ByteQueue<StoredFrame> | undefined;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
    this.#jobs = new ByteQueue(CAPACITY, signal);
  }

  /** `begin` is called for a frame that begins a chunk, with how many records that has. */
  async push(stream: number, begin: (records: number) => TargetChunk, frame: StoredFrame): Promise<void> {
    const size = frame.payload.byteLength;
    if (this.#rest) {
      await this.#rest.push(frame, size);
      if ((frame.flags & FLAG.UNFINISHED) === 0) {
        this.#rest.close();
        this.#rest = undefined;
      }
      return;
    }
    if ((frame.flags & FLAG.UNFINISHED) === 0) {
      await this.#jobs.push({ stream, ...begin(frame.records), frames: [frame] }, size);
      return;
    }
    const rest = new ByteQueue<StoredFrame>(CAPACITY, this.#signal);
    this.#rest = rest;
    await this.#jobs.push({ stream, ...begin(1), frames: following(frame, rest) }, size);
  }

  close(): void {
    this.#jobs.close();
  }

  take(): Promise<ChunkJob | undefined> {
    return this.#jobs.take();
  }
}

async function* following(first: StoredFrame, rest: ByteQueue<StoredFrame>): AsyncGenerator<StoredFrame> {
  yield first;
  for (let frame = await rest.take(); frame; frame = await rest.take()) yield frame;
}
