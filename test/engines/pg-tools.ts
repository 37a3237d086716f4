/**
 * PostgreSQL's own client programs, version 18 or newer: the oracle of the round-trip tests and the rival of the
 * benches. They come from, in this order:
 *
 * 1. the directory in DBIMG_TEST_PG_BIN;
 * 2. PATH, if pg_dump there is new enough;
 * 3. a Debian root file system made once by `docker/postgres/build-rootfs` (which needs root), whose programs run
 *    through its own dynamic loader, so that they see the files of this machine;
 * 4. a running container of the test image (`docker exec`); it sees standard input and output only, no files.
 */
import { execFile, spawn } from 'node:child_process';
import { chmod, mkdir, readdir, rename, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { buffer, text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { POSTGRES_IMAGE, startToolsContainer } from './containers.ts';

const run = promisify(execFile);

/** An older pg_dump refuses newer servers; this one reads every server that the tests use. */
const OLDEST = 18;

export interface PgTools {
  /** Holds `pg_dump`, `pg_restore`, `psql`, `pg_basebackup`, `pgbench`, … */
  readonly bin: string;
  /** As pg_dump says it: `pg_dump (PostgreSQL) 18.6`. */
  readonly version: string;
  /** Whether the programs see this machine's files; a `docker exec` does not. */
  readonly seesFiles: boolean;
  /** Output of pg_dump: plain SQL, the same for the same database. */
  dump(url: string, args?: readonly string[]): Promise<string>;
  /** {@link dump} without pg_dump's own comments and with the rows of each table sorted: equal if the databases are. */
  comparableDump(url: string, args?: readonly string[]): Promise<string>;
  /** Global objects (roles, memberships, settings), as `pg_dumpall --globals-only`. */
  dumpGlobals(url: string): Promise<string>;
  /** Runs a script with psql, stopping at the first error; psql's commands work. Returns its output. */
  psql(url: string, script: string): Promise<string>;
  /** pg_dump in its custom format. */
  archive(url: string, args?: readonly string[]): Promise<Buffer>;
  /** Feeds an {@link archive} to pg_restore. Into servers of version 17 and newer only: it sets `transaction_timeout`. */
  restore(url: string, archive: Buffer, args?: readonly string[]): Promise<void>;
  /** Any program of {@link bin}. Throws with its standard error when it fails. */
  run(program: string, args: readonly string[], input?: string | Buffer): Promise<string>;
}

let tools: Promise<PgTools> | undefined;

/** Found or made at the first call, which may take a minute. */
export function pgTools(): Promise<PgTools> {
  tools ??= find();
  return tools;
}

async function find(): Promise<PgTools> {
  const given = process.env.DBIMG_TEST_PG_BIN;
  if (given !== undefined) return open(given, true);
  const onPath = await run('sh', ['-c', 'command -v pg_dump']).then(
    ({ stdout }) => stdout.trim(),
    () => '',
  );
  if (onPath !== '' && major(await versionOf(onPath)) >= OLDEST) return open(join(onPath, '..'), true);
  const failures: unknown[] = [];
  for (const [make, seesFiles] of [
    [fromRootfs, true],
    [fromContainer, false],
  ] as const) {
    try {
      return await open(await make(), seesFiles);
    } catch (error) {
      failures.push(error);
    }
  }
  throw new AggregateError(
    failures,
    `The tests need pg_dump ${OLDEST} or newer: install PostgreSQL's client programs, or name their directory in ` +
      `DBIMG_TEST_PG_BIN, or run as root on Debian or Ubuntu, or provide Docker with the image ${POSTGRES_IMAGE}.`,
  );
}

async function open(bin: string, seesFiles: boolean): Promise<PgTools> {
  const version = await versionOf(join(bin, 'pg_dump'));
  if (major(version) < OLDEST) throw new Error(`${bin}: ${version} is too old, ${OLDEST} or newer is needed`);
  const runTool: PgTools['run'] = async (program, args, input) =>
    decode(await output(join(bin, program), args, input));
  const dump: PgTools['dump'] = (url, args = []) =>
    runTool('pg_dump', ['--dbname', url, '--restrict-key=dbimg', ...args]);
  return {
    bin,
    version,
    seesFiles,
    run: runTool,
    dump,
    comparableDump: async (url, args) => comparable(await dump(url, args)),
    dumpGlobals: (url) => runTool('pg_dumpall', ['--dbname', url, '--globals-only', '--restrict-key=dbimg']),
    psql: (url, script) => runTool('psql', ['-XqAt', '-v', 'ON_ERROR_STOP=1', '-d', url, '-f', '-'], script),
    archive: (url, args = []) => output(join(bin, 'pg_dump'), ['--dbname', url, '--format=custom', ...args]),
    restore: async (url, archive, args = []) => {
      await runTool('pg_restore', ['--exit-on-error', '--dbname', url, ...args], archive);
    },
  };
}

/** Databases that are not UTF-8 are shown byte by byte. */
function decode(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return bytes.toString('latin1');
  }
}

async function versionOf(pgDump: string): Promise<string> {
  return (await run(pgDump, ['--version'])).stdout.trim();
}

function major(version: string): number {
  return Number(/\) (\d+)/.exec(version)?.[1] ?? 0);
}

