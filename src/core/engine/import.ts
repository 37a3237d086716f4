/** Text that another tool wrote, as an image of one object, or straight into a database. */
import type { Adapter, ObjectName } from '../adapter.ts';
import { DbimgError } from '../errors.ts';
import type { ImageOptions } from '../image/writer.ts';
import type { TextFormat } from '../interchange.ts';
import type { Registry } from '../registry.ts';
import type { Store } from '../store/store.ts';
import { type DumpReport, dumpImage } from './dump.ts';
import type { JobOptions } from './job.ts';

export interface ImportJob extends JobOptions {
  readonly registry: Registry;
  readonly input: Store;
  /** What the input is called in messages. */
  readonly inputName: string;
  /** What its records become. */
  readonly object: ObjectName;
  /** Name of the text's form; the first that can be read if it is left out. */
  readonly format?: string | undefined;
  readonly output: Store;
  readonly image: Pick<ImageOptions, 'level' | 'shebang' | 'encrypt' | 'sign'>;
}

/** When it resolves, the image is complete and in its place; when it rejects, there is none. */
export async function importText(options: ImportJob): Promise<DumpReport> {
  const { adapter, source } = await readable(options);
  const reader = await options.input.open();
  try {
    return await dumpImage({
      ...options,
      adapter: { ...adapter, ...source(reader.stream(), options.object) },
      location: options.inputName,
      store: options.output,
      jobs: 1,
      lanes: 'process',
      kind: 'logical',
    });
  } finally {
    await reader.close();
  }
}

async function readable(
  options: ImportJob,
): Promise<{ adapter: Adapter; source: NonNullable<TextFormat['source']> }> {
  const names: string[] = [];
  for await (const adapter of options.registry.all()) {
    for (const { name, source } of adapter.texts ?? []) {
      if (!source) continue;
      names.push(name);
      if (options.format === undefined || options.format === name) return { adapter, source };
    }
  }
  throw new DbimgError('USAGE', `There is nothing that reads ${JSON.stringify(options.format ?? 'text')}.`, {
    hint: `What can be imported: ${names.join(', ')}.`,
  });
}
