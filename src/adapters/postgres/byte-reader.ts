/** Reads big-endian fields one after the other. */
import { DbimgError } from '../../core/errors.ts';

export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get done(): boolean {
    return this.#at === this.#bytes.length;
  }

  int8(): number {
    return this.#view.getInt8(this.#step(1));
  }

  uint8(): number {
    return this.#view.getUint8(this.#step(1));
  }

  int16(): number {
    return this.#view.getInt16(this.#step(2));
  }

  uint16(): number {
    return this.#view.getUint16(this.#step(2));
  }

  int32(): number {
    return this.#view.getInt32(this.#step(4));
  }

  uint32(): number {
    return this.#view.getUint32(this.#step(4));
  }

  int64(): bigint {
    return this.#view.getBigInt64(this.#step(8));
  }

  uint64(): bigint {
    return this.#view.getBigUint64(this.#step(8));
  }

  float32(): number {
    return this.#view.getFloat32(this.#step(4));
  }

  float64(): number {
    return this.#view.getFloat64(this.#step(8));
  }

  /** A view, no copy. */
  take(length: number): Uint8Array {
    const start = this.#step(length);
    return this.#bytes.subarray(start, start + length);
  }

  rest(): Uint8Array {
    return this.take(this.#bytes.length - this.#at);
  }

  /** Bytes up to a zero, which is skipped. */
  untilZero(): Uint8Array {
    const end = this.#bytes.indexOf(0, this.#at);
    if (end < 0) throw damaged();
    const bytes = this.take(end - this.#at);
    this.#at += 1;
    return bytes;
  }

  #step(length: number): number {
    const start = this.#at;
    if (length < 0 || start + length > this.#bytes.length) throw damaged();
    this.#at += length;
    return start;
  }
}

/** Reads so many things. The count is not believed: nothing is allocated before it was read. */
export function times<T>(count: number, read: () => T): T[] {
  if (count < 0) throw damaged();
  const things: T[] = [];
  for (let index = 0; index < count; index++) things.push(read());
  return things;
}

export function damaged(): DbimgError {
  return new DbimgError('IMAGE_DAMAGED', 'The records of a chunk are not what their stream says they are.', {
    hint: 'Run `dbimg verify` on the image.',
  });
}
