/** The stream under the driver: does TLS itself, and lets the operating system write rows into the kernel's memory. */
import { EventEmitter } from 'node:events';
import { readFile } from 'node:fs/promises';
import * as net from 'node:net';
import * as tls from 'node:tls';
import type { FramedInput } from '../../core/adapter.ts';
import { DbimgError } from '../../core/errors.ts';
import { Demultiplexer } from './demultiplexer.ts';
import type { Endpoint } from './location.ts';

const READ_SIZE = 64 * 1024;
const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]);

/**
 * Looks like a `net.Socket` to the driver, as far as the driver uses one. Only `connect` differs: it goes to the
 * endpoint, and `connect` is emitted when TLS, if asked for, has been agreed upon.
 */
export class LaneSocket extends EventEmitter {
  readonly #endpoint: Endpoint;
  readonly #demultiplexer: Demultiplexer = new Demultiplexer((bytes) => this.emit('data', bytes));
  readonly #readBuffer: Uint8Array<ArrayBuffer> = new Uint8Array(READ_SIZE);
  /** The stream that carries messages: plain or TLS. */
  #stream: net.Socket | undefined;
  #raw: net.Socket | undefined;
  #onFault: ((error: unknown) => void) | undefined;
  #pressure: (() => Promise<void> | undefined) | undefined;
  #destroyed = false;

  constructor(endpoint: Endpoint) {
    super();
    this.#endpoint = endpoint;
  }

