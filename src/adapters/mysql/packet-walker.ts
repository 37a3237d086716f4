/** Follows row packets through reads that cut them anywhere, as the kernel does, but keeps them as they are. */
import type { FramedInput } from '../../core/adapter.ts';

const HEADER = 4;
const LONGEST_PAYLOAD = 0xffffff;
const EOF = 0xfe;
const ERROR = 0xff;
const SLICE = 64 * 1024;
const NOTHING: Uint8Array = new Uint8Array();

/** Passes row packets on, many at a time; what is none it leaves, like the framing `mysql-packet`. */
export class PacketWalker implements FramedInput {
  readonly buffer: Uint8Array<ArrayBuffer> = new Uint8Array(SLICE);
  readonly #write: (bytes: Uint8Array) => void;
  /** From an earlier read: the beginning of a packet that does not tell yet what it is. */
  #withheld: Uint8Array = NOTHING;
  #missing = 0;
  /** The packet before was of the longest kind, so this one belongs to the same row. */
  #continues = false;
  #pending: Uint8Array = NOTHING;

  /** @param write gets bytes that are valid until it returns. */
  constructor(write: (bytes: Uint8Array) => void) {
    this.#write = write;
  }

  get pending(): Uint8Array {
    return this.#pending;
  }

  feed(from: number, to: number): number {
    const withheld = this.#withheld;
    // The read with what was withheld before it: only its first packet can begin there.
    const bytes =
      withheld.length === 0 ? this.buffer.subarray(from, to) : joined(withheld, this.buffer, from, to);
    this.#withheld = NOTHING;
    let at = 0;
    while (at < bytes.length) {
      if (this.#missing > 0) {
        const size = Math.min(this.#missing, bytes.length - at);
        this.#missing -= size;
        at += size;
      } else {
        const begun = this.#begin(bytes, at);
        if (begun === 'unknown') this.#withheld = bytes.slice(at);
        if (begun === 'unknown') break;
        if (begun === 'foreign') return this.#leave(bytes, at, withheld.length);
        at += HEADER;
      }
    }
    this.#pass(bytes, at);
    return to - from;
  }

  #begin(bytes: Uint8Array, at: number): 'row' | 'foreign' | 'unknown' {
    if (bytes.length - at < HEADER) return 'unknown';
    const [a = 0, b = 0, c = 0] = bytes.subarray(at, at + HEADER);
    const length = a | (b << 8) | (c << 16);
    if (!this.#continues && length > 0) {
      const first = bytes[at + HEADER];
      if (first === undefined) return 'unknown';
      if (first === ERROR || (first === EOF && length < LONGEST_PAYLOAD)) return 'foreign';
    }
    this.#missing = length;
    this.#continues = length === LONGEST_PAYLOAD;
    return 'row';
  }

  /** Rows end at `at`, perhaps in what was withheld from earlier reads. */
  #leave(bytes: Uint8Array, at: number, withheld: number): number {
    this.#pass(bytes, at);
    this.#pending = at < withheld ? bytes.slice(at, withheld) : NOTHING;
    return Math.max(0, at - withheld);
  }

  #pass(bytes: Uint8Array, end: number): void {
    if (end > 0) this.#write(bytes.subarray(0, end));
  }
}

function joined(first: Uint8Array, rest: Uint8Array, from: number, to: number): Uint8Array {
  const bytes = new Uint8Array(first.length + to - from);
  bytes.set(first);
  bytes.set(rest.subarray(from, to), first.length);
  return bytes;
}
