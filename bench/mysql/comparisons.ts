/** What is compared, how, and what the aims are. */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

import {
  type MysqlProduct,
  mysqlName,
  mysqlQuery,
  mysqlUrl,
  ROOT,
  type RunningMysql,
} from '../../test/engines/mysql.ts';
import type { MysqlTools } from '../../test/engines/mysql-tools.ts';
import { cpuWithChildren, type Program } from '../measure.ts';
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
import { TABLES } from './data.ts';

export const SOURCE = 'shop';
const TARGET = 'shop_copy';

export interface Bench {
  readonly product: MysqlProduct;
  readonly server: RunningMysql;
  readonly tools: MysqlTools;
  /** For images and dumps; the server sees it too. */
  readonly directory: string;
  readonly rounds: Rounds;
  readonly tell: (line: string) => void;
}

const env = { MYSQL_PWD: ROOT.password };

function cost(wall?: Aim): readonly Compared[] {
  return [
    { what: 'wall time', unit: 's', figure: 'wall', ...(wall ? { aim: wall } : {}) },
    { what: 'CPU of the tool', unit: 's', figure: 'cpu' },
    { what: 'CPU of the server', unit: 's', figure: 'serverCpu' },
    { what: 'memory, largest process', unit: 'MiB', figure: 'largest', aim: oursAtMost(300) },
  ];
}

/** Without a password, which is in the environment. */
function urlOf(bench: Bench, database: string): string {
  const url = new URL(mysqlUrl(bench.server.url, database));
  url.password = '';
  return url.href;
}

async function fresh(bench: Bench, work: () => Promise<Figures>): Promise<Figures> {
  await mysqlQuery(bench.server.url, `DROP DATABASE IF EXISTS ${mysqlName(TARGET)}`);
  const { pid } = bench.server.process;
  const before = cpuWithChildren(pid);
  const figures = await work();
  return { ...figures, serverCpu: cpuWithChildren(pid) - before };
}

function client(bench: Bench, program: string, ...args: readonly string[]): Program {
  return bench.tools.command(bench.server.url, program, args).command;
}

const shellOf = (bench: Bench): string => (bench.product === 'mysql' ? 'mysql' : 'mariadb');
const quoted = (program: Program): string =>
  program.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');

/** Programs at the same time. */
function together(programs: readonly Program[]): Program {
  const jobs = programs.map((program) => `${quoted(program)} & pids+=($!)`).join('\n');
  return ['bash', '-c', `${jobs}\nfor pid in "\${pids[@]}"; do wait "$pid" || exit 1; done`];
}

/** As many connections as dbimg has, each with half of the large table, read to nowhere. */
function bareRead(bench: Bench, half: string): Program {
  const select = (where: string, table: string): Program => {
    const sql = `SELECT * FROM ${SOURCE}.${table} WHERE ${where}`;
    return [
      'bash',
      '-c',
      `${quoted(client(bench, shellOf(bench), '-N', '--quick', '--raw', '-e', sql))} > /dev/null`,
    ];
  };
  return together([
    ['bash', '-c', `${quoted(select(`id <= ${half}`, 'event'))} && ${quoted(select('1', 'item'))}`],
    select(`id > ${half}`, 'event'),
  ]);
}

const login = (bench: Bench): string[] => [
  ...[
    '-h',
    bench.server.process.host,
    '-P',
    String(bench.server.process.port),
    '-u',
    ROOT.user,
    '-p',
    ROOT.password,
  ],
];

/** Files that the contestants leave for those of `restore`. */
function files({ directory, product }: Bench) {
  const at = (name: string): string => join(directory, `${product}-${name}`);
  return { image: at('shop.dbimg'), mydumper: at('mydumper'), sql: at('shop.sql.zst'), ready: at('ready') };
}

const dumpProgram = (bench: Bench): Program =>
  dbimg('dump', urlOf(bench, SOURCE), '-o', files(bench).image, '--jobs', JOBS, '--quiet');

