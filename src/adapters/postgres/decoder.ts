/** Records of COPY as typed values, without a server. */
import type { Column, StreamOpen } from '../../core/adapter.ts';
import { DbimgError } from '../../core/errors.ts';
import type { RecordDecoder, Value } from '../../core/value.ts';
import { binaryValue } from './binary-values.ts';
import { ByteReader, damaged } from './byte-reader.ts';
import { type DecodeText, textDecoder } from './encodings.ts';
import { textFields } from './text-fields.ts';
import { textValue } from './text-values.ts';
import type { WireType } from './types.ts';

const NULL: Value = { type: 'null' };
const LINE_END = 10;

interface Field {
  readonly column: Column;
  readonly wire: WireType | undefined;
}

export class PostgresDecoder implements RecordDecoder {
  readonly columns: readonly Column[];
  readonly #binary: boolean;
  readonly #fields: readonly Field[];
  readonly #text: DecodeText;

  /** @throws DbimgError `UNSUPPORTED` if the stream is in none of PostgreSQL's encodings. */
  constructor(open: StreamOpen) {
    if (open.encoding !== 'pg.copy.binary' && open.encoding !== 'pg.copy.text') {
      throw new DbimgError('UNSUPPORTED', `${open.encoding} is no encoding of PostgreSQL.`, {
        object: open.object,
      });
    }
    this.columns = open.columns ?? [];
    this.#binary = open.encoding === 'pg.copy.binary';
    const details = open.details as { readonly wire?: readonly (string | null)[] } | undefined;
    this.#fields = this.columns.map((column, index) => ({
      column,
      wire: details?.wire?.[index] ?? undefined,
    }));
    this.#text = textDecoder(open.settings?.client_encoding ?? 'UTF8');
  }

  decode(chunk: Uint8Array): Iterable<readonly Value[]> {
    return this.#binary ? this.#decodeBinary(chunk) : this.#decodeText(chunk);
  }

  *#decodeBinary(chunk: Uint8Array): Generator<readonly Value[]> {
    const reader = new ByteReader(chunk);
    while (!reader.done) {
      if (reader.int16() !== this.#fields.length) throw damaged();
      yield this.#fields.map(({ column, wire }) => {
        const length = reader.int32();
        if (length === -1) return NULL;
        return binaryValue(wire ?? '', column.type, reader.take(length), this.#text);
      });
    }
  }

  *#decodeText(chunk: Uint8Array): Generator<readonly Value[]> {
    for (let start = 0; start < chunk.length; ) {
      const end = chunk.indexOf(LINE_END, start);
      if (end < 0) throw damaged();
      const line = chunk.subarray(start, end);
      start = end + 1;
      const fields = this.#fields.length === 0 && line.length === 0 ? [] : textFields(line);
      if (fields.length !== this.#fields.length) throw damaged();
      yield this.#fields.map(({ column, wire }, index) => {
        const field = fields[index];
        return field === undefined ? NULL : textValue(wire, column.type, this.#text(field));
      });
    }
  }
}
