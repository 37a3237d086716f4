/** What URLs of servers have in common, whatever the product: taking them apart, and showing them without secrets. */
import { homedir } from 'node:os';
import { join } from 'node:path';
import { DbimgError } from './errors.ts';

/** Variables of the process, or others in tests. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** A URL taken apart. Everything is decoded but `query`; what is not there is empty. */
export interface UrlParts {
  readonly user: string;
  readonly password: string;
  /** As listed: `a:1,b` is two. Ports are digits or empty. */
  readonly hosts: readonly { readonly host: string; readonly port: string }[];
  /** Without the slash before it. */
  readonly path: string;
  readonly query: URLSearchParams;
}

/** URLs of one product. WHATWG's parser is not used: it knows no lists of hosts and refuses names that servers have. */
export class ServerUrls {
  readonly #schemes: readonly string[];
  readonly #product: string;
  readonly #hint: string;

  /** @param example for the hint of every error: `postgres://user:password@host:5432/database`. */
  constructor(schemes: readonly string[], product: string, example: string) {
    this.#schemes = schemes;
    this.#product = product;
    this.#hint = `It looks like ${example}; write odd characters as %XX.`;
  }

  /** @throws DbimgError `USAGE` if it is no such URL. */
  parse(location: string): UrlParts {
    const match = /^([a-z][a-z0-9+.-]*:)\/\/([^?#]*)(?:\?([^#]*))?$/is.exec(location);
    if (!match || !this.#schemes.includes((match[1] ?? '').toLowerCase())) {
      throw this.usage(`This is no URL of ${this.#product}.`);
    }
    const [, , before = '', query = ''] = match;
    const at = before.lastIndexOf('@');
    const slash = before.indexOf('/', at + 1);
    const [user = '', ...password] = at < 0 ? [''] : before.slice(0, at).split(':');
    return {
      user: this.decode(user),
      password: this.decode(password.join(':')),
      hosts: before
        .slice(at + 1, slash < 0 ? undefined : slash)
        .split(',')
        .map((text) => this.#hostAndPort(text)),
      path: slash < 0 ? '' : this.decode(before.slice(slash + 1)),
      query: new URLSearchParams(query),
    };
  }

  /** @throws DbimgError `USAGE` */
  decode(text: string): string {
    try {
      return decodeURIComponent(text);
    } catch {
      throw this.usage('The URL holds a % that begins no %XX: write %25 for the character itself.');
    }
  }

  /** @throws DbimgError `USAGE` if it is neither empty nor a port. */
  port(text: string, byDefault: number): number {
    if (text === '') return byDefault;
    const port = Number(text);
    if (Number.isInteger(port) && port >= 1 && port <= 65535) return port;
    throw this.usage('A port is a whole number from 1 to 65535.');
  }

  usage(message: string, hint: string = this.#hint): DbimgError {
    return new DbimgError('USAGE', message, { hint });
  }

  #hostAndPort(text: string): { host: string; port: string } {
    const match = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d*))?$/.exec(text);
    if (!match) throw this.usage('The host or port in the URL makes no sense.');
    return { host: this.decode(match[1] ?? match[2] ?? ''), port: match[3] ?? '' };
  }
}

/**
 * The location with the password of its user blotted out. Never throws, whatever it is given; secrets in the query are
 * the caller's.
 */
export function withoutPassword(location: string): string {
  return String(location).replace(/^([a-z][a-z0-9+.-]*:\/\/[^:/?#@]*):.*@/is, '$1:***@');
}

/** Whether the way to a host of this name stays on this machine. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d+){3}$/.test(host);
}

/** A host and port as they are written in a URL. */
export function authority(host: string, port: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

export function expandHome(path: string | undefined): string | undefined {
  return path?.startsWith('~/') ? join(homedir(), path.slice(2)) : path;
}
