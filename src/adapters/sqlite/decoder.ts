/** Records of an image as typed values, without SQLite. */
import type { StreamOpen } from '../../core/adapter.ts';
import { DbimgError } from '../../core/errors.ts';
import { decodeFileRecords } from '../../core/records/file.ts';
import type { RecordDecoder, Value } from '../../core/value.ts';
import { affinityOf } from './affinity.ts';
import type { TextEncoding } from './pages/header.ts';
import { decodeText, parseRecord, type StoredValue } from './pages/record.ts';
import { FILE, LENGTH_SIZE, ROW, ROWID_SIZE, rowLayoutOf } from './types.ts';

/** A record taken apart: values in the order in which they are stored. */
export interface StoredRow {
  /** Undefined for WITHOUT ROWID tables. */
  readonly rowid: bigint | undefined;
  readonly values: readonly StoredValue[];
}

/** @throws DbimgError `UNSUPPORTED` for an encoding that is not of this adapter. */
export function decoder(open: StreamOpen): RecordDecoder {
  if (open.encoding === FILE) return { columns: open.columns ?? [], decode: filePieces };
  if (open.encoding !== ROW) {
    throw new DbimgError('UNSUPPORTED', `The SQLite adapter has no records of encoding ${open.encoding}.`);
  }
  const layout = rowLayoutOf(open);
  const reals = layout.columns.map((column) => affinityOf(column.type) === 'REAL');
  return {
    columns: layout.columns,
    *decode(chunk) {
      for (const { rowid, values } of decodeRows(chunk, layout.withoutRowid)) {
        const row: Value[] = layout.columns.map(() => NULL);
        for (const [at, column] of layout.order.entries()) {
          const value = values[at];
          if (value) row[column] = typedValue(value, layout.encoding, reals[column] ?? false);
        }
        if (layout.rowidColumn !== undefined && rowid !== undefined) {
          row[layout.rowidColumn] = { type: 'integer', value: rowid };
        }
        yield row;
      }
    },
  };
}

/**
 * The records of a chunk.
 * @throws DbimgError `IMAGE_DAMAGED` if the bytes are none.
 */
export function* decodeRows(chunk: Uint8Array, withoutRowid: boolean): Generator<StoredRow> {
  const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  const prefix = LENGTH_SIZE + (withoutRowid ? 0 : ROWID_SIZE);
  for (let at = 0; at < chunk.length; ) {
    const length = at + prefix <= chunk.length ? view.getInt32(at, true) : 0;
    const record = chunk.subarray(at + prefix, at + length);
    const values = length > prefix && at + length <= chunk.length ? parseRecord(record) : undefined;
    if (!values) throw new DbimgError('IMAGE_DAMAGED', 'A chunk holds bytes that are no SQLite record.');
    yield { rowid: withoutRowid ? undefined : view.getBigInt64(at + LENGTH_SIZE, true), values };
    at += length;
  }
}

const NULL: Value = { type: 'null' };

function typedValue(value: StoredValue, encoding: TextEncoding, real: boolean): Value {
  switch (value.type) {
    case 'null':
      return NULL;
    case 'integer':
      // To save space, whole numbers of REAL columns are stored as integers.
      return real ? { type: 'float', value: Number(value.value) } : { type: 'integer', value: value.value };
    case 'real':
      return { type: 'float', value: value.value };
    case 'blob':
      return { type: 'bytes', value: value.bytes };
    default: {
      // SQLite stores what it is given: text that is none stays exact as bytes.
      const text = decodeText(value.bytes, encoding);
      return text === undefined ? { type: 'bytes', value: value.bytes } : { type: 'text', value: text };
    }
  }
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
