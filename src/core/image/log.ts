/** LOG frames: batches of the source's log, captured while the image was written. */
import type { ChangeBatch } from '../adapter.ts';
import { damaged } from './damage.ts';
import { readPosition } from './entries.ts';
import { FLAG } from './frame.ts';
import { Fields, parseJson } from './json.ts';

/** What is cut from a batch for one frame, in bytes. */
const PIECE = 4 * 1024 * 1024;
const LENGTH_BYTES = 4;
const MAX_DESCRIPTION = 1024 * 1024;

export interface LogPiece {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly records: number;
  readonly continued: boolean;
  readonly unfinished: boolean;
}

/** A batch as the payloads of LOG frames: length of the description, description as JSON, the log's own bytes. */
export function* encodeBatch(encoding: string, batch: ChangeBatch): Generator<LogPiece> {
  const { from, to, records, bytes } = batch;
  const description = new TextEncoder().encode(JSON.stringify({ encoding, from, to }));
  let start = LENGTH_BYTES + description.length;
  let at = 0;
  do {
    const taken = Math.min(bytes.length - at, PIECE);
    const piece = new Uint8Array(start + taken);
    if (at === 0) {
      new DataView(piece.buffer).setUint32(0, description.length, true);
      piece.set(description, LENGTH_BYTES);
    }
    piece.set(bytes.subarray(at, at + taken), start);
    const continued = at > 0;
    at += taken;
    start = 0;
    const unfinished = at < bytes.length;
    yield { bytes: piece, records: unfinished ? 0 : records, continued, unfinished };
  } while (at < bytes.length);
}

/** What the first LOG frame of a batch says, and the log's own bytes in it. */
export interface LogPart {
  /** Absent in a frame that continues a batch. */
  readonly begin?: Pick<ChangeBatch, 'from' | 'to'> & { readonly encoding: string };
  readonly bytes: Uint8Array;
  /** Whether the batch ends in this frame. */
  readonly last: boolean;
}

/**
 * Reads the plain bytes of one LOG frame.
 * @throws DbimgError `IMAGE_DAMAGED`
 */
export function decodeLog(plain: Uint8Array, flags: number): LogPart {
  const last = (flags & FLAG.UNFINISHED) === 0;
  if ((flags & FLAG.CONTINUED) !== 0) return { bytes: plain, last };
  const length =
    plain.length < LENGTH_BYTES ? -1 : new DataView(plain.buffer, plain.byteOffset).getUint32(0, true);
  if (length < 0 || length > MAX_DESCRIPTION || length > plain.length - LENGTH_BYTES) {
    throw damaged('A LOG frame has an impossible length.');
  }
  const end = LENGTH_BYTES + length;
  const fields = new Fields(parseJson(plain.subarray(LENGTH_BYTES, end), 'LOG frame'), 'LOG frame');
  const begin = {
    encoding: fields.string('encoding'),
    from: readPosition(fields.fields('from')),
    to: readPosition(fields.fields('to')),
  };
  return { begin, bytes: plain.subarray(end), last };
}
