/** zstd in the thread pool; small payloads on the spot, where a round trip would cost more than the work. */
import { promisify } from 'node:util';
import {
  constants,
  createZstdCompress,
  type ZstdOptions,
  zstdCompressSync,
  zstdDecompress,
  zstdDecompressSync,
} from 'node:zlib';
import { freeMemory } from '../chunk-memory.ts';

/** Up to this many bytes it is quicker to work on the spot. */
const ON_THE_SPOT = 16 * 1024;
/** Below this many bytes nothing is gained. */
const WORTH_TRYING = 128;
/** No frame is longer than 8 MiB, so no frame needs a larger window; a hostile one may ask for gigabytes. */
const MAX_WINDOW_LOG = 23;

const decompressInPool = promisify<Uint8Array, ZstdOptions, Buffer<ArrayBuffer>>(zstdDecompress);

/** `plain` as one zstd frame, or `undefined` if that is not shorter. `plain` must not change until then. */
export async function compress(
  plain: Uint8Array,
  level: number,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  if (plain.length < WORTH_TRYING) return undefined;
  const options: ZstdOptions = {
    chunkSize: compressBound(plain.length),
    flush: constants.ZSTD_e_end,
    pledgedSrcSize: plain.length,
    params: { [constants.ZSTD_c_compressionLevel]: level },
  };
  const small = plain.length <= ON_THE_SPOT;
  const stored = small
    ? zstdCompressSync(plain, options)
    : await inTurn(() => compressInPool(plain, options));
  return stored.length < plain.length ? owned(stored) : undefined;
}

/** The most that zstd makes of so many bytes: its `ZSTD_compressBound`. */
function compressBound(length: number): number {
  const margin = length < 128 * 1024 ? (128 * 1024 - length) >> 11 : 0;
  return length + (length >> 8) + margin;
}

/** Contexts and outputs of more would only take memory: the thread pool has four threads. */
const AT_ONCE = 4;
let running = 0;
const waiting: (() => void)[] = [];

/** Runs `work` when fewer than {@link AT_ONCE} of this thread are running. */
async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  if (running < AT_ONCE) running += 1;
  else await new Promise<void>((resolve) => waiting.push(resolve));
  try {
    return await work();
  } finally {
    // The place goes straight to the next one.
    const next = waiting.shift();
    if (next) next();
    else running -= 1;
  }
}

/**
 * In one call of zstd, from `plain` straight into the output: it needs the end of the frame asked for with the input,
 * and room for whatever may come out. `zlib.zstdCompress` gives the input first and asks for the end later, so that
 * zstd goes through buffers of its own and needs up to half as much time again.
 */
function compressInPool(plain: Uint8Array, options: ZstdOptions): Promise<Buffer<ArrayBuffer>> {
  return new Promise((resolve, reject) => {
    const stream = createZstdCompress(options);
    const pieces: Buffer<ArrayBuffer>[] = [];
    stream.on('error', reject);
    stream.on('data', (piece: Buffer<ArrayBuffer>) => pieces.push(piece));
    stream.write(plain, (error) => {
      stream.close();
      if (error) reject(error);
      else resolve(pieces.length === 1 ? (pieces[0] as Buffer<ArrayBuffer>) : Buffer.concat(pieces));
    });
  });
}

/** The plain bytes; never allocates more than `length` and a little. Rejects if they are more or the frame is broken. */
export async function decompress(stored: Uint8Array, length: number): Promise<Uint8Array<ArrayBuffer>> {
  const options: ZstdOptions = {
    chunkSize: length + 64,
    maxOutputLength: Math.max(length, 1),
    params: { [constants.ZSTD_d_windowLogMax]: MAX_WINDOW_LOG },
    rejectGarbageAfterEnd: true,
  };
  const small = stored.length <= ON_THE_SPOT && length <= 4 * ON_THE_SPOT;
  return owned(
    small ? zstdDecompressSync(stored, options) : await inTurn(() => decompressInPool(stored, options)),
  );
}

/** A view that fills its buffer or nearly: short results lie in Buffer's pool, which cannot be transferred to a worker. */
function owned(bytes: Buffer<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const { buffer, byteOffset, length } = bytes;
  if (byteOffset === 0 && length * 2 > buffer.byteLength) return new Uint8Array(buffer, 0, length);
  const copy = new Uint8Array(bytes);
  freeMemory(new Uint8Array(buffer));
  return copy;
}
