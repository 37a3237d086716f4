/** An image in a file: written beside its name, synced, renamed. */
import { randomUUID } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import { type FileHandle, link, lstat, open, realpath, rename, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { DbimgError } from '../errors.ts';
import { existsAlready, storeError } from './failures.ts';
import type { Store, StoreReader, StoreWriter } from './store.ts';

export interface FileStoreOptions {
  /** Replace a file that is there; until `commit` it stays as it is. */
  readonly overwrite?: boolean;
}

/** Bytes of one read of a stream. */
const STEP = 1024 * 1024;

export class FileStore implements Store {
  readonly path: string;
  readonly #overwrite: boolean;

  constructor(path: string, options: FileStoreOptions = {}) {
    this.path = path;
    this.#overwrite = options.overwrite === true;
  }

  async create(): Promise<StoreWriter> {
    const doing = `Writing ${this.path}`;
    try {
      const there = await statOrNothing(this.path);
      if (there && !there.isFile()) return await this.#device(there);
      if (there && !this.#overwrite) throw existsAlready(doing);
      // A symbolic link stays: what it points to is replaced.
      const path = there ? await realpath(this.path) : this.path;
      const beside = join(dirname(path), `.${basename(path).slice(0, 180)}.${randomUUID()}.part`);
      const file = await open(beside, 'wx', 0o600);
      return new FileWriter(file, { path, beside, overwrite: this.#overwrite });
    } catch (error) {
      throw storeError(doing, error);
    }
  }

  async open(): Promise<StoreReader> {
    const doing = `Reading ${this.path}`;
    try {
      const file = await open(this.path, 'r');
      const found = await file.stat();
      if (found.isDirectory()) {
        await file.close();
        throw new DbimgError('STORE_NOT_FOUND', `${this.path} is a directory, not an image.`);
      }
      return found.isFile() ? new FileReader(file, this.path, found.size) : new DeviceReader(file, this.path);
    } catch (error) {
      throw storeError(doing, error);
    }
  }

  /** `/dev/null`, a named pipe: there is nothing to rename. */
  async #device(there: Stats): Promise<StoreWriter> {
    if (there.isDirectory()) {
      throw new DbimgError('STORE_EXISTS', `${this.path} is a directory.`, { hint: 'Name a file in it.' });
    }
    const file = await open(this.path, constants.O_WRONLY);
    return {
      write: (chunks) => writeAll(file, chunks, this.path),
      commit: () => file.close(),
      discard: () => file.close().catch(() => {}),
    };
  }
}

interface Place {
  readonly path: string;
  readonly beside: string;
  readonly overwrite: boolean;
}

class FileWriter implements StoreWriter {
  readonly #file: FileHandle;
  readonly #place: Place;
  #done = false;

  constructor(file: FileHandle, place: Place) {
    this.#file = file;
    this.#place = place;
  }

  write(chunks: readonly Uint8Array[]): Promise<void> {
    return writeAll(this.#file, chunks, this.#place.path);
  }

  async commit(): Promise<void> {
    const { path, beside, overwrite } = this.#place;
    try {
      await this.#file.sync();
      await this.#file.close();
      if (overwrite) await rename(beside, path);
      else await appear(beside, path);
      this.#done = true;
      await syncDirectory(dirname(path));
    } catch (error) {
      await this.discard();
      throw storeError(`Writing ${path}`, error);
    }
  }

  async discard(): Promise<void> {
    if (this.#done) return;
    this.#done = true;
    await this.#file.close().catch(() => {});
    await unlink(this.#place.beside).catch(() => {});
  }
}

/** Gives `beside` the name `path` unless that exists, in one step where the file system has hard links. */
async function appear(beside: string, path: string): Promise<void> {
  try {
    await link(beside, path);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'ENOSYS' && code !== 'EMLINK') throw error;
    if (await statOrNothing(path)) throw existsAlready(`Writing ${path}`);
    await rename(beside, path);
    return;
  }
  await unlink(beside);
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

async function statOrNothing(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  // A dangling link is something, too.
  return await lstat(path).catch(() => undefined);
}

async function writeAll(file: FileHandle, chunks: readonly Uint8Array[], path: string): Promise<void> {
  let left = chunks.filter((chunk) => chunk.length > 0);
  try {
    while (left.length > 0) {
      const { bytesWritten } = await file.writev(left);
      left = after(left, bytesWritten);
    }
  } catch (error) {
    throw storeError(`Writing ${path}`, error);
  }
}

/** What is left of `chunks` after so many bytes of them. */
export function after(chunks: readonly Uint8Array[], bytes: number): Uint8Array[] {
  let taken = 0;
  for (const [i, chunk] of chunks.entries()) {
    if (taken + chunk.length > bytes) return [chunk.subarray(bytes - taken), ...chunks.slice(i + 1)];
    taken += chunk.length;
  }
  return [];
}

class FileReader implements StoreReader {
  readonly size: number;
  readonly #file: FileHandle;
  readonly #path: string;

  constructor(file: FileHandle, path: string, size: number) {
    this.#file = file;
    this.#path = path;
    this.size = size;
  }

  async read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = new Uint8Array(length);
    let at = 0;
    while (at < length) {
      const bytesRead = await this.#read(bytes, at, offset + at);
      if (bytesRead === 0)
        throw new DbimgError('STORE_FAILED', `${this.#path} ends before byte ${offset + length}.`);
      at += bytesRead;
    }
    return bytes;
  }

  /** The next step is read while the last one is used. */
  async *stream(fleeting = false): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    let [here, beside] = [stepMemory(), stepMemory()];
    let next = this.#read(here, 0, 0);
    for (let offset = 0; ; ) {
      const length = await next;
      if (length === 0) return;
      offset += length;
      next = this.#read(beside, 0, offset);
      next.catch(() => {});
      yield here.subarray(0, length);
      [here, beside] = [beside, fleeting ? here : stepMemory()];
    }
  }

  async close(): Promise<void> {
    await this.#file.close().catch(() => {});
  }

  async #read(bytes: Uint8Array, at: number, position: number): Promise<number> {
    try {
      return (await this.#file.read(bytes, at, bytes.length - at, position)).bytesRead;
    } catch (error) {
      throw storeError(`Reading ${this.#path}`, error);
    }
  }
}

function stepMemory(): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.allocUnsafeSlow(STEP).buffer as ArrayBuffer);
}

/** A named pipe or a device: no length, no random access. */
class DeviceReader implements StoreReader {
  readonly #file: FileHandle;
  readonly #path: string;

  constructor(file: FileHandle, path: string) {
    this.#file = file;
    this.#path = path;
  }

  async *stream(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    for (;;) {
      const bytes = new Uint8Array(65536);
      const bytesRead = await this.#file.read(bytes, 0, bytes.length).then(
        (result) => result.bytesRead,
        (error) => Promise.reject(storeError(`Reading ${this.#path}`, error)),
      );
      if (bytesRead === 0) return;
      yield bytes.subarray(0, bytesRead);
    }
  }

  async close(): Promise<void> {
    await this.#file.close().catch(() => {});
  }
}
