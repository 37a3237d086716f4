/** COPY in both directions, as queries that the driver submits. */
import type { Connection, Submittable } from 'pg';
import type { Framing, RecordSink } from '../../core/adapter.ts';
import { DbimgError } from '../../core/errors.ts';
import type { LaneSocket } from './lane-socket.ts';

/** Slices of CopyData: the server holds one whole. */
const SLICE = 256 * 1024;

/** Signature, no flags, no extension. Source: PostgreSQL documentation, COPY, "Binary Format". */
const BINARY_HEADER = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1');
const BINARY_TRAILER = Buffer.from([0xff, 0xff]);

/** What the driver calls on a query, and what it then does with one that is no COPY. */
abstract class CopyQuery implements Submittable {
  readonly done: Promise<number>;
  protected readonly text: string;
  #rows = 0;
  #failure: { error: unknown } | undefined;
  readonly #resolve: (rows: number) => void;
  readonly #reject: (error: unknown) => void;

  constructor(text: string) {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    this.text = text;
    this.done = promise;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  submit(connection: Connection): void {
    connection.query(this.text);
  }

  handleCommandComplete(message: { readonly text: string }): void {
    const match = /^COPY (\d+)/.exec(message.text);
    if (match) this.#rows = Number(match[1]);
  }

  handleError(error: unknown): void {
    this.fail(error);
    this.#reject(this.#failure?.error);
  }

  handleReadyForQuery(): void {
    if (this.#failure) this.#reject(this.#failure.error);
    else this.#resolve(this.#rows);
  }

  handleCopyInResponse(_connection: Connection): void {
    this.fail(new DbimgError('BUG', 'The server asks for rows.'));
  }

  handleRowDescription(): void {}
  handleDataRow(): void {}
  handleEmptyQuery(): void {}
  handlePortalSuspended(): void {}

  handleCopyData(): void {
    this.fail(new DbimgError('BUG', 'Rows of a COPY went to the driver.'));
  }

  /** The first failure is the one that is reported. */
  protected fail(error: unknown): void {
    this.#failure ??= { error };
  }

  protected get failed(): boolean {
    return this.#failure !== undefined;
  }
}

/** COPY … TO STDOUT into a sink. */
export class CopyOut extends CopyQuery {
  readonly #socket: LaneSocket;
  readonly #sink: RecordSink;
  readonly #framing: Framing;

  constructor(text: string, socket: LaneSocket, sink: RecordSink, framing: Framing) {
    super(text);
    this.#socket = socket;
    this.#sink = sink;
    this.#framing = framing;
    this.done.catch(() => {}).finally(() => socket.endCopy());
  }

  override submit(connection: Connection): void {
    this.#socket.receiveCopy(
      this.#sink.framed(this.#framing),
      () => this.#sink.pressure(),
      (error) => this.handleError(error),
    );
    super.submit(connection);
  }
}

/** COPY … FROM STDIN of whole records, cut anywhere. */
export class CopyIn extends CopyQuery {
  readonly #socket: LaneSocket;
  readonly #pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
  readonly #binary: boolean;

  constructor(
    text: string,
    socket: LaneSocket,
    pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
    binary: boolean,
  ) {
    super(text);
    this.#socket = socket;
    this.#pieces = pieces;
    this.#binary = binary;
  }

  override handleCopyInResponse(): void {
    this.#send().then(
      () => {
        if (!this.failed) this.#socket.write(message('c'));
      },
      (error: unknown) => {
        if (this.failed) return;
        this.fail(error);
        this.#socket.write(message('f', Buffer.from('the rows could not be provided\0')));
      },
    );
  }

  async #send(): Promise<void> {
    if (this.#binary) this.#socket.write(message('d', BINARY_HEADER));
    for await (const piece of this.#pieces) {
      if (this.failed) return;
      this.#socket.cork();
      for (let start = 0; start < piece.length; start += SLICE) {
        const slice = piece.subarray(start, start + SLICE);
        this.#socket.write(header('d', slice.length));
        this.#socket.write(slice);
      }
      this.#socket.uncork();
      await this.#drained();
    }
    if (this.#binary) this.#socket.write(message('d', BINARY_TRAILER));
  }

  #drained(): Promise<void> | undefined {
    const socket = this.#socket;
    if (!socket.writableNeedDrain) return undefined;
    return new Promise((resolve) => {
      const go = (): void => {
        socket.off('drain', go);
        socket.off('close', go);
        resolve();
      };
      socket.once('drain', go);
      socket.once('close', go);
    });
  }
}

function header(type: string, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(5);
  bytes.write(type, 0, 'latin1');
  bytes.writeUInt32BE(length + 4, 1);
  return bytes;
}

function message(type: string, body: Uint8Array = new Uint8Array()): Buffer {
  return Buffer.concat([header(type, body.length), body]);
}
