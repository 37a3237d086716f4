import { Args, type Interfaces } from '@oclif/core';
import { BaseCommand } from '../cli/base-command.ts';
import { defined } from '../cli/defined.ts';
import * as shared from '../cli/flags.ts';
import { readingKeys } from '../cli/keys.ts';
import { formatWarning } from '../cli/outcome.ts';
import { inBlocks, STANDARD_STREAM, writeOutput } from '../cli/streams.ts';
import type { Warning } from '../core/events.ts';
import { openStore } from '../index.ts';

const { toggle, whole, text } = shared;

const args = {
  image: Args.string({ required: true, ignoreStdin: true, description: 'The image: a file.' }),
  object: Args.string({
    required: true,
    ignoreStdin: true,
    description:
      'Name of a table or collection: orders, or public.orders where the name alone is not unique.',
  }),
};

const flags = {
  output: text({ value: 'FILE', summary: 'Where to write. Default: standard output.' }),
  format: text({
    value: 'NAME',
    summary:
      'csv, ndjson (as cat prints), or for MongoDB extended-json (canonical, exact) and relaxed-json. Default: extended-json for MongoDB, else ndjson.',
  }),
  array: toggle({ summary: 'One JSON array instead of one object a line.' }),
  limit: whole({
    value: 'N',
    min: 0,
    max: Number.MAX_SAFE_INTEGER,
    summary: 'Stop after N rows. Default: all.',
  }),
  overwrite: toggle({
    group: 'SAFETY',
    summary: 'Replace the file if it exists, once the new one is complete.',
  }),
  allow: shared.allow,
  ...shared.keyFlags,
};

export default class Export extends BaseCommand {
  static override summary =
    'Write the rows of an object in an image as CSV, JSON or Extended JSON. Needs no server.';
  static override description =
    'In CSV, NULL is nothing, empty text is "", bytes are \\x and hexadecimal digits. Canonical Extended JSON keeps every type of MongoDB; what no text can say (payloads of NaN, text that is not UTF-8) makes exit code 3 unless --allow inexact.';
  static override examples: string[] = [
    '<%= config.bin %> <%= command.id %> shop.dbimg public.orders --format csv --output orders.csv',
    '<%= config.bin %> <%= command.id %> shop.dbimg orders --array --limit 10',
  ];
  static override args: Interfaces.ArgInput = args;
  static override flags: Interfaces.FlagInput = flags;

  async run(): Promise<void> {
    const { args: given, flags: options } = await this.parse({ ...this.globals, args, flags });
    const keys = await readingKeys(options);
    const { exportObject } = await import('../index.ts');
    const { format, array, limit, allow, output, overwrite } = options;
    const warnings: Warning[] = [];
    const text = exportObject({
      ...{ image: given.image, object: given.object, keys, array },
      onWarning: (warning) => warnings.push(warning),
      ...defined({ format, limit }),
    });
    if (output === undefined || output === STANDARD_STREAM) await writeOutput(inBlocks(text));
    else await writeFile(output, overwrite, inBlocks(text));
    for (const warning of warnings) this.tell(formatWarning(warning));
    this.conclude({ omissions: [], warnings }, allow);
  }
}

/** Beside its name first, like an image. */
async function writeFile(path: string, overwrite: boolean, pieces: AsyncIterable<string>): Promise<void> {
  const out = await openStore(path, { overwrite }).create();
  try {
    for await (const piece of pieces) await out.write([Buffer.from(piece)]);
    await out.commit();
  } catch (error) {
    await out.discard();
    throw error;
  }
}
