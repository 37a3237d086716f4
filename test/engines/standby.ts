/** A streaming standby of a running embedded server, for tests that dump from one. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pgTools } from './pg-tools.ts';
import { type PostgresVersion, query, type RunningPostgres, startPostgres } from './postgres.ts';

const CATCH_UP_TIMEOUT = 30_000;

/** Boots a standby that follows `primary`. Dispose it before the primary. */
export async function startStandby(
  primary: RunningPostgres,
  settings: { readonly [name: string]: string | number | boolean } = {},
): Promise<RunningPostgres> {
  const tools = await pgTools();
  const dataDir = await mkdtemp(join(tmpdir(), 'dbimg-standby-'));
  try {
    const options = ['--checkpoint=fast', '--wal-method=stream', '--no-sync'];
    await tools.run('pg_basebackup', ['--dbname', primary.url, '--pgdata', dataDir, ...options]);
    await writeFile(join(dataDir, 'standby.signal'), '');
    // Not pg_basebackup's own: it names options that the libpq of an older server does not know.
    const { username, password } = new URL(primary.url);
    const upstream = `host=${primary.host} port=${primary.port} user=${username} password=${password}`;
    return await startPostgres({
      version: primary.version as PostgresVersion,
      settings: { hot_standby: 'on', primary_conninfo: upstream, ...settings },
      dataDir,
    });
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}

/** Resolves when the standby shows what the primary has committed until now. */
export async function catchUp(primary: RunningPostgres, standby: RunningPostgres): Promise<void> {
  const [row] = await query<{ lsn: string }>(primary.url, 'SELECT pg_current_wal_lsn() AS lsn');
  for (const deadline = Date.now() + CATCH_UP_TIMEOUT; Date.now() < deadline; await sleep(20)) {
    const replayed = 'SELECT pg_last_wal_replay_lsn() >= $1::pg_lsn AS done';
    const [state] = await query<{ done: boolean }>(standby.url, replayed, [row?.lsn]);
    if (state?.done) return;
  }
  throw new Error(`the standby has not replayed ${row?.lsn} within ${CATCH_UP_TIMEOUT / 1000} s`);
}
