/** One result set as the server sends it: rows go to the kernel, all else is understood here. */
import type { FramedInput } from '../../core/adapter.ts';
import { ServerError } from './errors.ts';

const HEADER = 4;
const LONGEST_PAYLOAD = 0xffffff;
const OK = 0x00;
const LOCAL_INFILE = 0xfb;
const EOF = 0xfe;
const ERROR = 0xff;

/** Of an OK or EOF packet. */
export interface Outcome {
  /** 0 for a result set with rows. */
  readonly affected: number;
  readonly warnings: number;
  /** What the server says in words: for LOAD DATA its counts. */
  readonly info: string;
}

/**
 * Follows the answer to one COM_QUERY through reads that cut it anywhere: the number of columns, their definitions,
 * EOF, rows, EOF or an error. Without CLIENT_DEPRECATE_EOF and without compression.
 *
 * Source: MySQL Internals, "Text Resultset".
 */
export class ResultSet {
  readonly outcome: Promise<Outcome>;
  readonly #input: FramedInput | undefined;
  readonly #onFile: (() => void) | undefined;
  readonly #resolve: (outcome: Outcome) => void;
  readonly #reject: (error: unknown) => void;
  #state: 'first' | 'columns' | 'rows' | 'last' | 'done' = 'first';
  /** Column definitions, and the EOF after them, that are still to come. */
  #columns = 0;
  readonly #header: Uint8Array = new Uint8Array(HEADER);
  #headerLength = 0;
  #payload: Uint8Array = new Uint8Array();
  #payloadLength = 0;
  #missing = 0;

  /**
   * @param input where rows go; without it a result with rows is an error.
   * @param onFile called when the server asks for the data of LOAD DATA LOCAL; without it that is an error.
   * @param onlyRows the number and definitions of columns do not come.
   */
  constructor(input?: FramedInput, onFile?: () => void, onlyRows = false) {
    if (onlyRows) this.#state = 'rows';
    const { promise, resolve, reject } = Promise.withResolvers<Outcome>();
    this.outcome = promise;
    // Whoever waits hears of it; a connection that is given up has nobody.
    promise.catch(() => {});
    this.#input = input;
    this.#onFile = onFile;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  get done(): boolean {
    return this.#state === 'done';
  }

  /** Memory into which the next read should go, while rows are expected. */
  get buffer(): Uint8Array<ArrayBuffer> | undefined {
    return this.#state === 'rows' ? this.#input?.buffer : undefined;
  }

  /** Takes `bytes[0, length)`. Bytes in the kernel's own memory are walked where they are. */
  feed(bytes: Uint8Array, length: number): void {
    let at = 0;
    while (at < length && this.#state !== 'done') {
      at =
        this.#state === 'rows' && this.#input
          ? this.#feedRows(this.#input, bytes, at, length)
          : this.#feedPacket(bytes, at, length);
    }
    if (at < length) throw new Error('The server sent more than one answer to a statement.');
  }

  fail(error: unknown): void {
    this.#state = 'done';
    this.#reject(error);
  }

  #feedRows(input: FramedInput, bytes: Uint8Array, start: number, end: number): number {
    const inPlace = bytes === input.buffer;
    const size = inPlace ? end - start : Math.min(end - start, input.buffer.length);
    if (!inPlace) input.buffer.set(bytes.subarray(start, start + size));
    const from = inPlace ? start : 0;
    const taken = input.feed(from, from + size);
    if (taken < size) {
      this.#state = 'last';
      // What the kernel had to see to know that it is no row.
      const { pending } = input;
      if (pending.length > 0) this.#feedPacket(pending.slice(), 0, pending.length);
    }
    return start + taken;
  }

  #feedPacket(bytes: Uint8Array, start: number, end: number): number {
    let at = start;
    if (this.#headerLength < HEADER) {
      const size = Math.min(HEADER - this.#headerLength, end - at);
      this.#header.set(bytes.subarray(at, at + size), this.#headerLength);
      this.#headerLength += size;
      at += size;
      if (this.#headerLength < HEADER) return at;
      const [a = 0, b = 0, c = 0] = this.#header;
      this.#missing = a | (b << 8) | (c << 16);
      if (this.#missing === LONGEST_PAYLOAD) throw new Error('The server sent a packet that is too long.');
      this.#payload = new Uint8Array(this.#state === 'columns' ? 0 : this.#missing);
      this.#payloadLength = 0;
    }
    const size = Math.min(this.#missing, end - at);
    if (this.#payload.length > 0) this.#payload.set(bytes.subarray(at, at + size), this.#payloadLength);
    this.#payloadLength += size;
    this.#missing -= size;
    if (this.#missing === 0) {
      this.#headerLength = 0;
      this.#take();
    }
    return at + size;
  }

  /** A whole packet. */
  #take(): void {
    if (this.#state === 'columns') {
      this.#columns -= 1;
      if (this.#columns === 0) this.#state = 'rows';
      return;
    }
    const payload = Buffer.from(this.#payload);
    if (payload[0] === ERROR) this.fail(errorOf(payload));
    else if (this.#state === 'last') this.#takeLast(payload);
    else this.#takeFirst(payload);
  }

  #takeFirst(payload: Buffer): void {
    if (payload[0] === OK) {
      const affected = lengthAt(payload, 1);
      const insertId = lengthAt(payload, 1 + affected.size);
      const status = 1 + affected.size + insertId.size;
      const info = status + 4 < payload.length ? textAt(payload, status + 4) : '';
      this.#end({ affected: affected.value, warnings: payload.readUInt16LE(status + 2), info });
    } else if (payload[0] === LOCAL_INFILE && this.#onFile) {
      this.#onFile();
    } else if (payload[0] === LOCAL_INFILE || !this.#input) {
      throw new Error('The server answered with something that was not asked for.');
    } else {
      this.#columns = lengthAt(payload, 0).value + 1;
      this.#state = 'columns';
    }
  }

  #takeLast(payload: Buffer): void {
    if (payload[0] !== EOF) throw new Error('The server ended its rows with something unknown.');
    this.#end({ affected: 0, warnings: payload.length >= 3 ? payload.readUInt16LE(1) : 0, info: '' });
  }

  #end(outcome: Outcome): void {
    this.#state = 'done';
    this.#resolve(outcome);
  }
}

/** An error packet with its SQL state. Source: MySQL Internals, "ERR_Packet". */
function errorOf(payload: Buffer): ServerError {
  const marked = payload[3] === '#'.charCodeAt(0);
  const sqlState = marked ? payload.toString('latin1', 4, 9) : 'HY000';
  return new ServerError(payload.readUInt16LE(1), sqlState, payload.toString('utf8', marked ? 9 : 3));
}

function textAt(payload: Buffer, at: number): string {
  const { value, size } = lengthAt(payload, at);
  return payload.toString('utf8', at + size, at + size + value);
}

/** A length-encoded integer and how many bytes it takes. */
export function lengthAt(bytes: Buffer, at: number): { readonly value: number; readonly size: number } {
  const first = bytes[at] ?? 0;
  if (first < 0xfb) return { value: first, size: 1 };
  if (first === 0xfc) return { value: bytes.readUInt16LE(at + 1), size: 3 };
  if (first === 0xfd) return { value: bytes.readUIntLE(at + 1, 3), size: 4 };
  return { value: Number(bytes.readBigUInt64LE(at + 1)), size: 9 };
}
