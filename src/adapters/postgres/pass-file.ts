/** Passwords from libpq's password file, `~/.pgpass`. */
import { readFile, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Environment } from './location.ts';

export interface PasswordKey {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
}

/**
 * The password of the first line that fits. A file that others may read is ignored, as libpq does.
 *
 * Source: PostgreSQL documentation, "The Password File".
 */
export async function readPassword(
  key: PasswordKey,
  path: string | undefined,
  environment: Environment,
): Promise<string | undefined> {
  const file = path ?? defaultFile(environment);
  const text = await readPrivate(file);
  if (text === undefined) return undefined;
  const host = key.host.startsWith('/') ? 'localhost' : key.host;
  const wanted = [host, String(key.port), key.database, key.user];
  for (const line of text.split(/\r?\n/)) {
    if (line === '' || line.startsWith('#')) continue;
    const fields = splitLine(line);
    const matches = wanted.every(
      (value, index) => fields[index] === '*' || unescaped(fields[index]) === value,
    );
    if (matches && fields.length > 4) return unescaped(fields[4]);
  }
  return undefined;
}

function defaultFile(environment: Environment): string {
  if (process.platform === 'win32') return join(environment.APPDATA ?? '', 'postgresql', 'pgpass.conf');
  return join(homedir(), '.pgpass');
}

async function readPrivate(file: string): Promise<string | undefined> {
  try {
    const { mode } = await stat(file);
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) return undefined;
    return await readFile(file, 'utf8');
  } catch {
    return undefined;
  }
}

/** Fields still hold their backslashes, so that an escaped `*` is no wildcard. */
function splitLine(line: string): string[] {
  const fields = [''];
  for (const [token] of line.matchAll(/\\.|./gs)) {
    if (token === ':') fields.push('');
    else fields[fields.length - 1] += token;
  }
  return fields;
}

function unescaped(field: string | undefined): string {
  return (field ?? '').replace(/\\(.)/g, '$1');
}
