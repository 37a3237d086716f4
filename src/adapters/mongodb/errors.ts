/** What MongoDB, its driver and the network report, as errors of dbimg with a hint. */
import {
  MongoAPIError,
  MongoError,
  MongoNetworkError,
  MongoParseError,
  MongoServerError,
  MongoServerSelectionError,
} from 'mongodb';
import { DbimgError } from '../../core/errors.ts';
import { type Doing, failure, type Meaning } from '../../core/server-errors.ts';

const LOST: Meaning = {
  code: 'CONNECTION_LOST',
  hint: "The primary changed or the network failed: the servers' logs may tell why. Try again.",
};

const CONCERN: Meaning = {
  code: 'SERVER_ERROR',
  hint: 'The URL says how many members must have each write, and for how long to wait (w, wtimeoutMS): look there.',
};

/** By the server's number: src/mongo/base/error_codes.yml of MongoDB. */
const BY_CODE: Readonly<Record<number, Meaning>> = {
  13: {
    code: 'PERMISSION_DENIED',
    hint: 'A dump needs the role backup, a restore the role restore, both in admin; root has both.',
  },
  18: {
    code: 'LOGIN_FAILED',
    hint: 'Check user and password, and that authSource names the database where the user was made (often admin).',
  },
  20: { code: 'SERVER_ERROR' },
  26: { code: 'SOURCE_CHANGED', hint: 'A collection was dropped meanwhile. Try again.' },
  11000: {
    code: 'SERVER_ERROR',
    hint: 'Two documents have the same key, so the unique index cannot be built: mend them at the source.',
  },
  12582: { code: 'SERVER_ERROR' },
  73: {
    code: 'SERVER_ERROR',
    hint: 'Names of database and collection together have at most 255 bytes. --rename gives others.',
  },
  64: CONCERN,
  79: CONCERN,
  100: CONCERN,
  136: {
    code: 'LOG_GAP',
    hint: 'The oplog is too small for the load: give it more room (replSetResizeOplog), or use more lanes.',
  },
  211: {
    code: 'SOURCE_CHANGED',
    hint: 'Documents were deleted meanwhile. Use more lanes (--jobs), and try again.',
  },
  239: { code: 'SOURCE_CHANGED', hint: 'Raise minSnapshotHistoryWindowInSeconds, or use more lanes.' },
  246: { code: 'SOURCE_CHANGED', hint: 'The collection was changed meanwhile. Try again.' },
  14031: { code: 'SERVER_ERROR', hint: "The server's disk is full." },
  322: { code: 'UNSUPPORTED', hint: 'The URL asks for apiStrict: leave it out.' },
  323: { code: 'UNSUPPORTED', hint: 'The URL asks for apiStrict: leave it out.' },
  // The primary steps down, or is none, or the server stops.
  6: LOST,
  7: LOST,
  43: LOST,
  89: LOST,
  91: LOST,
  189: LOST,
  237: LOST,
  9001: LOST,
  10107: LOST,
  11600: LOST,
  11602: LOST,
  13435: LOST,
  13436: LOST,
};

/** The snapshot is older than the history that the server keeps, or than a change of the collection. */
const SNAPSHOT_GONE: ReadonlySet<number> = new Set([239, 246]);

/** Number of an error that the server reported. */
export function serverCode(error: unknown): number | undefined {
  const from = error instanceof DbimgError ? error.cause : error;
  const code = from instanceof MongoServerError ? from.code : undefined;
  return typeof code === 'number' ? code : undefined;
}

export function isSnapshotGone(error: unknown): boolean {
  return SNAPSHOT_GONE.has(serverCode(error) ?? 0);
}

/** Whether the same may well succeed on the next primary. */
export function isTransient(error: unknown): boolean {
  return error instanceof DbimgError && error.code === 'CONNECTION_LOST';
}

/** Any error of the driver, the server or the network as one of dbimg. Errors that are ours already pass. */
export function mongoError(error: unknown, doing: Doing): DbimgError {
  if (error instanceof DbimgError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return failure(meaningOf(error), message, doing, error);
}

/** An error that the server reported inside of a reply. */
export function mongoErrorOf(number: number, message: string, doing: Doing): DbimgError {
  return mongoError(new MongoServerError({ code: number, message, errmsg: message }), doing);
}

function meaningOf(error: unknown): Meaning {
  if (error instanceof MongoServerSelectionError) return selectionFailure(error);
  if (error instanceof MongoParseError) return { code: 'USAGE', hint: 'Check the options of the URL.' };
  if (error instanceof MongoServerError) {
    const known = BY_CODE[Number(error.code)];
    if (known) return known;
    if (/disk|No space left/i.test(error.message)) {
      return { code: 'SERVER_ERROR', hint: "The server's disk may be full." };
    }
    return { code: 'SERVER_ERROR' };
  }
  if (error instanceof MongoNetworkError || isClosed(error)) return LOST;
  if (error instanceof MongoAPIError) return { code: 'USAGE', hint: 'Check the options of the URL.' };
  if (error instanceof MongoError) return { code: 'SERVER_ERROR' };
  const name = (error as { code?: unknown } | undefined)?.code;
  if (name === 'ENOENT' || name === 'EACCES') {
    return {
      code: 'USAGE',
      hint: 'A file that the URL names (tlsCAFile, tlsCertificateKeyFile) cannot be read.',
    };
  }
  if (typeof name === 'string' && /^(ENOTFOUND|ENODATA|ESERVFAIL|EAI_|ETIMEOUT|ECONN)/.test(name)) {
    return { code: 'CONNECT_FAILED', hint: 'Check the spelling of the host.' };
  }
  return { code: 'BUG' };
}

function isClosed(error: unknown): boolean {
  return (
    error instanceof MongoError &&
    /Closed|NotConnected|TopologyDestroyed|Interrupted|PoolCleared/.test(error.name)
  );
}

function selectionFailure(error: MongoServerSelectionError): Meaning {
  const servers = [...(error.reason?.servers?.values() ?? [])];
  const causes = servers.map(({ error: cause }) => `${cause?.message ?? ''}`).join(' ');
  if (/certificate|\bTLS\b|\bSSL\b|self.signed/i.test(causes)) {
    return {
      code: 'CONNECT_FAILED',
      hint: "Name the server's certificate authority with &tlsCAFile=FILE. The URL needs tls=true only if the server speaks TLS.",
    };
  }
  const set = error.reason?.setName;
  if (servers.some(({ type }) => type.startsWith('RS')) || set) {
    const reachable = servers.some(({ type }) => type === 'RSSecondary' || type === 'RSOther');
    return {
      code: 'CONNECT_FAILED',
      hint: reachable
        ? 'The replica set has no primary: rs.status() tells why. directConnection=true dumps from one member.'
        : 'Members of the replica set are known by names that cannot be reached from here; directConnection=true uses the host of the URL.',
    };
  }
  return {
    code: 'CONNECT_FAILED',
    hint: 'Check host and port, replicaSet in the URL, and that the server is running and reachable from here.',
  };
}
