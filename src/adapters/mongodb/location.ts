/** Where a MongoDB deployment is: the driver's own connection string, which names a database or none. */
import type { DbimgError } from '../../core/errors.ts';
import { type Environment, ServerUrls, withoutPassword } from '../../core/server-url.ts';

/** Everything a session needs to be opened: plain data that may cross into a worker. Holds the password. */
export interface Endpoint {
  /** Connection string for the driver. */
  readonly url: string;
  /** The one database that the location names; absent: all that are not the server's own. */
  readonly database?: string;
}

export type { Environment };

const URLS = new ServerUrls(
  ['mongodb:', 'mongodb+srv:'],
  'MongoDB',
  'mongodb://user:password@host:27017/database?authSource=admin',
);

/** Databases of the server itself. */
export const INTERNAL_DATABASES: ReadonlySet<string> = new Set(['admin', 'config', 'local']);

const LOCATION = /^(mongodb(?:\+srv)?):(?:\/\/([^/?#]*)(?:\/([^?#]*))?(?:\?([^#]*))?)?$/is;

/**
 * `mongodb:` alone, or without a host, takes the server from MONGODB_URI; the database may be named all the same.
 *
 * @throws DbimgError `USAGE` if the location makes no sense.
 */
export function endpointOf(location: string, environment: Environment): Endpoint {
  const parts = LOCATION.exec(location);
  if (!parts) throw usage('This is no MongoDB URL.');
  const [, scheme = '', hosts = '', path = '', query = ''] = parts;
  if (hosts === '') {
    const known = environment.MONGODB_URI;
    if (known === undefined || !/^mongodb(\+srv)?:\/\/[^/?#]/i.test(known)) {
      throw usage('The URL names no host, and MONGODB_URI is not set.');
    }
    const endpoint = endpointOf(known, {});
    return path === '' ? endpoint : { ...endpoint, database: databaseOf(path) };
  }
  // The database of the URL is where the user is known unless `authSource` says otherwise.
  const url = `${scheme.toLowerCase()}://${hosts}/${path}${query === '' ? '' : `?${query}`}`;
  return path === '' ? { url } : { url, database: databaseOf(path) };
}

function databaseOf(path: string): string {
  const name = URLS.decode(path);
  if (/[/\\. "$\0]/.test(name) || Buffer.byteLength(name) > 63) {
    throw usage(`MongoDB has no databases of the name ${JSON.stringify(name)}.`);
  }
  if (!INTERNAL_DATABASES.has(name)) return name;
  throw usage(`${name} is the server's own database.`, 'Leave the database out to take all of them.');
}

/** The error of a location that makes no sense. */
export function usage(message: string, hint?: string): DbimgError {
  return URLS.usage(message, hint);
}

/** The location without its secrets. Never throws, whatever it is given. */
export function redact(location: string): string {
  return withoutPassword(location)
    .replace(/([?&][^=&#]*(?:password|token|secret)[^=&#]*=)[^&#]*/gis, '$1***')
    .replace(/([?&]authMechanismProperties=)[^&#]*/gis, '$1***');
}

/** Hosts alone, for messages: `db1:27017,db2:27017`. */
export function hostsOf(endpoint: Endpoint): string {
  const [, , hosts = ''] = LOCATION.exec(endpoint.url) ?? [];
  return hosts.slice(hosts.lastIndexOf('@') + 1);
}

/** The same deployment by one of its members; undefined if the URL names its hosts by a DNS record, with options of its own. */
export function memberEndpoint(endpoint: Endpoint, host: string): Endpoint | undefined {
  const [, scheme, hosts = '', path = '', query = ''] = LOCATION.exec(endpoint.url) ?? [];
  if (scheme !== 'mongodb') return undefined;
  const login = hosts.slice(0, hosts.lastIndexOf('@') + 1);
  const options = [...query.split('&').filter((option) => option !== ''), 'directConnection=true'].join('&');
  return { ...endpoint, url: `mongodb://${login}${host}/${path}?${options}` };
}

/** Whether the way to every host stays on this machine. */
export function isLocal(endpoint: Endpoint): boolean {
  return hostsOf(endpoint)
    .split(',')
    .every((host) =>
      /^(localhost|127(\.\d+){3}|\[::1\]|[^,]*\.sock)(:\d+)?$/i.test(decodeURIComponent(host)),
    );
}
