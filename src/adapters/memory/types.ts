/** Rows of the memory adapter: JSON arrays, one a line, as typed values. */
import type { StreamOpen } from '../../core/adapter.ts';
import { DbimgError } from '../../core/errors.ts';
import { decodeFileRecords } from '../../core/records/file.ts';
import type { RecordDecoder, Value } from '../../core/value.ts';
import type { Cell } from './database.ts';

export const ROW = 'memory.row';
export const FILE = 'file';

const LINE_END = 10;
const utf8 = new TextDecoder('utf-8', { fatal: true });

/** A row as a record. */
export function encodeRow(cells: readonly Cell[]): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(cells)}\n`);
}

export function decodeRow(record: Uint8Array): readonly Cell[] {
  return JSON.parse(utf8.decode(record));
}

/** The records of a chunk. JSON has no line ends of its own. */
export function* splitRows(chunk: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < chunk.length; ) {
    const end = chunk.indexOf(LINE_END, at);
    if (end < 0) throw new DbimgError('IMAGE_DAMAGED', 'A chunk ends in the middle of a row.');
    yield chunk.subarray(at, end + 1);
    at = end + 1;
  }
}

export function decoder(open: StreamOpen): RecordDecoder {
  const columns = open.columns ?? [];
  if (open.encoding === FILE) return { columns, decode: filePieces };
  return {
    columns,
    *decode(chunk) {
      for (const record of splitRows(chunk)) yield decodeRow(record).map(valueOfCell);
    },
  };
}

function* filePieces(chunk: Uint8Array): Generator<readonly Value[]> {
  for (const { path, offset, bytes } of decodeFileRecords(chunk)) {
    yield [
      { type: 'text', value: path },
      { type: 'integer', value: BigInt(offset) },
      { type: 'bytes', value: bytes },
    ];
  }
}

function valueOfCell(cell: Cell): Value {
  if (cell === null) return { type: 'null' };
  if (typeof cell === 'string') return { type: 'text', value: cell };
  if (typeof cell === 'boolean') return { type: 'boolean', value: cell };
  return Number.isSafeInteger(cell)
    ? { type: 'integer', value: BigInt(cell) }
    : { type: 'float', value: cell };
}