function mydumper(bench: Bench): Program {
  const more = ['-t', JOBS, '-c', '-B', SOURCE, '-o', files(bench).mydumper, '-r', '100000', '-v', '1'];
  return ['mydumper', ...login(bench), ...more];
}

function sqlDump(bench: Bench): readonly Program[] {
  const program = bench.product === 'mysql' ? 'mysqldump' : 'mariadb-dump';
  const gtid = bench.product === 'mysql' ? ['--set-gtid-purged=OFF'] : [];
  const options = ['--single-transaction', '--quick', '--hex-blob', ...gtid, SOURCE];
  return [client(bench, program, ...options), ['zstd', '-q', '-1', '-f', '-o', files(bench).sql]];
}

function contestant(
  bench: Bench,
  name: string,
  made: string | undefined,
  programs: readonly Program[],
): Contestant {
  return {
    name,
    run: async () => {
      if (made !== undefined) await rm(made, { recursive: true, force: true });
      const figures = await fresh(bench, async () => costs(await run(programs, env)));
      return made === undefined ? figures : { ...figures, size: await sizeOf(made) };
    },
  };
}

/** The old mydumper of Debian asks MySQL 9 what it no longer answers. */
const hasMydumper = (bench: Bench): boolean => bench.product === 'mariadb';

export async function compareDump(bench: Bench): Promise<readonly Comparison[]> {
  const { image, mydumper: folder, sql } = files(bench);
  const half = String(
    (await mysqlQuery(mysqlUrl(bench.server.url, SOURCE), 'SELECT MAX(id) DIV 2 AS h FROM event'))[0]?.h,
  );
  const [ours, bare, plain] = ['dbimg dump', `bare SELECT, ${JOBS} connections`, 'dump program | zstd -1'];
  const results = await inTurn(
    [
      contestant(bench, ours, image, [dumpProgram(bench)]),
      contestant(bench, bare, undefined, [bareRead(bench, half)]),
      contestant(bench, plain, sql, sqlDump(bench)),
      ...(hasMydumper(bench) ? [contestant(bench, 'mydumper', folder, [mydumper(bench)])] : []),
    ],
    bench.rounds,
    bench.tell,
  );
  const size: Compared = { what: 'size', unit: 'MB', figure: 'size' };
  const pair = (rival: string, aim: Aim | undefined, sized: boolean): Comparison => ({
    ...{ title: `Dump of ${bench.product}, beside ${rival}`, ours, rival },
    rows: rowsOf(results, ours, rival, [...cost(aim), ...(sized ? [size] : [])]),
  });
  return [
    pair(bare, ratioAtMost(1.15), false),
    pair(plain, undefined, true),
    ...(hasMydumper(bench) ? [pair('mydumper', ratioAtMost(0.5), true)] : []),
  ];
}

/** The rows as files, in as many as there are connections. */
async function haveReadyFiles(bench: Bench): Promise<void> {
  const { ready } = files(bench);
  await rm(ready, { recursive: true, force: true });
  await mkdir(ready, { mode: 0o777 });
  await run([['chmod', '0777', ready]]);
  const url = mysqlUrl(bench.server.url, SOURCE);
  const half = String((await mysqlQuery(url, 'SELECT MAX(id) DIV 2 AS h FROM event'))[0]?.h);
  const save = (from: string, file: string): Promise<unknown> =>
    mysqlQuery(url, `SELECT * FROM ${from} INTO OUTFILE '${join(ready, file)}'`);
  await save(`event WHERE id <= ${half}`, 'event-1');
  await save(`event WHERE id > ${half}`, 'event-2');
  await save('item', 'item-1');
}

