import { Args, type Interfaces } from '@oclif/core';
import { BaseCommand } from '../cli/base-command.ts';
import { defined } from '../cli/defined.ts';
import * as shared from '../cli/flags.ts';
import { encryptionOf, readKeyFile } from '../cli/keys.ts';
import { formatImport } from '../cli/render/summary.ts';
import { checkImageInput, checkImageOutput, STANDARD_STREAM } from '../cli/streams.ts';
import { DbimgError, type DumpResult } from '../index.ts';

const { toggle, whole } = shared;

const args = {
  input: Args.string({
    required: true,
    ignoreStdin: true,
    description:
      'A file of Extended JSON, compressed with gzip or not: an array, or one object after the other; - for standard input.',
  }),
  image: Args.string({
    required: true,
    ignoreStdin: true,
    description: 'The image to write, or - for standard output.',
  }),
};

const flags = {
  object: shared.text({ value: 'NAME', summary: 'What the records become: shop.orders. Needed.' }),
  format: shared.text({ value: 'NAME', summary: 'Form of the file: extended-json. Default: extended-json.' }),
  overwrite: toggle({
    group: 'SAFETY',
    summary: 'Replace the image if it exists, once the new one is complete.',
  }),
  encrypt: shared.encrypt,
  'encrypt-to': shared.encryptTo,
  'passphrase-file': shared.passphraseFile,
  sign: shared.sign,
  level: whole({ value: 'N', min: 1, max: 19, group: 'SPEED', summary: 'zstd level. Default: 1.' }),
};

export default class Import extends BaseCommand {
  static override summary = 'Make an image of one collection from a file of Extended JSON. Needs no server.';
  static override description =
    'Canonical and relaxed Extended JSON are read, mixed as they come, and the older form of binary and dates. The file may be of any size. Restore the image to have the documents in a database.';
  static override examples: string[] = [
    '<%= config.bin %> <%= command.id %> orders.json orders.dbimg --object shop.orders',
    '<%= config.bin %> <%= command.id %> orders.json.gz - --object shop.orders | ssh host "dbimg restore - mongodb://localhost/shop --create"',
  ];
  static override args: Interfaces.ArgInput = args;
  static override flags: Interfaces.FlagInput = flags;

  async run(): Promise<DumpResult & { readonly output: string }> {
    const { args: given, flags: options } = await this.parse({ ...this.globals, args, flags });
    checkImageInput(given.input);
    checkImageOutput(given.image, this.jsonEnabled());
    const { object, format, overwrite, level } = options;
    if (object === undefined) {
      throw new DbimgError('USAGE', 'What shall the records become?', {
        hint: 'For example --object shop.orders',
      });
    }
    const encrypt = await encryptionOf(options);
    const sign = options.sign === undefined ? undefined : { privateKey: await readKeyFile(options.sign) };
    const { importObject } = await import('../index.ts');
    const result = await this.job(options, (handles) =>
      importObject({
        ...{ input: given.input, image: given.image, object: nameOf(object), overwrite, ...handles },
        ...defined({ format, level, encrypt, sign }),
      }),
    );
    if (given.image !== STANDARD_STREAM && !this.jsonEnabled()) this.print(given.image);
    if (!options.quiet) for (const line of formatImport(result)) this.summarize(line);
    this.conclude(result);
    return { ...result, output: given.image };
  }
}

/** The database has no dot in its name, the collection may have. */
function nameOf(text: string): string[] {
  const [database = '', ...collection] = text.split('.');
  return [database, collection.join('.')];
}