async function output(program: string, args: readonly string[], input?: string | Buffer): Promise<Buffer> {
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  child.stdin.on('error', () => {}); // A program that fails early closes its input; its exit code tells why.
  child.stdin.end(input);
  const [stdout, stderr, code] = await Promise.all([buffer(child.stdout), text(child.stderr), ended]);
  if (code !== 0) throw new Error(`${program} failed (${code}): ${stderr.trim()}`);
  return stdout;
}

/** What pg_dump writes about an entry, the versions and times in its head; comments inside function bodies stay. */
const OWN_COMMENT =
  /^--( (Name|Data for Name|Dumped |Started on|Completed on|PostgreSQL database|TOC entry|\*not\* creating ).*)?$/;

function comparable(dump: string): string {
  const lines: string[] = [];
  let rows: string[] | undefined;
  for (const line of dump.split('\n')) {
    if (rows !== undefined) {
      if (line !== '\\.') {
        rows.push(line);
        continue;
      }
      lines.push(...rows.sort(), line);
      rows = undefined;
    } else if (line !== '' && !OWN_COMMENT.test(line)) {
      lines.push(line);
      if (/^COPY .* FROM stdin;$/.test(line)) rows = [];
    }
  }
  return lines.join('\n');
}

/** Where large things that tests make once are kept: DBIMG_TEST_CACHE, else `~/.cache/dbimg-test`. */
function cacheDirectory(): string {
  return process.env.DBIMG_TEST_CACHE ?? join(homedir(), '.cache', 'dbimg-test');
}

async function fromRootfs(): Promise<string> {
  const rootfs = join(cacheDirectory(), 'debian-postgres-18');
  await output(fileURLToPath(new URL('../../docker/postgres/build-rootfs', import.meta.url)), [rootfs]);
  const libraries = (await readdir(join(rootfs, 'usr/lib'))).filter((name) => name.endsWith('-linux-gnu'));
  const loaders = await Promise.all(
    ['lib64', 'lib'].map(async (directory) => {
      const names = await readdir(join(rootfs, directory)).catch(() => []);
      return names
        .filter((name) => /^ld-linux.*\.so\.\d$/.test(name))
        .map((name) => join(rootfs, directory, name));
    }),
  );
  const loader = loaders.flat()[0];
  if (loader === undefined) throw new Error(`no dynamic loader in ${rootfs}`);
  const path = libraries.map((name) => join(rootfs, 'usr/lib', name)).join(':');
  const programs = join(rootfs, 'usr/lib/postgresql/18/bin');
  return wrappers(
    `rootfs-${process.getuid?.()}`,
    await readdir(programs),
    (program) =>
      // --argv0 is where a program looks for its siblings: beside the wrapper, so that they are wrapped too.
      `exec '${loader}' --argv0 "$0" --library-path '${path}' '${join(programs, program)}' "$@"`,
  );
}

async function fromContainer(): Promise<string> {
  const container = await startToolsContainer();
  const programs = ['pg_dump', 'pg_dumpall', 'pg_restore', 'psql', 'pgbench'];
  return wrappers(
    `container-${container}`,
    programs,
    (program) => `exec docker exec -i '${container}' ${program} "$@"`,
  );
}

/** A directory with one small shell script for each program. */
async function wrappers(
  name: string,
  programs: readonly string[],
  body: (program: string) => string,
): Promise<string> {
  const bin = join(cacheDirectory(), 'bin', name);
  await mkdir(bin, { recursive: true });
  for (const program of programs) {
    const script = join(bin, program);
    // Renamed into place: another test process may be running the script that is there.
    const fresh = `${script}.${process.pid}`;
    await writeFile(fresh, `#!/bin/sh\n${body(program)}\n`);
    await chmod(fresh, 0o755);
    await rename(fresh, script);
  }
  return bin;
}
