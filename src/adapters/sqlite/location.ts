/** Which file a location means. */
import { basename } from 'node:path';
import { DbimgError } from '../../core/errors.ts';

/**
 * The path in `sqlite:./app.db`, `sqlite:/srv/app.db`, `sqlite:///srv/app.db` or `app.db`. Only the form with `//` is
 * percent-decoded: elsewhere a path is taken as it is written.
 *
 * @throws DbimgError `USAGE` if it means no file on this machine.
 */
export function pathOf(location: string): string {
  const rest = location.replace(/^sqlite:/i, '');
  const path = rest.startsWith('//') ? authorityForm(rest) : rest;
  if (path === '' || path === ':memory:' || path.includes('\0')) {
    throw new DbimgError('USAGE', 'The location names no SQLite file.', { hint: EXAMPLE });
  }
  return path;
}

/** A name for messages: without the directories. */
export function nameOf(path: string): string {
  return basename(path);
}

const EXAMPLE = 'Give a path: app.db, sqlite:./app.db or sqlite:///srv/app.db';

function authorityForm(rest: string): string {
  const [, host, path] = /^\/\/([^/]*)(.*)$/s.exec(rest) ?? [];
  if ((host && host !== 'localhost') || !path) {
    throw new DbimgError('USAGE', 'A SQLite database is a file of this machine, without a host.', {
      hint: EXAMPLE,
    });
  }
  try {
    const decoded = decodeURIComponent(path);
    return /^\/[a-z]:[\\/]/i.test(decoded) ? decoded.slice(1) : decoded;
  } catch (cause) {
    throw new DbimgError('USAGE', 'The path in the location is not percent-encoded.', {
      hint: EXAMPLE,
      cause,
    });
  }
}
