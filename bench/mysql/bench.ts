/** dbimg, mydumper and the products' own programs, on servers of our own: MariaDB 10.11 and MySQL 9. */
import { chmod } from 'node:fs/promises';
import {
  createMysqlDatabase,
  type MysqlProduct,
  mysqlQuery,
  mysqlUrl,
  type ServerSettings,
  startMysql,
} from '../../test/engines/mysql.ts';
import { mysqlTools } from '../../test/engines/mysql-tools.ts';
import type { EngineBench, RunningBench, Setting } from '../engine.ts';
import { JOBS, run } from '../programs.ts';
import { megabytes } from '../report.ts';
import { type Bench, compareDump, compareRestore, SOURCE } from './comparisons.ts';
import { makeBenchDatabase } from './data.ts';

/** What any sensible server of this size sets. Commits are written, but not waited for, in all contestants alike. */
const SETTINGS: ServerSettings = { 'innodb-buffer-pool-size': '1G', 'max-allowed-packet': '64M' };
const OF_PRODUCT: { readonly [product in MysqlProduct]: ServerSettings } = {
  mysql: { 'innodb-redo-log-capacity': '2G' },
  mariadb: { 'innodb-log-file-size': '2G' },
};
const COMPARISONS: { readonly [name: string]: readonly [MysqlProduct, typeof compareDump] } = {
  'mariadb-dump': ['mariadb', compareDump],
  'mariadb-restore': ['mariadb', compareRestore],
  'mysql-dump': ['mysql', compareDump],
  'mysql-restore': ['mysql', compareRestore],
};

export const bench: EngineBench = {
  title: 'MySQL and MariaDB',
  megabytes: 1200,
  comparisons: Object.keys(COMPARISONS),
  start,
};

async function start(setting: Setting): Promise<RunningBench> {
  await chmod(setting.directory, 0o777);
  const { stdout } = await run([['mydumper', '--version']]);
  const stack = new AsyncDisposableStack();
  const circumstances = [
    `rival: ${stdout.trim()}; dbimg with ${JOBS} lanes, rivals with ${JOBS} threads, on the server's machine`,
    `settings: ${Object.entries(SETTINGS)
      .map(([name, value]) => `${name} = ${value}`)
      .join(', ')}, log-bin, commits not waited for`,
  ];
  const made = new Map<MysqlProduct, Promise<Bench>>();
  return {
    circumstances,
    compare: async (name) => {
      const found = COMPARISONS[name];
      if (found === undefined) return [];
      const [product, compare] = found;
      const pending = made.get(product) ?? prepare(product, setting, stack, circumstances);
      made.set(product, pending);
      return await compare(await pending);
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** The server of a product is started when the first comparison needs it. */
async function prepare(
  product: MysqlProduct,
  { bytes, directory, rounds, tell }: Setting,
  stack: AsyncDisposableStack,
  circumstances: string[],
): Promise<Bench> {
  const server = stack.use(await startMysql({ product, settings: { ...SETTINGS, ...OF_PRODUCT[product] } }));
  await createMysqlDatabase(server, { name: SOURCE });
  const database = await makeBenchDatabase(mysqlUrl(server.url, SOURCE), bytes);
  const [row] = await mysqlQuery(server.url, 'SELECT VERSION() AS version');
  const tables = database.tables.map(
    (table) => `${table.name} ${table.rows} rows, ${megabytes(table.bytes)}`,
  );
  circumstances.push(`${product} ${row?.version}: ${tables.join('; ')}`);
  return { product, server, tools: await mysqlTools(product), directory, rounds, tell };
}
