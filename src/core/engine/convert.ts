/** From a file of the product's own tools to an image, and back. No server takes part. */
import { Readable } from 'node:stream';
import { createGzip } from 'node:zlib';
import type { Adapter, Omission } from '../adapter.ts';
import type { Keys } from '../codec/keys.ts';
import { DbimgError } from '../errors.ts';
import type { Warning } from '../events.ts';
import { ImageFile } from '../image/file.ts';
import { isImage } from '../image/prelude.ts';
import type { ImageOptions } from '../image/writer.ts';
import type { FileFormat } from '../interchange.ts';
import type { Registry } from '../registry.ts';
import type { Store, StoreReader } from '../store/store.ts';
import { type DumpReport, dumpImage } from './dump.ts';
import { SelectedContents } from './image-contents.ts';
import { Job, type JobOptions } from './job.ts';
import type { Selection } from './select.ts';

export interface ConvertJob extends JobOptions, Selection {
  readonly registry: Registry;
  readonly input: Store;
  /** What the input is called in messages. */
  readonly inputName: string;
  readonly output: Store;
  /** Open the input if it is an image. */
  readonly keys: Keys;
  /** Name of the file's format; found out if it is left out. */
  readonly format?: string | undefined;
  /** Compress a file that is written. */
  readonly gzip?: boolean | undefined;
  readonly noSecrets?: boolean | undefined;
  /** For an image that is written. */
  readonly image: Pick<ImageOptions, 'level' | 'shebang' | 'encrypt' | 'sign'>;
}

export interface ConvertReport {
  readonly from: string;
  readonly to: string;
  readonly objects: number;
  readonly records: number;
  /** Of records, plain. */
  readonly bytes: number;
  /** Of the output. */
  readonly stored: number;
  readonly omissions: readonly Omission[];
  readonly warnings: readonly Warning[];
  readonly milliseconds: number;
}

const IMAGE = 'dbimg';
/** What a format may look at to know its own. */
const START = 64 * 1024;

/** When it resolves, the output is complete and in its place; when it rejects, there is none. */
export async function convertFile(options: ConvertJob): Promise<ConvertReport> {
  const reader = await options.input.open();
  try {
    const { start, bytes } = await peekedAt(reader);
    if (isImage(start)) return await fromImage(options, reader);
    const { adapter, format } = await recognise(options, start);
    const report = await dumpImage({
      ...options,
      adapter: { ...adapter, ...format.source(bytes) },
      location: options.inputName,
      store: options.output,
      jobs: 1,
      lanes: 'process',
      kind: 'logical',
    });
    return { ...figures(report), from: format.name, to: IMAGE };
  } finally {
    await reader.close();
  }
}

function figures(report: DumpReport): Omit<ConvertReport, 'from' | 'to'> {
  const { objects, records, bytes, stored, omissions, warnings, milliseconds } = report;
  return { objects, records, bytes, stored, omissions, warnings, milliseconds };
}

/** The first bytes, and all bytes with them. */
async function peekedAt(
  reader: StoreReader,
): Promise<{ start: Uint8Array; bytes: AsyncIterable<Uint8Array> }> {
  const rest = reader.stream()[Symbol.asyncIterator]();
  const pieces: Uint8Array[] = [];
  let length = 0;
  while (length < START) {
    const next = await rest.next();
    if (next.done) break;
    pieces.push(next.value);
    length += next.value.length;
  }
  async function* all(): AsyncGenerator<Uint8Array> {
    try {
      yield* pieces.splice(0);
      for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
    } finally {
      await rest.return?.();
    }
  }
  return { start: Buffer.concat(pieces).subarray(0, START), bytes: all() };
}

async function recognise(
  options: ConvertJob,
  start: Uint8Array,
): Promise<{ adapter: Adapter; format: FileFormat }> {
  const names: string[] = [];
  for await (const adapter of options.registry.all()) {
    for (const format of adapter.formats ?? []) {
      names.push(format.name);
      const named = options.format === undefined || options.format === format.name;
      if (named && format.recognises(start)) return { adapter, format };
    }
  }
  throw new DbimgError('USAGE', `${options.inputName} is neither an image nor a file that can become one.`, {
    hint: `Files that can: ${names.join(', ')}.`,
  });
}

async function fromImage(options: ConvertJob, reader: StoreReader): Promise<ConvertReport> {
  const job = new Job(options);
  try {
    const file = await ImageFile.open(reader, options.keys);
    const adapter = await options.registry.named(file.head.adapter);
    const format = formatOf(adapter, options.format);
    const out = await options.output.create();
    try {
      const omissions: Omission[] = [];
      const contents = new CountedContents(job, file, options);
      const bytes = format.write(contents, (omission) => omissions.push(omission));
      let stored = 0;
      await job.step('data', async () => {
        for await (const piece of options.gzip ? compressed(bytes) : bytes) {
          job.signal.throwIfAborted();
          await out.write([piece]);
          stored += piece.length;
        }
      });
      await job.step('close', () => out.commit());
      const { objects, records, plain } = contents;
      const { warnings, milliseconds } = job;
      return {
        ...{ from: IMAGE, to: format.name, objects, records, bytes: plain, stored },
        ...{ omissions: [...file.root.omissions, ...omissions], warnings, milliseconds },
      };
    } catch (error) {
      await out.discard();
      throw error;
    }
  } catch (error) {
    throw job.causeOf(error);
  } finally {
    job.close();
  }
}

/** Counts what passes, for progress and the report. */
class CountedContents extends SelectedContents {
  objects = 0;
  records = 0;
  plain = 0;
  readonly #job: Job;
  readonly #noSecrets: boolean;

  constructor(job: Job, file: ImageFile, options: ConvertJob) {
    super(file, options);
    this.#noSecrets = options.noSecrets === true;
    this.#job = job;
    job.expect({ bytes: file.root.totals.bytes, records: file.root.totals.records });
  }

  /** Without secrets, if they are not wanted. */
  override async *entries(): ReturnType<SelectedContents['entries']> {
    for await (const entry of super.entries()) {
      if (!this.#noSecrets || !entry.traits?.includes('secret')) yield entry;
    }
  }

  override async *streams(): ReturnType<SelectedContents['streams']> {
    for await (const stream of super.streams()) {
      if (stream.open.part === 0) this.objects += 1;
      this.records += stream.records;
      yield { ...stream, chunks: this.#counted(stream.chunks) };
      this.#job.advance({ bytes: 0, records: stream.records, stored: 0 });
    }
  }

  async *#counted(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      this.plain += chunk.length;
      this.#job.advance({ bytes: chunk.length, records: 0, stored: chunk.length });
      yield chunk;
    }
  }
}

function formatOf(adapter: Adapter, name: string | undefined): FileFormat {
  const formats = adapter.formats ?? [];
  const format = name === undefined ? formats[0] : formats.find((candidate) => candidate.name === name);
  if (format) return format;
  const known = formats.map((candidate) => candidate.name).join(', ');
  throw new DbimgError(
    'UNSUPPORTED',
    `Images of ${adapter.name} cannot be converted${name ? ` to ${name}` : ''}.`,
    {
      hint:
        known === ''
          ? 'Restore the image, or export its objects: dbimg export IMAGE OBJECT'
          : `Known: ${known}.`,
    },
  );
}

function compressed(bytes: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  return Readable.from(bytes, { objectMode: false }).compose(createGzip()) as AsyncIterable<Uint8Array>;
}
