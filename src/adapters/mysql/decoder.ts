/** Records of `mysql.row` streams as typed values, without a server. */
import type { Column, StreamOpen } from '../../core/adapter.ts';
import { DbimgError } from '../../core/errors.ts';
import type { RecordDecoder, Value } from '../../core/value.ts';
import { textDecoder } from './charsets.ts';
import { type ColumnType, parseColumnType } from './column-type.ts';
import { lengthAt } from './result-set.ts';
import { dateTimeValue, dateValue, timeValue } from './temporal.ts';
import { detailsOf, ENCODING, type ReadAs } from './types.ts';

const NULL_MARK = 0xfb;
const NULL: Value = { type: 'null' };

interface Field {
  readonly type: ColumnType;
  readonly text: string;
  readonly characterSet: string | null;
  readonly readAs: ReadAs;
}

export class MysqlDecoder implements RecordDecoder {
  readonly columns: readonly Column[];
  readonly #fields: readonly Field[];

  /** @throws DbimgError `UNSUPPORTED` if the stream is in another encoding. */
  constructor(open: StreamOpen) {
    if (open.encoding !== ENCODING) {
      throw new DbimgError('UNSUPPORTED', `${open.encoding} is no encoding of MySQL.`, {
        object: open.object,
      });
    }
    this.columns = open.columns ?? [];
    const { charsets, readAs } = detailsOf(open);
    this.#fields = this.columns.map(({ type }, index) => ({
      type: parseColumnType(type),
      text: type,
      characterSet: charsets[index] ?? null,
      readAs: readAs[index] ?? 'plain',
    }));
  }

  *decode(chunk: Uint8Array): Generator<readonly Value[]> {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
    let at = 0;
    while (at < bytes.length || (this.#fields.length === 0 && at === 0)) {
      const values: Value[] = [];
      for (const field of this.#fields) {
        if (at >= bytes.length) throw damaged();
        if (bytes[at] === NULL_MARK) {
          values.push(NULL);
          at += 1;
          continue;
        }
        const { start, end } = spanAt(bytes, at);
        values.push(decodeValue(field, bytes.subarray(start, end)));
        at = end;
      }
      yield values;
      if (this.#fields.length === 0) return;
    }
  }
}

function spanAt(bytes: Buffer, at: number): { start: number; end: number } {
  const marked = bytes[at] ?? 0xff;
  const needed = marked < 0xfb ? 1 : marked === 0xfc ? 3 : marked === 0xfd ? 4 : 9;
  if (marked === 0xff || at + needed > bytes.length) throw damaged();
  const { value, size } = lengthAt(bytes, at);
  const end = at + size + value;
  if (end > bytes.length) throw damaged();
  return { start: at + size, end };
}

function decodeValue(field: Field, bytes: Buffer): Value {
  const { type, readAs } = field;
  if (readAs === 'number') return labelled(type, bytes);
  switch (type.name) {
    case 'tinyint':
    case 'smallint':
    case 'mediumint':
    case 'int':
    case 'bigint':
    case 'year':
      return { type: 'integer', value: BigInt(bytes.toString('latin1')) };
    case 'bit':
      return { type: 'integer', value: BigInt(`0x${bytes.toString('hex') || '0'}`) };
    case 'float':
      return { type: 'float', value: shortestFloat(Number(bytes.toString('latin1'))) };
    case 'double':
      return { type: 'float', value: Number(bytes.toString('latin1')) };
    case 'decimal':
      return { type: 'decimal', value: bytes.toString('latin1').replace(/^(-?)0+(?=\d)/, '$1') };
    case 'date':
      return dateValue(bytes.toString('latin1'));
    case 'datetime':
      return dateTimeValue(bytes.toString('latin1'), false);
    case 'timestamp':
      return dateTimeValue(bytes.toString('latin1'), true);
    case 'time':
      return timeValue(bytes.toString('latin1'));
    case 'uuid':
      return { type: 'uuid', value: bytes.toString('latin1') };
    case 'inet4':
    case 'inet6':
      return { type: 'text', value: bytes.toString('latin1') };
    case 'vector':
      return vector(bytes);
    case 'json':
      if (readAs === 'json') return { type: 'json', value: bytes.toString('utf8') };
      break;
  }
  return textOrBytes(field, bytes);
}

function textOrBytes({ characterSet }: Field, bytes: Buffer): Value {
  const text =
    characterSet === null || characterSet === 'binary' ? undefined : textDecoder(characterSet)(bytes);
  return text === undefined ? { type: 'bytes', value: new Uint8Array(bytes) } : { type: 'text', value: text };
}

/** An index from 1 on, where 0 is the value of errors; for SET a bit a label. */
function labelled(type: ColumnType, bytes: Buffer): Value {
  const number = BigInt(bytes.toString('latin1'));
  if (type.name === 'enum') return { type: 'text', value: type.labels[Number(number) - 1] ?? '' };
  const chosen = type.labels.filter((_, index) => (number >> BigInt(index)) & 1n);
  return { type: 'text', value: chosen.join(',') };
}

/** Single-precision numbers, little-endian. */
function vector(bytes: Buffer): Value {
  const values: Value[] = [];
  for (let at = 0; at + 4 <= bytes.length; at += 4) {
    values.push({ type: 'float', value: shortestFloat(bytes.readFloatLE(at)) });
  }
  return { type: 'list', value: values };
}

/** The shortest decimal that means the same single-precision number. */
function shortestFloat(value: number): number {
  if (value === 0) return value;
  for (let digits = 6; digits <= 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === Math.fround(value)) return short;
  }
  return value;
}

function damaged(): DbimgError {
  return new DbimgError('IMAGE_DAMAGED', 'A row does not have the form that its stream promises.');
}
