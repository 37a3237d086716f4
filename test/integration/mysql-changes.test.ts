/** Definitions and accounts that change while a dump runs are noticed by name, and what only looks like a change is not. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { DbimgError } from '../../src/core/errors.ts';
import {
  createMysqlDatabase,
  type MysqlProduct,
  mysqlQuery,
  mysqlUrl,
  type RunningMysql,
  startMysql,
  type TestMysqlDatabase,
} from '../engines/mysql.ts';
import { dump } from './adapter-job.ts';

const SETUP = `
  CREATE TABLE t (id int PRIMARY KEY, v varchar(20)); INSERT INTO t VALUES (1, 'a');
  CREATE TABLE plain (id int AUTO_INCREMENT PRIMARY KEY);
  CREATE VIEW seen AS SELECT id FROM t;
  CREATE PROCEDURE work() SELECT 1;
  CREATE FUNCTION one() RETURNS int DETERMINISTIC NO SQL RETURN 1;
  CREATE TRIGGER fires BEFORE INSERT ON t FOR EACH ROW SET NEW.v = 'x';
  CREATE EVENT daily ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01' DO SET @x = 1;`;

/** What is done, and who must be named. `%` is a database, `member` has privileges on it, `stranger` has none. */
const CHANGES: readonly (readonly [statement: string, named: RegExp])[] = [
  ['CREATE OR REPLACE VIEW seen AS SELECT id, v FROM t', /view \S+\.seen was altered/],
  ['CREATE OR REPLACE SQL SECURITY INVOKER VIEW seen AS SELECT id FROM t', /view \S+\.seen was altered/],
  ["ALTER PROCEDURE work COMMENT 'other'", /procedure \S+\.work was altered/],
  ['DROP PROCEDURE work; CREATE PROCEDURE work() SELECT 2', /procedure \S+\.work was altered/],
  ['DROP FUNCTION one', /function \S+\.one was dropped/],
  ['CREATE FUNCTION two() RETURNS int DETERMINISTIC NO SQL RETURN 2', /function \S+\.two appeared/],
  [
    "DROP TRIGGER fires; CREATE TRIGGER fires BEFORE INSERT ON t FOR EACH ROW SET NEW.v = 'y'",
    /trigger \S+\.fires was altered/,
  ],
  ['CREATE TRIGGER more AFTER INSERT ON plain FOR EACH ROW SET @x = 1', /trigger \S+\.more appeared/],
  ['ALTER EVENT daily DISABLE', /event \S+\.daily was altered/],
  ['ALTER EVENT daily DO SET @x = 2', /event \S+\.daily was altered/],
  ['ALTER DATABASE `%` CHARACTER SET koi8r', /database \S+ was altered/],
  ['GRANT INSERT ON `%`.* TO member', /account member@% was altered/],
  ['GRANT UPDATE (v) ON `%`.t TO member', /account member@% was altered/],
  ['GRANT EXECUTE ON PROCEDURE `%`.work TO stranger', /account stranger@% (appeared|was altered)/],
  ["ALTER USER member IDENTIFIED BY 'Other words'", /account member@% was altered/],
  ['ALTER USER member WITH MAX_QUERIES_PER_HOUR 7', /account member@% was altered/],
  ['GRANT helper TO member', /account member@% was altered/],
  ['DROP USER member', /account member@% was dropped/],
];

const HARMLESS: readonly string[] = [
  "INSERT INTO t VALUES (7, 'x')",
  'INSERT INTO plain VALUES (), (); ANALYZE TABLE plain',
  'CALL work()',
  'GRANT SELECT ON mysql.* TO stranger',
  "ALTER USER stranger IDENTIFIED BY 'Other words'",
  'CREATE USER newcomer; DROP USER newcomer',
  'GRANT PROCESS ON *.* TO member',
];

const ACCOUNTS = "CREATE USER member IDENTIFIED BY 'Words'; CREATE USER stranger; CREATE ROLE helper";

