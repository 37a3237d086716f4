import { Args, type Interfaces } from '@oclif/core';
import { BaseCommand } from '../cli/base-command.ts';
import { defined } from '../cli/defined.ts';
import * as shared from '../cli/flags.ts';
import { encryptionOf, readingKeys, readKeyFile } from '../cli/keys.ts';
import { formatConvert } from '../cli/render/summary.ts';
import { checkImageInput, checkImageOutput, STANDARD_STREAM } from '../cli/streams.ts';
import type { ConvertReport } from '../index.ts';

const { toggle, whole, text } = shared;

const args = {
  input: Args.string({
    required: true,
    ignoreStdin: true,
    description: 'An image, or an archive of mongodump (compressed with gzip or not); - for standard input.',
  }),
  output: Args.string({
    required: true,
    ignoreStdin: true,
    description: 'What it becomes: the one if it is the other. - for standard output.',
  }),
};

const flags = {
  format: text({
    value: 'NAME',
    summary: 'Format of the file that is no image: mongodump. Default: found out.',
  }),
  gzip: toggle({ summary: 'Compress an archive that is written. Images always are.' }),
  only: shared.only,
  skip: shared.skip,
  overwrite: toggle({
    group: 'SAFETY',
    summary: 'Replace the file if it exists, once the new one is complete.',
  }),
  'no-secrets': shared.noSecrets,
  allow: shared.allow,
  encrypt: shared.encrypt,
  'encrypt-to': shared.encryptTo,
  sign: shared.sign,
  ...shared.keyFlags,
  level: whole({
    value: 'N',
    min: 1,
    max: 19,
    group: 'SPEED',
    summary: 'zstd level of an image: 1 is fast, 19 is small. Default: 1.',
  }),
};

export default class Convert extends BaseCommand {
  static override summary =
    'Make an image of an archive of mongodump, or an archive of an image. Needs no server.';
  static override description =
    'What comes in is recognised by its first bytes. Every checksum of an archive is compared; if one is wrong there is no image. Archives that are written are for mongorestore --archive.';
  static override examples: string[] = [
    '<%= config.bin %> <%= command.id %> shop.archive.gz shop.dbimg',
    '<%= config.bin %> <%= command.id %> shop.dbimg shop.archive --only "orders*"',
    'mongodump --archive --oplog | <%= config.bin %> <%= command.id %> - shop.dbimg',
  ];
  static override args: Interfaces.ArgInput = args;
  static override flags: Interfaces.FlagInput = flags;

  async run(): Promise<ConvertReport & { readonly output: string }> {
    const { args: given, flags: options } = await this.parse({ ...this.globals, args, flags });
    checkImageInput(given.input);
    checkImageOutput(given.output, this.jsonEnabled());
    const encrypt = await encryptionOf(options);
    const sign = options.sign === undefined ? undefined : { privateKey: await readKeyFile(options.sign) };
    const keys = await readingKeys(options);
    const { format, gzip, only, skip, overwrite, level, allow } = options;
    const { convert } = await import('../index.ts');
    const result = await this.job(options, (handles) =>
      convert({
        ...{ input: given.input, output: given.output, gzip, overwrite, keys, ...handles },
        noSecrets: options['no-secrets'],
        ...defined({ format, only, skip, level, encrypt, sign }),
      }),
    );
    if (given.output !== STANDARD_STREAM && !this.jsonEnabled()) this.print(given.output);
    if (!options.quiet) for (const line of formatConvert(result)) this.summarize(line);
    this.conclude(result, allow);
    return { ...result, output: given.output };
  }
}
