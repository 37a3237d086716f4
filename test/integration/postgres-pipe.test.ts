/** The command line through a pipe of the operating system: parallel at both ends, bounded, and never half. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { cleanEnv } from '../cli/program.ts';
import { databaseUrl, query, startPostgres } from '../engines/postgres.ts';
import { compareDatabases } from '../oracle/postgres.ts';

const DBIMG = fileURLToPath(new URL('../../bin/dev.js', import.meta.url));
const PEAK = fileURLToPath(new URL('../engines/peak-memory.mjs', import.meta.url));
const MiB = 1024 * 1024;
/** PostgreSQL builds a row of COPY in one buffer below 1 GiB. */
const LARGEST = 1023 * MiB;

const server = startPostgres({ version: 18 });
const files = await mkdtemp(join(tmpdir(), 'dbimg-pipe-'));
after(async () => {
  await (await server).stop();
  await rm(files, { recursive: true });
});

interface Outcome {
  readonly codes: readonly (number | null)[];
  readonly stderr: string;
  /** Peak resident size of each end in bytes. */
  readonly peaks: readonly number[];
}

/** `dbimg dump SOURCE -o - … | [head -c LIMIT |] dbimg restore - TARGET …` */
async function pipeline(source: string, target: string, limit?: number): Promise<Outcome> {
  const peaks = ['dump', 'restore'].map((name) => join(files, name));
  const start = (args: string[], peak: string | undefined) =>
    spawn(process.execPath, [`--import=${PEAK}`, DBIMG, ...args, '--progress', 'none'], {
      env: cleanEnv({ PEAK_MEMORY_FILE: peak }),
      stdio: ['pipe', 'pipe', 'pipe'],
    });
  const dump = start(['dump', source, '-o', '-', '--jobs', '4'], peaks[0]);
  const restore = start(['restore', '-', target, '--create', '--jobs', '2', '--no-analyze'], peaks[1]);
  let stderr = '';
  for (const child of [dump, restore]) {
    child.stderr.on('data', (text) => {
      stderr += text;
    });
  }
  // What the shell's pipe does by itself: without its reader, the writer fails.
  restore.stdin.on('error', () => dump.stdout.destroy());
  if (limit === undefined) {
    dump.stdout.pipe(restore.stdin);
  } else {
    const head = spawn('head', ['-c', String(limit)], { stdio: ['pipe', 'pipe', 'inherit'] });
    head.stdin.on('error', () => dump.stdout.destroy());
    dump.stdout.pipe(head.stdin);
    head.stdout.pipe(restore.stdin);
  }
  restore.stdout.resume();
  const codes = await Promise.all([dump, restore].map(async (child) => (await once(child, 'close'))[0]));
  const read = async (file: string): Promise<number> => Number(await readFile(file, 'utf8')) * 1024;
  return { codes, stderr, peaks: await Promise.all(peaks.map(read)) };
}

async function database(name: string, ...sql: readonly string[]): Promise<string> {
  const { url } = await server;
  await query(url, `CREATE DATABASE ${name}`);
  for (const statement of sql) await query(databaseUrl(url, name), statement);
  return databaseUrl(url, name);
}

async function remains(): Promise<string[]> {
  const { url } = await server;
  const rows = await query<{ name: string }>(
    url,
    `SELECT datname AS name FROM pg_database WHERE datname LIKE '%dbimg%'
     UNION ALL SELECT 'session ' || pid FROM pg_stat_activity WHERE application_name LIKE 'dbimg%'`,
  );
  return rows.map((row) => row.name);
}

describe('a pipe', () => {
  it('carries a database from four lanes to two', async () => {
    const source = await database(
      'many',
      `CREATE TABLE large AS SELECT i AS id, md5(i::text) AS text, now() AS at FROM generate_series(1, 300000) i;
       ALTER TABLE large ADD PRIMARY KEY (id); CREATE TABLE small AS SELECT 1 AS one`,
    );
    const target = databaseUrl(source, 'many_copy');
    const { codes, stderr } = await pipeline(source, target);
    assert.deepEqual(codes, [0, 0], stderr);
    assert.deepEqual(await compareDatabases(source, target), []);
    await cut(source);
  });

  async function cut(source: string): Promise<void> {
    const target = databaseUrl(source, 'cut_copy');
    const { codes, stderr } = await pipeline(source, target, 5 * MiB);
    assert.equal(codes[1], 4, stderr);
    assert.notEqual(codes[0], 0);
    assert.match(stderr, /incomplete|ends/);
    assert.deepEqual(await remains(), []);
    await assert.rejects(query(target, 'SELECT 1'), { code: '3D000' });
  }

  it('carries a value of almost 1 GiB in little memory', async () => {
    const source = await database(
      'huge',
      `CREATE TABLE huge (id int, data bytea); ALTER TABLE huge ALTER data SET STORAGE EXTERNAL`,
      `INSERT INTO huge SELECT 1, convert_to(repeat('0123456789abcdef', ${LARGEST / 16 - 64}), 'UTF8')`,
    );
    const target = databaseUrl(source, 'huge_copy');
    const { codes, stderr, peaks } = await pipeline(source, target);
    assert.deepEqual(codes, [0, 0], stderr);
    for (const peak of peaks) assert.ok(peak < 300 * MiB, `${Math.round(peak / MiB)} MiB`);
    const sums = [source, target].map((url) =>
      query(url, 'SELECT length(data), sha256(data) AS sum FROM huge'),
    );
    const [before, behind] = await Promise.all(sums);
    assert.deepEqual(behind, before);
  });
});
