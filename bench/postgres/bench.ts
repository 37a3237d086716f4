/** dbimg and PostgreSQL's own programs, on a durable server of our own. */
import { createDatabase } from '../../test/engines/postgres.ts';
import type { EngineBench, RunningBench, Setting } from '../engine.ts';
import { JOBS } from '../programs.ts';
import { megabytes } from '../report.ts';
import { COMPARISONS, SOURCE } from './comparisons.ts';
import { makeBenchDatabase } from './data.ts';
import { rivals } from './programs.ts';
import { SETTINGS, startBenchServer } from './server.ts';

export const bench: EngineBench = {
  title: 'PostgreSQL',
  megabytes: 2200,
  comparisons: Object.keys(COMPARISONS),
  start,
};

async function start({ bytes, directory, rounds, tell }: Setting): Promise<RunningBench> {
  const { version: tools, rival } = await rivals();
  await using stack = new AsyncDisposableStack();
  const server = stack.use(await startBenchServer());
  await createDatabase({ url: server.privateUrl('postgres') }, { name: SOURCE });
  const database = await makeBenchDatabase(server.privateUrl(SOURCE), bytes);
  const settings = Object.entries(SETTINGS).map(([name, value]) => `${name} = ${value}`);
  const tables = database.tables.map(
    (table) => `${table.name} ${table.rows} rows, ${megabytes(table.bytes)}`,
  );
  const running = stack.move();
  return {
    circumstances: [
      `server ${server.version}, default settings but ${settings.join(', ')}`,
      `rival: ${tools}; dbimg with ${JOBS} lanes, the rival with ${JOBS} workers, on the server's machine`,
      `database: tables ${megabytes(database.tableBytes)}, indexes ${megabytes(database.indexBytes)}: ${tables.join('; ')}`,
    ],
    compare: async (name) => (await COMPARISONS[name]?.({ server, rival, directory, rounds, tell })) ?? [],
    [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
  };
}
