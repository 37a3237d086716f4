/** Killed without warning, or with a full disk: nothing is left that could be taken for a whole. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { access, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { databaseUrl, query, startPostgres } from '../engines/postgres.ts';
import { runCli, startCli } from './program.ts';

const server = startPostgres({ version: 18 });
const files = await mkdtemp(join(tmpdir(), 'dbimg-kill-'));
after(async () => {
  await (await server).stop();
  await rm(files, { recursive: true });
});

async function sessions(): Promise<string[]> {
  const rows = await query<{ what: string }>(
    (await server).url,
    `SELECT pid || ' ' || query AS what FROM pg_stat_activity WHERE application_name LIKE 'dbimg%'`,
  );
  return rows.map((row) => row.what);
}

/** The server may need a moment to see that a client is gone. */
async function noSessions(): Promise<void> {
  for (let tries = 0; tries < 100 && (await sessions()).length > 0; tries += 1) await sleep(50);
  assert.deepEqual(await sessions(), []);
}

/** Runs the program until it begins a step, and a moment more. */
async function killedIn(step: string, args: readonly string[]): Promise<void> {
  const child = startCli([...args, '--progress', 'json']);
  child.stdin.end();
  child.stdout.resume();
  const closed = once(child, 'close');
  let seen = '';
  const begun = new Promise<void>((resolve) => {
    child.stderr.on('data', (text) => {
      seen += text;
      if (seen.includes(`"step":"${step}","state":"begin"`)) resolve();
    });
  });
  await Promise.race([begun, closed]);
  await sleep(30);
  child.kill('SIGKILL');
  await closed;
  assert.equal(child.signalCode, 'SIGKILL', `${step} was reached: ${seen.slice(-2000)}`);
}

const source = (async (): Promise<string> => {
  const { url } = await server;
  await query(url, 'CREATE DATABASE big');
  const big = databaseUrl(url, 'big');
  await query(big, `CREATE TABLE rows AS SELECT i, md5(i::text) AS text FROM generate_series(1, 400000) i`);
  await query(big, 'CREATE INDEX ON rows (text)');
  return big;
})();

describe('a program that is killed', () => {
  it('leaves no image and no session when it was dumping', async () => {
    const url = await source;
    for (const step of ['connect', 'snapshot', 'catalog', 'data']) {
      const image = join(files, `${step}.dbimg`);
      await killedIn(step, ['dump', url, '-o', image, '--rate', '5MB']);
      await assert.rejects(access(image), `an image after ${step}`);
      const { code } = await runCli(['verify', image]);
      assert.equal(code, 7);
      await noSessions();
    }
  });

  it('leaves no database of the name when it was restoring, and the next restore succeeds', async () => {
    const url = await source;
    const image = join(files, 'whole.dbimg');
    assert.equal((await runCli(['dump', url, '-o', image])).code, 0);
    const target = databaseUrl(url, 'copy');
    for (const step of ['prepare', 'pre-data', 'data', 'post-data']) {
      await killedIn(step, ['restore', image, target, '--create', '--jobs', '1']);
      await noSessions();
      await assert.rejects(query(target, 'SELECT 1'), { code: '3D000' }, `a database after ${step}`);
    }
    const { stdout } = await runCli(['doctor', url]);
    const [left] = await query<{ name: string }>(
      url,
      `SELECT datname AS name FROM pg_database WHERE datname ~ '^dbimg_' LIMIT 1`,
    );
    assert.ok(left && stdout.includes(left.name), `doctor names ${left?.name}`);
    const { code, stderr } = await runCli(['restore', image, target, '--create']);
    assert.equal(code, 0, stderr);
  });
});

describe('a full disk', () => {
  it('makes one clear message, and exit code 7', async () => {
    const { code, stderr } = await runCli(['dump', await source, '-o', '/dev/full']);
    assert.equal(code, 7);
    assert.match(stderr, /no space|full/i);
    await noSessions();
  });
});
