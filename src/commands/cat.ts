import { Args, type Interfaces } from '@oclif/core';
import { BaseCommand } from '../cli/base-command.ts';
import { defined } from '../cli/defined.ts';
import { keyFlags, whole } from '../cli/flags.ts';
import { readingKeys } from '../cli/keys.ts';
import { inBlocks, writeOutput } from '../cli/streams.ts';
import { rowToJson } from '../core/value-json.ts';
import type { CatRow } from '../index.ts';

const args = {
  image: Args.string({
    required: true,
    ignoreStdin: true,
    description: 'The image: a file.',
  }),
  object: Args.string({
    required: true,
    ignoreStdin: true,
    description: 'Name of a table: orders, or public.orders where the name alone is not unique.',
  }),
};

const flags = {
  limit: whole({
    value: 'N',
    min: 0,
    max: Number.MAX_SAFE_INTEGER,
    summary: 'Stop after N rows. Default: all.',
  }),
  ...keyFlags,
};

export default class Cat extends BaseCommand {
  static override summary =
    'Print the rows of an object in an image, one JSON object a line. Needs no server.';
  static override description =
    'How values become JSON is described in docs/json-output.md. With --json, an error is the last line on standard output.';
  static override examples: string[] = [
    '<%= config.bin %> <%= command.id %> shop.dbimg public.orders',
    '<%= config.bin %> <%= command.id %> shop.dbimg orders --limit 10',
  ];
  static override args: Interfaces.ArgInput = args;
  static override flags: Interfaces.FlagInput = flags;

  async run(): Promise<void> {
    const { args: given, flags: options } = await this.parse({ ...this.globals, args, flags });
    const { cat } = await import('../index.ts');
    const { image, object } = given;
    const keys = await readingKeys(options);
    const rows = cat({ image, object, keys, ...defined({ limit: options.limit }) });
    await writeOutput(inBlocks(lines(rows)));
  }
}

async function* lines(rows: AsyncIterable<CatRow>): AsyncGenerator<string> {
  for await (const { columns, values } of rows) yield `${rowToJson(columns, values)}\n`;
}
