/** Rows of tables without transactions, kept in a file from the moment of the snapshot until a lane takes them. */
import { closeSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs';
import { mkdtemp, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RecordSink } from '../../core/adapter.ts';
import { DbimgError } from '../../core/errors.ts';
import { PacketWalker } from './packet-walker.ts';

const SLICE = 64 * 1024;

/** Where rows are in the file, as packets. Plain data: the descriptor belongs to the process, not to a thread. */
export interface SpooledRows {
  readonly fd: number;
  readonly offset: number;
  readonly length: number;
}

/** A file that has no name any more, so that nothing is left of it however the process ends. */
export class Spool implements AsyncDisposable {
  readonly #fd: number;
  #length = 0;
  #closed = false;

  private constructor(fd: number) {
    this.#fd = fd;
  }

  static async open(): Promise<Spool> {
    const directory = await mkdtemp(join(tmpdir(), 'dbimg-'));
    const path = join(directory, 'rows');
    const fd = openSync(path, 'wx+', 0o600);
    unlinkSync(path);
    await rmdir(directory);
    return new Spool(fd);
  }

  /** Takes what one query sends; `spooled` then says where it is. */
  sink(): RecordSink & { readonly spooled: SpooledRows } {
    const start = this.#length;
    const input = new PacketWalker((bytes) => this.#write(bytes));
    const spool = this;
    return {
      framed: () => input,
      append: () => {
        throw new DbimgError('BUG', 'Only packets are spooled.');
      },
      pressure: () => undefined,
      get spooled() {
        return { fd: spool.#fd, offset: start, length: spool.#length - start };
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    closeSync(this.#fd);
  }

  #write(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) {
      try {
        at += writeSync(this.#fd, bytes, at, bytes.length - at);
      } catch (error) {
        throw new DbimgError('STORE_FULL', `Rows could not be spooled to ${tmpdir()}.`, {
          cause: error,
          hint: 'Make room, or set TMPDIR to a directory that has it.',
        });
      }
    }
    this.#length += bytes.length;
  }
}

/** Sends spooled rows into a sink. */
export async function unspool(rows: SpooledRows, sink: RecordSink): Promise<void> {
  const input = sink.framed('mysql-packet');
  const end = rows.offset + rows.length;
  for (let at = rows.offset; at < end; ) {
    const size = readSync(rows.fd, input.buffer, 0, Math.min(input.buffer.length, SLICE, end - at), at);
    if (size === 0 || input.feed(0, size) !== size) throw new DbimgError('BUG', 'Spooled rows are damaged.');
    at += size;
    await sink.pressure();
  }
}
