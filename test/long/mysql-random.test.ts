/**
 * Hundreds of random databases of MySQL and MariaDB there and back: `npm run test:long`.
 *
 * `DBIMG_TEST_SEED` sets the first seed (by default another one each day), `DBIMG_TEST_RUNS` how many, default 300.
 */
import { after, before, describe, test } from 'node:test';
import { createMysqlDatabase, type MysqlProduct, type RunningMysql, startMysql } from '../engines/mysql.ts';
import { runMysqlStatements } from '../mysql-fixtures/load.ts';
import { randomMysqlDatabase } from '../mysql-fixtures/random-database.ts';
import { mysqlRoundTrip } from '../oracle/mysql-round-trip.ts';

const PRODUCTS: readonly MysqlProduct[] = ['mysql', 'mariadb'];
const RUNS = Number(process.env.DBIMG_TEST_RUNS ?? 300);
const FIRST = Number(process.env.DBIMG_TEST_SEED ?? 1000 * Math.trunc(Date.now() / 86_400_000));

for (const [turn, product] of PRODUCTS.entries()) {
  describe(`random databases on ${product}, seeds from ${FIRST}`, () => {
    let server: RunningMysql;
    before(async () => {
      server = await startMysql({ product });
    });
    after(async () => await server.stop());

    for (let seed = FIRST + turn; seed < FIRST + RUNS; seed += PRODUCTS.length) {
      test(`seed ${seed}`, async () => {
        await using source = await createMysqlDatabase(server);
        await runMysqlStatements(
          source.url,
          randomMysqlDatabase(seed, product),
          `seed ${seed} on ${product}`,
        );
        await mysqlRoundTrip(product, source, `seed ${seed} on ${product}`);
      });
    }
  });
}
