/** Where a MySQL or MariaDB server is, from a URL and what the users of its own clients keep elsewhere. */
import { userInfo } from 'node:os';
import {
  authority,
  type Environment,
  expandHome,
  isLoopback,
  ServerUrls,
  withoutPassword,
} from '../../core/server-url.ts';
import { readOptionFiles } from './option-file.ts';

export const SSL_MODES = ['disabled', 'preferred', 'required', 'verify_ca', 'verify_identity'] as const;
export type SslMode = (typeof SSL_MODES)[number];

/** Everything a session needs to be opened: plain data that may cross into a worker. Holds the password. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
  /** Path of a unix socket, used instead of host and port. */
  readonly socket?: string;
  readonly user: string;
  readonly password?: string;
  /** Undefined: all databases of the server. */
  readonly database?: string;
  readonly sslMode: SslMode;
  /** Files: certificate authorities, the client's certificate and key. */
  readonly sslCa?: string;
  readonly sslCert?: string;
  readonly sslKey?: string;
  /** What a restore may change to fit in, by name. */
  readonly convert?: readonly string[];
  /** A restore is kept out of the binary log, and so from replicas. */
  readonly binlog?: 'off';
  /** Milliseconds for opening a session. */
  readonly connectTimeout: number;
}

export type { Environment };

const URLS = new ServerUrls(
  ['mysql:', 'mariadb:'],
  'MySQL or MariaDB',
  'mysql://user:password@host:3306/database',
);
/** What may change on the way into another product, so that it fits. */
export const CONVERSIONS = ['collations', 'types', 'engines'] as const;

const DEFAULT_PORT = 3306;
const DEFAULT_CONNECT_TIMEOUT = 15_000;
const PARAMETERS: readonly string[] = [
  'user',
  'password',
  'socket',
  'ssl-mode',
  'ssl-ca',
  'ssl-cert',
  'ssl-key',
  'connect-timeout',
  'binlog',
  'convert',
  'defaults-file',
  'defaults-extra-file',
  'defaults-group-suffix',
];
/** Variables that the products' own clients read, and the parameter that each is the default of. */
const VARIABLES: Readonly<Record<string, string>> = {
  host: 'MYSQL_HOST',
  port: 'MYSQL_TCP_PORT',
  socket: 'MYSQL_UNIX_PORT',
  password: 'MYSQL_PWD',
  'defaults-group-suffix': 'MYSQL_GROUP_SUFFIX',
};

/**
 * The server that a location names. The URL wins over option files, which win over the environment, as with `mysql`.
 *
 * @throws DbimgError `USAGE` if the location makes no sense.
 */
export async function endpointOf(location: string, environment: Environment): Promise<Endpoint> {
  const given = parametersOf(location);
  const parameter = await lookup(given, environment);
  const socket = socketOf(given, parameter);
  const host = parameter('host') || 'localhost';
  return {
    host,
    port: URLS.port(parameter('port') ?? '', DEFAULT_PORT),
    ...optional('socket', socket),
    user: parameter('user') ?? userInfo().username,
    ...optional('password', parameter('password')),
    ...optional('database', given.get('database')),
    ...tlsOf(parameter, socket !== undefined || isLoopback(host)),
    ...conversionsOf(given.get('convert')),
    ...binlogOf(given.get('binlog')),
    connectTimeout: timeoutOf(parameter('connect-timeout')),
  };
}

/** What the location itself says. */
function parametersOf(location: string): Map<string, string> {
  const { user, password, hosts, path, query } = URLS.parse(location);
  const [place, another] = hosts;
  if (another) throw URLS.usage('The host or port in the URL makes no sense.');
  const parameters = new Map<string, string>();
  const set = (name: string, value: string): void => {
    if (value !== '') parameters.set(name, value);
  };
  set('user', user);
  set('password', password);
  set('database', path);
  set('host', place?.host ?? '');
  set('port', place?.port ?? '');
  for (const [written, value] of query) {
    const name = written.toLowerCase().replaceAll('_', '-');
    if (!PARAMETERS.includes(name))
      throw URLS.usage(`The URL has a parameter that is not known: ${written}.`);
    parameters.set(name, value);
  }
  return parameters;
}

async function lookup(
  given: ReadonlyMap<string, string>,
  environment: Environment,
): Promise<(name: string) => string | undefined> {
  const variable = (name: string): string | undefined => environment[VARIABLES[name] ?? ''] || undefined;
  const files = await readOptionFiles(
    {
      only: expandHome(given.get('defaults-file')),
      extra: expandHome(given.get('defaults-extra-file')),
      suffix: given.get('defaults-group-suffix') ?? variable('defaults-group-suffix') ?? '',
    },
    environment,
  );
  return (name) => given.get(name) ?? files.get(name) ?? variable(name);
}

/** A socket from a file or variable is the way to `localhost`, and to nowhere else; a URL with a port means TCP. */
function socketOf(
  given: ReadonlyMap<string, string>,
  parameter: (name: string) => string | undefined,
): string | undefined {
  if (given.has('socket')) return given.get('socket');
  if (given.has('port') || (parameter('host') ?? 'localhost') !== 'localhost') return undefined;
  return parameter('socket');
}

type TlsParameters = Pick<Endpoint, 'sslMode' | 'sslCa' | 'sslCert' | 'sslKey'>;

function tlsOf(parameter: (name: string) => string | undefined, local: boolean): TlsParameters {
  const asked = parameter('ssl-mode')?.toLowerCase().replaceAll('-', '_');
  if (asked !== undefined && !(SSL_MODES as readonly string[]).includes(asked)) {
    throw URLS.usage(`ssl-mode is one of ${SSL_MODES.join(', ')}.`);
  }
  return {
    sslMode: (asked as SslMode | undefined) ?? (local ? 'preferred' : 'verify_identity'),
    ...optional('sslCa', expandHome(parameter('ssl-ca'))),
    ...optional('sslCert', expandHome(parameter('ssl-cert'))),
    ...optional('sslKey', expandHome(parameter('ssl-key'))),
  };
}

function binlogOf(value: string | undefined): Pick<Endpoint, 'binlog'> {
  if (value === undefined || value === 'on') return {};
  if (value !== 'off') throw URLS.usage('binlog is on or off.');
  return { binlog: 'off' };
}

function conversionsOf(list: string | undefined): Pick<Endpoint, 'convert'> {
  if (list === undefined) return {};
  const convert = list.split(',').map((name) => name.trim().toLowerCase());
  const unknown = convert.find((name) => !(CONVERSIONS as readonly string[]).includes(name));
  if (unknown !== undefined) throw URLS.usage(`convert is a list of ${CONVERSIONS.join(', ')}.`);
  return { convert };
}

function timeoutOf(seconds: string | undefined): number {
  const value = Number(seconds ?? '');
  return Number.isFinite(value) && value > 0 ? value * 1000 : DEFAULT_CONNECT_TIMEOUT;
}

function optional<K extends string>(name: K, value: string | undefined): { [P in K]?: string } {
  return value === undefined ? {} : ({ [name]: value } as { [P in K]?: string });
}

/** The location without its secrets. Never throws, whatever it is given. */
export function redact(location: string): string {
  return withoutPassword(location).replace(/((?:^|[?&\s])password\s*=\s*)([^&#\s]*)/gis, '$1***');
}

/** What messages call the server: without user and password. */
export function describeEndpoint(endpoint: Endpoint): string {
  const { host, port, socket, database } = endpoint;
  const place = socket ?? authority(host, port);
  return database === undefined
    ? `the server at ${place}`
    : `database ${JSON.stringify(database)} at ${place}`;
}
