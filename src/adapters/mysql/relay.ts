/**
 * Lanes in other threads. A session cannot leave the thread that opened it, and a snapshot cannot be joined later, so a
 * worker asks for rows through a local socket, on which the thread of the session passes on what the server sends.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import * as net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Context, Part, ReadLane, RecordSink } from '../../core/adapter.ts';
import { asDbimgError, DbimgError } from '../../core/errors.ts';
import { ServerError } from './errors.ts';
import type { LanePool } from './lane-pool.ts';
import { LaneSocket } from './lane-socket.ts';
import { PacketWalker } from './packet-walker.ts';
import { MysqlReadLane, readPart } from './reader.ts';
import { ResultSet } from './result-set.ts';
import { packetHeader } from './session.ts';

/** Ends rows: an EOF packet without flags. */
const END = Buffer.from([1, 0, 0, 0, 0xfe]);
/** Number of the error packet that carries an error of ours as JSON. */
const OURS = 1;

/** The side of the sessions. */
export class Relay implements AsyncDisposable {
  readonly path: string;
  readonly #server: net.Server;
  readonly #directory: string;
  readonly #connections = new Set<net.Socket>();

  private constructor(directory: string, path: string, pool: LanePool) {
    this.#directory = directory;
    this.path = path;
    this.#server = net.createServer((connection) => void this.#serve(connection, pool));
    this.#server.unref();
  }

  /** Only this user can reach the directory that holds the socket. */
  static async open(pool: LanePool): Promise<Relay> {
    const directory = await mkdtemp(join(tmpdir(), 'dbimg-'));
    const relay = new Relay(directory, join(directory, 'lanes'), pool);
    await new Promise<void>((resolve, reject) => {
      relay.#server.once('error', reject);
      relay.#server.listen(relay.path, resolve);
    });
    return relay;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const connection of this.#connections) connection.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
    await rm(this.#directory, { recursive: true, force: true });
  }

  async #serve(connection: net.Socket, pool: LanePool): Promise<void> {
    this.#connections.add(connection);
    connection.on('error', () => connection.destroy());
    await using lane = new MysqlReadLane(pool);
    try {
      for await (const part of partsFrom(connection)) await answer(lane, part, connection);
    } catch {
      // The worker has gone; the session ends with the snapshot.
    } finally {
      connection.destroy();
      this.#connections.delete(connection);
    }
  }
}

async function* partsFrom(connection: net.Socket): AsyncGenerator<Part> {
  let text = '';
  for await (const bytes of connection) {
    text += (bytes as Buffer).toString('utf8');
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
      yield JSON.parse(text.slice(0, end)) as Part;
      text = text.slice(end + 1);
    }
  }
}

async function answer(lane: MysqlReadLane, part: Part, connection: net.Socket): Promise<void> {
  const input = new PacketWalker((bytes) => void connection.write(Buffer.from(bytes)));
  const sink: RecordSink = {
    framed: () => input,
    append: () => {
      throw new DbimgError('BUG', 'Only packets are relayed.');
    },
    pressure: () => drained(connection),
  };
  try {
    await lane.read(part, sink);
    connection.write(END);
  } catch (error) {
    const text = JSON.stringify(asDbimgError(error).toJSON());
    const payload = Buffer.concat([Buffer.from([0xff, OURS, 0]), Buffer.from(`#HY000${text}`)]);
    connection.write(Buffer.concat([packetHeader(payload.length, 0), payload]));
  }
}

function drained(connection: net.Socket): Promise<void> | undefined {
  if (connection.destroyed) return Promise.reject(new DbimgError('CANCELLED', 'A lane has gone.'));
  if (!connection.writableNeedDrain) return undefined;
  return new Promise((resolve, reject) => {
    const settle = (): void => {
      connection.off('drain', settle);
      connection.off('close', settle);
      if (connection.destroyed) reject(new DbimgError('CANCELLED', 'A lane has gone.'));
      else resolve();
    };
    connection.once('drain', settle);
    connection.once('close', settle);
  });
}

/** The worker's side. */
export class RelayedLane implements ReadLane {
  readonly #socket: LaneSocket;
  readonly #signal: AbortSignal;
  readonly #onAbort = (): void => void this.#socket.destroy();

  private constructor(socket: LaneSocket, signal: AbortSignal) {
    this.#socket = socket;
    this.#signal = signal;
    signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  static async join(path: string, { signal }: Context): Promise<RelayedLane> {
    signal.throwIfAborted();
    const socket = new LaneSocket({ host: '', port: 0, socket: path });
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', () => resolve());
      socket.once('error', reject);
    });
    socket.on('error', () => {});
    return new RelayedLane(socket, signal);
  }

  async read(part: Part, sink: RecordSink): Promise<void> {
    try {
      await readPart(part, sink, async (_query, into) => {
        const result = new ResultSet(into.framed('mysql-packet'), undefined, true);
        this.#socket.expect(result, () => into.pressure());
        this.#socket.write(Buffer.from(`${JSON.stringify(part)}\n`));
        await result.outcome;
      });
    } catch (error) {
      if (this.#signal.aborted) throw asDbimgError(this.#signal.reason);
      if (error instanceof ServerError && error.errno === OURS)
        throw DbimgError.from(JSON.parse(error.message));
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#signal.removeEventListener('abort', this.#onAbort);
    this.#socket.destroy();
  }
}
