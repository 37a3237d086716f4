/** The driver, mysql2, under a session: logging in, TLS, and the place where its bytes can be diverted. */
import type { EventEmitter } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import * as net from 'node:net';
import { isLoopback } from '../../core/server-url.ts';
import { ServerError } from './errors.ts';
import { feed, LaneSocket, lost } from './lane-socket.ts';
import type { Endpoint } from './location.ts';
import type { ResultSet } from './result-set.ts';

/** Of mysql2's connection, what its type declarations leave out. */
export interface Connection extends EventEmitter {
  readonly threadId: number;
  readonly stream: Socket;
  readonly packetParser: { execute(bytes: Buffer): void };
  readonly serverCapabilityFlags: number;
  addCommand(command: unknown): unknown;
  end(callback: (error: unknown) => void): void;
  destroy(): void;
}

/** A connection to which bytes can be written and whose answers can be diverted. */
export interface Wire {
  expect(result: ResultSet, pressure: () => Promise<void> | undefined): void;
  write(bytes: Uint8Array, callback?: (error?: Error | null) => void): boolean;
  readonly writableNeedDrain: boolean;
  once(event: 'drain' | 'close', listener: () => void): unknown;
  off(event: 'drain' | 'close', listener: () => void): unknown;
  destroy(): unknown;
}

export interface DriverOptions {
  /** Answer the server's wish for the data of LOAD DATA LOCAL. Never on a session that only reads. */
  readonly localFiles?: boolean;
}

/** A logged-in connection. */
export interface Driver {
  readonly connection: Connection;
  readonly wire: Wire;
}

type Tls = 'none' | 'encrypted' | 'checked';

/** Logs in. Errors are those of the driver, the network and the server. */
export async function login(
  endpoint: Endpoint,
  signal: AbortSignal,
  options: DriverOptions = {},
): Promise<Driver> {
  const [first, second] = waysOf(endpoint);
  try {
    return await connect(endpoint, first, signal, options);
  } catch (error) {
    if (signal.aborted || second === undefined || !insists(error, second)) throw error;
    return await connect(endpoint, second, signal, options).catch(() => {
      throw error;
    });
  }
}

/** What is tried, and what after it. On this machine without TLS unless the server insists. */
function waysOf({ sslMode, host, socket }: Endpoint): readonly [Tls, Tls?] {
  if (sslMode === 'disabled') return ['none'];
  if (sslMode === 'required') return ['encrypted'];
  if (sslMode !== 'preferred') return ['checked'];
  if (socket !== undefined) return ['none'];
  return isLoopback(host) ? ['none', 'encrypted'] : ['encrypted', 'none'];
}

function insists(error: unknown, next: Tls): boolean {
  const { errno, code } = error as { errno?: number; code?: string };
  return next === 'none' ? code === 'HANDSHAKE_NO_SSL_SUPPORT' : errno === 3159 || errno === 1045;
}

