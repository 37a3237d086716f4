/** The stream under the driver, which lets the operating system write rows into the kernel's memory. */
import { EventEmitter } from 'node:events';
import * as net from 'node:net';
import type { Endpoint } from './location.ts';
import type { ResultSet } from './result-set.ts';

const READ_SIZE = 64 * 1024;

/**
 * A connection whose bytes go to the driver, or to a {@link ResultSet} while one is expected. To the driver it looks
 * like a `net.Socket`, as far as the driver uses one.
 */
export class LaneSocket extends EventEmitter {
  readonly #readBuffer: Uint8Array<ArrayBuffer> = new Uint8Array(READ_SIZE);
  readonly #stream: net.Socket;
  #result: ResultSet | undefined;
  /** The server has said its last. */
  #ending = false;
  #pressure: (() => Promise<void> | undefined) | undefined;

  /** Begins to connect; errors come as events. */
  constructor(endpoint: Pick<Endpoint, 'host' | 'port' | 'socket'>) {
    super();
    const { host, port, socket } = endpoint;
    const onread = {
      buffer: () => this.#result?.buffer ?? this.#readBuffer,
      callback: (size: number, bytes: Uint8Array) => this.#received(bytes, size),
    };
    const place = socket === undefined ? { host, port } : { path: socket };
    const stream = net.connect({ ...place, onread, keepAlive: true, noDelay: true });
    this.#stream = stream;
    stream.on('error', (error) => this.#ended('error', error));
    stream.on('end', () => this.#ended('end'));
    stream.on('close', () => this.#ended('close'));
    stream.on('drain', () => this.emit('drain'));
    stream.on('connect', () => this.emit('connect'));
    // The bytes come through `onread`; the stream must flow all the same, to notice the end.
    stream.resume();
  }

  /** Sends what comes next into `result`, no faster than `pressure` lets it, until it is done. */
  expect(result: ResultSet, pressure: () => Promise<void> | undefined): void {
    if (this.#stream.destroyed || this.#ending) {
      result.fail(lost());
      return;
    }
    this.#result = result;
    this.#pressure = pressure;
  }

  get destroyed(): boolean {
    return this.#stream.destroyed;
  }

  get writable(): boolean {
    return this.#stream.writable;
  }

  get writableNeedDrain(): boolean {
    return this.#stream.writableNeedDrain;
  }

  write(data: Uint8Array, callback?: (error?: Error | null) => void): boolean {
    return this.#stream.write(data, callback);
  }

  cork(): void {
    this.#stream.cork();
  }

  uncork(): void {
    this.#stream.uncork();
  }

  pause(): this {
    this.#stream.pause();
    return this;
  }

  resume(): this {
    this.#stream.resume();
    return this;
  }

  end(): this {
    this.#stream.end();
    return this;
  }

  destroy(error?: Error): this {
    this.#stream.destroy(error);
    return this;
  }

  ref(): this {
    this.#stream.ref();
    return this;
  }

  unref(): this {
    this.#stream.unref();
    return this;
  }

  #ended(event: 'error' | 'end' | 'close', error?: Error): void {
    this.#ending = true;
    this.#result?.fail(error ?? lost());
    this.#result = undefined;
    if (event !== 'error') this.emit(event);
    else if (this.listenerCount('error') > 0) this.emit('error', error);
  }

  /** Whether more may be read at once. */
  #received(bytes: Uint8Array, size: number): boolean {
    const result = this.#result;
    if (!result) {
      this.emit('data', Buffer.from(bytes.subarray(0, size)));
      return true;
    }
    const wait = feed(result, bytes, size, this.#pressure);
    if (result.done) this.#result = undefined;
    if (wait === 'broken') this.destroy();
    else if (wait) {
      wait.then(
        () => this.#stream.resume(),
        (error: unknown) => {
          result.fail(error);
          this.destroy();
        },
      );
    } else return true;
    return false;
  }
}

export function lost(): Error {
  return Object.assign(new Error('Connection lost: the server closed the connection'), {
    code: 'ECONNRESET',
  });
}

/** Bytes into a result; what must be waited for before the next, or that nothing after it could be understood. */
export function feed(
  result: ResultSet,
  bytes: Uint8Array,
  size: number,
  pressure: (() => Promise<void> | undefined) | undefined,
): Promise<void> | 'broken' | undefined {
  try {
    result.feed(bytes, size);
    return result.done ? undefined : pressure?.();
  } catch (error) {
    result.fail(error);
    return 'broken';
  }
}
