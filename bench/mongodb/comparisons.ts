/** What is compared, how, and what the aims are. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Program } from '../measure.ts';
import { after, costs, dbimg, run, sizeOf, stepsOf } from '../programs.ts';
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
import type { BenchServer } from './server.ts';

/** The database that is dumped, and the one that is restored. */
export const SOURCE = 'shop';
const TARGET = 'shop_copy';

export interface Bench {
  readonly server: BenchServer;
  readonly directory: string;
  readonly rounds: Rounds;
  readonly tell: (line: string) => void;
  /** Of BSON in the source. */
  readonly bytes: number;
}

export const COMPARISONS: Readonly<Record<string, (bench: Bench) => Promise<readonly Comparison[]>>> = {
  dump: compareDump,
  restore: compareRestore,
  archive: measureArchive,
};

const BARE = fileURLToPath(new URL('./bare.ts', import.meta.url));

function bare(...args: readonly string[]): Program {
  return [process.execPath, BARE, ...args];
}

function cost(wall?: Aim): readonly Compared[] {
  return [
    { what: 'wall time', unit: 's', figure: 'wall', ...(wall ? { aim: wall } : {}) },
    { what: 'CPU of the tool', unit: 's', figure: 'cpu' },
    { what: 'CPU of the server', unit: 's', figure: 'serverCpu' },
    { what: 'memory, largest process', unit: 'MiB', figure: 'largest', aim: oursAtMost(300) },
  ];
}

const SIZE: Compared = { what: 'size', unit: 'MB', figure: 'size' };

function files({ directory }: Bench) {
  const at = (name: string): string => join(directory, name);
  return { image: at('shop.dbimg'), raw: at('shop.bson'), ready: at('ready'), archive: at('shop.archive') };
}

function dumpByDbimg({ server }: Bench, image: string, jobs: number): Program {
  return dbimg('dump', server.url(SOURCE), '-o', image, '--jobs', String(jobs), '--quiet', '--overwrite');
}

async function compareDump(bench: Bench): Promise<readonly Comparison[]> {
  const { image, raw } = files(bench);
  const [one, two, batches, cursor] = [
    'dbimg dump, 1 lane',
    'dbimg dump, 2 lanes',
    'raw batches',
    'raw cursor',
  ];
  const contestant = (name: string, program: Program, made?: string): Contestant => ({
    name,
    run: async () => {
      await bench.server.settle(TARGET);
      const figures = await bench.server.watch(async () => costs(await run([program])));
      return { ...figures, size: made === undefined ? bench.bytes : await sizeOf(made) };
    },
  });
  const url = bench.server.url(SOURCE);
  const results = await inTurn(
    [
      contestant(one, dumpByDbimg(bench, image, 1), image),
      contestant(batches, bare('read', url)),
      contestant(two, dumpByDbimg(bench, image, 2), image),
      contestant(cursor, bare('cursor', url, raw), raw),
    ],
    bench.rounds,
    bench.tell,
  );
  await rm(raw, { force: true });
  const pair = (title: string, ours: string, rival: string, aim?: Aim): Comparison => ({
    ...{ title, ours, rival },
    rows: rowsOf(results, ours, rival, [...cost(aim), SIZE]),
  });
  return [
    pair('Dump with one lane, beside the bare raw-batch read', one, batches, ratioAtMost(1.2)),
    pair('Dump with two lanes, beside the bare raw-batch read', two, batches),
    pair("Dump with one lane, beside the driver's raw cursor into a file", one, cursor),
  ];
}

async function compareRestore(bench: Bench): Promise<readonly Comparison[]> {
  const { image, ready } = files(bench);
  const { server } = bench;
  await run([dumpByDbimg(bench, image, 2)]);
  await run([bare('save', server.url(SOURCE), ready)]);
  const ours = (name: string, jobs: number, ...more: readonly string[]): Contestant => ({
    name,
    run: () =>
      fresh(bench, async () => {
        const args = [
          'restore',
          image,
          server.url(TARGET),
          '--create',
          '--jobs',
          String(jobs),
          '--json',
          ...more,
        ];
        const outcome = await run([dbimg(...args)]);
        return { ...stepsOf(outcome), ...costs(outcome) };
      }),
  });
  const insert: Contestant = {
    name: 'bare inserts and indexes',
    run: () =>
      fresh(bench, async () => {
        const inserted = costs(await run([bare('insert', server.url(TARGET), ready)]));
        const indexed = costs(await run([bare('indexes', server.url(TARGET), server.url(SOURCE))]));
        return { ...after(inserted, indexed), inserts: inserted.wall ?? 0, builds: indexed.wall ?? 0 };
      }),
  };
  const [one, two, proven] = [
    'dbimg restore, 1 lane',
    'dbimg restore, 2 lanes',
    'dbimg restore --prove, 2 lanes',
  ];
  const results = await inTurn(
    [ours(one, 1), insert, ours(two, 2), ours(proven, 2, '--prove')],
    bench.rounds,
    bench.tell,
  );
  await server.settle(TARGET);
  const pair = (title: string, mine: string, rival: string, aim?: Aim): Comparison => ({
    ...{ title, ours: mine, rival },
    rows: rowsOf(results, mine, rival, cost(aim)),
  });
  const steps: readonly Compared[] = [
    { what: 'documents', unit: 's', figure: 'data', rivalFigure: 'inserts', aim: ratioAtMost(1.15) },
    { what: 'indexes and names', unit: 's', figure: 'finish', rivalFigure: 'builds' },
  ];
  return [
    pair('Restore with one lane, beside bare inserts of ready BSON', one, insert.name, ratioAtMost(1.15)),
    {
      title: 'Restore with one lane, step by step',
      ours: one,
      rival: insert.name,
      rows: rowsOf(results, one, insert.name, steps),
    },
    pair('Restore with two lanes, beside bare inserts of ready BSON', two, insert.name, ratioAtMost(1.15)),
    pair('Cost of the proof', proven, two),
  ];
}

async function fresh({ server }: Bench, work: () => Promise<Figures>): Promise<Figures> {
  await server.settle(TARGET);
  return await server.watch(work);
}

/** No server takes part, and no rival: what is bounded is memory. */
async function measureArchive(bench: Bench): Promise<readonly Comparison[]> {
  const { image, archive } = files(bench);
  await run([dumpByDbimg(bench, image, 2)]);
  const back = `${image}.back`;
  const contestant = (name: string, input: string, output: string): Contestant => ({
    name,
    run: async () => ({
      ...costs(await run([dbimg('convert', input, output, '--quiet', '--overwrite')])),
      size: await sizeOf(output),
    }),
  });
  const [there, again] = ['image to mongodump archive', 'mongodump archive to image'];
  const results = await inTurn(
    [contestant(there, image, archive), contestant(again, archive, back)],
    bench.rounds,
    bench.tell,
  );
  await rm(back, { force: true });
  const wanted = cost().filter(({ figure }) => figure !== 'serverCpu');
  return [there, again].map((name) => ({
    title: `convert: ${name}`,
    ours: name,
    rows: [...wanted, SIZE].map((compared) => rowOf(results, name, compared)),
  }));
}
