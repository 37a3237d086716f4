/** dbimg and the `sqlite3` shell, on a file. */
import { join } from 'node:path';
import type { EngineBench, RunningBench, Setting } from '../engine.ts';
import { JOBS, run } from '../programs.ts';
import { megabytes } from '../report.ts';
import { COMPARISONS } from './comparisons.ts';
import { makeBenchDatabase } from './data.ts';

export const bench: EngineBench = {
  title: 'SQLite',
  megabytes: 1200,
  comparisons: Object.keys(COMPARISONS),
  start,
};

async function start({ bytes, directory, rounds, tell }: Setting): Promise<RunningBench> {
  const shell = await versionOf('sqlite3', /^[\d.]+/);
  const zstd = await versionOf('zstd', /(?<=v)[\d.]+/);
  const source = join(directory, 'shop.db');
  const database = await makeBenchDatabase(source, bytes);
  const tables = database.tables.map(
    (table) => `${table.name} ${table.rows} rows, ${megabytes(table.bytes)}`,
  );
  return {
    circumstances: [
      `rivals: sqlite3 ${shell}, zstd ${zstd}; dbimg with ${JOBS} lanes, SQLite ${database.sqlite} in Node.js`,
      `database: ${megabytes(database.size)}: ${tables.join('; ')}; the rest are indexes`,
    ],
    compare: async (name) => (await COMPARISONS[name]?.({ source, directory, rounds, tell })) ?? [],
    [Symbol.asyncDispose]: async () => {},
  };
}

/** Throws if the program is not installed. */
async function versionOf(program: string, version: RegExp): Promise<string> {
  const { stdout } = await run([[program, '--version']]);
  return version.exec(stdout)?.[0] ?? stdout.trim();
}
