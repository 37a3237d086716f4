/** The servers and tools that the other tests rely on. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createChinook } from '../../scripts/chinook.ts';
import { pgTools } from '../engines/pg-tools.ts';
import { createDatabase, POSTGRES_VERSIONS, query, startPostgres } from '../engines/postgres.ts';
import { catchUp, startStandby } from '../engines/standby.ts';

for (const version of POSTGRES_VERSIONS) {
  test(`PostgreSQL ${version} boots, refuses a wrong password, and goes without a trace`, async () => {
    const server = await startPostgres({ version, roles: [{ name: 'odd "role"', password: "it's" }] });
    try {
      const [row] = await query<{ number: number }>(
        server.url,
        "SELECT current_setting('server_version_num')::int / 10000 AS number",
      );
      assert.equal(row?.number, version);
      const wrong = new URL(server.url);
      wrong.password = 'wrong';
      await assert.rejects(query(wrong.href, 'SELECT 1'), { code: '28P01' });
      const role = new URL(server.url);
      role.username = encodeURIComponent('odd "role"');
      role.password = encodeURIComponent("it's");
      assert.equal((await query(role.href, 'SELECT 1'))?.length, 1);
    } finally {
      await server.stop();
    }
    assert.equal(existsSync(dirname(server.dataDir)), false);
    await assert.rejects(query(server.url, 'SELECT 1'), { code: 'ECONNREFUSED' });
  });
}

test('a setting that the server does not know is told with its own words', async () => {
  await assert.rejects(
    startPostgres({ version: 18, settings: { nonsense: 1 } }),
    /unrecognized configuration/,
  );
});

test('a server does not outlive a killed process', async () => {
  const module = new URL('../engines/postgres.ts', import.meta.url).href;
  const source = `
    const { startPostgres } = await import(${JSON.stringify(module)});
    console.log((await startPostgres({ version: 18 })).dataDir);
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', source], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  child.stdout.setEncoding('utf8');
  const [dataDir] = (await once(child.stdout, 'data')) as [string];
  assert.ok(existsSync(dataDir.trim()));
  child.kill('SIGKILL');
  for (let tries = 0; existsSync(dataDir.trim()) && tries < 500; tries++) await sleep(20);
  assert.equal(existsSync(dataDir.trim()), false);
});

test('pg_dump judges a copy by pg_dump and pg_restore to be equal, and a changed one not', async () => {
  await using server = await startPostgres({ version: 18 });
  const source = await createChinook(server.url);
  await using target = await createDatabase(server);
  const tools = await pgTools();
  await tools.restore(target.url, await tools.archive(source));
  const before = await tools.comparableDump(source);
  assert.ok(before.includes('CREATE TABLE public.album'));
  assert.equal(await tools.comparableDump(target.url), before);
  await tools.psql(target.url, "UPDATE artist SET name = name || '!' WHERE artist_id = 1;");
  assert.notEqual(await tools.comparableDump(target.url), before);
});

test('a standby follows its primary', async () => {
  await using primary = await startPostgres({ version: 13 });
  await using standby = await startStandby(primary);
  await query(primary.url, 'CREATE TABLE followed AS SELECT 42 AS answer');
  await catchUp(primary, standby);
  const rows = await query(standby.url, 'SELECT answer, pg_is_in_recovery() AS standby FROM followed');
  assert.deepEqual(rows, [{ answer: 42, standby: true }]);
});
