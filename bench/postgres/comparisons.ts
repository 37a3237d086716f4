/** What is compared, how, and what the aims are. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Program } from '../measure.ts';
import { after, costs, dbimg, JOBS, run, sizeOf, stepsOf } from '../programs.ts';
import {
  type Aim,
  type Compared,
  type Comparison,
  oursAtLeast,
  oursAtMost,
  ratioAtMost,
  rowOf,
  rowsOf,
} from '../report.ts';
import { type Contestant, type Figures, inTurn, type Rounds } from '../rounds.ts';
import type { Rival } from './programs.ts';
import type { BenchServer } from './server.ts';

/** The database that is dumped, and the one that is restored. */
export const SOURCE = 'shop';
const TARGET = 'shop_copy';

export interface Bench {
  readonly server: BenchServer;
  readonly rival: Rival;
  /** For images and dumps. */
  readonly directory: string;
  readonly rounds: Rounds;
  readonly tell: (line: string) => void;
}

export const COMPARISONS: Readonly<Record<string, (bench: Bench) => Promise<readonly Comparison[]>>> = {
  dump: compareDump,
  restore: compareRestore,
  pipe: comparePipe,
  verify: measureVerify,
  start: measureStart,
};

function cost(aims: { readonly wall?: Aim; readonly size?: Aim }): readonly Compared[] {
  return [
    { what: 'wall time', unit: 's', figure: 'wall', ...(aims.wall ? { aim: aims.wall } : {}) },
    { what: 'CPU of the tool', unit: 's', figure: 'cpu' },
    { what: 'CPU of the server', unit: 's', figure: 'serverCpu' },
    { what: 'memory, largest process', unit: 'MiB', figure: 'largest', aim: oursAtMost(300) },
    { what: 'memory, all processes', unit: 'MiB', figure: 'together' },
  ];
}

const SIZE: Compared = { what: 'size', unit: 'MB', figure: 'size' };
const WAL: Compared = { what: 'WAL written', unit: 'MB', figure: 'wal' };

const imageOf = (bench: Bench): string => join(bench.directory, 'shop.dbimg');
const archiveOf = (bench: Bench): string => join(bench.directory, 'shop.pgdump');

/** Runs programs against databases that were dropped before, with the server's part of the cost. */
async function fresh(bench: Bench, work: () => Promise<Figures>): Promise<Figures> {
  await bench.server.settle([TARGET]);
  return await bench.server.watch(work);
}

async function compareDump(bench: Bench): Promise<readonly Comparison[]> {
  const [image, archive] = [imageOf(bench), archiveOf(bench)];
  const contestant = (name: string, output: string, program: Program): Contestant => ({
    name,
    run: async () => {
      await rm(output, { recursive: true, force: true });
      const figures = await fresh(bench, async () => costs(await run([program], bench.server.env)));
      return { ...figures, size: await sizeOf(output) };
    },
  });
  const ours = (name: string, level: readonly string[], output: string): Contestant =>
    contestant(name, output, dumpByDbimg(bench, output, level));
  const theirs = (name: string, compression: string, output: string): Contestant =>
    contestant(name, output, dumpByPgDump(bench, output, compression));
  const results = await inTurn(
    [
      ours('dbimg', [], image),
      theirs('pg_dump zstd', 'zstd', archive),
      ours('dbimg level 3', ['--level', '3'], `${image}.3`),
      theirs('pg_dump zstd:3', 'zstd:3', `${archive}.3`),
      theirs('pg_dump zstd:1', 'zstd:1', `${archive}.1`),
    ],
    bench.rounds,
    bench.tell,
  );
  for (const more of [`${image}.3`, `${archive}.3`, `${archive}.1`]) await rm(more, { recursive: true });
  const pair = (title: string, mine: string, rival: string, size?: Aim): Comparison => ({
    ...{ title, ours: mine, rival },
    rows: rowsOf(results, mine, rival, [
      ...cost({ wall: ratioAtMost(0.8) }),
      size === undefined ? SIZE : { ...SIZE, aim: size },
    ]),
  });
  const equalSize = ratioAtMost(1.05);
  return [
    pair('Dump, defaults: zstd level 1 of dbimg, 3 of pg_dump', 'dbimg', 'pg_dump zstd'),
    pair('Dump, zstd level 3', 'dbimg level 3', 'pg_dump zstd:3', equalSize),
    pair('Dump, zstd level 1', 'dbimg', 'pg_dump zstd:1', equalSize),
  ];
}

