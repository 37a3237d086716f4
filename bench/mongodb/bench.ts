/** dbimg and the least that a client of MongoDB can do: the official tools are in no registry. */
import type { EngineBench, RunningBench, Setting } from '../engine.ts';
import { megabytes } from '../report.ts';
import { COMPARISONS, SOURCE } from './comparisons.ts';
import { makeBenchDatabase } from './data.ts';
import { startBenchServer } from './server.ts';

export const bench: EngineBench = {
  title: 'MongoDB',
  megabytes: 1100,
  comparisons: Object.keys(COMPARISONS),
  start,
};

async function start({ bytes, directory, rounds, tell }: Setting): Promise<RunningBench> {
  await using stack = new AsyncDisposableStack();
  const server = stack.use(await startBenchServer());
  const collections = await makeBenchDatabase(server.url(SOURCE), bytes);
  const total = collections.reduce((sum, collection) => sum + collection.bytes, 0);
  const list = collections.map(
    ({ name, documents, bytes: size }) => `${name} ${documents} documents, ${megabytes(size)}`,
  );
  const running = stack.move();
  return {
    circumstances: [
      server.description,
      'rivals: raw batches of `find` on one connection, thrown away; the raw cursor of the driver into a file; ready BSON of files, 1 MiB an `insert` on one connection, then `createIndexes`',
      `database: ${megabytes(total)} of BSON: ${list.join('; ')}`,
    ],
    compare: async (name) =>
      (await COMPARISONS[name]?.({ server, directory, rounds, tell, bytes: total })) ?? [],
    [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
  };
}
