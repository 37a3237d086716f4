/** One database through one image into another database, judged by the oracle. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dump, restore, verify } from '../../src/index.ts';
import { databaseUrl, dropDatabase, query, type TestDatabase } from '../engines/postgres.ts';
import { assertSameDatabase } from './postgres.ts';

/**
 * Dumps `source`, verifies the image, restores it under another name and compares. Throws with every difference.
 * The copy is handed to `inspect` before it is dropped.
 *
 * @param what names the case in errors, with its seed.
 * @param server where the copy is made, by default beside the source.
 */
export async function roundTrip(
  source: TestDatabase,
  what: string,
  inspect?: (copyUrl: string) => Promise<void>,
  server: string = databaseUrl(source.url, 'postgres'),
): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'dbimg-round-trip-'));
  const name = `${source.name}_copy`;
  const target = databaseUrl(server, name);
  const image = join(directory, 'image.dbimg');
  try {
    await dump({ source: source.url, image, jobs: 2 });
    await verify({ image });
    await restore({ image, target, create: true, jobs: 2, prove: true, trust: true });
    await assertSameDatabase(source.url, target, what);
    await inspect?.(target);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new Error(message.startsWith(what) ? message : `${what}: ${message}`, { cause: error });
  } finally {
    await dropWithSubscriptions(server, target, name);
    await rm(directory, { recursive: true, force: true });
  }
}

/** A database that holds a subscription cannot be dropped. Never throws: it would hide what went wrong before. */
export async function dropWithSubscriptions(server: string, url: string, name: string): Promise<void> {
  const sql = `
    DO $$
    DECLARE s name;
    BEGIN
      FOR s IN SELECT subname FROM pg_subscription WHERE subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())
      LOOP
        EXECUTE format('ALTER SUBSCRIPTION %I DISABLE', s);
        EXECUTE format('ALTER SUBSCRIPTION %I SET (slot_name = NONE)', s);
        EXECUTE format('DROP SUBSCRIPTION %I', s);
      END LOOP;
    END $$`;
  await query(url, sql).catch(() => {});
  await dropDatabase(server, name);
}