for (const product of ['mysql', 'mariadb'] satisfies MysqlProduct[]) {
  describe(`changes while a dump of ${product} runs`, () => {
    let server: RunningMysql;
    before(async () => {
      // Not the one that other tests take: these accounts are its own.
      server = await startMysql({ product, settings: { 'max-connections': 99 } });
    });
    after(async () => await server.stop());

    async function fresh(): Promise<TestMysqlDatabase> {
      const database = await createMysqlDatabase(server);
      await mysqlQuery(database.url, SETUP);
      await mysqlQuery(
        server.url,
        'DROP USER IF EXISTS member, stranger, newcomer; DROP ROLE IF EXISTS helper',
      );
      await mysqlQuery(server.url, `${ACCOUNTS}; GRANT SELECT ON \`${database.name}\`.* TO member`);
      return database;
    }

    for (const [at, [statement, named]] of CHANGES.entries()) {
      // By turns in an image of the database and in one of the server, before and after the catalog is read.
      const whole = at % 2 === 1;
      it(`notices ${statement}${whole ? ', in an image of the server' : ''}`, async () => {
        await using database = await fresh();
        const change = async (): Promise<void> =>
          void (await mysqlQuery(database.url, statement.replaceAll('%', database.name)));
        const dumped = whole
          ? dump(server.url, { onSnapshot: change })
          : dump(database.url, { onCatalog: change });
        await assert.rejects(dumped, (error) => {
          assert.ok(error instanceof DbimgError, String(error));
          assert.equal(error.code, 'SOURCE_CHANGED', error.message);
          assert.match(error.message, named);
          return true;
        });
      });
    }

    for (const statement of HARMLESS) {
      it(`goes on after ${statement}`, async () => {
        await using database = await fresh();
        const image = await dump(database.url, {
          onCatalog: async () => void (await mysqlQuery(database.url, statement)),
        });
        assert.ok(image.entries.some(({ kind }) => kind === 'procedure'));
      });
    }

    it('goes on when events run, end and go', async () => {
      await using database = await fresh();
      await mysqlQuery(
        database.url,
        `CREATE EVENT often ON SCHEDULE EVERY 1 SECOND DO SET @x = 1;
         CREATE EVENT stays ON SCHEDULE AT NOW() + INTERVAL 2 SECOND ON COMPLETION PRESERVE DO SET @x = 1;
         CREATE EVENT goes ON SCHEDULE AT NOW() + INTERVAL 2 SECOND DO SET @x = 1`,
      );
      const image = await dump(database.url, { onCatalog: async () => void (await sleep(3500)) });
      const names = image.entries.filter(({ kind }) => kind === 'event').map(({ object }) => object[1]);
      assert.deepEqual(names.sort(), ['daily', 'goes', 'often', 'stays']);
      const left = await mysqlQuery(
        database.url,
        'SELECT EVENT_NAME AS n FROM information_schema.EVENTS WHERE EVENT_SCHEMA = DATABASE() ORDER BY 1',
      );
      assert.deepEqual(
        left.map(({ n }) => n),
        ['daily', 'often', 'stays'],
      );
    });

    it('goes on when accounts are used, also in vain', async () => {
      await using database = await fresh();
      if (product === 'mysql') {
        await mysqlQuery(server.url, 'ALTER USER member FAILED_LOGIN_ATTEMPTS 2 PASSWORD_LOCK_TIME 1');
      }
      const use = async (password: string): Promise<unknown> =>
        await mysqlQuery(mysqlUrl(server.url, database.name, { user: 'member', password }), 'SELECT 1').catch(
          (error: unknown) => error,
        );
      const image = await dump(server.url, {
        onCatalog: async () => {
          assert.ok(Array.isArray(await use('Words')));
          for (let turn = 0; turn < 3; turn += 1) assert.ok((await use('not these')) instanceof Error);
        },
      });
      assert.ok(image.entries.some(({ object }) => object[0] === 'member@%'));
    });

    it('leaves alone what was not chosen', async () => {
      await using database = await fresh();
      const image = await dump(database.url, {
        selects: ([, name]) => name !== 't' && name !== 'seen',
        onCatalog: async () => void (await mysqlQuery(database.url, 'DROP TRIGGER fires; DROP VIEW seen')),
      });
      assert.ok(!image.entries.some(({ kind }) => kind === 'trigger'));
    });
  });
}
