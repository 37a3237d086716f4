/** A client of one deployment: commands with raw replies, cursors by hand, all of it ended by the signal. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type ClientSession, type Document, Long, MongoClient, type ReadPreference } from 'mongodb';
import { cancelled, DbimgError } from '../../core/errors.ts';
import type { Doing } from '../../core/server-errors.ts';
import { mongoError, serverCode } from './errors.ts';
import { type Endpoint, hostsOf } from './location.ts';
import { elementsOf } from './raw-bson.ts';

/** Milliseconds. The driver's own default is half a minute. */
const SELECTION_TIMEOUT = 10_000;
/** How long closing may take before sockets are left to the operating system, in milliseconds. */
const CLOSE_GRACE = 3000;

/** The member that was asked takes no writes any longer. */
const NOT_PRIMARY: ReadonlySet<number> = new Set([10107, 13435]);
const RETRIES = 20;
const RETRY_PAUSE = 250;

/** For work that must not be interrupted: publishing, and cleaning up after an abort. */
export const UNINTERRUPTED: AbortSignal = new AbortController().signal;

export interface SessionOptions {
  readonly signal: AbortSignal;
  /** Connections at most. Default 1. */
  readonly connections?: number;
}

/** What a cursor's command brought. */
export interface Batch {
  /** Zero if this was the last. */
  readonly id: Long;
  /** The elements of the array: types, keys and documents, without the array's length and end. */
  readonly elements: Buffer;
  readonly resumeToken: Buffer | undefined;
}

export class Session implements AsyncDisposable {
  readonly endpoint: Endpoint;
  readonly #client: MongoClient;
  readonly #signal: AbortSignal;
  readonly #onAbort: () => void;
  /** Ends the waiting of those who wait for an answer. */
  readonly #waiting = new Set<(reason: unknown) => void>();
  readonly #cursors = new Set<RawCursor>();
  /** Commands whose answer is still to come, also those that nobody waits for any longer. */
  readonly #running = new Set<Promise<unknown>>();
  #closed = false;