  /** The arguments of the driver are those of the endpoint. */
  connect(): this {
    this.#open().catch((error: unknown) => {
      this.destroy();
      this.emit('error', error);
      this.emit('close');
    });
    return this;
  }

  /**
   * Sends the rows of the next COPY into `input`, no faster than `pressure` lets it. A fault of either is reported once
   * and the connection is given up, since nothing after it could be understood.
   */
  receiveCopy(
    input: FramedInput,
    pressure: () => Promise<void> | undefined,
    onFault: (error: unknown) => void,
  ): void {
    this.#demultiplexer.arm(input);
    this.#pressure = pressure;
    this.#onFault = onFault;
  }

  endCopy(): void {
    this.#demultiplexer.disarm();
    this.#pressure = undefined;
    this.#onFault = undefined;
  }

  get writable(): boolean {
    return this.#stream?.writable ?? false;
  }

  get writableNeedDrain(): boolean {
    return this.#stream?.writableNeedDrain ?? false;
  }

  write(data: Uint8Array, callback?: (error?: Error | null) => void): boolean {
    if (!this.#stream) return false;
    return this.#stream.write(data, callback);
  }

  cork(): void {
    this.#stream?.cork();
  }

  uncork(): void {
    this.#stream?.uncork();
  }

  end(): this {
    this.#stream?.end();
    return this;
  }

  destroy(error?: Error): this {
    this.#destroyed = true;
    this.#stream?.destroy(error);
    if (this.#raw !== this.#stream) this.#raw?.destroy();
    return this;
  }

  /** Set for every connection at once; the driver's own wish changes nothing. */
  setNoDelay(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }

  ref(): this {
    this.#raw?.ref();
    return this;
  }

  unref(): this {
    this.#raw?.unref();
    return this;
  }

  async #open(): Promise<void> {
    const { sslMode, host } = this.#endpoint;
    const wantsTls = sslMode !== 'disable' && sslMode !== 'allow' && !host.startsWith('/');
    const stream = wantsTls ? await this.#openTls() : await this.#connect(true);
    this.#stream = stream;
    if (this.#destroyed) {
      stream.destroy();
      return;
    }
    stream.on('error', (error) => this.emit('error', error));
    stream.on('end', () => this.emit('end'));
    stream.on('close', () => this.emit('close'));
    stream.on('drain', () => this.emit('drain'));
    // Without TLS the bytes come through `onread`; the stream must flow all the same, to notice the end.
    if (wantsTls) stream.on('data', (bytes: Buffer) => this.#received(bytes, bytes.length) || stream.pause());
    stream.resume();
    this.emit('connect');
  }

  /** A connected socket; `direct` if its bytes are messages from the first on. */
  #connect(direct: boolean): Promise<net.Socket> {
    const { host, port } = this.#endpoint;
    const onread = {
      buffer: () => this.#demultiplexer.buffer ?? this.#readBuffer,
      callback: (size: number, bytes: Uint8Array) => this.#received(bytes, size),
    };
    const place = host.startsWith('/') ? { path: `${host}/.s.PGSQL.${port}` } : { host, port };
    const socket = net.connect({ ...place, ...(direct ? { onread } : {}), keepAlive: true, noDelay: true });
    this.#raw = socket;
    return new Promise((resolve, reject) => {
      socket.once('error', reject);
      socket.once('close', () => reject(new Error('Connection terminated')));
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(socket);
      });
    });
  }

  async #openTls(): Promise<net.Socket> {
    const socket = await this.#connect(false);
    if (!this.#endpoint.sslDirect && !(await this.#serverHasTls(socket))) {
      if (this.#endpoint.sslMode === 'prefer') return socket;
      throw new DbimgError('CONNECT_FAILED', `The server at ${this.#endpoint.host} does not offer TLS.`, {
        hint: 'If the way to it is safe, say so with ?sslmode=disable.',
      });
    }
    const secure = tls.connect({ ...(await tlsOptions(this.#endpoint)), socket });
    this.#stream = secure;
    return await new Promise((resolve, reject) => {
      secure.once('error', reject);
      secure.once('close', () => reject(new Error('Connection terminated while TLS was agreed upon')));
      secure.once('secureConnect', () => {
        secure.off('error', reject);
        resolve(secure);
      });
    });
  }

  /** Bytes after the answer would be somebody's who wants to be believed without TLS: CVE-2021-23222. */
  #serverHasTls(socket: net.Socket): Promise<boolean> {
    socket.write(SSL_REQUEST);
    return new Promise((resolve, reject) => {
      socket.once('error', reject);
      socket.once('close', () => reject(new Error('Connection terminated while TLS was asked for')));
      socket.once('data', (answer: Buffer) => {
        socket.off('error', reject);
        if (answer.length === 1 && answer[0] === 'S'.charCodeAt(0)) resolve(true);
        else if (answer.length === 1 && answer[0] === 'N'.charCodeAt(0)) resolve(false);
        else
          reject(new Error('The server answered the request for TLS with something else: is it PostgreSQL?'));
      });
    });
  }

  /** Whether more may be read at once. */
  #received(bytes: Uint8Array, size: number): boolean {
    try {
      this.#demultiplexer.feed(bytes, size);
      const wait = this.#pressure?.();
      if (wait === undefined) return true;
      wait.then(
        () => this.#stream?.resume(),
        (error: unknown) => this.#fault(error),
      );
    } catch (error) {
      this.#fault(error);
    }
    return false;
  }

  #fault(error: unknown): void {
    const report = this.#onFault;
    this.endCopy();
    report?.(error);
    this.destroy();
  }
}

async function tlsOptions(endpoint: Endpoint): Promise<tls.ConnectionOptions> {
  const { host, sslMode, sslRootCert, sslCert, sslKey } = endpoint;
  const read = async (file: string | undefined): Promise<Buffer | undefined> =>
    file === undefined ? undefined : await readFile(file);
  const ca = sslRootCert === 'system' ? undefined : await read(sslRootCert);
  const [cert, key] = [await read(sslCert), await read(sslKey)];
  const checksName = sslMode === 'verify-full';
  // As in libpq, naming an authority makes `require` check it.
  const checksAuthority =
    checksName || sslMode === 'verify-ca' || (sslMode === 'require' && ca !== undefined);
  return {
    host,
    ...(net.isIP(host) === 0 ? { servername: host } : {}),
    ...(endpoint.sslDirect ? { ALPNProtocols: ['postgresql'] } : {}),
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    rejectUnauthorized: checksAuthority,
    ...(checksName ? {} : { checkServerIdentity: () => undefined }),
  };
}