async function connect(
  endpoint: Endpoint,
  tls: Tls,
  signal: AbortSignal,
  options: DriverOptions,
): Promise<Driver> {
  signal.throwIfAborted();
  const { default: mysql } = await import('mysql2');
  const { host, port, user, password, database, socket } = endpoint;
  const ssl = tls === 'none' ? undefined : await secureOptions(endpoint, tls);
  const stream = ssl ? plainSocket(endpoint) : new LaneSocket(endpoint);
  const connection = mysql.createConnection({
    ...{ host, port, user, password: password ?? '' },
    ...(database === undefined ? {} : { database }),
    // The stream is ours; set so that the driver knows whether a password may be sent in the clear.
    ...(socket === undefined ? {} : { socketPath: socket }),
    ...(ssl ? { ssl } : {}),
    stream: () => stream,
    connectTimeout: endpoint.connectTimeout,
    charset: 'UTF8MB4_GENERAL_CI',
    // Every value as its bytes: the driver's own types round, and know no zero date.
    typeCast: false,
    flags: [
      ...['-FOUND_ROWS', '-ODBC', '-IGNORE_SPACE', '-CLIENT_QUERY_ATTRIBUTES', '-SESSION_TRACK'],
      ...(options.localFiles ? [] : ['-LOCAL_FILES']),
    ],
    connectAttributes: { program_name: 'dbimg' },
  } as never) as unknown as Connection;
  const giveUp = (): void => void stream.destroy();
  signal.addEventListener('abort', giveUp, { once: true });
  try {
    await new Promise<void>((resolve, reject) => {
      connection.once('connect', () => resolve());
      connection.once('error', (error: unknown) => reject(reported(error)));
      stream.once('close', () => reject(lost()));
    });
    // A lost connection is reported to whatever runs or is asked next.
    connection.on('error', () => {});
    return { connection, wire: stream instanceof LaneSocket ? stream : new SecureWire(connection) };
  } catch (error) {
    connection.on('error', () => {});
    stream.destroy();
    throw error;
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}

function plainSocket({ host, port, socket }: Endpoint): Socket {
  const place = socket === undefined ? { host, port } : { path: socket };
  return net.connect({ ...place, keepAlive: true, noDelay: true });
}

async function secureOptions(endpoint: Endpoint, tls: Tls): Promise<Record<string, unknown>> {
  const { sslMode, sslCa, sslCert, sslKey } = endpoint;
  const read = async (name: string, file: string | undefined): Promise<Record<string, Buffer>> =>
    file === undefined ? {} : { [name]: await readFile(file) };
  return {
    ...(await read('ca', sslCa)),
    ...(await read('cert', sslCert)),
    ...(await read('key', sslKey)),
    rejectUnauthorized: tls === 'checked',
    verifyIdentity: sslMode === 'verify_identity',
  };
}

/** With TLS the bytes come as events; the driver's listener is replaced by one that knows of results. */
class SecureWire implements Wire {
  readonly #stream: Socket;
  #result: ResultSet | undefined;
  #pressure: (() => Promise<void> | undefined) | undefined;

  constructor(connection: Connection) {
    const stream = connection.stream;
    this.#stream = stream;
    stream.removeAllListeners('data');
    stream.on('data', (bytes: Buffer) => {
      if (this.#result) this.#received(this.#result, bytes);
      else connection.packetParser.execute(bytes);
    });
    stream.on('error', (error) => this.#result?.fail(error));
    stream.on('close', () => this.#result?.fail(lost()));
  }

  expect(result: ResultSet, pressure: () => Promise<void> | undefined): void {
    if (this.#stream.destroyed) {
      result.fail(lost());
      return;
    }
    this.#result = result;
    this.#pressure = pressure;
  }

  get writableNeedDrain(): boolean {
    return this.#stream.writableNeedDrain;
  }

  write(bytes: Uint8Array, callback?: (error?: Error | null) => void): boolean {
    return this.#stream.write(bytes, callback);
  }

  once(event: 'drain' | 'close', listener: () => void): unknown {
    return this.#stream.once(event, listener);
  }

  off(event: 'drain' | 'close', listener: () => void): unknown {
    return this.#stream.off(event, listener);
  }

  destroy(): unknown {
    return this.#stream.destroy();
  }

  #received(result: ResultSet, bytes: Buffer): void {
    const wait = feed(result, bytes, bytes.length, this.#pressure);
    if (result.done) this.#result = undefined;
    if (wait === 'broken') this.destroy();
    else if (wait) {
      this.#stream.pause();
      wait.then(
        () => this.#stream.resume(),
        (error: unknown) => {
          result.fail(error);
          this.destroy();
        },
      );
    }
  }
}

/** Errors of the driver carry the statement, which may hold secrets: only what the server said is kept. */
export function reported(error: unknown): unknown {
  const { errno, sqlState, sqlMessage } = (error ?? {}) as {
    errno?: unknown;
    sqlState?: unknown;
    sqlMessage?: unknown;
  };
  if (typeof errno !== 'number' || typeof sqlMessage !== 'string') return error;
  return new ServerError(errno, String(sqlState ?? 'HY000'), sqlMessage);
}
