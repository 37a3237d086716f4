/** What errors of servers and of the network have in common, whatever the product. */
import type { ObjectName } from './adapter.ts';
import { DbimgError, type ErrorCode } from './errors.ts';

/** What was being done when something failed: the beginning of the message. */
export interface Doing {
  /** As in `The table could not be read`. Without a final period. */
  readonly what: string;
  readonly object?: ObjectName;
}

/** What an error means to the user. */
export interface Meaning {
  readonly code: ErrorCode;
  readonly hint?: string;
}

const NETWORK_LOST = /^(ECONNRESET|EPIPE|ECONNABORTED|ENETRESET|ERR_STREAM_|ERR_SOCKET_CLOSED)/;
const NETWORK_FAILED =
  /^(ECONNREFUSED|ENOTFOUND|EAI_|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL|ENOENT|EACCES|EINVAL)/;
const TLS_FAILED =
  /^(HANDSHAKE_|ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|HOSTNAME_MISMATCH|EPROTO|ERR_OSSL)/;

export const CONNECTION_LOST: Meaning = {
  code: 'CONNECTION_LOST',
  hint: "The network, or the server's log, may tell why.",
};

/** Whether a code of Node's, or a driver's message, speaks of TLS. */
export function isTlsFailure(code: string, message: string): boolean {
  return TLS_FAILED.test(code) || /certificate|\bTLS\b|\bSSL\b|secure connection/.test(message);
}

/** What a code of a failed system call on a socket means; undefined if it is none. */
export function networkMeaning(code: string): Meaning | undefined {
  if (NETWORK_LOST.test(code)) return CONNECTION_LOST;
  return NETWORK_FAILED.test(code) ? { code: 'CONNECT_FAILED', hint: networkHint(code) } : undefined;
}

function networkHint(code: string): string {
  if (code === 'ENOTFOUND' || code.startsWith('EAI_')) return 'Check the spelling of the host.';
  if (code === 'ENOENT') return 'There is no such socket: check its path, or give a port.';
  return 'Check the host and the port, and that the server is running and reachable from here.';
}

/** The error that the user sees. */
export function failure(meaning: Meaning, reported: string, doing: Doing, cause: unknown): DbimgError {
  const { code, hint } = meaning;
  return new DbimgError(code, `${doing.what}: ${reported}`, {
    cause,
    ...(hint === undefined ? {} : { hint }),
    ...(doing.object === undefined ? {} : { object: doing.object }),
  });
}
