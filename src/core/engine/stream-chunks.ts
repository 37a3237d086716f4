/** One stream of an image file: how it is to be read, and its chunks, each of whole records. */
import type { StreamOpen } from '../adapter.ts';
import { DbimgError } from '../errors.ts';
import { parseOpen } from '../image/entries.ts';
import type { ImageFile } from '../image/file.ts';
import { FLAG, FRAME } from '../image/frame.ts';
import type { StreamSummary } from '../image/table.ts';

/** No record is held in memory that is longer, in bytes. */
const MAX_RECORD = 256 * 1024 * 1024;

/**
 * The pieces of a large record are joined.
 * @throws DbimgError `UNSUPPORTED` for a record of more than 256 MiB.
 */
export async function* streamChunks(file: ImageFile, stream: StreamSummary): AsyncGenerator<Uint8Array> {
  let pieces: Uint8Array[] = [];
  let length = 0;
  for await (const frame of file.frames(stream)) {
    if (frame.type === FRAME.REF) {
      throw new DbimgError('UNSUPPORTED', 'The image is an increment: it does not hold all records itself.', {
        object: stream.object,
      });
    }
    if (frame.type !== FRAME.DATA) continue;
    pieces.push(await file.openFrame(frame));
    length += frame.plainLength;
    if (length > MAX_RECORD) {
      throw new DbimgError('UNSUPPORTED', 'A record is too long to be shown.', { object: stream.object });
    }
    if (frame.flags & FLAG.UNFINISHED) continue;
    yield pieces.length === 1 ? (pieces[0] as Uint8Array) : Buffer.concat(pieces);
    pieces = [];
    length = 0;
  }
}

/** What the stream's OPEN frame says. */
export async function streamOpen(file: ImageFile, stream: StreamSummary): Promise<StreamOpen> {
  for await (const frame of file.frames(stream)) {
    if (frame.type === FRAME.OPEN) return parseOpen(await file.openFrame(frame));
  }
  throw new DbimgError('IMAGE_DAMAGED', 'A stream was never opened.', { object: stream.object });
}
