/**
 * The one error of dbimg and the closed table of its codes. Callers switch on `code`, never on the message.
 */
import type { ObjectName } from './adapter.ts';

/** Every way to fail, with its exit code. `docs/exit-codes.md` is the page for users. */
export const ERRORS = {
  BUG: { exit: 1, title: 'this should not happen' },
  USAGE: { exit: 2, title: 'the command was not understood' },
  KEY_MISSING: { exit: 2, title: 'the image is encrypted' },
  NOT_AN_IMAGE: { exit: 4, title: 'this is no dbimg image' },
  IMAGE_DAMAGED: { exit: 4, title: 'the image is damaged' },
  IMAGE_INCOMPLETE: { exit: 4, title: 'the image is incomplete' },
  IMAGE_ABORTED: { exit: 4, title: 'the image was given up by its writer' },
  SIGNATURE_BAD: { exit: 4, title: 'the signature is not valid' },
  MISMATCH: { exit: 4, title: 'the data is not what it should be' },
  SOURCE_DAMAGED: { exit: 4, title: 'the source database is damaged' },
  CONNECT_FAILED: { exit: 5, title: 'no connection to the server' },
  CONNECTION_LOST: { exit: 5, title: 'the connection was lost' },
  LOGIN_FAILED: { exit: 5, title: 'the server refused the login' },
  KEY_WRONG: { exit: 5, title: 'the key does not open this image' },
  DATABASE_UNKNOWN: { exit: 5, title: 'there is no such database' },
  PERMISSION_DENIED: { exit: 5, title: 'the server does not permit this' },
  LOCK_TIMEOUT: { exit: 5, title: 'a lock was not granted' },
  SERVER_ERROR: { exit: 5, title: 'the server reported an error' },
  SOURCE_CHANGED: { exit: 5, title: 'the source changed while it was read' },
  SERVER_UNSUPPORTED: { exit: 6, title: 'this server is not supported' },
  NOT_A_DATABASE: { exit: 6, title: 'this is no database' },
  SERVER_RUNNING: { exit: 6, title: 'a server is running on this directory' },
  POOLER_IN_BETWEEN: { exit: 6, title: 'a connection pooler stands in between' },
  FORMAT_UNSUPPORTED: { exit: 6, title: 'the image needs a newer dbimg' },
  ADAPTER_UNKNOWN: { exit: 6, title: 'no adapter for this' },
  UNSUPPORTED: { exit: 6, title: 'this is not supported' },
  UNTRUSTED: { exit: 6, title: 'the image asks for more rights than it was given' },
  LOG_GAP: { exit: 6, title: 'the log has a gap' },
  STORE_FAILED: { exit: 7, title: 'the store failed' },
  STORE_FULL: { exit: 7, title: 'no space left in the store' },
  STORE_EXISTS: { exit: 7, title: 'something is there already' },
  STORE_NOT_FOUND: { exit: 7, title: 'there is no such image' },
  TARGET_NOT_EMPTY: { exit: 8, title: 'the target is not empty' },
  CANCELLED: { exit: 130, title: 'cancelled' },
} as const;

export type ErrorCode = keyof typeof ERRORS;

export interface ErrorDetails {
  /** What could be done next, as a sentence or a command. */
  readonly hint?: string;
  /** The object on which it happened. */
  readonly object?: ObjectName;
  readonly cause?: unknown;
}

/**
 * What went wrong: `message` says what was being done and why it failed, `hint` what to do next.
 * Messages and hints hold no secrets: adapters redact locations before they build one.
 */
export class DbimgError extends Error {
  override readonly name = 'DbimgError';
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly object: ObjectName | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.hint = details.hint;
    this.object = details.object;
  }

  /** Exit code of the command line for this error. */
  get exit(): number {
    return ERRORS[this.code].exit;
  }

  /** Plain data, for `--json`, for ABORT frames and to cross from a worker. */
  toJSON(): { code: ErrorCode; message: string; hint?: string; object?: ObjectName } {
    return {
      code: this.code,
      message: this.message,
      ...(this.hint === undefined ? {} : { hint: this.hint }),
      ...(this.object === undefined ? {} : { object: this.object }),
    };
  }

  /** The other way round: an error that came as data from a worker. */
  static from(data: { code: string; message: string; hint?: string; object?: ObjectName }): DbimgError {
    const code = data.code in ERRORS ? (data.code as ErrorCode) : 'BUG';
    return new DbimgError(code, data.message, {
      ...(data.hint === undefined ? {} : { hint: data.hint }),
      ...(data.object === undefined ? {} : { object: data.object }),
    });
  }
}

/** Why work under an aborted signal ends. */
export function cancelled(signal: AbortSignal): DbimgError {
  if (signal.reason instanceof DbimgError) return signal.reason;
  return new DbimgError('CANCELLED', 'The work was cancelled.', { cause: signal.reason });
}

/** Any thrown thing as a DbimgError: unknown errors are bugs of ours and say so. */
export function asDbimgError(error: unknown): DbimgError {
  if (error instanceof DbimgError) return error;
  if (error instanceof Error && (error.name === 'AbortError' || error.name === 'TimeoutError')) {
    return new DbimgError('CANCELLED', 'The work was cancelled.', { cause: error });
  }
  const message = error instanceof Error ? error.message : String(error);
  return new DbimgError('BUG', message, {
    cause: error,
    hint: 'Please report this together with the output of the same command with DBIMG_DEBUG=1.',
  });
}
