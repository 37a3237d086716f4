import { Args, Flags, type Interfaces } from '@oclif/core';
import { BaseCommand } from '../cli/base-command.ts';
import { defined } from '../cli/defined.ts';
import * as shared from '../cli/flags.ts';
import { readingKeys } from '../cli/keys.ts';
import { locationOf } from '../cli/locations.ts';
import { formatCrossing } from '../cli/render/crossing.ts';
import { exitOfFindings, formatPlan } from '../cli/render/findings.ts';
import { formatRestore } from '../cli/render/summary.ts';
import { checkImageInput } from '../cli/streams.ts';
import type { RestoreResult } from '../index.ts';

const { toggle } = shared;

const args = {
  image: Args.string({
    required: true,
    ignoreStdin: true,
    description: 'The image: a file, or - for standard input.',
  }),
  target: Args.string({
    description:
      'URL of the database to fill, postgres://user@host/name or sqlite:./shop.db, also of another engine than the image; a path for an image of SQLite. Default: DBIMG_TARGET.',
  }),
};

const flags = {
  'dry-run': toggle({ summary: 'Print the plan and whatever stands in its way; change nothing.' }),
  create: toggle({ summary: 'Make the database if it does not exist.' }),
  prove: toggle({ summary: 'Read everything back before it becomes visible and compare it with the image.' }),
  analyze: Flags.boolean({
    allowNo: true,
    default: true,
    summary: 'Gather planner statistics after the load.',
  }),
  tmp: shared.tmp,
  rename: shared.texts({
    value: 'A=B',
    group: 'SELECTION',
    summary:
      "Give objects other names: 'shop.*=shop2.*', shop.orders=shop.orders_old. May be repeated; the first match counts.",
  }),
  'keep-uuids': toggle({
    group: 'SELECTION',
    summary: 'Keep the UUIDs by which MongoDB knows collections. Only on a server that does not have them.',
  }),
  only: shared.only,
  skip: shared.skip,
  replace: toggle({
    group: 'SAFETY',
    summary: 'Replace what is in the target, once the new is complete and checked.',
  }),
  trust: toggle({ group: 'SAFETY', summary: 'Restore objects that act with more rights than their user.' }),
  'no-secrets': shared.noSecrets,
  'lock-timeout': shared.lockTimeout,
  allow: shared.allow,
  ...shared.keyFlags,
  jobs: shared.jobs,
  lanes: shared.lanes,
};

export default class Restore extends BaseCommand {
  static override summary = 'Bring an image back as a database.';
  static override description =
    'The new state is built beside what is there and becomes visible in one moment, when it is complete and checked. If anything fails, the target is as it was. A target that is not empty is refused (exit code 8) unless --replace.';
  static override examples: (string | { description: string; command: string })[] = [
    '<%= config.bin %> <%= command.id %> shop.dbimg postgres://postgres@localhost/shop --create',
    '<%= config.bin %> <%= command.id %> shop.dbimg postgres://postgres@localhost/shop --dry-run',
    '<%= config.bin %> <%= command.id %> app.dbimg copy.db --prove',
    {
      description:
        'Into another engine: what becomes of each type is printed, docs/cross-engine.md tells why.',
      command: '<%= config.bin %> <%= command.id %> shop.dbimg sqlite:./shop.db',
    },
    {
      description: 'MongoDB: the write concern is part of the URL, as drivers have it.',
      command:
        '<%= config.bin %> <%= command.id %> shop.dbimg "mongodb://localhost/shop?w=majority" --create',
    },
    {
      description: 'From another host, without a file in between, compared with the source before it counts.',
      command:
        'ssh backup "cat shop.dbimg" | <%= config.bin %> <%= command.id %> - postgres://postgres@localhost/shop --prove',
    },
  ];
  static override args: Interfaces.ArgInput = args;
  static override flags: Interfaces.FlagInput = flags;

  async run(): Promise<RestoreResult> {
    const { args: given, flags: options } = await this.parse({ ...this.globals, args, flags });
    const target = locationOf(given.target, 'DBIMG_TARGET');
    checkImageInput(given.image);
    const { jobs, lanes, replace, create, only, skip, prove, trust, analyze, tmp, rename } = options;
    const { restore } = await import('../index.ts');
    const keys = await readingKeys(options);
    const result = await this.job(options, (handles) =>
      restore({
        ...{ image: given.image, target, replace, create, prove, trust, analyze, keys, ...handles },
        ...{ dryRun: options['dry-run'], noSecrets: options['no-secrets'] },
        ...{ keepUuids: options['keep-uuids'] },
        ...defined({ jobs, lanes, only, skip, tmp, rename, lockTimeout: options['lock-timeout'] }),
      }),
    );
    const { crossing } = result;
    const mapping = crossing ? formatCrossing(crossing) : [];
    if (options['dry-run']) {
      this.#plan(result, mapping);
    } else if (!options.quiet) {
      for (const line of [...mapping, ...formatRestore(result)]) this.summarize(line);
    }
    if (!options['dry-run'] || crossing) {
      this.conclude(result, options.allow, crossing && `in ${crossing.to}`);
    }
    const obstacle = exitOfFindings(result.plan?.obstacles ?? []);
    if (obstacle > 0) process.exitCode = obstacle;
    return result;
  }

  #plan({ plan }: RestoreResult, mapping: readonly string[]): void {
    if (this.jsonEnabled()) return;
    for (const line of [...mapping, ...formatPlan(plan ?? { steps: [], obstacles: [] })]) this.print(line);
  }
}
