/** Records of encoding `file`: pieces of files, many small ones to a chunk. `docs/records.md` section "Files". */
import { DbimgError } from '../errors.ts';

/** Some bytes of a file at an offset. A record with no bytes makes an empty file, or extends nothing. */
export interface FilePiece {
  /** Relative, with `/` between names, without `.` and `..`. */
  readonly path: string;
  readonly offset: number;
  readonly bytes: Uint8Array;
}

const HEADER = 2 + 8 + 4;
const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Everything of a record before its bytes: path length u16, offset u64, length u32, path; little-endian. */
export function fileRecordHeader(path: string, offset: number, length: number): Uint8Array<ArrayBuffer> {
  assertInside(path);
  const name = new TextEncoder().encode(path);
  const header = new Uint8Array(HEADER + name.length);
  const view = new DataView(header.buffer);
  view.setUint16(0, name.length, true);
  view.setBigUint64(2, BigInt(offset), true);
  view.setUint32(10, length, true);
  header.set(name, HEADER);
  return header;
}

/**
 * The pieces in a chunk of whole records.
 * @throws DbimgError `IMAGE_DAMAGED` if the bytes are no such records, or a path leads outside.
 */
export function* decodeFileRecords(chunk: Uint8Array): Generator<FilePiece> {
  const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  for (let at = 0; at < chunk.length; ) {
    if (at + HEADER > chunk.length) throw truncated();
    const nameLength = view.getUint16(at, true);
    const offset = view.getBigUint64(at + 2, true);
    const length = view.getUint32(at + 10, true);
    const begin = at + HEADER + nameLength;
    if (begin + length > chunk.length || offset > BigInt(Number.MAX_SAFE_INTEGER)) throw truncated();
    const path = utf8.decode(chunk.subarray(at + HEADER, begin));
    assertInside(path);
    yield { path, offset: Number(offset), bytes: chunk.subarray(begin, begin + length) };
    at = begin + length;
  }
}

/** Refuses paths that could leave the directory that they are relative to. */
function assertInside(path: string): void {
  const names = path.split('/');
  const bad = names.some((name) => name === '' || name === '.' || name === '..') || /[\0\\:]/.test(path);
  if (!bad) return;
  throw new DbimgError(
    'IMAGE_DAMAGED',
    `The path ${JSON.stringify(path)} leads outside of the data directory.`,
    {
      hint: 'Do not restore this image: it was made to write elsewhere.',
    },
  );
}

function truncated(): DbimgError {
  return new DbimgError('IMAGE_DAMAGED', 'A chunk ends in the middle of a file record.');
}
