/** Restore through the command line, from files and pipes. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { dropDatabase, query } from '../engines/postgres.ts';
import { cleanEnv, runCli } from './program.ts';
import { assertDocumented, openShop, PASSWORD, type Shop } from './shop.ts';

let shop: Shop;

before(async () => {
  shop = await openShop();
});

after(() => shop?.[Symbol.asyncDispose]());

test('restore --dry-run shows the plan, and what stands in its way', async () => {
  const free = await runCli(['restore', shop.image, shop.target('cli_dry'), '--dry-run', '--create']);
  assert.equal(free.code, 0, free.stdout + free.stderr);
  assert.match(free.stdout, /^ {2}1\. /u);
  assert.match(free.stdout, /Nothing was changed\.\n$/u);
  const taken = await runCli(['restore', shop.image, shop.url, '--dry-run', '--json']);
  assert.equal(taken.code, 8, taken.stdout + taken.stderr);
  const result = JSON.parse(taken.stdout);
  await assertDocumented('restore', result);
  assert.ok(result.plan.obstacles.length > 0);
});

test('restore into a database that is not empty is refused with 8', async () => {
  const run = await runCli(['restore', shop.image, shop.url]);
  assert.equal(run.code, 8, run.stderr);
  assert.match(run.stderr, /TARGET_NOT_EMPTY[\s\S]*--replace/u);
  assert.ok(!run.stderr.includes(PASSWORD));
});

test('restore brings everything back and proves it', async () => {
  const name = `cli_back_${process.pid}`;
  try {
    const run = await runCli([
      'restore',
      shop.image,
      shop.target(name),
      '--create',
      '--trust',
      '--prove',
      '--json',
    ]);
    assert.equal(run.code, 0, run.stdout + run.stderr);
    const result = JSON.parse(run.stdout);
    await assertDocumented('restore', result);
    assert.deepEqual(result.proven, { objects: 3, records: 5002 });
    const [row] = await query<{ n: number }>(
      shop.target(name),
      'SELECT count(*)::int AS n FROM sales.orders',
    );
    assert.equal(row?.n, 5001);
  } finally {
    await dropDatabase(shop.server.url, name);
  }
});

test('a pipe from dump to restore', async () => {
  const name = `cli_pipe_${process.pid}`;
  const program = `'${process.execPath}' '${join(import.meta.dirname, '../../bin/dev.js')}'`;
  try {
    const command = `set -o pipefail; ${program} dump "$DBIMG_SOURCE" -o - --jobs 4 | ${program} restore - "$DBIMG_TARGET" --jobs 2 --create --trust --prove`;
    const { stderr } = await promisify(execFile)('bash', ['-c', command], {
      env: cleanEnv({ DBIMG_SOURCE: shop.url, DBIMG_TARGET: shop.target(name) }),
    });
    assert.match(stderr, /proven equal to the source: 3 objects, 5,002 rows/u);
    const [row] = await query<{ n: number }>(
      shop.target(name),
      'SELECT count(*)::int AS n FROM sales.orders',
    );
    assert.equal(row?.n, 5001);
  } finally {
    await dropDatabase(shop.server.url, name);
  }
});

test('a pipe that is cut makes restore end with 4 and leave nothing', async () => {
  const name = `cli_cut_${process.pid}`;
  const bytes = await readFile(shop.image);
  const run = await runCli(['restore', '-', shop.target(name), '--create', '--trust'], {
    input: bytes.subarray(0, bytes.length >> 1),
  });
  assert.equal(run.code, 4, run.stderr);
  const rows = await query(shop.server.url, 'SELECT datname FROM pg_database WHERE datname LIKE $1', [
    `%${name}%`,
  ]);
  assert.deepEqual(rows, []);
});
