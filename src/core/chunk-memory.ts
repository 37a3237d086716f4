/**
 * Large memory is not left to the garbage collector: V8 looks through the whole heap for every few dozen MiB of buffers,
 * which cost more than compressing them. Pieces are used again; other buffers are freed as soon as they are done with.
 */

const MiB = 1024 * 1024;
/** Sizes of the buffers that are kept, ascending. The largest is the largest piece. */
const SIZES: readonly number[] = [MiB, 2 * MiB, 4 * MiB];
/** Smaller pieces have memory of their own: most streams of a database with many tables are tiny. */
const LEAST = 128 * 1024;
/** Bytes that may lie idle in this thread. */
const IDLE = 16 * MiB;

const idle: ReadonlyMap<number, ArrayBuffer[]> = new Map(SIZES.map((size) => [size, []]));
let idleBytes = 0;

/** Room for a piece of `length` bytes. Its content is whatever was there. */
export function takePieceMemory(length: number): Uint8Array<ArrayBuffer> {
  const size = length < LEAST ? undefined : SIZES.find((candidate) => candidate >= length);
  if (size === undefined) return new Uint8Array(length);
  const buffer = idle.get(size)?.pop();
  if (buffer) idleBytes -= size;
  return new Uint8Array(buffer ?? new ArrayBuffer(size), 0, length);
}

/** Gives the memory of a piece back. The caller holds no view of it any longer; small memory is left to the collector. */
export function returnPieceMemory(bytes: Uint8Array<ArrayBuffer>): void {
  const size = bytes.buffer.byteLength;
  const kept = idle.get(size);
  if (!kept || idleBytes + size > IDLE) {
    freeMemory(bytes);
    return;
  }
  kept.push(bytes.buffer);
  idleBytes += size;
}

/**
 * Frees the memory of `bytes` at once. The caller owns all of its buffer, holds no view of it any longer, and nothing in
 * the thread pool uses it. Short memory, which may lie in a buffer with others, is left to the collector.
 */
export function freeMemory(bytes: Uint8Array<ArrayBuffer>): void {
  if (bytes.length >= LEAST) bytes.buffer.transfer(0);
}
