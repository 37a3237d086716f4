/** The server that all contestants work on, and what it has to do for them. */
import { mongoUrl, type RunningMongo, startMongo, withMongo } from '../../test/engines/mongodb.ts';
import { cpuWithChildren } from '../measure.ts';
import type { Figures } from '../rounds.ts';

const CACHE_MIB = 1024;

export interface BenchServer extends AsyncDisposable {
  /** For the report. */
  readonly description: string;
  url(database: string): string;
  /** Drops the database and writes out what the run before left, so that no run pays for another. */
  settle(database: string): Promise<void>;
  /** Runs `work`; adds CPU seconds that it cost the server. */
  watch(work: () => Promise<Figures>): Promise<Figures>;
}

export async function startBenchServer(): Promise<BenchServer> {
  // Large enough for an oplog of everything that is inserted in a run.
  const server = await startMongo({ cacheMiB: CACHE_MIB, oplogMiB: 6000 });
  const version = await withMongo(server.url, async (client) => {
    const { version: found } = await client.db('admin').command({ buildInfo: 1 });
    return String(found);
  });
  return {
    description: `server MongoDB ${version}, a replica set of one, journal on, cache ${CACHE_MIB} MiB`,
    url: (database) => mongoUrl(server.url, database),
    settle: (database) =>
      withMongo(server.url, async (client) => {
        await client.db(database).dropDatabase();
        await client.db('admin').command({ fsync: 1 });
      }),
    watch: (work) => watch(server, work),
    [Symbol.asyncDispose]: () => server.stop(),
  };
}

async function watch(server: RunningMongo, work: () => Promise<Figures>): Promise<Figures> {
  const pid = server.members[0]?.pid ?? 0;
  const before = cpuWithChildren(pid);
  const figures = await work();
  return { ...figures, serverCpu: cpuWithChildren(pid) - before };
}
