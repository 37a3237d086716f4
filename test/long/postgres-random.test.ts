/**
 * Hundreds of random databases there and back: `npm run test:long`.
 *
 * `DBIMG_TEST_SEED` sets the first seed (by default another one each day), `DBIMG_TEST_RUNS` how many, default 300.
 */
import { after, before, describe, test } from 'node:test';
import {
  createDatabase,
  type PostgresVersion,
  type RunningPostgres,
  startPostgres,
} from '../engines/postgres.ts';
import { roundTrip } from '../oracle/round-trip.ts';
import { runStatements } from '../postgres-fixtures/load.ts';
import { randomDatabase } from '../postgres-fixtures/random-schema.ts';

const VERSIONS: readonly PostgresVersion[] = [13, 14, 15, 16, 17, 18];
const RUNS = Number(process.env.DBIMG_TEST_RUNS ?? 300);
const FIRST = Number(process.env.DBIMG_TEST_SEED ?? 1000 * Math.trunc(Date.now() / 86_400_000));

for (const [turn, version] of VERSIONS.entries()) {
  describe(`random databases on PostgreSQL ${version}, seeds from ${FIRST}`, () => {
    let server: RunningPostgres;
    before(async () => {
      server = await startPostgres({ version });
    });
    after(() => server.stop());

    for (let seed = FIRST + turn; seed < FIRST + RUNS; seed += VERSIONS.length) {
      test(`seed ${seed}`, async () => {
        await using source = await createDatabase(server);
        await runStatements(source.url, randomDatabase(seed, { version }), `seed ${seed} on ${version}`);
        await roundTrip(source, `seed ${seed} on ${version}`);
      });
    }
  });
}
