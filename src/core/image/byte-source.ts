/** Bytes of a pipe, taken in lengths that the reader chooses. The pipe may use the memory of a chunk for the next one. */
import { incomplete } from './damage.ts';

export class ByteSource {
  readonly #iterator: AsyncIterator<Uint8Array>;
  #chunks: Uint8Array[] = [];
  #buffered = 0;
  #offset = 0;
  #ended = false;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#iterator = source[Symbol.asyncIterator]();
  }

  /** Bytes taken so far. */
  get offset(): number {
    return this.#offset;
  }

  /** Takes `length` bytes, in memory of their own. Fails with `IMAGE_INCOMPLETE` if there are fewer. */
  async take(length: number): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length; ) {
      if (this.#buffered === 0) await this.#fill(1);
      const [first] = this.#chunks;
      if (!first) {
        throw incomplete(`The image ends at byte ${this.#offset}, before its last frame is complete.`);
      }
      const part = first.subarray(0, length - at);
      bytes.set(part, at);
      at += part.length;
      this.skip(part.length);
    }
    return bytes;
  }

  /** The next `length` bytes, or all that are left, without taking them. */
  async peek(length: number): Promise<Uint8Array<ArrayBuffer>> {
    if (this.#buffered < length) await this.#fill(length);
    return this.#copy(Math.min(length, this.#buffered));
  }

  /** Takes `length` bytes that were peeked at. */
  skip(length: number): void {
    this.#offset += length;
    this.#buffered -= length;
    let left = length;
    while (left > 0) {
      const first = this.#chunks[0] as Uint8Array;
      if (first.length > left) {
        this.#chunks[0] = first.subarray(left);
        return;
      }
      left -= first.length;
      this.#chunks.shift();
    }
  }

  /** Whether everything was taken. */
  async atEnd(): Promise<boolean> {
    if (this.#buffered === 0) await this.#fill(1);
    return this.#buffered === 0;
  }

  /** Tells the source that nothing more is wanted. */
  async close(): Promise<void> {
    this.#ended = true;
    await this.#iterator.return?.();
  }

  async #fill(length: number): Promise<void> {
    while (!this.#ended && this.#buffered < length) {
      const last = this.#chunks.pop();
      if (last) this.#chunks.push(last.slice());
      const next = await this.#iterator.next();
      if (next.done) this.#ended = true;
      else if (next.value.length > 0) {
        this.#chunks.push(next.value);
        this.#buffered += next.value.length;
      }
    }
  }

  #copy(length: number): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(length);
    let at = 0;
    for (let i = 0; at < length; i += 1) {
      const chunk = this.#chunks[i] as Uint8Array;
      bytes.set(chunk.length > length - at ? chunk.subarray(0, length - at) : chunk, at);
      at += chunk.length;
    }
    return bytes;
  }
}
