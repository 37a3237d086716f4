/** What the operating system says when a store fails, as errors that teach. */
import { asDbimgError, DbimgError } from '../errors.ts';

const FULL = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

/** `doing` completes the sentence "… failed": what was being done to which file. */
export function storeError(doing: string, error: unknown): DbimgError {
  if (error instanceof DbimgError) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : undefined;
  if (code === undefined) return asDbimgError(error);
  const message = `${doing} failed: ${reasonOf(error as Error)}.`;
  const cause = error;
  if (FULL.has(code)) {
    return new DbimgError('STORE_FULL', message, {
      cause,
      hint: 'Make room there, or write the image elsewhere with -o.',
    });
  }
  if (code === 'ENOENT') {
    return new DbimgError('STORE_NOT_FOUND', message, {
      cause,
      hint: 'Check the path; a directory must exist.',
    });
  }
  if (code === 'EEXIST') return existsAlready(doing, cause);
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
    return new DbimgError('STORE_FAILED', message, {
      cause,
      hint: 'Check the permissions of the file and its directory.',
    });
  }
  if (code === 'EPIPE') {
    return new DbimgError('STORE_FAILED', 'The reader of the pipe stopped reading.', {
      cause,
      hint: 'See what the command after the pipe says.',
    });
  }
  return new DbimgError('STORE_FAILED', message, { cause });
}

/** Node repeats the path, which the caller has named already, or names the file beside it that is being written. */
function reasonOf({ message }: Error): string {
  return message.replace(/, \w+( '.*')?$/s, '').replace(/^E[A-Z0-9]+: /, '');
}

export function existsAlready(doing: string, cause?: unknown): DbimgError {
  return new DbimgError('STORE_EXISTS', `${doing} failed: something is there already.`, {
    hint: 'Choose another name, or remove what is there.',
    ...(cause === undefined ? {} : { cause }),
  });
}
