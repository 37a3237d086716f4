/** Records as typed values: the common tongue of `cat`, `query`, `export` and restores into other engines. */
import type { Column } from './adapter.ts';

/** A value without loss and without a driver: what `cat`, `export`, `query` and other engines' encoders take. */
export type Value =
  | { readonly type: 'null' }
  | { readonly type: 'boolean'; readonly value: boolean }
  | { readonly type: 'integer'; readonly value: bigint }
  | { readonly type: 'float'; readonly value: number }
  /** Decimal digits with an optional sign, point and exponent; also `NaN` and `Infinity`. */
  | { readonly type: 'decimal'; readonly value: string }
  | { readonly type: 'text'; readonly value: string }
  | { readonly type: 'bytes'; readonly value: Uint8Array }
  /** ISO 8601, as precise as the engine; years beyond 9999 have a sign. */
  | { readonly type: 'date' | 'time' | 'timestamp' | 'timestamptz' | 'interval'; readonly value: string }
  | { readonly type: 'uuid'; readonly value: string }
  /** JSON text as stored. */
  | { readonly type: 'json'; readonly value: string }
  | { readonly type: 'list'; readonly value: readonly Value[] }
  | { readonly type: 'document'; readonly value: readonly (readonly [string, Value])[] }
  /** A type of the engine that no other has: its name and its text form. */
  | { readonly type: 'other'; readonly name: string; readonly value: string };

export interface RecordDecoder {
  readonly columns: readonly Column[];
  /** The records of one chunk, in order. Throws `IMAGE_DAMAGED` if the bytes are no records of the encoding. */
  decode(chunk: Uint8Array): Iterable<readonly Value[]>;
}

export interface RecordEncoder {
  /**
   * One record, framed as in a chunk. It must be what a `ReadLane` reads once it is loaded: proofs compare them.
   *
   * @param record values in the order of the stream's columns.
   * @param number of the record within its object, from 0: no two have the same, whichever lane encodes them.
   * @throws DbimgError `UNSUPPORTED` for a value that cannot be stored, naming what it is.
   */
  encode(record: readonly Value[], number: number): Uint8Array;
}
