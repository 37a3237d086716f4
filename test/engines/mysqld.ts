/**
 * One process of mysqld or mariadbd, in a directory of its own under the temporary directory, on a loopback port and a
 * socket, out of a root file system (see rootfs.ts). It is gone, directory included, when it is stopped or when the
 * process that started it ends in any way.
 */
import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Rootfs, type RootfsName, rootfs, sharedDirectory } from './rootfs.ts';
import { freePort, type ServerProcess, startServerProcess } from './server-process.ts';

const run = promisify(execFile);

const START_ATTEMPTS = 5;

/** The account of the official images. */
export const ROOT = { user: 'root', password: 'dbimg-throw-away' } as const;

export interface ServerSettings {
  /** Options as on the command line, without their dashes: `{ 'max-allowed-packet': '1M' }`; `true` is a bare option. */
  readonly [name: string]: string | number | true;
}

export interface Mysqld extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  readonly socket: string;
  readonly dataDir: string;
  /** Of the present process: another one after {@link restart}. */
  readonly pid: number;
  /** Everything the server has logged so far. */
  log(): Promise<string>;
  /** Ends the server (`crash`: as a killed process; default `clean`) and starts it again on the same port and files. */
  restart(how?: 'clean' | 'crash', settings?: ServerSettings): Promise<void>;
  /** Ends the server and leaves its files, for {@link restart}. */
  halt(how?: 'clean' | 'crash'): Promise<void>;
  /** Ends the server and removes its files. Idempotent. */
  stop(): Promise<void>;
}

/** What a data directory is made with for good. */
const INITIAL = ['lower-case-table-names', 'innodb-page-size', 'innodb-data-file-path'];

const THROW_AWAY: ServerSettings = {
  'bind-address': '127.0.0.1',
  'innodb-flush-method': 'nosync',
  'innodb-flush-log-at-trx-commit': 2,
  'sync-binlog': 0,
  'skip-innodb-doublewrite': true,
  'max-connections': 200,
  'server-id': 1,
  'log-bin': 'binlog',
  'binlog-format': 'ROW',
  'local-infile': 1,
  'secure-file-priv': '',
  'event-scheduler': 'ON',
  'skip-name-resolve': true,
};

const OF_PRODUCT: { readonly [product: string]: ServerSettings } = {
  mysql: {
    'gtid-mode': 'ON',
    'enforce-gtid-consistency': 'ON',
    mysqlx: 'OFF',
    'innodb-redo-log-capacity': '64M',
  },
  mariadb: { 'gtid-strict-mode': 1, 'innodb-log-file-size': '64M' },
};

/**
 * Boots a server and waits until it takes connections.
 *
 * @throws Error that holds the end of the server's log when it does not start.
 */
export async function startMysqld(name: RootfsName, settings: ServerSettings = {}): Promise<Mysqld> {
  const root = await rootfs(name);
  const home = await mkdtemp(join(await sharedDirectory(), 'dbimg-mysqld-'));
  try {
    await chmod(home, 0o755);
    const template = await dataTemplate(name, root, settings);
    await run('cp', ['-a', '--reflink=auto', template, join(home, 'data')]);
    // MySQL's identity of the server, which makes itself one.
    await rm(join(home, 'data', 'auto.cnf'), { force: true });
    await mkdir(join(home, 'tmp'));
    // The socket is made by the server's user.
    await run('chown', [await root.owner('mysql'), home, join(home, 'tmp')]);
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await boot(name, root, home, await freePort(), settings);
      } catch (error) {
        const portTaken = error instanceof Error && error.message.includes('Bind on TCP/IP port');
        if (!portTaken || attempt === START_ATTEMPTS) throw error;
      }
    }
  } catch (error) {
    await rm(home, { recursive: true, force: true });
    throw error;
  }
}

