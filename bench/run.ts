/** `npm run bench`: dbimg and PostgreSQL's own tools in turn. `--help` tells the options; README.md what is measured. */
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createDatabase } from '../test/engines/postgres.ts';
import { machine } from './machine.ts';
import { type Bench, COMPARISONS, SOURCE } from './postgres/comparisons.ts';
import { type BenchDatabase, makeBenchDatabase } from './postgres/data.ts';
import { JOBS, rivals } from './postgres/programs.ts';
import { type BenchServer, SETTINGS, startBenchServer } from './postgres/server.ts';
import { type Comparison, markdown, reached } from './report.ts';

const HELP = `node bench/run.ts [options]
  --size MB        tables of the database, indexes not counted (default 2200)
  --rounds N       measured runs of each contestant (default 3)
  --warm-ups N     runs of each before, not counted (default 1)
  --only NAMES     of ${Object.keys(COMPARISONS).join(',')} (default all)
  --directory DIR  for images and dumps (default a new one under the system's temporary directory)
  --output FILE    the report (default bench/results/postgres-<date>.md)
  --no-build       take dist/ as it is
`;

const OPTIONS = {
  size: { type: 'string', default: '2200' },
  rounds: { type: 'string', default: '3' },
  'warm-ups': { type: 'string', default: '1' },
  only: { type: 'string', default: Object.keys(COMPARISONS).join(',') },
  directory: { type: 'string' },
  output: { type: 'string' },
  'no-build': { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const today = new Date().toISOString().slice(0, 10);

function tell(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** Users run what is built. */
function build(): void {
  const PATH = `${join(ROOT, 'node_modules', '.bin')}${delimiter}${process.env.PATH}`;
  const env = { ...process.env, PATH };
  const { status } = spawnSync(process.execPath, [join(ROOT, 'scripts', 'build.mjs')], {
    stdio: 'inherit',
    env,
  });
  if (status !== 0) throw new Error('the build failed');
}

interface Circumstances {
  readonly machine: readonly string[];
  readonly server: BenchServer;
  readonly database: BenchDatabase;
  readonly tools: string;
  readonly rounds: string;
}

function report(
  { machine, server, database, tools, rounds }: Circumstances,
  all: readonly Comparison[],
): string {
  const settings = Object.entries(SETTINGS).map(([name, value]) => `${name} = ${value}`);
  const tables = database.tables.map(({ name, rows, bytes }) => `${name} ${rows} rows, ${megabytes(bytes)}`);
  const rows = all.flatMap((comparison) =>
    comparison.rows.map((row) => ({ ...row, title: comparison.title })),
  );
  const misses = rows.filter((row) => reached(row) === false);
  const aims = rows.filter((row) => row.aim !== undefined).length;
  return [
    `# PostgreSQL, ${today}\n`,
    ...machine.map((line) => `- ${line}`),
    `- server ${server.version}, default settings but ${settings.join(', ')}`,
    `- rival: ${tools}; dbimg with ${JOBS} lanes, the rival with ${JOBS} workers, on the server's machine`,
    `- database: tables ${megabytes(database.tableBytes)}, indexes ${megabytes(database.indexBytes)}: ${tables.join('; ')}`,
    `- ${rounds}; figures are medians, ratios the median of the ratios of each round\n`,
    `${aims - misses.length} of ${aims} aims are met.${misses.length > 0 ? ' Missed:\n' : '\n'}`,
    ...misses.map(({ title, what }) => `- ${title}: ${what}`),
    ...(misses.length > 0 ? [''] : []),
    ...all.map(markdown),
  ].join('\n');
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`;
}

const { values } = parseArgs({ options: OPTIONS, allowNegative: false });

function whole(name: 'size' | 'rounds' | 'warm-ups', least: number): number {
  const number = Number(values[name]);
  if (!Number.isInteger(number) || number < least)
    throw new Error(`--${name} ${values[name]} is not a number`);
  return number;
}

async function compareAll(bench: Bench): Promise<Comparison[]> {
  const all: Comparison[] = [];
  for (const name of values.only.split(',')) {
    const compare = COMPARISONS[name];
    if (compare === undefined) throw new Error(`there is no comparison ${name}\n${HELP}`);
    tell(name);
    for (const comparison of await compare(bench)) {
      console.log(markdown(comparison));
      all.push(comparison);
    }
  }
  return all;
}

async function main(): Promise<void> {
  const rounds = { rounds: whole('rounds', 1), warmUps: whole('warm-ups', 0) };
  const bytes = whole('size', 1) * 1e6;
  const { version: tools, rival } = await rivals();
  if (!values['no-build']) build();
  const here = machine();
  await using server = await startBenchServer();
  const directory = await mkdtemp(join(values.directory ?? tmpdir(), 'dbimg-bench-'));
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
  await createDatabase({ url: server.privateUrl('postgres') }, { name: SOURCE });
  tell(`making a database of ${megabytes(bytes)}`);
  const database = await makeBenchDatabase(server.privateUrl(SOURCE), bytes);
  const all = await compareAll({ server, rival, directory, rounds, tell });
  const said = `${rounds.rounds} rounds in turn after ${rounds.warmUps} to warm up`;
  const output = values.output ?? join(ROOT, 'bench', 'results', `postgres-${today}.md`);
  await mkdir(join(output, '..'), { recursive: true });
  await writeFile(output, report({ machine: here, server, database, tools, rounds: said }, all));
  tell(`written: ${output}`);
}

if (values.help) console.log(HELP);
else await main();
