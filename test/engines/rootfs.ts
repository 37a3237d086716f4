/**
 * Debian root file systems that hold the servers and client programs of MySQL and MariaDB, made once by
 * `docker/<engine>/build-rootfs` and shared by all tests of this user. Programs run in them with the temporary directory
 * of this machine in its own place, so that both sides see the same files there. That takes root and Linux.
 */
import { execFile } from 'node:child_process';
import { mkdir, readFile, realpath, stat } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { dirname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);

export type RootfsName = 'mysql-9' | 'mariadb-10.11' | 'mariadb-11.8';

/** The script that makes each, and its arguments after the directory. */
const RECIPES: { readonly [name in RootfsName]: readonly [script: string, ...args: string[]] } = {
  'mysql-9': ['mysql/build-rootfs'],
  'mariadb-10.11': ['mariadb/build-rootfs', '10.11'],
  'mariadb-11.8': ['mariadb/build-rootfs', '11.8'],
};

export interface Rootfs {
  readonly path: string;
  /** Command line that runs a program in the root file system; standard streams and environment pass through. */
  command(program: string, args: readonly string[]): [string, ...string[]];
  /** Numeric owner of the files of one of its users, as `uid:gid`. */
  owner(user: string): Promise<string>;
}

/**
 * Mounts are private to the process and gone with it. The program keeps the process id that `sh` has.
 * $1: temporary directory, $2: root file system.
 */
const ENTER = 'mount --rbind "$1" "$2$1" && root=$2 && shift 2 && exec chroot "$root" "$@"';

const made = new Map<RootfsName, Promise<Rootfs>>();

/**
 * Made at the first call, which may take two minutes.
 *
 * @throws Error that says what to do when this machine cannot make one.
 */
export function rootfs(name: RootfsName): Promise<Rootfs> {
  const pending = made.get(name) ?? make(name);
  made.set(name, pending);
  return pending;
}

async function make(name: RootfsName): Promise<Rootfs> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) {
    const product = name.split('-')[0]?.toUpperCase();
    throw new Error(
      `The tests start ${name} out of a Debian root file system, which takes Linux and root. ` +
        `Set DBIMG_TEST_${product}_URL to the URL of a server's administrator instead.`,
    );
  }
  const cache = process.env.DBIMG_TEST_CACHE ?? join(homedir(), '.cache', 'dbimg-test');
  const path = join(cache, `debian-${name}`);
  const [script, ...args] = RECIPES[name];
  await run(fileURLToPath(new URL(`../../docker/${script}`, import.meta.url)), [path, ...args]);
  const shared = await sharedDirectory();
  await mkdir(join(path, shared), { recursive: true });
  return {
    path,
    command: (program, more) => [
      'unshare',
      ...['--mount', '--', 'sh', '-c', ENTER, 'dbimg-rootfs', shared, path, program, ...more],
    ],
    owner: async (user) => {
      const passwd = await readFile(join(path, 'etc/passwd'), 'utf8');
      const fields = passwd.split('\n').find((line) => line.startsWith(`${user}:`));
      if (fields === undefined) throw new Error(`no user ${user} in ${path}`);
      return fields.split(':').slice(2, 4).join(':');
    },
  };
}

/** The temporary directory, or `/tmp` when a private one is closed to the users that servers run as. */
export async function sharedDirectory(): Promise<string> {
  const root = await realpath(tmpdir());
  for (let at = root; at !== dirname(at); at = dirname(at)) {
    if (((await stat(at)).mode & 0o001) === 0) return `${sep}tmp`;
  }
  return root;
}