  private constructor(endpoint: Endpoint, client: MongoClient, signal: AbortSignal) {
    this.endpoint = endpoint;
    this.#client = client;
    this.#signal = signal;
    this.#onAbort = () => {
      for (const reject of this.#waiting) reject(cancelled(signal));
    };
    signal.addEventListener('abort', this.#onAbort);
  }

  /**
   * Finds the servers and logs in.
   *
   * @throws DbimgError `CONNECT_FAILED`, `LOGIN_FAILED`, `USAGE`.
   */
  static async open(endpoint: Endpoint, options: SessionOptions): Promise<Session> {
    const doing = { what: `There is no connection to ${hostsOf(endpoint)}` };
    let session: Session | undefined;
    try {
      const timeout = /[?&]serverSelectionTimeoutMS=/i.test(endpoint.url);
      const client = new MongoClient(endpoint.url, {
        appName: 'dbimg',
        maxPoolSize: options.connections ?? 1,
        ...(timeout ? {} : { serverSelectionTimeoutMS: SELECTION_TIMEOUT }),
      });
      session = new Session(endpoint, client, options.signal);
      await session.#guarded(client.connect());
      return session;
    } catch (error) {
      await session?.[Symbol.asyncDispose]();
      const known = mongoError(error, doing);
      throw known.code === 'CONNECTION_LOST'
        ? new DbimgError('CONNECT_FAILED', known.message, { cause: error })
        : known;
    }
  }

  /** `w`, `j` and `wtimeout` of the URL. */
  get writeConcern(): Document | undefined {
    const given = this.#client.options.writeConcern;
    if (!given) return undefined;
    const { w, journal, wtimeoutMS } = given;
    return {
      ...(w === undefined ? {} : { w }),
      ...(journal === undefined ? {} : { j: journal }),
      ...(wtimeoutMS === undefined ? {} : { wtimeout: wtimeoutMS }),
    };
  }

  get readPreference(): ReadPreference {
    return this.#client.readPreference;
  }

  get user(): string | undefined {
    return this.#client.options.credentials?.username || undefined;
  }

  get tls(): boolean {
    return this.#client.options.tls;
  }

  /** Reply as an object; numbers are numbers. */
  async command(database: string, command: Document, doing: Doing): Promise<Document> {
    for (let tries = 0; ; tries += 1) {
      try {
        return await this.#run(doing, () => this.#client.db(database).command(command, {}));
      } catch (error) {
        // Nothing of it was done: the driver will hear of the new primary in a moment.
        if (!NOT_PRIMARY.has(serverCode(error) ?? 0) || tries >= RETRIES) throw error;
        await sleep(RETRY_PAUSE, undefined, { signal: this.#signal }).catch(() => {});
      }
    }
  }

  /** The same, asked of whatever member the URL prefers for reading. */
  async query(database: string, command: Document, doing: Doing): Promise<Document> {
    const { readPreference } = this;
    return await this.#run(doing, () => this.#client.db(database).command(command, { readPreference }));
  }

  /** Documents of a cursor's command as bytes: views into the batch that brought them. */
  async *documents(database: string, command: Document, doing: Doing): AsyncGenerator<Buffer> {
    await using cursor = this.cursor(database, doing);
    for (let batch = await cursor.open(command); ; batch = await cursor.more()) {
      yield* documentsIn(batch);
      if (batch.id.isZero()) return;
    }
  }

  /** A cursor to be read batch by batch. */
  cursor(database: string, doing: Doing): RawCursor {
    const send = (command: Document, session: ClientSession): Promise<Document> => {
      const options = { raw: true, session, readPreference: this.readPreference };
      return this.#client.db(database).command(command, options as Document);
    };
    const cursor = new RawCursor(this.#client.startSession({ causalConsistency: false }), {
      run: (command, session) => this.#run(doing, () => send(command, session)),
      runAtEnd: send,
      onEnd: () => void this.#cursors.delete(cursor),
    });
    this.#cursors.add(cursor);
    return cursor;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#signal.removeEventListener('abort', this.#onAbort);
    const closing = async (): Promise<void> => {
      // An insert that is on its way would make its collection anew after somebody has dropped it.
      await Promise.allSettled(this.#running);
      await Promise.all([...this.#cursors].map((cursor) => cursor[Symbol.asyncDispose]()));
      await this.#client.close();
    };
    const closed = closing().catch(() => {});
    await Promise.race([closed, sleep(CLOSE_GRACE, undefined, { ref: false })]);
    await this.#client.close().catch(() => {});
  }

  async #run<T>(doing: Doing, command: () => Promise<T>): Promise<T> {
    try {
      if (this.#signal.aborted) throw cancelled(this.#signal);
      return await this.#guarded(command());
    } catch (error) {
      if (this.#signal.aborted) throw cancelled(this.#signal);
      throw mongoError(error, doing);
    }
  }

  /** Not `Promise.race`: the promise of an abort that never comes would hold on to every reply. */
  async #guarded<T>(work: Promise<T>): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    this.#waiting.add(reject);
    this.#running.add(work);
    work.then(resolve, reject);
    const done = (): void => {
      this.#running.delete(work);
    };
    work.then(done, done);
    try {
      if (this.#signal.aborted) throw cancelled(this.#signal);
      return await promise;
    } finally {
      this.#waiting.delete(reject);
    }
  }
}

type RunRaw = (command: Document, session: ClientSession) => Promise<Document>;

interface CursorOwner {
  readonly run: RunRaw;
  /** The same, whatever the signal says. */
  readonly runAtEnd: RunRaw;
  onEnd(): void;
}

/** One cursor of the server, in a driver's session of its own. Disposing it leaves no cursor behind. */
export class RawCursor implements AsyncDisposable {
  readonly #session: ClientSession;
  readonly #owner: CursorOwner;
  #id: Long = Long.ZERO;
  #collection = '';
  #batchSize: number | undefined;
  #ended = false;

  constructor(session: ClientSession, owner: CursorOwner) {
    this.#session = session;
    this.#owner = owner;
  }

  /** Runs `find`, `aggregate`, `listCollections` or `listIndexes`. */
  async open(command: Document): Promise<Batch> {
    await this.#kill();
    this.#batchSize = command.batchSize;
    return this.#take(await this.#owner.run(command, this.#session), 'firstBatch');
  }

  /** The next batch. `wait` is how long the server may wait for one, in milliseconds, if the cursor is a tailing one. */
  async more(wait?: number): Promise<Batch> {
    const command = {
      getMore: this.#id,
      collection: this.#collection,
      ...(this.#batchSize === undefined ? {} : { batchSize: this.#batchSize }),
      ...(wait === undefined ? {} : { maxTimeMS: wait }),
    };
    return this.#take(await this.#owner.run(command, this.#session), 'nextBatch');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    this.#owner.onEnd();
    await this.#kill();
    await this.#session.endSession().catch(() => {});
  }

  async #kill(): Promise<void> {
    const id = this.#id;
    this.#id = Long.ZERO;
    if (id.isZero()) return;
    const command = { killCursors: this.#collection, cursors: [id] };
    await this.#owner.runAtEnd(command, this.#session).catch(() => {});
  }

  #take(reply: Document, key: string): Batch {
    let id: Long = Long.ZERO;
    let elements: Buffer = Buffer.alloc(0);
    let resumeToken: Buffer | undefined;
    for (const element of elementsOf(reply.cursor as Uint8Array)) {
      if (element.key === 'id') id = Long.fromBigInt(element.value.readBigInt64LE(0));
      else if (element.key === 'ns') this.#collection = collectionOf(element.value.toString('utf8', 4));
      else if (element.key === key)
        elements = Buffer.from(element.value.buffer, element.value.byteOffset + 4, element.value.length - 5);
      else if (element.key === 'postBatchResumeToken') resumeToken = element.value;
    }
    this.#id = id;
    return { id, elements, resumeToken };
  }
}

function collectionOf(namespace: string): string {
  return namespace.slice(namespace.indexOf('.') + 1, -1);
}

/** The documents of a batch: views. */
export function* documentsIn(batch: Batch): Generator<Buffer> {
  const { elements } = batch;
  for (let at = 0; at < elements.length; ) {
    const start = elements.indexOf(0, at + 1) + 1;
    const length = elements.readUInt32LE(start);
    yield elements.subarray(start, start + length);
    at = start + length;
  }
}
