import { Args, type Interfaces } from '@oclif/core';
import { BaseCommand } from '../cli/base-command.ts';
import { locationOf } from '../cli/locations.ts';
import { exitOfFindings, formatDoctor } from '../cli/render/findings.ts';
import type { DoctorReport } from '../index.ts';

const args = {
  location: Args.string({
    description: 'URL of the database, postgres://user@host/name, or a SQLite file. Default: DBIMG_SOURCE.',
  }),
};

export default class Doctor extends BaseCommand {
  static override summary = 'Look for whatever would hinder a dump or a restore. Changes nothing.';
  static override description =
    'Exit code 0 if nothing does, 3 with warnings, and with an obstacle the code that a dump would end with.';
  static override examples: string[] = [
    '<%= config.bin %> <%= command.id %> postgres://postgres@localhost/shop',
    '<%= config.bin %> <%= command.id %> app.db',
  ];
  static override args: Interfaces.ArgInput = args;

  async run(): Promise<DoctorReport> {
    const { args: given, flags: options } = await this.parse({ ...this.globals, args, flags: {} });
    const location = locationOf(given.location, 'DBIMG_SOURCE');
    const { doctor } = await import('../index.ts');
    const report = await this.job(options, ({ signal }) => doctor({ location, signal }));
    if (!this.jsonEnabled()) {
      for (const line of formatDoctor(report.server, report.findings)) this.print(line);
    }
    process.exitCode = exitOfFindings(report.findings);
    return report;
  }
}
