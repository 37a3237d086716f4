/** There and back, judged from outside: Chinook, every type and object, accounts, random databases, on both products. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import {
  createMysqlDatabase,
  type MysqlProduct,
  mysqlQuery,
  mysqlUrl,
  type RunningMysql,
  startMysql,
} from '../engines/mysql.ts';
import { loadChinook, loadEveryKind, runMysqlStatements } from '../mysql-fixtures/load.ts';
import { randomMysqlDatabase } from '../mysql-fixtures/random-database.ts';
import { mysqlRoundTrip, mysqlServerRoundTrip } from '../oracle/mysql-round-trip.ts';

/** Databases for both products together; fixed seeds, so that a failure here is a failure everywhere. */
const RANDOM_DATABASES = 30;
const PRODUCTS: readonly MysqlProduct[] = ['mysql', 'mariadb'];
/** A function of the fixture says nothing of what it does, which the binary log only then lets pass. */
const SETTINGS = { 'log-bin-trust-function-creators': 1 } as const;

for (const [turn, product] of PRODUCTS.entries()) {
  describe(`${product} there and back`, () => {
    let server: RunningMysql;
    before(async () => {
      server = await startMysql({ product, settings: SETTINGS });
    });
    after(async () => await server.stop());

    test('Chinook', async () => {
      await using source = await createMysqlDatabase(server);
      await loadChinook(product, source.url);
      await mysqlRoundTrip(product, source, 'Chinook', async (copy) => {
        const [row] = await mysqlQuery(copy, 'SELECT COUNT(*) AS n FROM Track');
        assert.equal(Number(row?.n), 3503);
      });
    });

    test('every type and object; counters go on', async () => {
      await using source = await createMysqlDatabase(server, { name: 'every kind' });
      await loadEveryKind(product, source.url);
      await mysqlRoundTrip(product, source, `every kind on ${product}`, async (copy) => {
        const next = async (url: string): Promise<unknown> =>
          await mysqlQuery(
            url,
            'INSERT INTO empty_counter VALUES (); INSERT INTO counter_under_unique (a) VALUES (9); ' +
              'SELECT (SELECT MAX(id) FROM empty_counter) AS e, (SELECT MAX(id) FROM counter_under_unique) AS u',
          );
        assert.deepEqual(await next(copy), await next(source.url));
      });
    });

    test('a whole server with its accounts into one that has none', async () => {
      await using from = await startMysql({ product, settings: SETTINGS });
      await using to = await startMysql({ product, settings: SETTINGS });
      // A plugin is the server's, not the account's.
      if (product === 'mariadb') await mysqlQuery(to.url, "INSTALL SONAME 'auth_ed25519'");
      await mysqlQuery(
        from.url,
        'CREATE DATABASE `every kind`; CREATE DATABASE `Größe` CHARACTER SET latin2; CREATE DATABASE bare',
      );
      await loadEveryKind(product, mysqlUrl(from.url, 'every kind'));
      await mysqlQuery(
        mysqlUrl(from.url, 'Größe'),
        'CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1); CREATE VIEW far AS SELECT id FROM `every kind`.many_rows; ' +
          'SET foreign_key_checks = 0; CREATE TABLE far_child (id int PRIMARY KEY, ' +
          'CONSTRAINT far FOREIGN KEY (id) REFERENCES `every kind`.many_rows (id), ' +
          'CONSTRAINT gone FOREIGN KEY (id) REFERENCES `every kind`.gone (id), ' +
          'CONSTRAINT beyond FOREIGN KEY (id) REFERENCES nowhere.gone (id))',
      );
      await mysqlServerRoundTrip(product, from.url, to.url, `whole ${product}`);
    });

    for (let seed = 1 + turn; seed <= RANDOM_DATABASES; seed += PRODUCTS.length) {
      test(`random database, seed ${seed}`, async () => {
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
