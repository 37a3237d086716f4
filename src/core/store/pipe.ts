/** A pipe between a dump and a restore in one process, with a small buffer, like one of the operating system. */
import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import type { Store, StoreReader, StoreWriter } from './store.ts';

/** `limit` is the number of bytes after which the pipe breaks, as with `head -c`. One end is created, the other opened. */
export function pipe(limit: number = Number.POSITIVE_INFINITY): Store {
  const stream = new PassThrough({ highWaterMark: 64 * 1024 });
  stream.on('error', () => {});
  return {
    create: async () => new PipeWriter(stream, limit),
    open: async () => new PipeReader(stream),
  };
}

class PipeWriter implements StoreWriter {
  readonly #stream: PassThrough;
  #left: number;

  constructor(stream: PassThrough, limit: number) {
    this.#stream = stream;
    this.#left = limit;
  }

  async write(chunks: readonly Uint8Array[]): Promise<void> {
    for (const chunk of chunks) {
      const part = chunk.slice(0, this.#left);
      this.#left -= part.length;
      const taken = part.length === 0 || this.#stream.write(part);
      if (this.#left === 0) this.#stream.end();
      else if (!taken) await Promise.race([once(this.#stream, 'drain'), once(this.#stream, 'close')]);
    }
  }

  async commit(): Promise<void> {
    this.#stream.end();
  }

  async discard(): Promise<void> {
    this.#stream.end();
  }
}

class PipeReader implements StoreReader {
  readonly #stream: PassThrough;

  constructor(stream: PassThrough) {
    this.#stream = stream;
  }

  async *stream(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    for await (const chunk of this.#stream) yield new Uint8Array(chunk as Buffer);
  }

  async close(): Promise<void> {
    this.#stream.destroy();
  }
}
