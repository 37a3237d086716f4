/** Where images live. A store is one place for one image. */
import { fileURLToPath } from 'node:url';
import { DbimgError } from '../errors.ts';
import { FileStore } from './file.ts';
import { StdioStore } from './stdio.ts';

export { FileStore } from './file.ts';
export { MemoryStore } from './memory.ts';

export interface Store {
  /** Begins to write. Fails with `STORE_EXISTS` if something is there that must not be replaced. */
  create(): Promise<StoreWriter>;
  /** Fails with `STORE_NOT_FOUND`. */
  open(): Promise<StoreReader>;
}

export interface StoreWriter {
  /**
   * Resolves when the bytes were taken: their memory is used for others from then on. One call at a time. Fails with
   * `STORE_FULL` or `STORE_FAILED`.
   */
  write(chunks: readonly Uint8Array[]): Promise<void>;
  /** The moment at which the image appears, safe on disk. */
  commit(): Promise<void>;
  /** Leaves nothing. Never rejects; does nothing after `commit`. */
  discard(): Promise<void>;
}

export interface StoreReader {
  /** Length in bytes, if known. */
  readonly size?: number;
  /** Exactly these bytes. Absent if the store has no random access. Fails with `STORE_FAILED` beyond the end. */
  read?(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>>;
  /**
   * All bytes from the first. A pipe can be streamed once. With `fleeting`, bytes need to be good only until the next are
   * asked for.
   */
  stream(fleeting?: boolean): AsyncIterable<Uint8Array<ArrayBuffer>>;
  /** Never rejects. */
  close(): Promise<void>;
}

export interface StoreOptions {
  /** Replace what is there. */
  readonly overwrite?: boolean;
}

/** The store at a location: a path, a `file:` URL, or `-` for standard input and output. Fails with `USAGE`. */
export function openStore(location: string, options: StoreOptions = {}): Store {
  if (location === '-') return new StdioStore();
  if (location === '') throw new DbimgError('USAGE', 'The name of an image is empty.');
  if (location.startsWith('file:')) return new FileStore(pathOf(location), options);
  const scheme = /^([a-z][a-z0-9+.-]+):\/\//i.exec(location)?.[1];
  if (scheme !== undefined) {
    throw new DbimgError('USAGE', `Images cannot be kept at ${scheme}: locations.`, {
      hint: 'An image is a path, a file: URL, or - for a pipe.',
    });
  }
  return new FileStore(location, options);
}

function pathOf(url: string): string {
  try {
    return fileURLToPath(url);
  } catch (cause) {
    throw new DbimgError('USAGE', `"${url}" is no file: URL.`, {
      hint: 'Write it as file:///path/name.dbimg',
      cause,
    });
  }
}
