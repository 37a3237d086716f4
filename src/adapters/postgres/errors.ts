/** What PostgreSQL and the network report, as errors of dbimg with a hint. */
import { DbimgError } from '../../core/errors.ts';
import {
  CONNECTION_LOST,
  type Doing,
  failure,
  isTlsFailure,
  type Meaning,
  networkMeaning,
} from '../../core/server-errors.ts';

interface Reported {
  readonly message: string;
  /** SQLSTATE, or Node's code of a failed system call. */
  readonly code: string | undefined;
  readonly detail: string | undefined;
  readonly hint: string | undefined;
  readonly where: string | undefined;
}

const BY_STATE: Readonly<Record<string, Meaning>> = {
  '28P01': {
    code: 'LOGIN_FAILED',
    hint: 'Check the user and the password: in the URL, PGPASSWORD or ~/.pgpass.',
  },
  '28000': { code: 'LOGIN_FAILED', hint: "Check the user, and the server's pg_hba.conf." },
  '3D000': { code: 'DATABASE_UNKNOWN', hint: 'Check the name of the database at the end of the URL.' },
  '42501': {
    code: 'PERMISSION_DENIED',
    hint: 'Connect as a role that has this right, or leave the object out with --skip.',
  },
  '55P03': { code: 'LOCK_TIMEOUT', hint: 'Try again later, or with a longer --lock-timeout.' },
  '53300': { code: 'CONNECT_FAILED', hint: 'Use fewer lanes (--jobs), or raise max_connections.' },
  '57P03': { code: 'CONNECT_FAILED', hint: 'The server is starting or stopping: try again in a moment.' },
  '57P01': { code: 'CONNECTION_LOST', hint: 'Somebody ended the session, or the server was stopped.' },
  '57P02': { code: 'CONNECTION_LOST', hint: 'A process of the server crashed: see its log.' },
  '53100': { code: 'SERVER_ERROR', hint: "The server's disk is full." },
  '53200': {
    code: 'SERVER_ERROR',
    hint: 'Raise max_locks_per_transaction if there are very many tables; else the server is out of memory.',
  },
  '40001': {
    code: 'SERVER_ERROR',
    hint: 'On a standby, set hot_standby_feedback = on or raise max_standby_streaming_delay.',
  },
  XX001: { code: 'SERVER_ERROR', hint: 'The data is damaged on the server: pg_amcheck says more.' },
  XX002: { code: 'SERVER_ERROR', hint: 'An index is damaged on the server: REINDEX it.' },
};

/** SQLSTATE of an error that the server reported. */
export function sqlState(error: unknown): string | undefined {
  const from = error instanceof DbimgError ? error.cause : error;
  const code = (from as { code?: unknown } | undefined)?.code;
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code : undefined;
}

/** Any error of the driver, the server or the network as one of dbimg. Errors that are ours already pass. */
export function postgresError(error: unknown, doing: Doing): DbimgError {
  if (error instanceof DbimgError) return error;
  const reported = reportOf(error);
  const meaning = meaningOf(reported);
  const more = [reported.detail, reported.where].filter((part) => part !== undefined && part !== '');
  const told = reported.hint && meaning.code !== 'LOGIN_FAILED' ? { hint: reported.hint } : {};
  return failure({ ...meaning, ...told }, [reported.message, ...more].join(' - '), doing, error);
}

/** Node joins the failures of several addresses of a host into an AggregateError with an empty message. */
function reportOf(error: unknown): Reported {
  const first = error instanceof AggregateError ? error.errors.at(-1) : error;
  const fields = (first ?? {}) as Readonly<Record<string, unknown>>;
  const text = (name: string): string | undefined => {
    const value = fields[name];
    return typeof value === 'string' ? value : undefined;
  };
  return {
    message: text('message') ?? String(first),
    code: text('code'),
    detail: text('detail'),
    hint: text('hint'),
    where: text('where'),
  };
}

function meaningOf(reported: Reported): Meaning {
  const { code = '', message } = reported;
  const known = BY_STATE[code];
  if (known) return known;
  if (code.startsWith('08')) return { code: 'CONNECTION_LOST' };
  const network = networkMeaning(code);
  if (network) return network;
  if (/Connection (terminated|ended)|not queryable/.test(message)) return CONNECTION_LOST;
  if (isTlsFailure(code, message)) {
    return {
      code: 'CONNECT_FAILED',
      hint:
        "Name the server's certificate authority with ?sslrootcert=FILE; ?sslmode=require encrypts without " +
        'checking who answers, ?sslmode=disable does not encrypt.',
    };
  }
  if (/password must be a string|SASL|no password/i.test(message)) {
    return { code: 'LOGIN_FAILED', hint: 'Give a password: in the URL, PGPASSWORD or ~/.pgpass.' };
  }
  return { code: 'SERVER_ERROR' };
}
