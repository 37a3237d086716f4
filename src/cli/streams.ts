/** Standard input and output as places for images and rows. */
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
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
 * the pipe (`head`) is no failure: the pieces stop being made, and it resolves.
 */
export async function writeOutput(pieces: AsyncIterable<string> | Iterable<string>): Promise<void> {
  try {
    await pipeline(Readable.from(pieces, { highWaterMark: 4 }), process.stdout, { end: false });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error;
  }
}

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

/** Waits until the system has taken what was written to standard output and error. */
export async function flushOutput(): Promise<void> {
  await Promise.all([process.stdout, process.stderr].map(flushed));
}

function flushed(stream: NodeJS.WriteStream): Promise<void> {
  if (stream.writableLength === 0 || stream.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    stream.once('error', () => resolve());
    stream.write('', () => resolve());
  });
}
