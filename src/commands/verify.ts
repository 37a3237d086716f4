import { Args, type Interfaces } from '@oclif/core';
import { BaseCommand } from '../cli/base-command.ts';
import { defined } from '../cli/defined.ts';
import { jobs, keyFlags, only, skip, text, tmp } from '../cli/flags.ts';
import { readingKeys } from '../cli/keys.ts';
import { formatVerify } from '../cli/render/summary.ts';
import { checkImageInput } from '../cli/streams.ts';
import { ERRORS } from '../core/errors.ts';
import type { VerifyResult } from '../index.ts';

const args = {
  image: Args.string({
    required: true,
    ignoreStdin: true,
    description: 'The image: a file, or - for standard input.',
  }),
};

const flags = {
  against: text({
    value: 'URL',
    summary: 'Also read this database and compare every object with the image. Exit code 4 if one differs.',
  }),
  only,
  skip,
  ...keyFlags,
  jobs,
  tmp,
};

export default class Verify extends BaseCommand {
  static override summary = 'Check an image: every frame, every hash, every count, every signature.';
  static override description = 'A damaged, incomplete or forged image makes exit code 4.';
  static override examples: string[] = [
    '<%= config.bin %> <%= command.id %> shop.dbimg',
    '<%= config.bin %> <%= command.id %> shop.dbimg --against postgres://postgres@localhost/shop',
  ];
  static override args: Interfaces.ArgInput = args;
  static override flags: Interfaces.FlagInput = flags;

  async run(): Promise<VerifyResult> {
    const { args: given, flags: options } = await this.parse({ ...this.globals, args, flags });
    checkImageInput(given.image);
    const { verify } = await import('../index.ts');
    const keys = await readingKeys(options);
    const result = await this.job(options, (handles) =>
      verify({
        ...{ image: given.image, keys, ...handles },
        ...defined({ against: options.against, jobs: options.jobs, tmp: options.tmp }),
        ...defined({ only: options.only, skip: options.skip }),
      }),
    );
    if (!this.jsonEnabled()) for (const line of formatVerify(result)) this.print(line);
    if (result.against && result.against.differing.length > 0) process.exitCode = ERRORS.MISMATCH.exit;
    return result;
  }
}
