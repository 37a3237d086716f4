/** Named groups of connection parameters from libpq's service files. */
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { DbimgError } from '../../core/errors.ts';
import type { Environment } from './location.ts';

/**
 * The parameters of a service: from the user's file, else from the system's.
 *
 * Source: PostgreSQL documentation, "The Connection Service File".
 *
 * @throws DbimgError `USAGE` if no file has it.
 */
export async function readService(name: string, environment: Environment): Promise<Map<string, string>> {
  const user = environment.PGSERVICEFILE ?? join(homedir(), '.pg_service.conf');
  const system = environment.PGSYSCONFDIR ? [join(environment.PGSYSCONFDIR, 'pg_service.conf')] : [];
  for (const file of [user, ...system]) {
    const text = await readFile(file, 'utf8').catch(() => '');
    const section = sectionOf(text, name);
    if (section) return section;
  }
  throw new DbimgError('USAGE', `There is no service ${JSON.stringify(name)} in the service file.`, {
    hint: 'Services are sections of ~/.pg_service.conf, or of the file that PGSERVICEFILE names.',
  });
}

function sectionOf(text: string, name: string): Map<string, string> | undefined {
  let section: Map<string, string> | undefined;
  for (const raw of text.split(/\r?\n/)) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    if (line.startsWith('[')) {
      if (section) return section;
      if (line === `[${name}]`) section = new Map();
      continue;
    }
    const at = line.indexOf('=');
    if (section && at > 0) section.set(line.slice(0, at).trim(), line.slice(at + 1).trim());
  }
  return section;
}
