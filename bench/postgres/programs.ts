/** PostgreSQL's own programs. */
import { join } from 'node:path';
import { type PgTools, pgTools } from '../../test/engines/pg-tools.ts';
import type { Program } from '../measure.ts';

export type Rival = (program: 'pg_dump' | 'pg_restore' | 'psql' | 'vacuumdb', ...args: string[]) => Program;

/** Throws if they would run in a container, where they cannot be measured. */
export async function rivals(): Promise<{ readonly version: string; readonly rival: Rival }> {
  const tools: PgTools = await pgTools();
  if (!tools.seesFiles) {
    throw new Error(
      'pg_dump would run in a container, where its CPU and memory cannot be measured: install the client programs of ' +
        'PostgreSQL 18, or name their directory in DBIMG_TEST_PG_BIN.',
    );
  }
  return {
    version: tools.version,
    rival: (program, ...args) => [join(tools.bin, program), ...args],
  };
}
