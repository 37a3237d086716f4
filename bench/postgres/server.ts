/** The server that both tools work on, and what it has to do for them. */
import {
  databaseUrl,
  dropDatabase,
  query,
  type RunningPostgres,
  startPostgres,
} from '../../test/engines/postgres.ts';
import { cpuWithChildren } from '../measure.ts';
import type { Figures } from '../rounds.ts';

/**
 * As shipped, and durable, but for what any sensible server of this size sets, and autovacuum, which would start at a
 * moment of its own in the middle of a run.
 */
export const SETTINGS = {
  fsync: 'on',
  full_page_writes: 'on',
  shared_buffers: '1GB',
  max_wal_size: '8GB',
  autovacuum: 'off',
} as const;

export interface BenchServer extends AsyncDisposable {
  readonly version: string;
  /** Without a password, which is in {@link env}. */
  url(database: string): string;
  /** Superuser's, with the password. */
  privateUrl(database: string): string;
  readonly env: NodeJS.ProcessEnv;
  /** Drops the databases and writes out what the run before left, so that no run pays for another. */
  settle(databases: readonly string[]): Promise<void>;
  /** Runs `work`; adds CPU seconds and bytes of WAL that it cost the server. */
  watch(work: () => Promise<Figures>): Promise<Figures>;
}

export async function startBenchServer(): Promise<BenchServer> {
  const server = await startPostgres({ version: 18, settings: SETTINGS });
  const [row] = await query<{ version: string }>(
    server.url,
    "SELECT current_setting('server_version') AS version",
  );
  const { password } = new URL(server.url);
  return {
    version: row?.version ?? '18',
    url: (database) => {
      const url = new URL(databaseUrl(server.url, database));
      url.password = '';
      return url.href;
    },
    privateUrl: (database) => databaseUrl(server.url, database),
    env: { PGPASSWORD: password },
    settle: async (databases) => {
      for (const database of databases) await dropDatabase(server.url, database);
      await query(server.url, 'CHECKPOINT');
    },
    watch: (work) => watch(server, work),
    [Symbol.asyncDispose]: () => server.stop(),
  };
}

async function watch(server: RunningPostgres, work: () => Promise<Figures>): Promise<Figures> {
  const pid = server.embedded?.pid ?? 0;
  const cpu = cpuWithChildren(pid);
  const wal = await walPosition(server.url);
  const figures = await work();
  return { ...figures, serverCpu: cpuWithChildren(pid) - cpu, wal: (await walPosition(server.url)) - wal };
}

async function walPosition(url: string): Promise<number> {
  const [row] = await query<{ bytes: string }>(url, "SELECT pg_current_wal_insert_lsn() - '0/0' AS bytes");
  return Number(row?.bytes);
}