function dumpByDbimg(bench: Bench, output: string, more: readonly string[]): Program {
  return dbimg('dump', bench.server.url(SOURCE), '-o', output, '--jobs', JOBS, '--quiet', ...more);
}

function dumpByPgDump(bench: Bench, output: string, compression: string): Program {
  return bench.rival('pg_dump', '-Fd', '-j', JOBS, '-Z', compression, '-f', output, bench.server.url(SOURCE));
}

/** Dumps, unless the comparison of dumps has left them. */
async function haveDumps(bench: Bench): Promise<void> {
  for (const [path, program] of [
    [imageOf(bench), dumpByDbimg(bench, imageOf(bench), [])],
    [archiveOf(bench), dumpByPgDump(bench, archiveOf(bench), 'zstd')],
  ] as const) {
    const exists = await sizeOf(path).then(
      () => true,
      () => false,
    );
    if (!exists) await run([program], bench.server.env);
  }
}

async function compareRestore(bench: Bench): Promise<readonly Comparison[]> {
  await haveDumps(bench);
  const results = await inTurn(
    [
      restoreByDbimg(bench, 'dbimg'),
      restoreByRival(bench, 'pg_restore + vacuumdb', true),
      restoreByDbimg(bench, 'dbimg --no-analyze', '--no-analyze'),
      restoreByRival(bench, 'pg_restore', false),
      restoreByDbimg(bench, 'dbimg --prove', '--prove'),
      restoreBySection(bench, 'pg_restore, section by section'),
    ],
    bench.rounds,
    bench.tell,
  );
  const whole = [...cost({ wall: ratioAtMost(0.7) }), WAL];
  const pair = (title: string, ours: string, rival: string, rows: readonly Compared[]): Comparison => ({
    ...{ title, ours, rival },
    rows: rowsOf(results, ours, rival, rows),
  });
  return [
    pair('Restore with planner statistics', 'dbimg', 'pg_restore + vacuumdb', [
      ...whole,
      { what: 'statistics', unit: 's', figure: 'check', rivalFigure: 'analyze' },
    ]),
    pair('Restore without planner statistics', 'dbimg --no-analyze', 'pg_restore', whole),
    pair('Restore, step by step', 'dbimg --no-analyze', 'pg_restore, section by section', [
      { what: 'before the data', unit: 's', figure: 'pre-data' },
      { what: 'data', unit: 's', figure: 'data', aim: ratioAtMost(0.6) },
      { what: 'indexes and constraints', unit: 's', figure: 'post-data' },
    ]),
    pair('Cost of the proof: restore --prove', 'dbimg --prove', 'dbimg', cost({})),
  ];
}

function restoreByDbimg(bench: Bench, name: string, ...more: readonly string[]): Contestant {
  const url = bench.server.url(TARGET);
  const program = dbimg(
    'restore',
    imageOf(bench),
    url,
    '--create',
    '--trust',
    '--jobs',
    JOBS,
    '--json',
    ...more,
  );
  return {
    name,
    run: () =>
      fresh(bench, async () => {
        const outcome = await run([program], bench.server.env);
        return { ...stepsOf(outcome), ...costs(outcome) };
      }),
  };
}

/** `dbimg restore --create` makes the database too. */
function createTarget(bench: Bench): Program {
  return bench.rival(
    'psql',
    '-Xqc',
    `CREATE DATABASE ${TARGET} TEMPLATE template0`,
    bench.server.url('postgres'),
  );
}

function restoreByRival(bench: Bench, name: string, analyze: boolean): Contestant {
  const url = bench.server.url(TARGET);
  const programs = [createTarget(bench), bench.rival('pg_restore', '-j', JOBS, '-d', url, archiveOf(bench))];
  const vacuum = bench.rival('vacuumdb', '--analyze-only', '--quiet', '-j', JOBS, '-d', url);
  return {
    name,
    run: () =>
      fresh(bench, async () => {
        let figures: Figures = {};
        for (const program of programs) {
          figures = after(figures, costs(await run([program], bench.server.env)));
        }
        if (!analyze) return figures;
        const outcome = await run([vacuum], bench.server.env);
        return { ...after(figures, costs(outcome)), analyze: outcome.wall };
      }),
  };
}

