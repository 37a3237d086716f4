/** The rows of one object, decoded without a server. */
import type { Column, ObjectName, RecordDecoder, Value } from '../adapter.ts';
import type { Keys } from '../codec/keys.ts';
import { DbimgError } from '../errors.ts';
import { parseOpen } from '../image/entries.ts';
import { ImageFile } from '../image/file.ts';
import { FLAG, FRAME } from '../image/frame.ts';
import type { StreamSummary } from '../image/table.ts';
import type { Registry } from '../registry.ts';
import type { Store } from '../store/store.ts';
import { selector } from './select.ts';

export interface CatJob {
  readonly store: Store;
  readonly keys: Keys;
  readonly registry: Registry;
  /** A glob as of `--only`; it must select one object. */
  readonly object: string;
  readonly limit?: number;
}

export interface CatRow {
  readonly columns: readonly Column[];
  readonly values: readonly Value[];
}

/** No record is held in memory that is longer, in bytes. */
const MAX_RECORD = 256 * 1024 * 1024;

/** Rows part by part, in the order in which they were dumped. */
export async function* catImage(job: CatJob): AsyncGenerator<CatRow> {
  const store = await job.store.open();
  try {
    const file = await ImageFile.open(store, job.keys);
    const adapter = await job.registry.named(file.head.adapter);
    let left = job.limit ?? Number.POSITIVE_INFINITY;
    for (const stream of await streamsOf(file, job.object)) {
      for await (const { decoder, chunk } of chunksOf(file, stream, (open) => adapter.decoder(open))) {
        for (const values of decoder.decode(chunk)) {
          if (left <= 0) return;
          left -= 1;
          yield { columns: decoder.columns, values };
        }
      }
    }
  } finally {
    await store.close();
  }
}

/** The parts of the one object that the pattern names. */
async function streamsOf(file: ImageFile, pattern: string): Promise<StreamSummary[]> {
  const selects = selector({ only: [pattern] });
  const found: StreamSummary[] = [];
  const names = new Map<string, ObjectName>();
  for await (const stream of file.streams()) {
    if (!selects?.(stream.object)) continue;
    found.push(stream);
    names.set(JSON.stringify(stream.object), stream.object);
  }
  if (names.size === 1) return found.sort((a, b) => a.part - b.part);
  const listed = [...names.values()].slice(0, 5).map((name) => name.slice(1).join('.'));
  throw names.size === 0
    ? new DbimgError('USAGE', `The image has no object ${JSON.stringify(pattern)}.`, {
        hint: 'See what it has with: dbimg inspect IMAGE',
      })
    : new DbimgError(
        'USAGE',
        `${JSON.stringify(pattern)} names ${names.size} objects: ${listed.join(', ')} …`,
        {
          hint: 'Name one of them, with its schema.',
        },
      );
}

type MakeDecoder = (open: ReturnType<typeof parseOpen>) => RecordDecoder;

/** Chunks of whole records: the pieces of a large one are joined. */
async function* chunksOf(
  file: ImageFile,
  stream: StreamSummary,
  make: MakeDecoder,
): AsyncGenerator<{ decoder: RecordDecoder; chunk: Uint8Array }> {
  let decoder: RecordDecoder | undefined;
  let pieces: Uint8Array[] = [];
  let length = 0;
  for await (const frame of file.frames(stream)) {
    if (frame.type === FRAME.OPEN) decoder = make(parseOpen(await file.openFrame(frame)));
    if (frame.type !== FRAME.DATA) continue;
    if (!decoder) throw new DbimgError('IMAGE_DAMAGED', 'A stream has records before it was opened.');
    pieces.push(await file.openFrame(frame));
    length += frame.plainLength;
    if (length > MAX_RECORD) {
      throw new DbimgError('UNSUPPORTED', 'A record is too long to be shown.', { object: stream.object });
    }
    if (frame.flags & FLAG.UNFINISHED) continue;
    yield { decoder, chunk: pieces.length === 1 ? (pieces[0] as Uint8Array) : Buffer.concat(pieces) };
    pieces = [];
    length = 0;
  }
}
