/** The rows of one object, decoded without a server. */
import type { Column, ObjectName } from '../adapter.ts';
import type { Keys } from '../codec/keys.ts';
import { DbimgError } from '../errors.ts';
import { ImageFile } from '../image/file.ts';
import type { StreamSummary } from '../image/table.ts';
import type { Registry } from '../registry.ts';
import type { Store } from '../store/store.ts';
import type { Value } from '../value.ts';
import { selector } from './select.ts';
import { streamChunks, streamOpen } from './stream-chunks.ts';

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

/** Rows part by part, in the order in which they were dumped. */
export async function* catImage(job: CatJob): AsyncGenerator<CatRow> {
  const store = await job.store.open();
  try {
    const file = await ImageFile.open(store, job.keys);
    const adapter = await job.registry.named(file.head.adapter);
    let left = job.limit ?? Number.POSITIVE_INFINITY;
    for (const stream of await streamsOf(file, job.object)) {
      const decoder = adapter.decoder(await streamOpen(file, stream));
      for await (const chunk of streamChunks(file, stream)) {
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
export async function streamsOf(file: ImageFile, pattern: string): Promise<StreamSummary[]> {
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
