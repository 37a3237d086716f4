/** `-`: standard output to write, standard input to read. */
import { writev } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { isatty } from 'node:tty';
import { promisify } from 'node:util';
import { DbimgError } from '../errors.ts';
import { storeError } from './failures.ts';
import { after } from './file.ts';
import type { Store, StoreReader, StoreWriter } from './store.ts';

const STDIN = 0;
const STDOUT = 1;
/** A full pipe that does not block is tried again after so many milliseconds. */
const RETRY = 2;

const writeSome = promisify(
  (fd: number, chunks: readonly Uint8Array[], done: (error: Error | null, written: number) => void) =>
    writev(fd, chunks, done),
);

export class StdioStore implements Store {
  async create(): Promise<StoreWriter> {
    if (isatty(STDOUT)) {
      throw new DbimgError('USAGE', 'An image is not written to a terminal.', {
        hint: 'Send it through a pipe, or name a file with -o.',
      });
    }
    return { write: writeOut, commit: async () => {}, discard: async () => {} };
  }

  async open(): Promise<StoreReader> {
    if (isatty(STDIN)) {
      throw new DbimgError('USAGE', 'No image comes in: standard input is a terminal.', {
        hint: 'Send an image through a pipe, or name a file.',
      });
    }
    return {
      stream: readIn,
      close: async () => {
        process.stdin.destroy();
      },
    };
  }
}

/** In the thread pool: `process.stdout` blocks the whole process while a pipe is full. */
async function writeOut(chunks: readonly Uint8Array[]): Promise<void> {
  let left = chunks.filter((chunk) => chunk.length > 0);
  while (left.length > 0) {
    try {
      left = after(left, await writeSome(STDOUT, left));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN')
        throw storeError('Writing to standard output', error);
      await sleep(RETRY);
    }
  }
}

async function* readIn(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  try {
    for await (const chunk of process.stdin) yield chunk as Buffer<ArrayBuffer>;
  } catch (error) {
    throw storeError('Reading standard input', error);
  }
}
