/** The records of one object of an image as text, without a server. */
import type { Adapter, StreamOpen } from '../adapter.ts';
import type { Keys } from '../codec/keys.ts';
import { csvHeader, csvLine } from '../csv.ts';
import { DbimgError } from '../errors.ts';
import type { Warning } from '../events.ts';
import { ImageFile } from '../image/file.ts';
import type { RecordLines } from '../interchange.ts';
import type { Registry } from '../registry.ts';
import type { Store } from '../store/store.ts';
import { rowToJson } from '../value-json.ts';
import { streamsOf } from './cat.ts';
import { streamChunks, streamOpen } from './stream-chunks.ts';

export interface ExportJob {
  readonly store: Store;
  readonly keys: Keys;
  readonly registry: Registry;
  /** A glob as of `--only`; it must select one object. */
  readonly object: string;
  /** `ndjson`, `csv`, or a name of the adapter's texts. Default: the first of these, else `ndjson`. */
  readonly format?: string | undefined;
  /** One JSON array instead of one record a line. */
  readonly array?: boolean | undefined;
  readonly limit?: number | undefined;
  warn?(warning: Warning): void;
}

/** Forms that any adapter's records can take, through its decoder. */
const GENERAL = ['ndjson', 'csv'] as const;

/** Text in pieces, each a whole number of lines. */
export async function* exportImage(job: ExportJob): AsyncGenerator<string> {
  const store = await job.store.open();
  try {
    const file = await ImageFile.open(store, job.keys);
    const adapter = await job.registry.named(file.head.adapter);
    const format = formatOf(adapter, job);
    let written = 0;
    for (const stream of await streamsOf(file, job.object)) {
      const open = await streamOpen(file, stream);
      const lines = linesOf(adapter, format, open);
      if (written === 0 && lines.header !== undefined) yield `${lines.header}\n`;
      for await (const chunk of streamChunks(file, stream)) {
        const block: string[] = [];
        for (const line of lines.of(chunk)) {
          if (written === (job.limit ?? Number.POSITIVE_INFINITY)) break;
          block.push(job.array ? `${written === 0 ? '[\n' : ',\n'}${line}` : `${line}\n`);
          written += 1;
        }
        if (block.length > 0) yield block.join('');
        if (written === job.limit) break;
      }
      if (lines.inexact > 0) job.warn?.(inexact(format, lines.inexact, open));
    }
    if (job.array) yield written === 0 ? '[]\n' : '\n]\n';
  } finally {
    await store.close();
  }
}

function formatOf(adapter: Adapter, job: ExportJob): string {
  const known = [...(adapter.texts ?? []).map(({ name }) => name), ...GENERAL];
  const format = job.format ?? (known[0] as string);
  if (!known.includes(format)) {
    throw new DbimgError(
      'USAGE',
      `Objects of ${adapter.name} cannot be exported as ${JSON.stringify(format)}.`,
      {
        hint: `They can as ${known.join(', ')}.`,
      },
    );
  }
  if (job.array && format === 'csv') {
    throw new DbimgError('USAGE', 'CSV is no JSON array.', { hint: 'Leave out --array, or --format csv.' });
  }
  return format;
}

function linesOf(
  adapter: Adapter,
  format: string,
  open: StreamOpen,
): RecordLines & { readonly header?: string } {
  const own = adapter.texts?.find(({ name }) => name === format);
  if (own) return own.lines(open);
  const decoder = adapter.decoder(open);
  const { columns } = decoder;
  return {
    ...(format === 'csv' ? { header: csvHeader(columns) } : {}),
    inexact: 0,
    *of(chunk) {
      for (const values of decoder.decode(chunk)) {
        yield format === 'csv' ? csvLine(values, open.object) : rowToJson(columns, values);
      }
    },
  };
}

function inexact(format: string, count: number, { object }: StreamOpen): Warning {
  return {
    code: 'inexact',
    message: `${count} values cannot be said exactly in ${format}.`,
    object,
    hint: 'The image holds them as they are.',
  };
}
