/** A temporary file of bytes that must wait: sealed, nameless, read back from the beginning while it grows. */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { type FileHandle, mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DbimgError } from '../errors.ts';

/** Where something lies in a spool. */
export interface Extent {
  readonly offset: number;
  readonly length: number;
}

const TAG = 16;
const LENGTH = 4;

/**
 * Bytes are sealed with a key that only this process has, and the file has lost its name before the first byte is
 * written: whatever happens, nothing readable stays behind.
 */
export class ByteSpool implements AsyncDisposable {
  readonly #directory: string;
  readonly #key: Buffer = randomBytes(32);
  #file: Promise<FileHandle> | undefined;
  #end = 0;

  /** `directory` is where `--tmp` points; undefined is the system's. */
  constructor(directory: string | undefined) {
    this.#directory = directory ?? tmpdir();
  }

  /** @throws DbimgError `STORE_FAILED` if there is no room, or no directory. */
  async append(bytes: Uint8Array): Promise<Extent> {
    const offset = this.#end;
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce(offset));
    const body = cipher.update(bytes);
    cipher.final();
    const length = body.length + TAG;
    const prefix = Buffer.alloc(LENGTH);
    prefix.writeUInt32LE(length);
    this.#end += LENGTH + length;
    const file = await this.#opened();
    try {
      await file.write(Buffer.concat([prefix, body, cipher.getAuthTag()]), 0, LENGTH + length, offset);
    } catch (cause) {
      throw new DbimgError('STORE_FAILED', `A temporary file in ${this.#directory} could not be written.`, {
        hint: 'Name a directory with more room with --tmp.',
        cause,
      });
    }
    return { offset, length };
  }

  async read(extent: Extent): Promise<Buffer> {
    const sealed = await this.#bytes(extent.offset + LENGTH, extent.length);
    const decipher = createDecipheriv('aes-256-gcm', this.#key, nonce(extent.offset), { authTagLength: TAG });
    decipher.setAuthTag(sealed.subarray(-TAG));
    return Buffer.concat([decipher.update(sealed.subarray(0, -TAG)), decipher.final()]);
  }

  /** Everything appended so far, in order. */
  async *values(): AsyncGenerator<Buffer> {
    for (let offset = 0; offset < this.#end; ) {
      const length = (await this.#bytes(offset, LENGTH)).readUInt32LE();
      yield await this.read({ offset, length });
      offset += LENGTH + length;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.then((handle) => handle.close()).catch(() => {});
  }

  async #bytes(offset: number, length: number): Promise<Buffer> {
    const file = await this.#opened();
    const bytes = Buffer.allocUnsafe(length);
    await file.read(bytes, 0, length, offset);
    return bytes;
  }

  #opened(): Promise<FileHandle> {
    this.#file ??= this.#create();
    return this.#file;
  }

  async #create(): Promise<FileHandle> {
    try {
      const directory = await mkdtemp(join(this.#directory, 'dbimg-spool-'));
      try {
        return await open(join(directory, 'values'), 'wx+', 0o600);
      } finally {
        await rm(directory, { recursive: true });
      }
    } catch (cause) {
      throw new DbimgError('STORE_FAILED', `No temporary file could be made in ${this.#directory}.`, {
        hint: 'Name another directory with --tmp.',
        cause,
      });
    }
  }
}

/** Offsets are never used twice under one key. */
function nonce(offset: number): Buffer {
  const bytes = Buffer.alloc(12);
  bytes.writeBigUInt64LE(BigInt(offset), 4);
  return bytes;
}
