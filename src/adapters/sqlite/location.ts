/** Which file a location means. */
import { basename } from 'node:path';
import { DbimgError } from '../../core/errors.ts';

/**
 * The path in `sqlite:./app.db`, `sqlite:/srv/app.db`, `sqlite:///srv/app.db`, `app.db`, or a `file:` URL as SQLite
 * itself takes it. Only that, and the form with `//`, are percent-decoded: elsewhere a path is taken as it is written.
 *
 * @throws DbimgError `USAGE` if it means no file on this machine.
 */
export function pathOf(location: string): string {
  const path = named(location);
  if (path === '' || path === ':memory:' || path.includes('\0')) {
    throw new DbimgError('USAGE', 'The location names no SQLite file.', { hint: EXAMPLE });
  }
  return path;
}

function named(location: string): string {
  if (/^file:/i.test(location)) return fileUrl(location.slice('file:'.length));
  const rest = location.replace(/^sqlite:/i, '');
  return rest.startsWith('//') ? decoded(pathAfterHost(rest)) : rest;
}

/** Parameters of SQLite's own, such as `vfs` or `immutable`, would change how it is read: none is left unheeded. */
function fileUrl(rest: string): string {
  if (/[?#]/.test(rest)) {
    throw new DbimgError('USAGE', 'The file URL has parameters, and dbimg takes none.', {
      hint: 'Leave out what follows the path. A question mark or # in the name of a file is %3F or %23.',
    });
  }
  return decoded(rest.startsWith('//') ? pathAfterHost(rest) : rest);
}

/** A name for messages: without the directories. */
export function nameOf(path: string): string {
  return basename(path);
}

const EXAMPLE = 'Give a path: app.db, sqlite:./app.db or sqlite:///srv/app.db';

function pathAfterHost(rest: string): string {
  const [, host, path] = /^\/\/([^/]*)(.*)$/s.exec(rest) ?? [];
  if ((host && host !== 'localhost') || !path) {
    throw new DbimgError('USAGE', 'A SQLite database is a file of this machine, without a host.', {
      hint: EXAMPLE,
    });
  }
  return path;
}

function decoded(text: string): string {
  try {
    const path = decodeURIComponent(text);
    return /^\/[a-z]:[\\/]/i.test(path) ? path.slice(1) : path;
  } catch (cause) {
    throw new DbimgError('USAGE', 'The path in the location is not percent-encoded.', {
      hint: EXAMPLE,
      cause,
    });
  }
}
