/** A lane that writes rows, or pieces of the file, into a database that is not published yet. */
import { closeSync, openSync } from 'node:fs';
import type { CatalogEntry, Chunk, Context, Invitation, StreamOpen, WriteLane } from '../../core/adapter.ts';
import { DbimgError } from '../../core/errors.ts';
import { decodeFileRecords } from '../../core/records/file.ts';
import { sqliteError } from './errors.ts';
import { Ledger } from './staging-ledger.ts';
import { RowLoader } from './staging-rows.ts';
import { StagingSchema } from './staging-schema.ts';
import { writeAll } from './staging-writer.ts';
import { FILE, MAIN_FILE, ROW } from './types.ts';

/** Paths of the files that a restore makes. */
export interface TargetInvitation {
  readonly [key: string]: string;
  readonly part: string;
  readonly ledger: string;
}

export class SqliteWriteLane implements WriteLane {
  readonly #part: string;
  readonly #context: Context;
  readonly #fd: number;
  readonly #ledger: Ledger;
  readonly #rows: RowLoader;
  #schema: StagingSchema | undefined;
  #closed = false;

  private constructor({ part, ledger }: TargetInvitation, context: Context) {
    this.#part = part;
    this.#context = context;
    this.#fd = openSync(part, 'r+');
    this.#ledger = Ledger.join(ledger);
    this.#rows = new RowLoader(this.#fd, this.#ledger);
  }

  static async join(invitation: Invitation, context: Context): Promise<SqliteWriteLane> {
    context.signal.throwIfAborted();
    return new SqliteWriteLane(invitation as TargetInvitation, context);
  }

  async load(open: StreamOpen, chunk: Chunk): Promise<number> {
    this.#context.signal.throwIfAborted();
    try {
      if (open.encoding === ROW) return await this.#rows.load(open, chunk);
      if (open.encoding === FILE) return await this.#loadFile(chunk);
    } catch (error) {
      const { code, message, hint } = sqliteError(error, 'Rows could not be written');
      throw new DbimgError(code, message, {
        object: open.object,
        cause: error,
        ...(hint === undefined ? {} : { hint }),
      });
    }
    throw new DbimgError('UNSUPPORTED', `SQLite cannot load records of encoding ${open.encoding}.`, {
      object: open.object,
    });
  }

  async apply(entry: CatalogEntry): Promise<void> {
    this.#context.signal.throwIfAborted();
    this.#schema ??= new StagingSchema(this.#part);
    this.#schema.create(entry);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#schema?.[Symbol.dispose]();
    this.#ledger[Symbol.dispose]();
    closeSync(this.#fd);
  }

  async #loadFile(chunk: Chunk): Promise<number> {
    let records = 0;
    for await (const bytes of chunk.pieces) {
      for (const piece of decodeFileRecords(bytes)) {
        if (piece.path !== MAIN_FILE) {
          throw new DbimgError('IMAGE_DAMAGED', `A SQLite database has no file ${piece.path}.`);
        }
        writeAll(this.#fd, piece.bytes, piece.offset);
        records += 1;
      }
    }
    return records;
  }
}
