/** Standard input and output as places for images and rows. */
import { write } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { DbimgError } from '../core/errors.ts';

/** The image that is standard input or output. */
export const STANDARD_STREAM = '-';

/** Refuses to write an image onto a terminal. Throws `USAGE`. */
export function checkImageOutput(image: string, json: boolean): void {
  if (image !== STANDARD_STREAM) return;
  if (json) {
    throw new DbimgError('USAGE', '--json and -o - both want standard output.', {
      hint: 'Write the image to a file, or leave out --json and use --progress json on standard error.',
    });
  }
  if (process.stdout.isTTY) {
    throw new DbimgError('USAGE', 'An image is not written to a terminal.', {
      hint: 'Pipe it (dbimg dump URL -o - | ssh host dbimg restore - URL2), redirect it, or name a file with -o.',
    });
  }
}

/** Refuses to read an image from a terminal. Throws `USAGE`. */
export function checkImageInput(image: string): void {
  if (image !== STANDARD_STREAM || !process.stdin.isTTY) return;
  throw new DbimgError('USAGE', 'An image is not read from a terminal.', {
    hint: 'Pipe an image into standard input, or name a file.',
  });
}

/**
 * Writes pieces of text to standard output as fast as its reader takes them. A reader that has seen enough and closes
 * the pipe (`head`) is no failure: no more pieces are asked for, and it resolves.
 */
export async function writeOutput(pieces: AsyncIterable<string> | Iterable<string>): Promise<void> {
  for await (const piece of pieces) {
    if (!(await written(piece))) return;
  }
}

/**
 * False if nobody reads any more. Writes to the descriptor itself: `process.stdout` may lose sight of a write when its
 * reader goes away.
 */
async function written(piece: string): Promise<boolean> {
  let left = Buffer.from(piece);
  while (left.length > 0) {
    try {
      left = left.subarray((await writeSome(STDOUT, left)).bytesWritten);
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code === 'EPIPE' || code === 'ECONNRESET') return false;
      if (code !== 'EAGAIN')
        throw new DbimgError('STORE_FAILED', `Standard output failed: ${message}`, { cause: error });
      await sleep(RETRY);
    }
  }
  return true;
}

const STDOUT = 1;
/** Milliseconds until a full pipe that does not block is tried again. */
const RETRY = 2;
const writeSome = promisify(write);

/** Characters in one write. */
const BLOCK = 64 * 1024;

/** Small pieces joined to larger ones, so that a write is worth its cost. */
export async function* inBlocks(pieces: AsyncIterable<string> | Iterable<string>): AsyncGenerator<string> {
  let block = '';
  for await (const piece of pieces) {
    block += piece;
    if (block.length < BLOCK) continue;
    yield block;
    block = '';
  }
  if (block !== '') yield block;
}

/** Waits until the system has taken what was written to standard output. False if nobody reads it any more. */
export function flushOutput(): Promise<boolean> {
  return new Promise((resolve) => {
    process.stdout.once('error', () => resolve(false));
    process.stdout.write('', (error) => resolve(!error));
  });
}
