/** How many lanes. */
import { availableParallelism } from 'node:os';
import { DbimgError } from '../errors.ts';

/**
 * One lane a core, from 2 to 8: fewer leave the server idle while a lane compresses, more need to be asked for.
 * @throws DbimgError `USAGE` if `jobs` is no whole number from 1 to 256.
 */
export function defaultJobs(jobs: number | undefined): number {
  if (jobs === undefined) return Math.min(8, Math.max(2, availableParallelism()));
  if (Number.isInteger(jobs) && jobs >= 1 && jobs <= 256) return jobs;
  throw new DbimgError('USAGE', `The number of jobs is a whole number from 1 to 256, not ${jobs}.`);
}
