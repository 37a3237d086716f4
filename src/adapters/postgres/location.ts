/** Where a PostgreSQL server is, from a URL and what libpq's users keep elsewhere: variables, service file, password file. */
import { userInfo } from 'node:os';
import {
  authority,
  type Environment,
  expandHome,
  isLoopback,
  ServerUrls,
  withoutPassword,
} from '../../core/server-url.ts';
import { readPassword } from './pass-file.ts';
import { readService } from './service-file.ts';

export const SSL_MODES = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'] as const;
export type SslMode = (typeof SSL_MODES)[number];

/** Everything a session needs to be opened: plain data that may cross into a worker. Holds the password. */
export interface Endpoint {
  /** Name, address, or directory of a unix socket. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
  readonly password?: string;
  readonly sslMode: SslMode;
  /** Begin with TLS at once, instead of asking for it (PostgreSQL 17+). */
  readonly sslDirect?: boolean;
  /** Files: certificate authorities, the client's certificate and key. `system` for the system's authorities. */
  readonly sslRootCert?: string;
  readonly sslCert?: string;
  readonly sslKey?: string;
  /** Command-line options for the session, as PGOPTIONS. */
  readonly options?: string;
  /** Milliseconds for opening a session. */
  readonly connectTimeout: number;
}

export type { Environment };

const URLS = new ServerUrls(
  ['postgres:', 'postgresql:'],
  'PostgreSQL',
  'postgres://user:password@host:5432/database',
);
const DEFAULT_PORT = 5432;
const DEFAULT_CONNECT_TIMEOUT = 15_000;

/** Names of connection parameters that are understood, and the variable that gives the default of each. */
const VARIABLES: Readonly<Record<string, string>> = {
  host: 'PGHOST',
  hostaddr: 'PGHOSTADDR',
  port: 'PGPORT',
  user: 'PGUSER',
  dbname: 'PGDATABASE',
  password: 'PGPASSWORD',
  passfile: 'PGPASSFILE',
  service: 'PGSERVICE',
  sslmode: 'PGSSLMODE',
  sslnegotiation: 'PGSSLNEGOTIATION',
  sslrootcert: 'PGSSLROOTCERT',
  sslcert: 'PGSSLCERT',
  sslkey: 'PGSSLKEY',
  options: 'PGOPTIONS',
  connect_timeout: 'PGCONNECT_TIMEOUT',
};

/**
 * The servers that a location names, in the order in which they are to be tried: a URL may list several hosts.
 *
 * @throws DbimgError `USAGE` if the location makes no sense.
 */
export async function endpointsOf(location: string, environment: Environment): Promise<Endpoint[]> {
  const given = parametersOf(location);
  const parameter = await lookup(given, environment);
  const user = parameter('user') ?? userInfo().username;
  const database = parameter('dbname') ?? user;
  const hosts = (parameter('host') ?? parameter('hostaddr') ?? 'localhost').split(',');
  const ports = (parameter('port') ?? '').split(',');
  const endpoints: Endpoint[] = [];
  for (const [index, name] of hosts.entries()) {
    const host = name === '' ? 'localhost' : name;
    const port = URLS.port(ports[ports.length === 1 ? 0 : index] ?? '', DEFAULT_PORT);
    const key = { host, port, database, user };
    const password = parameter('password') ?? (await readPassword(key, parameter('passfile'), environment));
    endpoints.push({
      ...key,
      ...(password === undefined ? {} : { password }),
      ...tlsOf(parameter, host),
      ...optional('options', parameter('options')),
      connectTimeout: timeoutOf(parameter('connect_timeout')),
    });
  }
  return endpoints;
}

/** What the location itself says. */
function parametersOf(location: string): Map<string, string> {
  const { user, password, hosts, path, query } = URLS.parse(location);
  const parameters = new Map<string, string>();
  const set = (name: string, value: string): void => {
    if (value !== '') parameters.set(name, value);
  };
  set('user', user);
  set('password', password);
  set('dbname', path);
  set('host', hosts.map(({ host }) => host).join(','));
  if (hosts.some(({ port }) => port !== '')) set('port', hosts.map(({ port }) => port).join(','));
  for (const [name, value] of query) {
    if (name === 'ssl' && value === 'true') parameters.set('sslmode', 'verify-full');
    else parameters.set(name, value);
  }
  return parameters;
}

/** The location wins over the service file, which wins over the environment, as in libpq. */
async function lookup(
  given: ReadonlyMap<string, string>,
  environment: Environment,
): Promise<(name: string) => string | undefined> {
  const variable = (name: string): string | undefined => environment[VARIABLES[name] ?? ''] || undefined;
  const service = given.get('service') ?? variable('service');
  const fromFile =
    service === undefined ? new Map<string, string>() : await readService(service, environment);
  return (name) => given.get(name) ?? fromFile.get(name) ?? variable(name);
}

type TlsParameters = Pick<Endpoint, 'sslMode' | 'sslDirect' | 'sslRootCert' | 'sslCert' | 'sslKey'>;

function tlsOf(parameter: (name: string) => string | undefined, host: string): TlsParameters {
  const asked = parameter('sslmode');
  if (asked !== undefined && !(SSL_MODES as readonly string[]).includes(asked)) {
    throw URLS.usage(`sslmode is one of ${SSL_MODES.join(', ')}.`);
  }
  return {
    sslMode: isLocal(host)
      ? ((asked as SslMode | undefined) ?? 'allow')
      : ((asked as SslMode) ?? 'verify-full'),
    ...(parameter('sslnegotiation') === 'direct' ? { sslDirect: true } : {}),
    ...optional('sslRootCert', expandHome(parameter('sslrootcert'))),
    ...optional('sslCert', expandHome(parameter('sslcert'))),
    ...optional('sslKey', expandHome(parameter('sslkey'))),
  };
}

/** Whether the way to the server stays on this machine. */
export function isLocal(host: string): boolean {
  return host.startsWith('/') || isLoopback(host);
}

function timeoutOf(seconds: string | undefined): number {
  const value = Number(seconds ?? '');
  return Number.isFinite(value) && value > 0 ? Math.max(2, value) * 1000 : DEFAULT_CONNECT_TIMEOUT;
}

function optional<K extends string>(name: K, value: string | undefined): { [P in K]?: string } {
  return value === undefined ? {} : ({ [name]: value } as { [P in K]?: string });
}

/** The location without its secrets. Never throws, whatever it is given. */
export function redact(location: string): string {
  return withoutPassword(location).replace(
    /((?:^|[?&\s])(?:password|sslpassword)\s*=\s*)('(?:[^'\\]|\\.)*'|[^&#\s]*)/gis,
    '$1***',
  );
}

/** What messages call the server: without user and password. */
export function describeEndpoint(endpoint: Endpoint): string {
  const { host, port, database } = endpoint;
  return `database ${JSON.stringify(database)} at ${authority(host, port)}`;
}