function restoreBySection(bench: Bench, name: string): Contestant {
  const url = bench.server.url(TARGET);
  return {
    name,
    run: () =>
      fresh(bench, async () => {
        let figures: Figures = costs(await run([createTarget(bench)], bench.server.env));
        for (const section of ['pre-data', 'data', 'post-data']) {
          const program = bench.rival(
            'pg_restore',
            `--section=${section}`,
            '-j',
            JOBS,
            '-d',
            url,
            archiveOf(bench),
          );
          const outcome = await run([program], bench.server.env);
          figures = { ...after(figures, costs(outcome)), [section]: outcome.wall };
        }
        return figures;
      }),
  };
}

async function comparePipe(bench: Bench): Promise<readonly Comparison[]> {
  const [source, target] = [bench.server.url(SOURCE), bench.server.url(TARGET)];
  const ours = [
    dbimg('dump', source, '-o', '-', '--jobs', JOBS, '--quiet'),
    dbimg('restore', '-', target, '--create', '--trust', '--jobs', JOBS, '--no-analyze', '--quiet'),
  ];
  const theirs = (compression: string): Contestant => ({
    name: `pg_dump -Z ${compression} | pg_restore`,
    run: () =>
      fresh(bench, async () => {
        const created = costs(await run([createTarget(bench)], bench.server.env));
        const pipe = [
          bench.rival('pg_dump', '-Fc', '-Z', compression, source),
          bench.rival('pg_restore', '-d', target),
        ];
        return after(created, costs(await run(pipe, bench.server.env)));
      }),
  });
  const name = 'dbimg dump | dbimg restore';
  const rivals = [theirs('none'), theirs('zstd')];
  const results = await inTurn(
    [{ name, run: () => fresh(bench, async () => costs(await run(ours, bench.server.env))) }, ...rivals],
    bench.rounds,
    bench.tell,
  );
  return rivals.map((rival) => ({
    ...{ title: `Pipe: pg_dump ${rival.name.includes('none') ? 'uncompressed' : 'with zstd'}`, ours: name },
    rival: rival.name,
    rows: rowsOf(results, name, rival.name, [...cost({ wall: ratioAtMost(0.7) }), WAL]),
  }));
}

async function measureVerify(bench: Bench): Promise<readonly Comparison[]> {
  await haveDumps(bench);
  const program = dbimg('verify', imageOf(bench), '--json');
  const contestant = (name: string, ...before: readonly string[]): Contestant => ({
    name,
    run: async () => {
      const [first, ...rest] = [...before, ...program];
      const outcome = await run([[first ?? '', ...rest]], bench.server.env);
      const { bytes, milliseconds } = JSON.parse(outcome.stdout) as { bytes: number; milliseconds: number };
      return { ...costs(outcome), rate: bytes / (milliseconds / 1000), rateCpu: bytes / outcome.cpu };
    },
  });
  const [free, one] = ['dbimg verify', 'dbimg verify on one core'];
  const results = await inTurn(
    [contestant(free), contestant(one, 'taskset', '-c', '0')],
    bench.rounds,
    bench.tell,
  );
  const rows = (name: string, rate?: Aim): Comparison => ({
    ...{ title: `Verify${name === one ? ', one core' : ''}`, ours: name },
    rows: [
      { what: 'plain bytes', unit: 'GB/s', figure: 'rate', ...(rate ? { aim: rate } : {}) } as const,
      { what: 'plain bytes for each second of CPU', unit: 'GB/s', figure: 'rateCpu' } as const,
      { what: 'memory', unit: 'MiB', figure: 'largest', aim: oursAtMost(300) } as const,
    ].map((row) => rowOf(results, name, row)),
  });
  return [rows(one, oursAtLeast(1)), rows(free)];
}

async function measureStart(bench: Bench): Promise<readonly Comparison[]> {
  const contestant = (name: string, ...args: readonly string[]): Contestant => ({
    name,
    run: async () => costs(await run([dbimg(...args)], bench.server.env)),
  });
  const contestants = [
    contestant('dbimg --version', '--version'),
    contestant('dbimg dump --help', 'dump', '--help'),
  ];
  const results = await inTurn(contestants, bench.rounds, bench.tell);
  return [
    {
      title: 'Start',
      ours: 'dbimg',
      rows: contestants.map(({ name }, at) =>
        rowOf(results, name, {
          ...{ what: name, unit: 's', figure: 'wall' },
          ...(at === 0 ? { aim: oursAtMost(0.25) } : {}),
        }),
      ),
    },
  ];
}
