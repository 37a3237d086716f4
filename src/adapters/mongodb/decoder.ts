/** Documents as typed values, without a server. */
import type { Column, RecordDecoder, StreamOpen, Value } from '../../core/adapter.ts';
import { sequenceOf } from './rawbson.ts';
import { valueOfDocument } from './types.ts';

export class MongoDecoder implements RecordDecoder {
  readonly columns: readonly Column[];

  constructor(open: StreamOpen) {
    this.columns = open.columns ?? [{ name: 'document', type: 'document' }];
  }

  *decode(chunk: Uint8Array): Generator<readonly Value[]> {
    for (const document of sequenceOf(chunk)) yield [valueOfDocument(document)];
  }
}
