/** One session on a PostgreSQL server: queries, COPY, cancellation, and an end that always comes. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import type { Framing, RecordSink } from '../../core/adapter.ts';
import { cancelled, DbimgError } from '../../core/errors.ts';
import type { Doing } from '../../core/server-errors.ts';
import { StatementQueue } from '../../core/statement-queue.ts';
import { CopyIn, CopyOut } from './copy.ts';
import { postgresError, sqlState } from './errors.ts';
import { LaneSocket } from './lane-socket.ts';
import { describeEndpoint, type Endpoint } from './location.ts';

export type Row = Readonly<Record<string, unknown>>;

/** Of `Context`, what a session needs. */
export interface Patience {
  readonly signal: AbortSignal;
}

/** For clean-up, which no signal may interrupt. */
export const UNINTERRUPTED: Patience = { signal: new AbortController().signal };

/** How long sending a request to cancel may take, in milliseconds. */
const CANCEL_PATIENCE = 500;
/** Protocol "version" of a request to cancel. */
const CANCEL_REQUEST = 80877102;

export class Session implements AsyncDisposable {
  /** With the TLS mode that was agreed upon. */
  readonly endpoint: Endpoint;
  readonly #client: Client;
  readonly #socket: LaneSocket;
  readonly #statements: StatementQueue;

  private constructor(endpoint: Endpoint, client: Client, socket: LaneSocket, signal: AbortSignal) {
    this.endpoint = endpoint;
    this.#client = client;
    this.#socket = socket;
    this.#statements = new StatementQueue(
      {
        cancel: () => this.#sendCancel(),
        end: () => client.end().catch(() => {}),
        cut: () => void socket.destroy(),
      },
      signal,
    );
  }

  /**
   * Opens a session. On this machine without TLS unless the server insists.
   *
   * @throws DbimgError `CONNECT_FAILED`, `LOGIN_FAILED`, `DATABASE_UNKNOWN` or `CANCELLED`.
   */
  static async open(endpoint: Endpoint, { signal }: Patience): Promise<Session> {
    const doing = { what: `Connecting to ${describeEndpoint(endpoint)}` };
    try {
      return await Session.#connect(endpoint, signal);
    } catch (error) {
      if (signal.aborted) throw cancelled(signal);
      const insists =
        endpoint.sslMode === 'allow' && sqlState(error) === '28000' && !endpoint.host.startsWith('/');
      if (!insists) throw postgresError(error, doing);
      try {
        return await Session.#connect({ ...endpoint, sslMode: 'require' }, signal);
      } catch {
        throw postgresError(error, doing);
      }
    }
  }

  static async #connect(endpoint: Endpoint, signal: AbortSignal): Promise<Session> {
    signal.throwIfAborted();
    const { default: pg } = await import('pg');
    const socket = new LaneSocket(endpoint);
    const { host, port, user, database, options } = endpoint;
    const client = new pg.Client({
      ...{ host, port, user, database, options: options ?? '' },
      password: () => passwordOf(endpoint),
      // The socket does TLS; set here, so that no variable of the environment changes it.
      ssl: false,
      sslnegotiation: 'postgres',
      application_name: 'dbimg',
      stream: () => socket as never,
    });
    // A lost connection is reported to whatever runs or is asked next.
    client.on('error', () => {});
    const giveUp = (): void => void socket.destroy();
    const timer = setTimeout(() => {
      socket.destroy(Object.assign(new Error('no answer in time'), { code: 'ETIMEDOUT' }));
    }, endpoint.connectTimeout);
    signal.addEventListener('abort', giveUp, { once: true });
    try {
      await client.connect();
      return new Session(endpoint, client, socket, signal);
    } catch (error) {
      socket.destroy();
      throw error;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', giveUp);
    }
  }

  /** The process that the server, or a pooler in its place, said to cancel. */
  get pid(): number {
    return (this.#client as unknown as { processID: number }).processID;
  }

  /** One statement; with `values` only one. */
  async query(text: string, values?: readonly unknown[], doing?: Doing): Promise<readonly Row[]> {
    return await this.#run(doing ?? { what: 'A query failed' }, async () => {
      const result: unknown = await this.#client.query(text, values === undefined ? undefined : [...values]);
      const last = Array.isArray(result) ? result.at(-1) : result;
      return (last as { rows: Row[] }).rows;
    });
  }

  /** The only row of a statement. */
  async row(text: string, values?: readonly unknown[], doing?: Doing): Promise<Row> {
    const [row] = await this.query(text, values, doing);
    if (row) return row;
    throw new DbimgError('BUG', 'A query that always gives one row gave none.');
  }

  /** Sends the records of a `COPY … TO STDOUT` into the sink. Resolves with the server's count. */
  async copyOut(text: string, sink: RecordSink, framing: Framing, doing: Doing): Promise<number> {
    return await this.#run(doing, () => {
      const copy = new CopyOut(text, this.#socket, sink, framing);
      this.#client.query(copy);
      return copy.done;
    });
  }

  /** Sends records into a `COPY … FROM STDIN`. Resolves with the server's count. */
  async copyIn(
    text: string,
    pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
    binary: boolean,
    doing: Doing,
  ): Promise<number> {
    return await this.#run(doing, () => {
      const copy = new CopyIn(text, this.#socket, pieces, binary);
      this.#client.query(copy);
      return copy.done;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#statements[Symbol.asyncDispose]();
  }

  async #run<T>(doing: Doing, statement: () => Promise<T>): Promise<T> {
    return await this.#statements.run(statement, (error) => postgresError(error, doing));
  }

  /** Never throws: a server that cannot be reached any more has nothing to cancel. */
  async #sendCancel(): Promise<void> {
    const { processID, secretKey } = this.#client as unknown as { processID: number; secretKey: number };
    if (!processID) return;
    const request = Buffer.alloc(16);
    request.writeInt32BE(16, 0);
    request.writeInt32BE(CANCEL_REQUEST, 4);
    request.writeInt32BE(processID, 8);
    request.writeInt32BE(secretKey, 12);
    const socket = new LaneSocket(this.endpoint);
    const closed = new Promise<void>((resolve) => {
      socket.once('close', () => resolve());
      socket.once('error', () => resolve());
    });
    socket.once('connect', () => socket.write(request));
    socket.connect();
    await Promise.race([closed, sleep(CANCEL_PATIENCE, undefined, { ref: false })]);
    socket.destroy();
  }
}

async function passwordOf(endpoint: Endpoint): Promise<string> {
  if (endpoint.password !== undefined) return endpoint.password;
  throw new DbimgError(
    'LOGIN_FAILED',
    `The server asks for a password of user ${JSON.stringify(endpoint.user)}.`,
    {
      hint: 'Give it in the URL, in PGPASSWORD or in ~/.pgpass.',
    },
  );
}
