import { Args, Flags, type Interfaces } from '@oclif/core';
import { BaseCommand } from '../cli/base-command.ts';
import { defined } from '../cli/defined.ts';
import * as shared from '../cli/flags.ts';
import { encryptionOf, readKeyFile } from '../cli/keys.ts';
import { defaultImage, locationOf } from '../cli/locations.ts';
import { formatDump } from '../cli/render/summary.ts';
import { checkImageOutput, STANDARD_STREAM } from '../cli/streams.ts';
import type { DumpResult } from '../index.ts';

const { toggle, whole, size, choice } = shared;

const args = {
  source: Args.string({
    description: 'URL of the database, postgres://user@host/name, or a SQLite file. Default: DBIMG_SOURCE.',
  }),
};

const flags = {
  output: Flags.string({
    char: 'o',
    helpValue: 'IMAGE',
    summary:
      'A file, or - for standard output. Default: <database>-<yyyymmdd>-<hhmmss>.dbimg in this directory.',
  }),
  physical: toggle({ summary: "Save the server's own files instead of rows and definitions." }),
  shebang: toggle({ summary: 'Begin the image with a #! line, so that it can be made executable.' }),
  order: choice({
    options: ['key'],
    summary:
      'Save rows in key order, not as they lie: slower, more alike from dump to dump. Tells what full pages save.',
  }),
  only: shared.only,
  skip: shared.skip,
  'schema-only': toggle({ group: 'SELECTION', summary: 'Definitions without rows.' }),
  salvage: toggle({
    group: 'SAFETY',
    summary: 'Leave out what is damaged in the database, and name it, instead of giving up.',
  }),
  lock: toggle({
    group: 'SAFETY',
    summary:
      'Keep writers out while reading, where there is no other way to one position: a stand-alone MongoDB.',
  }),
  overwrite: toggle({
    group: 'SAFETY',
    summary: 'Replace the file if it exists, once the new image is complete.',
  }),
  'no-secrets': shared.noSecrets,
  allow: shared.allow,
  'lock-timeout': shared.lockTimeout,
  encrypt: shared.encrypt,
  'encrypt-to': shared.encryptTo,
  'passphrase-file': shared.passphraseFile,
  sign: shared.sign,
  tmp: shared.tmp,
  jobs: shared.jobs,
  lanes: shared.lanes,
  level: whole({
    value: 'N',
    min: 1,
    max: 19,
    group: 'SPEED',
    summary: 'zstd level: 1 is fast, 19 is small. Default: 1.',
  }),
  rate: size({
    value: 'SIZE',
    group: 'SPEED',
    summary: 'Most bytes to read in a second, over all lanes: 20MB, 64MiB.',
  }),
};

export default class Dump extends BaseCommand {
  static override summary = 'Save a database to an image.';
  static override description =
    'Everything is read at one position. What the image cannot carry is named, and makes exit code 3 unless --allow accepts it. The name of the image is printed on standard output.';
  static override examples: string[] = [
    '<%= config.bin %> <%= command.id %> app.db',
    '<%= config.bin %> <%= command.id %> postgres://postgres@localhost/shop',
    '<%= config.bin %> <%= command.id %> postgres://postgres@localhost/shop -o shop.dbimg --jobs 4 --level 9',
    '<%= config.bin %> <%= command.id %> postgres://postgres@localhost/shop -o - | ssh backup "cat > shop.dbimg"',
  ];
  static override args: Interfaces.ArgInput = args;
  static override flags: Interfaces.FlagInput = flags;

  async run(): Promise<DumpResult & { readonly output: string }> {
    const { args: given, flags: options } = await this.parse({ ...this.globals, args, flags });
    const source = locationOf(given.source, 'DBIMG_SOURCE');
    const image = options.output ?? defaultImage(source, new Date());
    checkImageOutput(image, this.jsonEnabled());
    const encrypt = await encryptionOf(options);
    const sign = options.sign === undefined ? undefined : { privateKey: await readKeyFile(options.sign) };
    const { jobs, lanes, level, only, skip, shebang, order, allow, overwrite, rate, salvage, lock, tmp } =
      options;
    const { dump } = await import('../index.ts');
    const result = await this.job(options, (handles) =>
      dump({
        ...{ source, image, shebang, overwrite, salvage, lock, ...handles },
        ...{ schemaOnly: options['schema-only'], noSecrets: options['no-secrets'] },
        ...defined({ jobs, lanes, level, only, skip, order, allow, rate, encrypt, sign, tmp }),
        ...defined({
          lockTimeout: options['lock-timeout'],
          kind: options.physical ? ('physical' as const) : undefined,
        }),
      }),
    );
    if (image !== STANDARD_STREAM && !this.jsonEnabled()) this.print(image);
    if (!options.quiet) for (const line of formatDump(result)) this.summarize(line);
    this.conclude(result, options.allow);
    return { ...result, output: image };
  }
}
