/** A store in memory: the reference, and the test double of the engine. */
import { DbimgError } from '../errors.ts';
import type { Store, StoreReader, StoreWriter } from './store.ts';

export class MemoryStore implements Store {
  #bytes: Uint8Array<ArrayBuffer> | undefined;

  constructor(bytes?: Uint8Array<ArrayBuffer>) {
    this.#bytes = bytes;
  }

  /** What was committed last. */
  get bytes(): Uint8Array<ArrayBuffer> | undefined {
    return this.#bytes;
  }

  async create(): Promise<StoreWriter> {
    const chunks: Uint8Array[] = [];
    let done = false;
    return {
      write: async (more) => {
        for (const chunk of more) chunks.push(chunk.slice());
      },
      commit: async () => {
        if (!done) this.#bytes = new Uint8Array(Buffer.concat(chunks));
        done = true;
      },
      discard: async () => {
        done = true;
        chunks.length = 0;
      },
    };
  }

  async open(): Promise<StoreReader> {
    const bytes = this.#bytes;
    if (!bytes) throw new DbimgError('STORE_NOT_FOUND', 'Nothing has been written to this memory store.');
    return {
      size: bytes.length,
      read: async (offset, length) => {
        if (offset + length > bytes.length)
          throw new DbimgError('STORE_FAILED', 'Read beyond the end of the image.');
        return bytes.slice(offset, offset + length);
      },
      stream: () => inSteps(bytes),
      close: async () => {},
    };
  }
}

const STEP = 65536;

async function* inSteps(bytes: Uint8Array<ArrayBuffer>): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  for (let at = 0; at < bytes.length; at += STEP) yield bytes.subarray(at, at + STEP);
}
