/** What stands in the way of dumping or restoring a database. */
import type { Finding, ServerInfo } from '../adapter.ts';
import type { Registry } from '../registry.ts';
import { Job, type JobOptions } from './job.ts';

export interface DoctorReport {
  readonly server: ServerInfo;
  readonly findings: readonly Finding[];
}

export async function examine(
  options: JobOptions & { readonly registry: Registry; readonly location: string },
): Promise<DoctorReport> {
  const job = new Job(options);
  try {
    const adapter = await options.registry.forLocation(options.location);
    await using database = await job.step('connect', () => adapter.connect(options.location, job));
    const findings: Finding[] = [];
    for await (const finding of database.examine()) findings.push(finding);
    return { server: database.server, findings };
  } catch (error) {
    throw job.causeOf(error);
  } finally {
    job.close();
  }
}