function bareLoad(bench: Bench): Contestant {
  const { ready } = files(bench);
  const sql = (text: string): Program =>
    client(bench, shellOf(bench), '--local-infile=1', TARGET, '-e', text);
  const load = (table: string, file: string): string =>
    `LOAD DATA LOCAL INFILE '${join(ready, file)}' INTO TABLE ${table} CHARACTER SET binary`;
  const checks = 'SET unique_checks = 0, foreign_key_checks = 0';
  return {
    name: `bare LOAD DATA, ${JOBS} connections`,
    run: () =>
      fresh(bench, async () => {
        await mysqlQuery(bench.server.url, `CREATE DATABASE ${mysqlName(TARGET)}`);
        const target = mysqlUrl(bench.server.url, TARGET);
        for (const [name, { columns }] of Object.entries(TABLES)) {
          await mysqlQuery(
            target,
            `CREATE TABLE ${name} (${columns}) ENGINE = InnoDB DEFAULT CHARSET utf8mb4`,
          );
        }
        const lanes = [
          sql(`${checks}; ${load('event', 'event-1')}; ${load('item', 'item-1')}`),
          sql(`${checks}; ${load('event', 'event-2')}`),
        ];
        const data = costs(await run([together(lanes)], env));
        const keys = costs(await run([sql(`ALTER TABLE event ${TABLES.event?.keys}`)], env));
        return { ...after(data, keys), data: data.wall ?? 0 };
      }),
  };
}

export async function compareRestore(bench: Bench): Promise<readonly Comparison[]> {
  const { image, mydumper: folder, sql } = files(bench);
  const missing = async (path: string): Promise<boolean> =>
    (await sizeOf(path).catch(() => undefined)) === undefined;
  if (await missing(image)) await run([dumpProgram(bench)], env);
  if (await missing(sql)) await run(sqlDump(bench), env);
  if (hasMydumper(bench) && (await missing(folder))) await run([mydumper(bench)], env);
  await haveReadyFiles(bench);
  const ours = 'dbimg restore';
  const unlogged = 'dbimg restore ?binlog=off';
  const bare = bareLoad(bench);
  const plain = 'zstdcat | shell';
  const restoreTo = (name: string, url: string): Contestant => ({
    name,
    run: () =>
      fresh(bench, async () => {
        const args = ['--create', '--trust', '--jobs', JOBS, '--no-analyze', '--json'];
        const outcome = await run([dbimg('restore', image, url, ...args)], env);
        return { ...stepsOf(outcome), ...costs(outcome) };
      }),
  });
  const target = new URL(urlOf(bench, TARGET));
  const contestants: Contestant[] = [
    restoreTo(ours, target.href),
    bare,
    {
      name: plain,
      run: () =>
        fresh(bench, async () => {
          await mysqlQuery(bench.server.url, `CREATE DATABASE ${mysqlName(TARGET)}`);
          return costs(await run([['zstdcat', sql], client(bench, shellOf(bench), TARGET)], env));
        }),
    },
  ];
  if (hasMydumper(bench)) {
    const myloader: Program = [
      'myloader',
      ...login(bench),
      '-t',
      JOBS,
      '-B',
      TARGET,
      '-d',
      folder,
      '-v',
      '1',
    ];
    contestants.push(contestant(bench, 'myloader -e', undefined, [[...myloader, '-e']]));
    // By itself it keeps out of the binary log.
    target.searchParams.set('binlog', 'off');
    contestants.push(restoreTo(unlogged, target.href), contestant(bench, 'myloader', undefined, [myloader]));
  }
  const results = await inTurn(contestants, bench.rounds, bench.tell);
  const pair = (mine: string, rival: string, aim?: Aim): Comparison => ({
    ...{ title: `Restore of ${bench.product}, beside ${rival}`, ours: mine, rival },
    rows: rowsOf(results, mine, rival, cost(aim)),
  });
  return [
    pair(ours, bare.name, ratioAtMost(1.1)),
    pair(ours, plain),
    ...(hasMydumper(bench)
      ? [pair(ours, 'myloader -e', ratioAtMost(0.6)), pair(unlogged, 'myloader', ratioAtMost(0.6))]
      : []),
    {
      ...{ title: `Restore of ${bench.product}, step by step`, ours },
      rows: ['data', 'post-data', 'publish'].map((step) =>
        rowOf(results, ours, { what: step, unit: 's', figure: step }),
      ),
    },
  ];
}
