/** What the servers and the network report, as errors of dbimg with a hint. */
import { DbimgError } from '../../core/errors.ts';
import {
  CONNECTION_LOST,
  type Doing,
  failure,
  isTlsFailure,
  type Meaning,
  networkMeaning,
} from '../../core/server-errors.ts';

/** An error packet of the server. */
export class ServerError extends Error {
  readonly errno: number;
  readonly sqlState: string;

  constructor(errno: number, sqlState: string, message: string) {
    super(message);
    this.errno = errno;
    this.sqlState = sqlState;
  }
}

const LOGIN: Meaning = {
  code: 'LOGIN_FAILED',
  hint: 'Check the user and the password: in the URL, MYSQL_PWD or ~/.my.cnf.',
};
const DENIED: Meaning = {
  code: 'PERMISSION_DENIED',
  hint: 'Connect as a user with this privilege, or leave the object out with --skip.',
};
const CHANGED: Meaning = {
  code: 'SOURCE_CHANGED',
  hint: 'A table was altered, renamed or dropped during the dump: try again when no schema changes are under way.',
};
const KILLED: Meaning = {
  code: 'CONNECTION_LOST',
  hint: 'Somebody ended the session, or the server was stopped.',
};
const FULL: Meaning = { code: 'SERVER_ERROR', hint: "The server's disk is full." };

/** Error numbers of MySQL (mysqld_error.h) and MariaDB (mysqld_error.h, from 1900 on its own). */
const BY_NUMBER: Readonly<Record<number, Meaning>> = {
  1044: DENIED,
  1045: LOGIN,
  1142: DENIED,
  1143: DENIED,
  1227: DENIED,
  1356: DENIED,
  1370: DENIED,
  1419: {
    code: 'PERMISSION_DENIED',
    hint: 'With the binary log on, functions and triggers need SUPER, or log_bin_trust_function_creators = 1.',
  },
  1698: {
    code: 'LOGIN_FAILED',
    hint: 'This user logs in by unix_socket only: connect through the socket (?socket=PATH), or use another user.',
  },
  1820: { code: 'LOGIN_FAILED', hint: 'The password has expired: set a new one with ALTER USER.' },
  1862: { code: 'LOGIN_FAILED', hint: 'The password has expired: set a new one with ALTER USER.' },
  3118: { code: 'LOGIN_FAILED', hint: 'The account is locked.' },
  4151: { code: 'LOGIN_FAILED', hint: 'The account is locked.' },
  3159: { code: 'LOGIN_FAILED', hint: 'The server insists on TLS: use ?ssl-mode=required or better.' },
  1049: { code: 'DATABASE_UNKNOWN', hint: 'Check the name of the database at the end of the URL.' },
  1040: { code: 'CONNECT_FAILED', hint: 'Use fewer lanes (--jobs), or raise max_connections.' },
  1203: { code: 'CONNECT_FAILED', hint: 'Use fewer lanes (--jobs), or raise max_user_connections.' },
  1226: { code: 'CONNECT_FAILED', hint: 'The account has a resource limit: use fewer lanes (--jobs).' },
  1129: { code: 'CONNECT_FAILED', hint: 'The server blocks this host: FLUSH HOSTS on it.' },
  1130: { code: 'LOGIN_FAILED', hint: 'No account of the server may connect from this host.' },
  1053: { code: 'CONNECTION_LOST', hint: 'The server was stopped.' },
  1158: KILLED,
  1159: KILLED,
  1160: KILLED,
  1161: KILLED,
  1927: KILLED,
  4031: KILLED,
  1317: KILLED,
  1153: {
    code: 'SERVER_ERROR',
    hint: 'A row is larger than the server may send or take: raise its max_allowed_packet (at most 1G).',
  },
  1205: { code: 'LOCK_TIMEOUT', hint: 'Try again later, or with a longer --lock-timeout.' },
  1213: { code: 'LOCK_TIMEOUT', hint: 'The server met a deadlock: try again.' },
  1412: CHANGED,
  1146: CHANGED,
  1054: CHANGED,
  1105: { code: 'SERVER_ERROR' },
  1021: FULL,
  1114: FULL,
  1194: { code: 'SOURCE_DAMAGED', hint: 'The table is marked as crashed: REPAIR TABLE it.' },
  1195: { code: 'SOURCE_DAMAGED', hint: 'The table is marked as crashed: REPAIR TABLE it.' },
  1034: { code: 'SOURCE_DAMAGED', hint: 'REPAIR TABLE it.' },
  1712: { code: 'SOURCE_DAMAGED', hint: 'An index is corrupted: CHECK TABLE says more.' },
  1877: { code: 'SOURCE_DAMAGED', hint: 'The table is corrupted: CHECK TABLE says more.' },
  1836: { code: 'PERMISSION_DENIED', hint: 'The server is read-only.' },
  1290: { code: 'PERMISSION_DENIED', hint: 'An option of the server forbids this, such as --read-only.' },
};

/** The number of an error that the server reported. */
export function errorNumber(error: unknown): number | undefined {
  const from = error instanceof DbimgError ? error.cause : error;
  const number = (from as { errno?: unknown } | undefined)?.errno;
  return typeof number === 'number' && number >= 1000 ? number : undefined;
}

/** Any error of the driver, the server or the network as one of dbimg. Errors that are ours already pass. */
export function mysqlError(error: unknown, doing: Doing): DbimgError {
  if (error instanceof DbimgError) return error;
  const first: unknown = error instanceof AggregateError ? error.errors.at(-1) : error;
  const text = first instanceof Error ? first.message : String(first);
  const number = errorNumber(first);
  const reported = number === undefined ? text : `${text} (error ${number})`;
  return failure(meaningOf(first, text), reported, doing, error);
}

function meaningOf(error: unknown, message: string): Meaning {
  const known = BY_NUMBER[errorNumber(error) ?? 0];
  if (known) return known;
  const written = (error as { code?: unknown } | undefined)?.code;
  const code = typeof written === 'string' ? written : '';
  const network = networkMeaning(code);
  if (network) return network;
  if (/^PROTOCOL_CONNECTION_LOST/.test(code) || /Connection lost|in closed state/.test(message)) {
    return CONNECTION_LOST;
  }
  if (isTlsFailure(code, message)) {
    return {
      code: 'CONNECT_FAILED',
      hint:
        "Name the server's certificate authority with ?ssl-ca=FILE; ?ssl-mode=required encrypts without checking " +
        'who answers, ?ssl-mode=disabled does not encrypt.',
    };
  }
  if (/AUTH_SWITCH_PLUGIN_ERROR/.test(code)) {
    return { code: 'LOGIN_FAILED', hint: 'The account uses a plugin that the driver does not know.' };
  }
  return { code: 'SERVER_ERROR' };
}
