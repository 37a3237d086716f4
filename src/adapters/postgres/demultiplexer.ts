/** Parts what a server sends: rows of a COPY go to the kernel, everything else to the driver. */
import type { FramedInput } from '../../core/adapter.ts';

const COPY_OUT_RESPONSE = 'H'.charCodeAt(0);
const COPY_DONE = 'c'.charCodeAt(0);
const ERROR = 'E'.charCodeAt(0);
const HEADER = 5;

/**
 * Follows the boundaries of messages through reads that cut them anywhere.
 *
 * Between CopyOutResponse and CopyDone, bytes are fed to the input that was armed. Messages that the server may send
 * in between (notices, changed parameters) go to the driver whole.
 */
export class Demultiplexer {
  readonly #toDriver: (bytes: Buffer) => void;
  #input: FramedInput | undefined;
  #copying = false;
  /** The message that is on its way to the driver. */
  #type = 0;
  #header: Uint8Array = new Uint8Array(HEADER);
  #headerLength = 0;
  #missing = 0;

  constructor(toDriver: (bytes: Buffer) => void) {
    this.#toDriver = toDriver;
  }

  /** Where the rows of the next COPY go. The server must be idle. */
  arm(input: FramedInput): void {
    this.#input = input;
  }

  disarm(): void {
    this.#input = undefined;
    this.#copying = false;
  }

  /** Memory into which the next read should go, if rows are expected. */
  get buffer(): Uint8Array<ArrayBuffer> | undefined {
    return this.#copying ? this.#input?.buffer : undefined;
  }

  /** Takes `bytes[0, length)`. Bytes in the input's own memory are walked where they are; the driver gets copies. */
  feed(bytes: Uint8Array, length: number): void {
    let at = 0;
    while (at < length) {
      at =
        this.#copying && this.#input
          ? this.#feedRows(this.#input, bytes, at, length)
          : this.#pass(bytes, at, length);
    }
  }

  #feedRows(input: FramedInput, bytes: Uint8Array, start: number, end: number): number {
    const inPlace = bytes === input.buffer;
    const size = inPlace ? end - start : Math.min(end - start, input.buffer.length);
    if (!inPlace) input.buffer.set(bytes.subarray(start, start + size));
    const from = inPlace ? start : 0;
    const taken = input.feed(from, from + size);
    if (taken < size) this.#copying = false;
    return start + taken;
  }

  /** Passes messages on up to the end, or to the place where rows begin. */
  #pass(bytes: Uint8Array, start: number, end: number): number {
    let at = start;
    while (at < end) {
      if (this.#missing > 0) {
        const step = Math.min(this.#missing, end - at);
        this.#missing -= step;
        at += step;
      } else {
        at += this.#readHeader(bytes, at, end);
        if (this.#headerLength < HEADER) break;
        this.#headerLength = 0;
        this.#type = this.#header[0] as number;
        const view = new DataView(this.#header.buffer);
        this.#missing = Math.max(0, view.getUint32(1, false) - 4);
      }
      if (this.#missing === 0 && this.#beginsRows()) break;
    }
    this.#toDriver(Buffer.from(bytes.subarray(start, at)));
    return at;
  }

  #readHeader(bytes: Uint8Array, start: number, end: number): number {
    const size = Math.min(HEADER - this.#headerLength, end - start);
    this.#header.set(bytes.subarray(start, start + size), this.#headerLength);
    this.#headerLength += size;
    return size;
  }

  /** Called at the end of a message to the driver: whether rows follow it. */
  #beginsRows(): boolean {
    if (!this.#input) return false;
    if (this.#type === COPY_OUT_RESPONSE) this.#begun = true;
    else if (this.#type === COPY_DONE || this.#type === ERROR) this.#begun = false;
    this.#copying = this.#begun;
    return this.#copying;
  }

  /** Between CopyOutResponse and CopyDone, also while another message is in between. */
  #begun = false;
}
