/** What is compared, how, and what the aims are. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Program } from '../measure.ts';
import { after, costs, dbimg, JOBS, run, sizeOf, stepsOf } from '../programs.ts';
import {
  type Aim,
  type Compared,
  type Comparison,
  oursAtMost,
  ratioAtMost,
  rowOf,
  rowsOf,
} from '../report.ts';
import { type Contestant, type Figures, inTurn, type Rounds } from '../rounds.ts';

export interface Bench {
  /** Path of the database. */
  readonly source: string;
  readonly directory: string;
  readonly rounds: Rounds;
  readonly tell: (line: string) => void;
}

export const COMPARISONS: Readonly<Record<string, (bench: Bench) => Promise<readonly Comparison[]>>> = {
  logical: compareLogicalDumps,
  physical: comparePhysicalDumps,
  restore: compareRestores,
};

const SIZE: Compared = { what: 'size', unit: 'MB', figure: 'size' };

function cost(wall?: Aim): readonly Compared[] {
  return [
    { what: 'wall time', unit: 's', figure: 'wall', ...(wall ? { aim: wall } : {}) },
    { what: 'CPU', unit: 's', figure: 'cpu' },
    { what: 'memory, largest process', unit: 'MiB', figure: 'largest', aim: oursAtMost(300) },
  ];
}

/** What the contestants leave for those of `restore`. */
function files({ directory }: Bench) {
  const at = (name: string): string => join(directory, name);
  return {
    ...{ logical: at('shop.dbimg'), physical: at('shop-physical.dbimg'), sql: at('shop.sql.zst') },
    ...{ backup: at('shop-backup.db.zst'), vacuumed: at('shop-vacuumed.db.zst') },
    ...{ raw: at('raw.db'), copy: at('copy.db') },
  };
}

async function remove(...paths: readonly string[]): Promise<void> {
  for (const path of paths) await rm(path, { force: true });
}

/** Pipelines one after the other. `made` is removed before, and its size is a figure. */
function contestant(name: string, made: string, ...pipelines: readonly (readonly Program[])[]): Contestant {
  return {
    name,
    run: async () => {
      await remove(made);
      let figures: Figures = {};
      for (const pipeline of pipelines) figures = after(figures, costs(await run(pipeline)));
      return { ...figures, size: await sizeOf(made) };
    },
  };
}

function dumpByDbimg({ source }: Bench, image: string, ...more: readonly string[]): Program {
  return dbimg('dump', source, '-o', image, '--jobs', JOBS, '--quiet', ...more);
}

function compress(output: string, ...more: readonly string[]): Program {
  return ['zstd', '-q', '-f', '-o', output, ...more];
}

async function compareLogicalDumps(bench: Bench): Promise<readonly Comparison[]> {
  const { logical, sql } = files(bench);
  const dump: Program = ['sqlite3', bench.source, '.dump'];
  const ours = 'dbimg dump';
  const ordered = 'dbimg dump --order key';
  const [theirs, fast] = ['.dump | zstd', '.dump | zstd -1'];
  const results = await inTurn(
    [
      contestant(ours, logical, [dumpByDbimg(bench, logical)]),
      contestant(theirs, sql, [dump, compress(sql)]),
      contestant(ordered, `${logical}.ordered`, [dumpByDbimg(bench, `${logical}.ordered`, '--order', 'key')]),
      contestant(fast, `${sql}.1`, [dump, compress(`${sql}.1`, '-1')]),
    ],
    bench.rounds,
    bench.tell,
  );
  await remove(`${logical}.ordered`, `${sql}.1`);
  const pair = (title: string, mine: string, rival: string, aim?: Aim): Comparison => ({
    ...{ title, ours: mine, rival },
    rows: rowsOf(results, mine, rival, [...cost(aim), SIZE]),
  });
  return [
    pair('Logical dump, each at its default level', ours, theirs, ratioAtMost(0.5)),
    pair('Logical dump, zstd level 1', ours, fast, ratioAtMost(0.5)),
    pair('Cost of the order', ordered, ours),
  ];
}

