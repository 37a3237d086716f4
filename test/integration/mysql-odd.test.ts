/** What hostile users make, there and back: odd names, modes and values, definitions that are no text, foreign keys to nowhere. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import {
  createMysqlDatabase,
  type MysqlProduct,
  mysqlQuery,
  type RunningMysql,
  type ServerSettings,
  startMysql,
  withMysql,
} from '../engines/mysql.ts';
import { mysqlTools } from '../engines/mysql-tools.ts';
import { loadOdd } from '../mysql-fixtures/load.ts';
import { mysqlRoundTrip } from '../oracle/mysql-round-trip.ts';

/** No character of UTF-8. */
const BYTES = Buffer.of(0xe9, 0x80);

/** `~` is where the bytes come. */
const NO_TEXT = `
  CREATE TABLE t (a varchar(20) CHARACTER SET latin1, g varchar(40) CHARACTER SET latin1 AS (CONCAT(a, _latin1'~')));
  CREATE PROCEDURE work() COMMENT 'words' SELECT '~' AS x;
  CREATE FUNCTION gives() RETURNS varbinary(10) DETERMINISTIC NO SQL RETURN '~';
  CREATE VIEW seen AS SELECT _binary'~' AS x, '~' AS y;
  CREATE TRIGGER fires BEFORE INSERT ON t FOR EACH ROW SET @x = '~';
  CREATE EVENT later ON SCHEDULE EVERY 1 YEAR STARTS '2037-01-01' DISABLE DO SET @x = '~';`;

/** Defaults of a server that a statement of ours could come to depend on. */
const OTHER_DEFAULTS: Readonly<Record<MysqlProduct, ServerSettings>> = {
  mysql: { 'sql-require-primary-key': 1, 'sql-generate-invisible-primary-key': 1 },
  mariadb: { 'system-versioning-alter-history': 'ERROR' },
};
const DEFAULTS: ServerSettings = {
  ...{ 'log-bin-trust-function-creators': 1, 'local-infile': 0, 'max-allowed-packet': '4M' },
  ...{ 'default-storage-engine': 'MyISAM', 'explicit-defaults-for-timestamp': 'OFF' },
  ...{ 'character-set-server': 'utf8mb4', 'collation-server': 'utf8mb4_bin', 'default-time-zone': '+05:30' },
  'sql-mode': 'ANSI,NO_BACKSLASH_ESCAPES,NO_ZERO_DATE,STRICT_ALL_TABLES',
};

for (const product of ['mysql', 'mariadb'] satisfies MysqlProduct[]) {
  describe(`what is odd in ${product}`, () => {
    let server: RunningMysql;
    before(async () => {
      server = await startMysql({ product, settings: { 'log-bin-trust-function-creators': 1 } });
    });
    after(async () => await server.stop());

    it('comes back', async () => {
      await using source = await createMysqlDatabase(server, { name: 'odd-db. ü' });
      await loadOdd(product, source.url);
      await mysqlRoundTrip(product, source, `odd things of ${product}`);
    });

    it('comes back into a server with other defaults, and from there', async () => {
      await using other = await startMysql({
        product,
        settings: { ...DEFAULTS, ...OTHER_DEFAULTS[product] },
      });
      await using source = await createMysqlDatabase(server);
      await loadOdd(product, source.url);
      await mysqlRoundTrip(
        product,
        source,
        'other defaults',
        async (copy) => {
          const there = { url: copy, name: `${source.name}_copy` };
          await mysqlRoundTrip(product, { ...there, [Symbol.asyncDispose]: async () => {} }, 'and back');
        },
        other.url,
      );
    });

    for (const characterSet of ['binary', 'utf8mb4', 'latin1']) {
      it(`comes back with the bytes of its definitions, made in ${characterSet}`, async () => {
        await using source = await createMysqlDatabase(server);
        const [head = '', ...rest] = `SET NAMES ${characterSet}; ${NO_TEXT}`.split('~');
        const script = Buffer.concat([
          Buffer.from(head),
          ...rest.flatMap((part) => [BYTES, Buffer.from(part)]),
        ]);
        const tools = await mysqlTools(product);
        await tools.script(source.url, script, ['--default-character-set=binary']);
        const dumped = Buffer.from(await tools.dump(source.url), 'latin1');
        assert.ok(dumped.includes(BYTES));
        await mysqlRoundTrip(product, source, `definitions in ${characterSet}`);
      });
    }

    it('comes back with foreign keys that point to nothing, and they work once it is there', async () => {
      await using source = await createMysqlDatabase(server);
      const parent = 'CREATE TABLE parent (id int PRIMARY KEY)';
      await mysqlQuery(
        source.url,
        `SET foreign_key_checks = 0;
         CREATE TABLE child (id int PRIMARY KEY, a int, b int, CONSTRAINT lost FOREIGN KEY (a) REFERENCES parent (id) ON DELETE CASCADE,
           CONSTRAINT kept FOREIGN KEY (b) REFERENCES child (id));
         INSERT INTO child VALUES (1, 7, 1), (2, NULL, 1)`,
      );
      await mysqlRoundTrip(product, source, 'dangling', async (copy) => {
        await mysqlQuery(
          copy,
          `${parent}; INSERT INTO parent VALUES (7), (8); DELETE FROM parent WHERE id = 8`,
        );
        await assert.rejects(mysqlQuery(copy, 'INSERT INTO child VALUES (3, 99, 1)'), /foreign key/);
        await mysqlQuery(copy, 'INSERT INTO child VALUES (3, 7, 1)');
      });
    });

    it('comes back with 1017 columns, and a row of 17 MiB', async () => {
      await using source = await createMysqlDatabase(server);
      await withMysql(source.url, async (session) => {
        await session.query('SET GLOBAL max_allowed_packet = 134217728');
        const columns = Array.from({ length: 1016 }, (_, nth) => `c${nth} tinyint`);
        await session.query(`CREATE TABLE wide (id int PRIMARY KEY, ${columns.join(', ')})`);
        await session.query(`INSERT INTO wide VALUES (1, ${columns.map((_, nth) => nth % 100).join(', ')})`);
        await session.query('INSERT INTO wide (id, c1015) VALUES (2, -1)');
        await session.query('CREATE TABLE large (id int PRIMARY KEY, b longblob, j json)');
      });
      await mysqlQuery(
        source.url,
        `INSERT INTO large VALUES (1, REPEAT(x'5C000A0927FF61', 2500000), '[1.5]'), (2, 'x', NULL)`,
      );
      await mysqlRoundTrip(product, source, 'wide and large');
    });
  });
}
