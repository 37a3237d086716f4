/** Files and texts that tools of a product read and write: what `convert`, `export` and `import` ask of an adapter. */
import type {
  Adapter,
  CatalogEntry,
  ChangeBatch,
  ImageSummary,
  ObjectName,
  Omission,
  StreamOpen,
} from './adapter.ts';

/** A file in which tools of the product keep databases, such as the archive of its dump program. Needs no server. */
export interface FileFormat {
  readonly name: string;
  /** Whether a file that begins with these bytes, 64 KiB or all there are, is one. */
  recognises(start: Uint8Array): boolean;
  source(bytes: AsyncIterable<Uint8Array>): FileSource;
  /** An image as such a file. What the file cannot hold is told through `omit` before the end. */
  write(image: ImageContents, omit: (omission: Omission) => void): AsyncIterable<Uint8Array>;
}

/** A file as a database that is dumped like any other: once, from its beginning to its end, by one lane in this thread. */
export type FileSource = Pick<Adapter, 'connect' | 'joinLane'>;

/** A complete image, object by object. */
export interface ImageContents {
  readonly summary: ImageSummary;
  /** Objects that were chosen; may be asked for once. */
  entries(): AsyncIterable<CatalogEntry>;
  /** Streams, all of one object together and in the order of parts. Their bytes are verified. After `entries`. */
  streams(): AsyncIterable<StoredStream>;
  /** The log without which the records are not one moment. Absent if there is none or it is not needed. After `streams`. */
  log?(): AsyncIterable<ChangeBatch>;
}

export interface StoredStream {
  readonly open: StreamOpen;
  readonly records: number;
  /** Runs of whole records. */
  readonly chunks: AsyncIterable<Uint8Array>;
}

/** Records of one object as text, one record after the other. */
export interface TextFormat {
  readonly name: string;
  lines(open: StreamOpen): RecordLines;
  /** The text as a database of this one object. */
  source?(bytes: AsyncIterable<Uint8Array>, object: ObjectName): FileSource;
}

export interface RecordLines {
  /** Each record as one line of JSON, without its end. */
  of(chunk: Uint8Array): Iterable<string>;
  /** How many values so far the text does not say exactly. */
  readonly inexact: number;
}
