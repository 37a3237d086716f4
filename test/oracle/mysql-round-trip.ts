/** One database of MySQL or MariaDB through one image into another database, judged by the oracle. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DumpOptions, dump, restore, verify } from '../../src/index.ts';
import {
  type MysqlProduct,
  mysqlName,
  mysqlQuery,
  mysqlUrl,
  type TestMysqlDatabase,
} from '../engines/mysql.ts';
import { assertSameMysql, compareMysqlServers } from './mysql.ts';

/**
 * Dumps `source`, verifies the image, restores it under another name and compares. Throws with every difference.
 * The copy is handed to `inspect` before it is dropped.
 *
 * @param what names the case in errors, with its seed.
 * @param server where the copy is made, by default beside the source.
 */
export async function mysqlRoundTrip(
  product: MysqlProduct,
  source: TestMysqlDatabase,
  what: string,
  inspect?: (copyUrl: string) => Promise<void>,
  server: string = source.url,
): Promise<void> {
  const name = `${source.name}_copy`;
  const target = mysqlUrl(server, name);
  try {
    await throughImage(source.url, target, what);
    await assertSameMysql(product, source.url, target, what);
    await inspect?.(target);
  } finally {
    await mysqlQuery(mysqlUrl(server, ''), `DROP DATABASE IF EXISTS ${mysqlName(name)}`).catch(() => {});
  }
}

/** All databases and accounts of a server into an empty one. Throws with every difference. */
export async function mysqlServerRoundTrip(
  product: MysqlProduct,
  source: string,
  target: string,
  what: string,
): Promise<void> {
  await throughImage(mysqlUrl(source, ''), mysqlUrl(target, ''), what);
  const found = await compareMysqlServers(product, source, target);
  if (found.length > 0)
    throw new Error(`${what}: ${found.length} differences\n${found.slice(0, 40).join('\n')}`);
}

async function throughImage(
  source: string,
  target: string,
  what: string,
  options: Partial<DumpOptions> = {},
): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'dbimg-round-trip-'));
  const image = join(directory, 'image.dbimg');
  try {
    await dump({ source, image, jobs: 2, ...options });
    await verify({ image });
    await restore({ image, target, create: true, jobs: 2, prove: true, trust: true });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new Error(`${what}: ${message}`, { cause: error });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