async function comparePhysicalDumps(bench: Bench): Promise<readonly Comparison[]> {
  const { physical, backup, vacuumed, raw } = files(bench);
  const clean: Program = ['rm', raw];
  const backups = (output: string, ...level: string[]): readonly (readonly Program[])[] => [
    [['sqlite3', bench.source, `.backup '${raw}'`]],
    [compress(output, ...level, raw)],
    [clean],
  ];
  const vacuum: Program = ['sqlite3', bench.source, `VACUUM INTO '${raw}'`];
  const ours = 'dbimg dump --physical';
  const theirs = '.backup, zstd';
  const fast = '.backup, zstd -1';
  const packed = 'VACUUM INTO, zstd';
  const results = await inTurn(
    [
      contestant(ours, physical, [dumpByDbimg(bench, physical, '--physical')]),
      contestant(theirs, backup, ...backups(backup)),
      contestant(fast, `${backup}.1`, ...backups(`${backup}.1`, '-1')),
      contestant(packed, vacuumed, [vacuum], [compress(vacuumed, raw)], [clean]),
    ],
    bench.rounds,
    bench.tell,
  );
  await remove(`${backup}.1`);
  const pair = (title: string, rival: string, aim?: Aim): Comparison => ({
    ...{ title, ours, rival },
    rows: rowsOf(results, ours, rival, [...cost(aim), SIZE]),
  });
  return [
    pair('Physical dump, each at its default level', theirs, ratioAtMost(1)),
    pair('Physical dump, zstd level 1', fast, ratioAtMost(1)),
    pair('Physical dump beside VACUUM INTO', packed),
  ];
}

/** Dumps, unless the other comparisons have left them. */
async function haveDumps(bench: Bench): Promise<void> {
  const { logical, physical, sql, backup, raw } = files(bench);
  const makers: readonly (readonly [string, readonly (readonly Program[])[]])[] = [
    [logical, [[dumpByDbimg(bench, logical)]]],
    [physical, [[dumpByDbimg(bench, physical, '--physical')]]],
    [sql, [[['sqlite3', bench.source, '.dump'], compress(sql)]]],
    [backup, [[['sqlite3', bench.source, `.backup '${raw}'`]], [compress(backup, raw)], [['rm', raw]]]],
  ];
  for (const [path, pipelines] of makers) {
    const exists = await sizeOf(path).catch(() => undefined);
    if (exists === undefined) for (const pipeline of pipelines) await run(pipeline);
  }
}

async function compareRestores(bench: Bench): Promise<readonly Comparison[]> {
  await haveDumps(bench);
  const { logical, physical, sql, backup, copy } = files(bench);
  const ours = (name: string, image: string, ...more: readonly string[]): Contestant => ({
    name,
    run: async () => {
      await remove(copy);
      const outcome = await run([
        dbimg('restore', image, copy, '--create', '--jobs', JOBS, '--json', ...more),
      ]);
      return { ...stepsOf(outcome), ...costs(outcome), size: await sizeOf(copy) };
    },
  });
  const names = ['dbimg restore', 'dbimg restore --prove', 'dbimg restore, physical'] as const;
  const [shell, unpacked] = ['zstdcat | sqlite3', 'zstd -d'];
  const results = await inTurn(
    [
      ours(names[0], logical),
      contestant(shell, copy, [
        ['zstdcat', sql],
        ['sqlite3', copy],
      ]),
      ours(names[1], logical, '--prove'),
      ours(names[2], physical),
      contestant(unpacked, copy, [['zstd', '-q', '-d', '-f', '-o', copy, backup]]),
    ],
    bench.rounds,
    bench.tell,
  );
  await remove(copy);
  const pair = (title: string, mine: string, rival: string, aim?: Aim): Comparison => ({
    ...{ title, ours: mine, rival },
    rows: rowsOf(results, mine, rival, [...cost(aim), SIZE]),
  });
  const steps = ['data', 'post-data', 'check', 'publish'];
  return [
    pair('Restore of a logical image', names[0], shell, ratioAtMost(0.6)),
    {
      ...{ title: 'Restore, step by step', ours: names[0] },
      rows: steps.map((step) => rowOf(results, names[0], { what: step, unit: 's', figure: step })),
    },
    pair('Cost of the proof: restore --prove', names[1], names[0]),
    pair('Restore of a physical image', names[2], unpacked),
  ];
}
