/** There and back, judged from outside: Chinook, every object kind and random databases, on several versions. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createChinook } from '../../scripts/chinook.ts';
import {
  createDatabase,
  type PostgresVersion,
  query,
  type RunningPostgres,
  runSqlFile,
  startPostgres,
} from '../engines/postgres.ts';
import { compareRoles } from '../oracle/postgres.ts';
import { dropWithSubscriptions, roundTrip } from '../oracle/round-trip.ts';
import { loadEveryKind, runStatements } from '../postgres-fixtures/load.ts';
import { randomDatabase } from '../postgres-fixtures/random-schema.ts';

const VERSIONS: readonly PostgresVersion[] = [13, 15, 18];
/** Databases for all versions together; fixed seeds, so that a failure here is a failure everywhere. */
const RANDOM_DATABASES = 30;

for (const [turn, version] of VERSIONS.entries()) {
  describe(`PostgreSQL ${version} there and back`, () => {
    let server: RunningPostgres;
    before(async () => {
      server = await startPostgres({ version, settings: { wal_level: 'logical' } });
    });
    after(() => server.stop());

    test('Chinook', async () => {
      const url = await createChinook(server.url, 'chinook');
      await roundTrip(
        { url, name: 'chinook', [Symbol.asyncDispose]: async () => {} },
        'Chinook',
        async (copy) => {
          const [row] = await query<{ n: string }>(copy, 'SELECT count(*) AS n FROM track');
          assert.equal(row?.n, '3503');
        },
      );
    });

    test('a schema with every object kind; sequences go on, large objects are equal', async () => {
      const source = await createDatabase(server, { name: `every_kind_${version}` });
      await loadEveryKind(source.url);
      await roundTrip(source, `every kind on ${version}`, async (copy) => {
        const next = (url: string): Promise<unknown[]> =>
          query(
            url,
            `SELECT nextval('rel.all_options'), nextval('rel.never_called') AS first, nextval('rel.set_not_called') AS given,
              nextval('rel.plain_id_seq') AS serial, md5(lo_get(4000000005)) AS megabytes, length(lo_get(4000000006)) AS sparse`,
          );
        const [fromCopy, fromSource] = [await next(copy), await next(source.url)];
        assert.deepEqual(fromCopy, fromSource);
        const [rows] = await query<{ id: number }>(
          copy,
          'INSERT INTO rel.identities DEFAULT VALUES RETURNING plain_id AS id',
        );
        assert.equal(rows?.id, 21);
      });
      await dropWithSubscriptions(server.url, source.url, source.name);
    });

    test('state that pg_dump itself would lose', async () => {
      await using source = await createDatabase(server);
      await runSqlFile(source.url, new URL('../postgres-fixtures/beyond-pg-dump.sql', import.meta.url));
      await roundTrip(source, `beyond pg_dump on ${version}`);
    });

    for (let seed = 1 + turn; seed <= RANDOM_DATABASES; seed += VERSIONS.length) {
      test(`random database, seed ${seed}`, async () => {
        await using source = await createDatabase(server);
        await runStatements(source.url, randomDatabase(seed, { version }), `seed ${seed} on ${version}`);
        await roundTrip(source, `seed ${seed} on ${version}`);
      });
    }
  });
}

test('roles travel to a server that has none of them', async () => {
  await using from = await startPostgres({ version: 18, settings: { wal_level: 'logical' } });
  await using to = await startPostgres({ version: 18, settings: { wal_level: 'logical' } });
  const source = await createDatabase(from, { name: 'every_kind' });
  await loadEveryKind(source.url);
  await roundTrip(source, 'every kind to another server', undefined, to.url);
  assert.deepEqual(await compareRoles(from.url, to.url, (role) => role.startsWith('dbimg')), []);
});
