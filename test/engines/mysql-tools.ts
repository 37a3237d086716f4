/**
 * The client programs of MySQL and MariaDB: the oracle of the round-trip tests and rivals of the benches. They come from
 * the directory in DBIMG_TEST_MYSQL_BIN or DBIMG_TEST_MARIADB_BIN if that is set, else from the root file system that
 * the server of the tests runs in (see rootfs.ts), where they see files under the temporary directory only.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { buffer, text } from 'node:stream/consumers';
import type { MysqlProduct } from './mysql.ts';
import { rootfs } from './rootfs.ts';

export interface ToolOutput {
  readonly stdout: Buffer;
  readonly stderr: string;
  readonly code: number | null;
}

export interface MysqlTools {
  readonly product: MysqlProduct;
  /**
   * Plain SQL, the same for the same database: no comments, no times, a statement for each row. What the program cannot
   * read (a view whose table is gone) is in the text as an error.
   */
  dump(url: string, args?: readonly string[]): Promise<string>;
  /** Runs a script with the product's shell, DELIMITER and all, stopping at the first error. Returns its output. */
  script(url: string, sql: string | Buffer, args?: readonly string[]): Promise<string>;
  /** Any program, logged in to `url`, whatever its exit code. */
  run(url: string, program: string, args: readonly string[], input?: string | Buffer): Promise<ToolOutput>;
  /** Command line and environment of a program that is logged in to `url`, for pipes. */
  command(
    url: string,
    program: string,
    args: readonly string[],
  ): { readonly command: [string, ...string[]]; readonly env: NodeJS.ProcessEnv };
}

/** Made at the first call, which may take two minutes. */
export async function mysqlTools(product: MysqlProduct): Promise<MysqlTools> {
  const wrap = await wrapper(product);
  const command: MysqlTools['command'] = (url, program, args) => {
    const { hostname, port, username, password } = new URL(url);
    const login = [`--host=${hostname}`, `--port=${port || 3306}`, `--user=${decodeURIComponent(username)}`];
    return {
      command: wrap(program, ['--no-defaults', ...login, ...args]),
      env: { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC', MYSQL_PWD: decodeURIComponent(password) },
    };
  };
  const run: MysqlTools['run'] = async (url, program, args, input) => {
    const { command: argv, env } = command(url, program, args);
    return await finished(argv, env, input);
  };
  return {
    product,
    command,
    run,
    dump: async (url, args = []) => {
      const program = product === 'mysql' ? 'mysqldump' : 'mariadb-dump';
      const { stdout, stderr, code } = await run(url, program, [...DUMP[product], ...args, databaseOf(url)]);
      if (code !== 0 && stderr.trim() === '') throw new Error(`${program} failed (${code})`);
      return stdout.toString('latin1') + stderr.replace(/^.*\[Warning\].*\n/gm, '');
    },
    script: async (url, sql, args = []) => {
      const program = product === 'mysql' ? 'mysql' : 'mariadb';
      const options = ['--default-character-set=utf8mb4', '--binary-mode', ...args];
      const { stdout, stderr, code } = await run(url, program, [...options, databaseOf(url)], sql);
      if (code !== 0) throw new Error(`${program} failed (${code}): ${stderr.trim()}`);
      return stdout.toString();
    },
  };
}

const SAME_FOR_BOTH = [
  ...['--routines', '--events', '--triggers', '--hex-blob', '--skip-dump-date', '--skip-comments'],
  ...['--single-transaction', '--skip-extended-insert', '--complete-insert', '--max-allowed-packet=1G'],
  ...['--order-by-primary', '--force', '--skip-lock-tables', '--quick'],
];

const DUMP: { readonly [product in MysqlProduct]: readonly string[] } = {
  mysql: [...SAME_FOR_BOTH, '--set-gtid-purged=OFF', '--no-tablespaces'],
  mariadb: [...SAME_FOR_BOTH, '--dump-history'],
};

function databaseOf(url: string): string {
  return decodeURIComponent(new URL(url).pathname.slice(1));
}

type Wrap = (program: string, args: readonly string[]) => [string, ...string[]];

async function wrapper(product: MysqlProduct): Promise<Wrap> {
  const given = process.env[`DBIMG_TEST_${product.toUpperCase()}_BIN`];
  if (given !== undefined) return (program, args) => [join(given, program), ...args];
  const root = await rootfs(product === 'mysql' ? 'mysql-9' : 'mariadb-10.11');
  return root.command;
}

async function finished(
  [program, ...args]: readonly [string, ...string[]],
  env: NodeJS.ProcessEnv,
  input?: string | Buffer,
): Promise<ToolOutput> {
  const child = spawn(program, args, { env, stdio: ['pipe', 'pipe', 'pipe'] });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  child.stdin.on('error', () => {}); // A program that fails early closes its input; its exit code tells why.
  child.stdin.end(input);
  const [stdout, stderr, code] = await Promise.all([buffer(child.stdout), text(child.stderr), ended]);
  return { stdout, stderr, code };
}
