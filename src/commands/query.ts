import { Args, type Interfaces } from '@oclif/core';
import { BaseCommand } from '../cli/base-command.ts';
import { defined } from '../cli/defined.ts';
import { choice, keyFlags, tmp, whole } from '../cli/flags.ts';
import { readingKeys } from '../cli/keys.ts';
import { ANSWER_FORMATS, formatAnswer } from '../cli/render/answer.ts';
import { inBlocks, STANDARD_STREAM, writeOutput } from '../cli/streams.ts';
import { DbimgError } from '../core/errors.ts';

const args = {
  image: Args.string({
    required: true,
    ignoreStdin: true,
    description: 'The image: a file, of whatever engine.',
  }),
  sql: Args.string({
    required: true,
    ignoreStdin: true,
    description: 'One SELECT, in the language of SQLite. Tables are artist, or public.artist.',
  }),
};

const flags = {
  format: choice({
    options: ANSWER_FORMATS,
    summary:
      'How rows are printed: ndjson (one object a line), csv (with a header), table, json (one array). Default: ndjson.',
  }),
  limit: whole({
    value: 'N',
    min: 0,
    max: Number.MAX_SAFE_INTEGER,
    summary: 'Stop after N rows. Default: all.',
  }),
  tmp,
  ...keyFlags,
};

export default class Query extends BaseCommand {
  static override summary = 'Ask an image with SQL. Needs no server.';
  static override description =
    'Only the tables and columns that the statement names are taken out of the image, into a temporary file that is gone afterwards. What types become is described in docs/cross-engine.md, how values become JSON in docs/json-output.md. With --json, an error is the last line on standard output.';
  static override examples: (string | { description: string; command: string })[] = [
    '<%= config.bin %> <%= command.id %> shop.dbimg "SELECT count(*) AS orders FROM orders"',
    {
      description: 'What was spent most, as a table:',
      command:
        '<%= config.bin %> <%= command.id %> chinook.dbimg "SELECT customer_id, sum(total) AS spent FROM invoice GROUP BY 1 ORDER BY 2 DESC" --limit 5 --format table',
    },
    {
      description: 'From an encrypted image into a spreadsheet:',
      command:
        '<%= config.bin %> <%= command.id %> shop.dbimg "SELECT * FROM public.orders" --passphrase-file secret.txt --format csv',
    },
  ];
  static override args: Interfaces.ArgInput = args;
  static override flags: Interfaces.FlagInput = flags;

  async run(): Promise<void> {
    const { args: given, flags: options } = await this.parse({ ...this.globals, args, flags });
    const { image, sql } = given;
    if (image === STANDARD_STREAM) {
      throw new DbimgError('USAGE', 'A statement needs an image in a file: it reads here and there.', {
        hint: 'Save the pipe to a file first, or restore it: dbimg restore - sqlite:./copy.db',
      });
    }
    const { query } = await import('../index.ts');
    const keys = await readingKeys(options);
    const { limit, tmp } = options;
    // The answer is what others read along; how it is coming is for those who wait.
    const progress = options.progress ?? (process.stderr.isTTY ? 'auto' : 'none');
    await using answer = await this.job({ ...options, progress }, (handles) =>
      query({ ...{ image, sql, keys, ...handles }, ...defined({ limit, tmp }) }),
    );
    await writeOutput(inBlocks(formatAnswer(answer, options.format ?? 'ndjson')));
  }
}
