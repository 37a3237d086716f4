/** One session on a server: queries, rows, cancellation, and an end that always comes. */
import type { RecordSink } from '../../core/adapter.ts';
import { cancelled, DbimgError } from '../../core/errors.ts';
import type { Doing } from '../../core/server-errors.ts';
import { StatementQueue } from '../../core/statement-queue.ts';
import { type Driver, type DriverOptions, login, reported } from './driver.ts';
import { mysqlError } from './errors.ts';
import { describeEndpoint, type Endpoint } from './location.ts';
import { type Outcome, ResultSet } from './result-set.ts';

/** A row with its values as text; NULL is null. */
export type Row = Readonly<Record<string, string | null>>;
/** A row with its values as the bytes that came. */
export type RawRow = Readonly<Record<string, Buffer | null>>;

/** Of `Context`, what a session needs. */
export interface Patience {
  readonly signal: AbortSignal;
}

/** For clean-up, which no signal may interrupt. */
export const UNINTERRUPTED: Patience = { signal: new AbortController().signal };

/** Not in the driver's type declarations: a query that the connection does not format. */
interface QueryFactory {
  createQuery(options: object, values: undefined, done: unknown, config: object): unknown;
}

/** How long asking the server to end a statement may take, in milliseconds. */
const CANCEL_PATIENCE = 500;
const COM_QUERY = 3;
const LONGEST_PAYLOAD = 0xffffff;
const FAILED: Doing = { what: 'A query failed' };

export class Session implements AsyncDisposable {
  readonly endpoint: Endpoint;
  readonly #driver: Driver;
  readonly #statements: StatementQueue;

  private constructor(endpoint: Endpoint, driver: Driver, signal: AbortSignal) {
    this.endpoint = endpoint;
    this.#driver = driver;
    const { connection, wire } = driver;
    this.#statements = new StatementQueue(
      {
        cancel: () => kill(endpoint, this.id),
        end: () => new Promise((resolve) => connection.end(() => resolve())),
        cut: () => void wire.destroy(),
      },
      signal,
    );
  }

  /** @throws DbimgError `CONNECT_FAILED`, `LOGIN_FAILED`, `DATABASE_UNKNOWN` or `CANCELLED`. */
  static async open(endpoint: Endpoint, { signal }: Patience, options: DriverOptions = {}): Promise<Session> {
    try {
      return new Session(endpoint, await login(endpoint, signal, options), signal);
    } catch (error) {
      if (signal.aborted) throw cancelled(signal);
      throw connectError(error, endpoint);
    }
  }

  /** The server's number of this session, for KILL. */
  get id(): number {
    return this.#driver.connection.threadId;
  }

  /** One statement, its values as text. */
  async query(text: string, doing: Doing = FAILED): Promise<readonly Row[]> {
    return (await this.raw(text, doing)).map(
      (row) =>
        Object.fromEntries(
          Object.entries(row).map(([name, value]) => [name, value === null ? null : value.toString('utf8')]),
        ) as Row,
    );
  }

  /** The only row of a statement. */
  async row(text: string, doing: Doing = FAILED): Promise<Row> {
    const [row] = await this.query(text, doing);
    if (row) return row;
    throw new DbimgError('BUG', 'A query that always gives one row gave none.');
  }

  /** One statement, its values as they came. */
  async raw(text: string, doing: Doing = FAILED): Promise<readonly RawRow[]> {
    return await this.submit(doing, async ({ connection }) => {
      const { createQuery } = (await import('mysql2')).default as unknown as QueryFactory;
      return await new Promise<readonly RawRow[]>((resolve, reject) => {
        const done = (error: unknown, rows: unknown): void =>
          error ? reject(reported(error)) : resolve(Array.isArray(rows) ? (rows as RawRow[]) : []);
        connection.addCommand(createQuery({ sql: text }, undefined, done, { rowsAsArray: false }));
      });
    });
  }

  /** One statement that gives no rows, as text or as bytes in whatever character set the session is in. */
  async execute(statement: string | Uint8Array, doing: Doing = FAILED): Promise<Outcome> {
    return await this.submit(doing, ({ wire }) => {
      const result = new ResultSet();
      wire.expect(result, () => undefined);
      sendQuery(wire, statement);
      return result.outcome;
    });
  }

  /** Sends the rows of a query into the sink, as the payloads of their packets. */
  async rows(text: string, sink: RecordSink, doing: Doing): Promise<void> {
    await this.submit(doing, ({ wire }) => {
      const result = new ResultSet(sink.framed('mysql-packet'));
      wire.expect(result, () => sink.pressure());
      sendQuery(wire, text);
      return result.outcome;
    });
  }

  /** Work on the connection itself, when it is idle. Abort, errors and order are the session's. */
  async submit<T>(doing: Doing, work: (driver: Driver) => Promise<T>): Promise<T> {
    return await this.#statements.run(
      () => work(this.#driver),
      (error) => mysqlError(error, doing),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#statements[Symbol.asyncDispose]();
  }
}

/** Asks the server to end a statement. Never throws: a server that cannot be reached has nothing to end. */
async function kill(endpoint: Endpoint, id: number): Promise<void> {
  try {
    await using session = await Session.open(endpoint, { signal: AbortSignal.timeout(CANCEL_PATIENCE) });
    await session.execute(`KILL QUERY ${id}`);
  } catch {
    // The connection is cut then.
  }
}

/** Sends a statement as COM_QUERY. */
export function sendQuery(wire: Driver['wire'], statement: string | Uint8Array): void {
  const text = typeof statement === 'string' ? Buffer.from(statement) : statement;
  const payload = Buffer.concat([Buffer.of(COM_QUERY), text]);
  let sequence = 0;
  for (let start = 0; start <= payload.length; start += LONGEST_PAYLOAD) {
    const piece = payload.subarray(start, start + LONGEST_PAYLOAD);
    wire.write(packetHeader(piece.length, sequence++));
    wire.write(piece);
  }
}

/** Source: MySQL Internals, "MySQL Packets". */
export function packetHeader(length: number, sequence: number): Buffer {
  const header = Buffer.allocUnsafe(4);
  header.writeUIntLE(length, 0, 3);
  header[3] = sequence & 0xff;
  return header;
}

function connectError(error: unknown, endpoint: Endpoint): DbimgError {
  const failed = mysqlError(error, { what: `Connecting to ${describeEndpoint(endpoint)}` });
  if (failed.code !== 'CONNECTION_LOST' && failed.code !== 'PERMISSION_DENIED') return failed;
  const code = failed.code === 'PERMISSION_DENIED' ? 'LOGIN_FAILED' : 'CONNECT_FAILED';
  return new DbimgError(code, failed.message, {
    cause: error,
    hint: failed.hint ?? 'Check the host and the port.',
  });
}
