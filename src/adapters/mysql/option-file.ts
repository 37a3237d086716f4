/** Option files of the products' own clients: `~/.my.cnf` and its kin. */
import { readdir, readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { DbimgError } from '../../core/errors.ts';
import type { Environment } from './location.ts';

const GROUPS = ['client', 'client-server', 'client-mariadb', 'dbimg'];
const NAMES: ReadonlySet<string> = new Set([
  'user',
  'password',
  'host',
  'port',
  'socket',
  'ssl-mode',
  'ssl-ca',
  'ssl-cert',
  'ssl-key',
  'connect-timeout',
]);
const DEEPEST = 10;

export interface OptionFiles {
  /** Read this file and no other. It must exist. */
  readonly only: string | undefined;
  /** Read this file before the one in the home directory. It must exist. */
  readonly extra: string | undefined;
  /** Groups `[client<suffix>]` are read too. */
  readonly suffix: string;
}

/**
 * Options of the groups that clients read; later files win.
 *
 * @throws DbimgError `USAGE` if a file that was named cannot be read.
 */
export async function readOptionFiles(
  files: OptionFiles,
  environment: Environment,
): Promise<Map<string, string>> {
  const options = new Map<string, string>();
  const groups = new Set(GROUPS.flatMap((group) => [group, `${group}${files.suffix}`]));
  if (files.only !== undefined) {
    await readInto(options, files.only, groups, true, 0);
    return options;
  }
  const home = environment.HOME ?? homedir();
  for (const path of ['/etc/my.cnf', '/etc/mysql/my.cnf']) await readInto(options, path, groups, false, 0);
  if (files.extra !== undefined) await readInto(options, files.extra, groups, true, 0);
  await readInto(options, join(home, '.my.cnf'), groups, false, 0);
  return options;
}

async function readInto(
  options: Map<string, string>,
  path: string,
  groups: ReadonlySet<string>,
  required: boolean,
  depth: number,
): Promise<void> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (!required) return;
    throw new DbimgError('USAGE', `The option file ${path} cannot be read.`, { cause: error });
  }
  let group = '';
  for (const line of text.split(/\r?\n/)) {
    const include = /^\s*!include(dir)?\s+(.*\S)\s*$/.exec(line);
    const header = /^\s*\[([^\]]*)\]/.exec(line);
    if (include && depth < DEEPEST) {
      for (const file of await included(include[2] as string, include[1] !== undefined))
        await readInto(options, file, groups, false, depth + 1);
    } else if (header) group = (header[1] as string).trim();
    else if (groups.has(group)) takeOption(options, line);
  }
}

async function included(path: string, directory: boolean): Promise<string[]> {
  if (!directory) return [path];
  const names = await readdir(path).catch(() => []);
  return names
    .filter((name) => name.endsWith('.cnf'))
    .sort()
    .map((name) => join(path, name));
}

function takeOption(options: Map<string, string>, line: string): void {
  const match = /^\s*(?:loose[-_])?([a-z][\w-]*)\s*(?:=\s*(.*?))?\s*$/i.exec(line);
  if (!match) return;
  const name = (match[1] as string).toLowerCase().replaceAll('_', '-');
  if (!NAMES.has(name) || match[2] === undefined) return;
  options.set(name, unquote(match[2]));
}

/** Quotes around a value, escapes, and comments at its end, as the servers' `my_load_defaults` reads them. */
function unquote(value: string): string {
  const quoted = /^(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)')\s*(?:#.*)?$/.exec(value);
  const bare = quoted ? (quoted[1] ?? quoted[2] ?? '') : value.replace(/\s+#.*$/, '');
  return bare.replace(/\\(.)/g, (whole, letter: string) => ESCAPES[letter] ?? whole);
}

const ESCAPES: Readonly<Record<string, string>> = {
  b: '\b',
  t: '\t',
  n: '\n',
  r: '\r',
  s: ' ',
  '\\': '\\',
  "'": "'",
  '"': '"',
};
