/** Documents as typed values, without a server. */
import type { Column, StreamOpen } from '../../core/adapter.ts';
import type { Relation } from '../../core/relation.ts';
import type { RecordDecoder, Value } from '../../core/value.ts';
import { ID } from './describer.ts';
import { ExtendedJsonWriter } from './extended-json.ts';
import { fieldOf, sequenceOf, TYPE } from './raw-bson.ts';
import { valueOfDocument, valueOfElement } from './types.ts';

/** Whole documents; with a relation the columns of that: the id, and the document as Extended JSON. */
export class MongoDecoder implements RecordDecoder {
  readonly columns: readonly Column[];
  readonly #relational: boolean;
  readonly #writer: ExtendedJsonWriter = new ExtendedJsonWriter({ relaxed: true });

  constructor(open: StreamOpen, relation?: Relation) {
    this.columns = relation?.columns ?? open.columns ?? [{ name: 'document', type: 'document' }];
    this.#relational = relation !== undefined;
  }

  *decode(chunk: Uint8Array): Generator<readonly Value[]> {
    for (const document of sequenceOf(chunk)) {
      yield this.#relational
        ? this.columns.map(({ name }) => (name === ID ? this.#id(document) : this.#json(document)))
        : [valueOfDocument(document)];
    }
  }

  /** `true` and 1 are two ids: what is neither number nor text is Extended JSON. */
  #id(document: Uint8Array): Value {
    const id = fieldOf(document, ID);
    if (!id) return { type: 'null' };
    return PLAIN_IDS.has(id.type) ? valueOfElement(id) : { type: 'json', value: this.#writer.value(id) };
  }

  #json(document: Uint8Array): Value {
    return { type: 'json', value: this.#writer.document(document) };
  }
}

/** Ids of these types are numbers and text to everybody. */
const PLAIN_IDS: ReadonlySet<number> = new Set([
  TYPE.double,
  TYPE.int32,
  TYPE.int64,
  TYPE.string,
  TYPE.objectId,
  TYPE.null,
]);