async function boot(
  name: RootfsName,
  root: Rootfs,
  home: string,
  port: number,
  first: ServerSettings,
): Promise<Mysqld> {
  const start = (settings: ServerSettings): Promise<ServerProcess> => {
    const own = {
      datadir: join(home, 'data'),
      // A server that starts removes the temporary tables it finds there, which may be another server's.
      tmpdir: join(home, 'tmp'),
      socket: join(home, 'mysqld.sock'),
      'pid-file': join(home, 'pid'),
    };
    const all = { ...THROW_AWAY, ...OF_PRODUCT[productOf(name)], ...own, ...settings, port };
    const args = ['--no-defaults', '--user=mysql', ...optionsOf(all)];
    return startServerProcess(home, root.command(programOf(name), args), 'ready for connections');
  };
  let present = await start(first);
  const halt: Mysqld['halt'] = (how = 'clean') => present.end(how === 'clean' ? 'TERM' : 'KILL');
  const stop = async (): Promise<void> => {
    await halt('crash');
    await rm(home, { recursive: true, force: true });
  };
  return {
    host: '127.0.0.1',
    port,
    socket: join(home, 'mysqld.sock'),
    dataDir: join(home, 'data'),
    get pid() {
      return present.pid;
    },
    log: () => readFile(join(home, 'server.log'), 'utf8').catch(() => ''),
    halt,
    restart: async (how, settings) => {
      await halt(how);
      present = await start({ ...first, ...settings });
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

const productOf = (name: RootfsName): 'mysql' | 'mariadb' => (name.startsWith('mysql') ? 'mysql' : 'mariadb');

const programOf = (name: RootfsName): string => (productOf(name) === 'mysql' ? 'mysqld' : 'mariadbd');

function optionsOf(settings: ServerSettings): string[] {
  return Object.entries(settings).map(([name, value]) =>
    value === true ? `--${name}` : `--${name}=${value}`,
  );
}

const MARIADB_ACCOUNTS =
  "DELETE FROM mysql.global_priv WHERE User IN ('', 'root') AND NOT (User = 'root' AND Host = 'localhost');\n" +
  // Not by GRANT: whoever runs this script may not proxy.
  `INSERT INTO mysql.proxies_priv VALUES ('%', '${ROOT.user}', '', '', 1, '', NOW());\n` +
  'FLUSH PRIVILEGES;\n';

/** A fresh data directory takes seconds to make and a tenth to copy, so one is kept for each kind. */
async function dataTemplate(name: RootfsName, root: Rootfs, settings: ServerSettings): Promise<string> {
  const initial = Object.fromEntries(Object.entries(settings).filter(([option]) => INITIAL.includes(option)));
  const { ino, mtimeMs } = await stat(root.path);
  const kind = JSON.stringify([ino, mtimeMs, initial, ROOT, OF_PRODUCT[productOf(name)], 'proxy']);
  const key = createHash('sha256').update(kind).digest('hex').slice(0, 12);
  const store = join(await sharedDirectory(), `dbimg-engines-${process.getuid?.() ?? 'user'}`);
  const path = join(store, `data-${name}-${key}`);
  if (await stat(path).catch(() => undefined)) return path;
  await mkdir(store, { recursive: true, mode: 0o711 });
  const building = join(store, `building-${randomBytes(6).toString('hex')}`);
  await mkdir(building, { mode: 0o755 });
  try {
    await run('chown', [await root.owner('mysql'), building]);
    await initialize(name, root, building, initial);
    await rename(join(building, 'data'), path).catch((error: NodeJS.ErrnoException) => {
      // Another process was quicker.
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    });
  } finally {
    await rm(building, { recursive: true, force: true });
  }
  return path;
}

async function initialize(
  name: RootfsName,
  root: Rootfs,
  building: string,
  initial: ServerSettings,
): Promise<void> {
  const accounts = join(building, 'accounts.sql');
  // As in the official images: the administrator may come from everywhere. MariaDB makes more accounts, which would hide
  // this one, and knows none before the FLUSH.
  await writeFile(
    accounts,
    `${productOf(name) === 'mysql' ? '' : MARIADB_ACCOUNTS}` +
      `CREATE USER '${ROOT.user}'@'%' IDENTIFIED BY '${ROOT.password}';\n` +
      `GRANT ALL ON *.* TO '${ROOT.user}'@'%' WITH GRANT OPTION;\n` +
      (productOf(name) === 'mysql' ? `GRANT PROXY ON ''@'' TO '${ROOT.user}'@'%' WITH GRANT OPTION;\n` : ''),
  );
  const { mysqlx: _, ...product } = OF_PRODUCT[productOf(name)] ?? {};
  const data = join(building, 'data');
  const common = [
    '--no-defaults',
    '--user=mysql',
    `--datadir=${data}`,
    ...optionsOf({ ...product, ...initial }),
  ];
  const [command, ...args] =
    productOf(name) === 'mysql'
      ? root.command('mysqld', [...common, '--initialize-insecure', `--init-file=${accounts}`])
      : root.command('mariadb-install-db', [
          ...common,
          ...[
            '--auth-root-authentication-method=normal',
            '--skip-test-db',
            '--force',
            `--extra-file=${accounts}`,
          ],
        ]);
  await run(command, args, { cwd: building });
}
