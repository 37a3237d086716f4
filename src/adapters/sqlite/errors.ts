/** What SQLite and the file system report, as errors of dbimg with a hint. */
import { asDbimgError, DbimgError, type ErrorCode } from '../../core/errors.ts';
import { SALVAGE_HINT } from './pages/damage.ts';

interface Meaning {
  readonly code: ErrorCode;
  readonly hint?: string;
}

const WAIT_HINT =
  'Another process holds it: wait for its transaction to end, or give a longer --lock-timeout.';
export const ENCRYPTED_HINT =
  'If it is encrypted, export it first with the program that has the key; dbimg reads plain SQLite files.';

/** By primary result code. https://www.sqlite.org/rescode.html */
const MEANINGS: Readonly<Record<number, Meaning>> = {
  3: { code: 'PERMISSION_DENIED' },
  5: { code: 'LOCK_TIMEOUT', hint: WAIT_HINT },
  6: { code: 'LOCK_TIMEOUT', hint: WAIT_HINT },
  8: { code: 'PERMISSION_DENIED', hint: 'The file or its directory cannot be written.' },
  11: { code: 'SOURCE_DAMAGED', hint: SALVAGE_HINT },
  13: { code: 'SERVER_ERROR', hint: 'The disk is full.' },
  14: { code: 'PERMISSION_DENIED', hint: 'Check the rights on the file and on its directory.' },
  23: { code: 'PERMISSION_DENIED' },
  26: { code: 'NOT_A_DATABASE', hint: ENCRYPTED_HINT },
};

const SYSTEM_ERRORS: Readonly<Record<string, Meaning>> = {
  ENOENT: { code: 'DATABASE_UNKNOWN', hint: 'Check the path.' },
  ENOTDIR: { code: 'DATABASE_UNKNOWN', hint: 'Check the path.' },
  EACCES: { code: 'PERMISSION_DENIED', hint: 'Check the rights on the file and on its directory.' },
  EPERM: { code: 'PERMISSION_DENIED', hint: 'Check the rights on the file and on its directory.' },
  EISDIR: { code: 'NOT_A_DATABASE', hint: 'This is a directory: name the file in it.' },
};

/** SQLite's extended result code; undefined if the error is not SQLite's. */
export function resultCode(error: unknown): number | undefined {
  const { errcode } = (error ?? {}) as { errcode?: unknown };
  return typeof errcode === 'number' ? errcode : undefined;
}

/** Somebody else holds a lock: it may work in a moment. SQLITE_PROTOCOL is a race for the WAL's locks. */
export function isBusy(error: unknown): boolean {
  const code = (resultCode(error) ?? 0) & 0xff;
  return code === 5 || code === 6 || code === 15;
}

/** SQLITE_IOERR_DELETE: a journal was rolled back but cannot be deleted. */
const JOURNAL_STAYS = 10 | (10 << 8);

/** Whether SQLite could not open or write what it needs beside the file: its directory is not ours to write to. */
export function isReadOnly(error: unknown): boolean {
  const code = resultCode(error) ?? 0;
  return [8, 14, 3].includes(code & 0xff) || code === JOURNAL_STAYS;
}

/** SQLite found the file damaged. */
export function isDamage(error: unknown): boolean {
  return ((resultCode(error) ?? 0) & 0xff) === 11;
}

/**
 * What a program gives to SQLite and no file holds: a collation, a function, a module. `no such collation sequence: X` if
 * that is why SQLite refused.
 */
export function missingPart(error: unknown): string | undefined {
  const message = error instanceof Error ? error.message : '';
  return /(no such (collation sequence|function|module)|unknown function): .*/s.exec(message)?.[0];
}

/** Any error of SQLite or the file system. `what` begins the message, as in `app.db could not be opened`. */
export function sqliteError(error: unknown, what: string): DbimgError {
  if (error instanceof DbimgError) return error;
  const reported = error as { message?: string; code?: string; syscall?: string };
  const primary = resultCode(error);
  if (primary === undefined && reported.syscall === undefined) return asDbimgError(error);
  const meaning =
    primary === undefined ? SYSTEM_ERRORS[reported.code ?? ''] : (MEANINGS[primary & 0xff] ?? undefined);
  return new DbimgError(meaning?.code ?? 'SERVER_ERROR', `${what}: ${reasonOf(error)}.`, {
    cause: error,
    ...(meaning?.hint === undefined ? {} : { hint: meaning.hint }),
  });
}

/** Node's messages repeat the path, which the caller has named already. */
function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(/, \w+ '.*'$/s, '').replace(/^E[A-Z]+: /, '');
}
