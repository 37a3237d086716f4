/** `npm run bench -- ENGINE`: dbimg and the engine's own tools in turn. `--help` tells the options; README.md what is measured. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { EngineBench, RunningBench } from './engine.ts';
import { machine } from './machine.ts';
import { type Comparison, markdown, megabytes, reached } from './report.ts';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const ROOT = join(HERE, '..');
const ENGINES = readdirSync(HERE).filter((name) => existsSync(join(HERE, name, 'bench.ts')));

const HELP = `node bench/run.ts [ENGINE] [options]
  ENGINE           ${ENGINES.join(', ')} (default postgres)
  --size MB        of the database, indexes not counted (default the engine's)
  --rounds N       measured runs of each contestant (default 3)
  --warm-ups N     runs of each before, not counted (default 1)
  --only NAMES     comparisons, with commas between (default all)
  --directory DIR  for images and dumps (default a new one under the system's temporary directory)
  --output FILE    the report (default bench/results/<engine>-<date>.md)
  --no-build       take dist/ as it is
`;

const OPTIONS = {
  size: { type: 'string' },
  rounds: { type: 'string', default: '3' },
  'warm-ups': { type: 'string', default: '1' },
  only: { type: 'string' },
  directory: { type: 'string' },
  output: { type: 'string' },
  'no-build': { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

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

function report(title: string, circumstances: readonly string[], all: readonly Comparison[]): string {
  const rows = all.flatMap((comparison) =>
    comparison.rows.map((row) => ({ ...row, title: comparison.title })),
  );
  const misses = rows.filter((row) => reached(row) === false);
  const aims = rows.filter((row) => row.aim !== undefined).length;
  return [
    `# ${title}, ${today}\n`,
    ...circumstances.map((line) => `- ${line}`),
    '',
    `${aims - misses.length} of ${aims} aims are met.${misses.length > 0 ? ' Missed:\n' : '\n'}`,
    ...misses.map((row) => `- ${row.title}: ${row.what}`),
    ...(misses.length > 0 ? [''] : []),
    ...all.map(markdown),
  ].join('\n');
}

const { values, positionals } = parseArgs({ options: OPTIONS, allowPositionals: true });

function whole(name: 'size' | 'rounds' | 'warm-ups', least: number, fallback?: number): number {
  const number = Number(values[name] ?? fallback);
  if (!Number.isInteger(number) || number < least)
    throw new Error(`--${name} ${values[name]} is not a number`);
  return number;
}

async function compareAll(running: RunningBench, names: readonly string[]): Promise<Comparison[]> {
  const all: Comparison[] = [];
  for (const name of names) {
    tell(name);
    for (const comparison of await running.compare(name)) {
      console.log(markdown(comparison));
      all.push(comparison);
    }
  }
  return all;
}

function namesOf(bench: EngineBench): readonly string[] {
  const names = values.only?.split(',') ?? bench.comparisons;
  const unknown = names.find((name) => !bench.comparisons.includes(name));
  if (unknown === undefined) return names;
  throw new Error(`there is no comparison ${unknown}, only ${bench.comparisons.join(', ')}`);
}

async function main(): Promise<void> {
  const [engine = 'postgres'] = positionals;
  if (!ENGINES.includes(engine)) throw new Error(`there is no bench of ${engine}\n${HELP}`);
  const { bench } = (await import(`./${engine}/bench.ts`)) as { readonly bench: EngineBench };
  const names = namesOf(bench);
  const rounds = { rounds: whole('rounds', 1), warmUps: whole('warm-ups', 0) };
  const bytes = whole('size', 1, bench.megabytes) * 1e6;
  if (!values['no-build']) build();
  const here = machine();
  const directory = await mkdtemp(join(values.directory ?? tmpdir(), 'dbimg-bench-'));
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
  tell(`making a database of ${megabytes(bytes)}`);
  await using running = await bench.start({ bytes, directory, rounds, tell });
  const all = await compareAll(running, names);
  const said =
    `${rounds.rounds} rounds in turn after ${rounds.warmUps} to warm up; ` +
    'figures are medians, ratios the median of the ratios of each round';
  const output = values.output ?? join(ROOT, 'bench', 'results', `${engine}-${today}.md`);
  await mkdir(join(output, '..'), { recursive: true });
  await writeFile(output, report(bench.title, [...here, ...running.circumstances, said], all));
  tell(`written: ${output}`);
}

if (values.help) console.log(HELP);
else await main();
