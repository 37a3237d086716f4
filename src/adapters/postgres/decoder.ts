/** Records of COPY as typed values. */
import type { Column, RecordDecoder, StreamOpen, Value } from '../../core/adapter.ts';
import { DbimgError } from '../../core/errors.ts';

export class PostgresDecoder implements RecordDecoder {
  readonly columns: readonly Column[];
  constructor(open: StreamOpen) {
    this.columns = open.columns ?? [];
  }
  decode(_chunk: Uint8Array): Iterable<readonly Value[]> {
    throw new DbimgError('UNSUPPORTED', 'not yet');
  }
}
