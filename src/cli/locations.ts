/** Where databases and new images are: arguments first, then the environment. */
import { basename } from 'node:path';
import { DbimgError } from '../core/errors.ts';

/** Locations whose last part is the name of a file, with its ending. */
const FILE = /^(sqlite|file):/i;

/** The location given, or that of the environment variable. Throws `USAGE` if there is neither. */
export function locationOf(given: string | undefined, variable: 'DBIMG_SOURCE' | 'DBIMG_TARGET'): string {
  const location = given ?? process.env[variable];
  if (location) return location;
  throw new DbimgError('USAGE', `Which database? Give its URL, or set ${variable}.`, {
    hint: 'For example postgres://user@host/database, or postgres: alone to take everything from PGHOST, PGDATABASE, …',
  });
}

/** A name in the current directory for a dump without `-o`: `<database>-<yyyymmdd-hhmmss>.dbimg`, in local time. */
export function defaultImage(location: string, now: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  const date = `${now.getFullYear()}${two(now.getMonth() + 1)}${two(now.getDate())}`;
  const time = `${two(now.getHours())}${two(now.getMinutes())}${two(now.getSeconds())}`;
  return `${databaseName(location)}-${date}-${time}.dbimg`;
}

function databaseName(location: string): string {
  const name = fromUrl(location) || process.env.PGDATABASE || 'database';
  return name.replace(/[^\p{L}\p{N}._-]+/gu, '_').replace(/^[.-]+/u, '_');
}

function fromUrl(location: string): string {
  if (FILE.test(location) || !URL.canParse(location)) {
    return decoded(basename(location.replace(FILE, ''))).replace(/\.[^.]*$/u, '');
  }
  const url = new URL(location);
  const path = url.searchParams.get('dbname') ?? url.pathname.split('/').at(-1) ?? '';
  return decoded(path || process.env.PGDATABASE || url.username);
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
