/** Restoring into MySQL and MariaDB: what is published, what is replaced, and what a failure leaves. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { rejects } from '../../src/testkit/jobs.ts';
import {
  createMysqlDatabase,
  type MysqlProduct,
  mysqlQuery,
  mysqlUrl,
  type RunningMysql,
  startMysql,
  withMysql,
} from '../engines/mysql.ts';
import { IMAGE } from '../mysql-fixtures/hand-image.ts';
import { type HandImage, restoreByHand } from './mysql-target-job.ts';

for (const product of ['mysql', 'mariadb'] as const satisfies readonly MysqlProduct[]) {
  describe(`Restoring into ${product}`, () => {
    let server: RunningMysql;
    before(async () => {
      server = await startMysql({ product, settings: { 'log-bin-trust-function-creators': 1 } });
    });
    after(() => server.stop());

    /** Schemas of restores, and sessions other than this one. */
    const traces = async (): Promise<string[]> => {
      const rows = await mysqlQuery(
        server.url,
        "SELECT SCHEMA_NAME AS name FROM information_schema.SCHEMATA WHERE SCHEMA_NAME LIKE 'dbimg%'",
      );
      return rows.map(({ name }) => String(name));
    };
    const query = (database: string, sql: string) => mysqlQuery(mysqlUrl(server.url, database), sql);

    it('publishes everything under the name of the URL', async () => {
      await using copy = await createMysqlDatabase(server);
      assert.deepEqual(await restoreByHand(copy.url, IMAGE), []);
      assert.deepEqual(await query(copy.name, 'SELECT id, name FROM parent ORDER BY id'), [
        { id: 0, name: 'zero' },
        { id: 7, name: 'tab\there' },
      ]);
      assert.deepEqual(await query(copy.name, 'SELECT id, parent, kind FROM child ORDER BY id'), [
        { id: 1, parent: 7, kind: 'b' },
        { id: 2, parent: 0, kind: '' },
        { id: 3, parent: null, kind: null },
      ]);
      assert.deepEqual(await query(copy.name, 'SELECT id, name FROM `both` ORDER BY id'), [
        { id: 1, name: 'tab\there' },
        { id: 2, name: 'zero' },
      ]);
      await query(copy.name, "INSERT INTO parent (name) VALUES ('new')");
      assert.deepEqual(await query(copy.name, "SELECT id FROM parent WHERE name = 'NEW'"), [{ id: 100 }]);
      const [database] = await query(
        copy.name,
        'SELECT @@character_set_database AS charset, @@collation_database AS collation',
      );
      assert.deepEqual(database, { charset: 'latin1', collation: 'latin1_german1_ci' });
      const [routine] = await query(
        copy.name,
        `SELECT SQL_MODE AS mode, CHARACTER_SET_CLIENT AS client, COLLATION_CONNECTION AS connection, DATABASE_COLLATION AS collation FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = '${copy.name}'`,
      );
      assert.deepEqual(routine, {
        mode: 'ANSI_QUOTES',
        client: 'latin1',
        connection: 'latin1_swedish_ci',
        collation: 'latin1_german2_ci',
      });
      const words = await withMysql(copy.url, async (session) =>
        JSON.stringify(await session.query('CALL greet()')),
      );
      assert.match(words, /grüß Gott/);
      assert.equal((await query(copy.name, 'SHOW EVENTS')).length, 1);
      await assert.rejects(query(copy.name, 'INSERT INTO child VALUES (9, 12345, NULL)'), /foreign key/i);
      assert.deepEqual(await traces(), []);
    });

    it('refuses a database with anything in it, and leaves it alone', async () => {
      await using copy = await createMysqlDatabase(server);
      await query(copy.name, 'CREATE PROCEDURE p() SELECT 1');
      const error = await rejects(restoreByHand(copy.url, IMAGE), 'TARGET_NOT_EMPTY');
      assert.equal(error.exit, 8);
      assert.deepEqual(await traces(), []);
    });

    it('makes a missing database only when asked', async () => {
      const url = mysqlUrl(server.url, 'made_by_restore');
      await rejects(restoreByHand(url, IMAGE), 'DATABASE_UNKNOWN');
      await restoreByHand(url, IMAGE, { create: true });
      assert.equal((await query('made_by_restore', 'SHOW TABLES')).length, 3);
      await mysqlQuery(server.url, 'DROP DATABASE made_by_restore');
    });

    it('replaces everything, under foreign keys and triggers of other databases', async () => {
      await using copy = await createMysqlDatabase(server);
      await using other = await createMysqlDatabase(server);
      const admin = server.url;
      await query(copy.name, 'CREATE TABLE parent (id INT PRIMARY KEY, old INT)');
      await query(
        copy.name,
        'CREATE TABLE gone (id INT PRIMARY KEY, CONSTRAINT child_ibfk_1 FOREIGN KEY (id) REFERENCES parent (id))',
      );
      await query(copy.name, 'CREATE VIEW child AS SELECT 1 AS one');
      await query(copy.name, 'CREATE TABLE `both` (id INT PRIMARY KEY)');
      await query(
        copy.name,
        'CREATE TRIGGER old_trigger BEFORE INSERT ON parent FOR EACH ROW SET NEW.old = 1',
      );
      await query(copy.name, 'CREATE FUNCTION old_function() RETURNS INT RETURN 1');
      await query(copy.name, 'CREATE EVENT nightly ON SCHEDULE EVERY 1 HOUR DO DO 1');
      await query(copy.name, 'INSERT INTO parent VALUES (7, 0)');
      await query(
        other.name,
        `CREATE TABLE outside (id INT PRIMARY KEY, p INT, CONSTRAINT far FOREIGN KEY (p) REFERENCES \`${copy.name}\`.parent (id) ON DELETE CASCADE)`,
      );
      await query(other.name, `INSERT INTO outside VALUES (1, 7)`);
      await query(
        other.name,
        `CREATE TRIGGER elsewhere AFTER DELETE ON outside FOR EACH ROW INSERT INTO \`${copy.name}\`.parent (name) VALUES ('from elsewhere')`,
      );
      assert.deepEqual(await restoreByHand(copy.url, IMAGE, { replace: true }), []);
      const names = await mysqlQuery(
        admin,
        `SELECT TABLE_NAME AS name, TABLE_TYPE AS type FROM information_schema.TABLES WHERE TABLE_SCHEMA = '${copy.name}' ORDER BY 1`,
      );
      assert.deepEqual(names, [
        { name: 'both', type: 'VIEW' },
        { name: 'child', type: 'BASE TABLE' },
        { name: 'parent', type: 'BASE TABLE' },
      ]);
      const routines = await mysqlQuery(
        admin,
        `SELECT ROUTINE_NAME AS name FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = '${copy.name}'`,
      );
      assert.deepEqual(routines, [{ name: 'greet' }]);
      const triggers = await mysqlQuery(
        admin,
        `SELECT TRIGGER_NAME AS name FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA IN ('${copy.name}', '${other.name}') ORDER BY 1`,
      );
      assert.deepEqual(triggers, [{ name: 'elsewhere' }, { name: 'shout' }]);
      const [shown] = await mysqlQuery(admin, `SHOW CREATE TABLE \`${other.name}\`.outside`);
      assert.match(
        String(shown?.['Create Table']),
        new RegExp(
          `CONSTRAINT \`far\` FOREIGN KEY \\(\`p\`\\) REFERENCES \`${copy.name}\`.\`parent\` \\(\`id\`\\) ON DELETE CASCADE`,
        ),
      );
      await assert.rejects(query(other.name, 'INSERT INTO outside VALUES (2, 12345)'), /foreign key/i);
      await query(other.name, 'DELETE FROM outside');
      assert.equal((await query(copy.name, "SELECT 1 FROM parent WHERE name = 'FROM ELSEWHERE'")).length, 1);
      assert.deepEqual(await traces(), []);
      await mysqlQuery(admin, `DROP TABLE \`${other.name}\`.outside`);
    });

    it('does not replace a table that another database needs and the image lacks', async () => {
      await using copy = await createMysqlDatabase(server);
      await using other = await createMysqlDatabase(server);
      await query(copy.name, 'CREATE TABLE gone (id INT PRIMARY KEY)');
      await query(copy.name, 'CREATE TRIGGER kept BEFORE INSERT ON gone FOR EACH ROW SET NEW.id = 1');
      await query(
        other.name,
        `CREATE TABLE outside (id INT PRIMARY KEY, FOREIGN KEY (id) REFERENCES \`${copy.name}\`.gone (id))`,
      );
      const error = await rejects(restoreByHand(copy.url, IMAGE, { replace: true }), 'UNSUPPORTED');
      assert.match(error.message, /outside needs .*gone/);
      assert.equal((await query(copy.name, 'SHOW TRIGGERS')).length, 1);
      assert.deepEqual((await query(copy.name, 'SHOW TABLES')).length, 1);
      assert.deepEqual(await traces(), []);
      await mysqlQuery(server.url, `DROP TABLE \`${other.name}\`.outside`);
    });

    it('gives up when somebody holds a table that is to be replaced, and puts triggers back', async () => {
      await using copy = await createMysqlDatabase(server);
      await query(copy.name, 'CREATE TABLE held (id INT PRIMARY KEY)');
      await query(copy.name, 'CREATE TABLE watched (id INT PRIMARY KEY)');
      await query(
        copy.name,
        'CREATE TRIGGER kept BEFORE INSERT ON watched FOR EACH ROW SET NEW.id = NEW.id + 1',
      );
      await withMysql(copy.url, async (session) => {
        await session.query('LOCK TABLES held READ');
        await rejects(restoreByHand(copy.url, IMAGE, { replace: true, lockTimeout: 1000 }), 'LOCK_TIMEOUT');
      });
      await query(copy.name, 'INSERT INTO watched VALUES (1)');
      assert.deepEqual(await query(copy.name, 'SELECT id FROM watched'), [{ id: 2 }]);
      assert.deepEqual(await traces(), []);
    });

    it('leaves nothing after a failure of any kind', async () => {
      await using copy = await createMysqlDatabase(server);
      const account = {
        kind: 'account',
        object: ['made_by_restore@%'],
        phase: 'pre-data',
        statements: ['CREATE USER `made_by_restore`@`%`'],
      } as const;
      const bad = {
        ...IMAGE,
        entries: [
          account,
          ...IMAGE.entries,
          {
            kind: 'procedure',
            object: ['shop', 'bad'],
            phase: 'finish',
            statements: ['CREATE PROCEDURE bad( nonsense'],
          } as const,
        ],
      };
      const error = await rejects(restoreByHand(copy.url, bad), 'SERVER_ERROR');
      assert.match(error.message, /procedure shop\.bad/);
      assert.deepEqual(await query(copy.name, 'SHOW TABLES'), []);
      assert.deepEqual(
        await mysqlQuery(server.url, "SELECT User FROM mysql.user WHERE User = 'made_by_restore'"),
        [],
      );
      assert.deepEqual(await traces(), []);
    });

    it('makes missing accounts, leaves existing ones as they are, and grants at the end', async () => {
      await using copy = await createMysqlDatabase(server);
      await mysqlQuery(server.url, "CREATE USER there@localhost IDENTIFIED BY 'x'");
      try {
        const account = (name: string) =>
          ({
            kind: 'account',
            object: [`${name}@localhost`],
            phase: 'pre-data',
            statements: [`CREATE USER \`${name}\`@\`localhost\``],
          }) as const;
        const grant = {
          kind: 'grant',
          object: ['shop', 'fresh@localhost'],
          phase: 'finish',
          statements: ['GRANT SELECT ON `parent` TO `fresh`@`localhost`'],
        } as const;
        const image = { ...IMAGE, entries: [account('there'), account('fresh'), ...IMAGE.entries, grant] };
        const warnings = await restoreByHand(copy.url, image);
        assert.deepEqual(
          warnings.map(({ code }) => code),
          ['account-differs'],
        );
        const grants = await mysqlQuery(server.url, 'SHOW GRANTS FOR fresh@localhost');
        assert.match(JSON.stringify(grants), new RegExp(`GRANT SELECT ON \`${copy.name}\`.\`parent\``));
      } finally {
        await mysqlQuery(server.url, 'DROP USER IF EXISTS there@localhost, fresh@localhost');
      }
    });

    it('needs no plugin for an account that exists', async () => {
      await using copy = await createMysqlDatabase(server);
      const account = {
        kind: 'account',
        object: ['kept@%'],
        phase: 'pre-data',
        statements: ["CREATE USER `kept`@`%` IDENTIFIED WITH 'no_such_plugin' AS 'x'"],
      } as const;
      const image = { ...IMAGE, entries: [account, ...IMAGE.entries] };
      const error = await rejects(restoreByHand(copy.url, image), 'UNSUPPORTED');
      assert.match(error.message, /account kept@% logs in with no_such_plugin/);
      await mysqlQuery(server.url, 'CREATE USER kept');
      try {
        const warnings = await restoreByHand(copy.url, image);
        assert.deepEqual(
          warnings.map(({ code }) => code),
          ['account-differs'],
        );
      } finally {
        await mysqlQuery(server.url, 'DROP USER kept');
      }
    });

    it('locks accounts whose secrets are to be left out', async () => {
      await using copy = await createMysqlDatabase(server);
      const plugin = product === 'mysql' ? "WITH 'caching_sha2_password' BY 'secret'" : "BY 'secret'";
      const account = {
        kind: 'account',
        object: ['hushed@%'],
        phase: 'pre-data',
        statements: [`CREATE USER \`hushed\`@\`%\` IDENTIFIED ${plugin} REQUIRE NONE`],
        traits: ['secret'],
      } as const;
      try {
        await restoreByHand(
          copy.url,
          { ...IMAGE, entries: [account, ...IMAGE.entries] },
          { noSecrets: true },
        );
        const [shown] = await mysqlQuery(server.url, "SHOW CREATE USER 'hushed'@'%'");
        assert.match(JSON.stringify(shown), /ACCOUNT LOCK/);
      } finally {
        await mysqlQuery(server.url, 'DROP USER IF EXISTS hushed');
      }
    });

    it('restores several databases at once, with foreign keys between them', async () => {
      const database = (name: string) =>
        ({ kind: 'database', object: [name], phase: 'pre-data', statements: [] }) as const;
      const table = (name: string, of: string, columns: string) =>
        ({
          kind: 'table',
          object: [name, of],
          phase: 'pre-data',
          statements: [`CREATE TABLE \`${of}\` (${columns}) ENGINE=InnoDB`],
        }) as const;
      const image: HandImage = {
        entries: [
          database('many_a'),
          database('many_b'),
          table('many_a', 'p', 'id INT PRIMARY KEY'),
          table('many_b', 'c', 'id INT PRIMARY KEY'),
          {
            kind: 'foreign key',
            object: ['many_b', 'c', 'far'],
            phase: 'post-data',
            statements: [
              'ALTER TABLE `c` ADD CONSTRAINT `far` FOREIGN KEY (`id`) REFERENCES `many_a`.`p` (`id`)',
            ],
          },
          {
            kind: 'view',
            object: ['many_a', 'v'],
            phase: 'finish',
            statements: ['CREATE VIEW `v` AS SELECT `many_b`.`c`.`id` AS `id` FROM `many_b`.`c`'],
          },
        ],
        streams: [
          { object: ['many_a', 'p'], columns: ['id'], rows: [['1']] },
          { object: ['many_b', 'c'], columns: ['id'], rows: [['1']] },
        ],
      };
      try {
        await rejects(restoreByHand(mysqlUrl(server.url, 'many_a'), image, { create: true }), 'USAGE');
        assert.deepEqual(await restoreByHand(server.url, image), []);
        assert.deepEqual(await query('many_a', 'SELECT id FROM v'), [{ id: 1 }]);
        const [shown] = await query('many_b', 'SHOW CREATE TABLE c');
        assert.match(String(shown?.['Create Table']), /REFERENCES `many_a`.`p`/);
        await rejects(restoreByHand(server.url, image), 'TARGET_NOT_EMPTY');
        await restoreByHand(server.url, image, { replace: true });
        const [again] = await query('many_b', 'SHOW CREATE TABLE c');
        assert.match(String(again?.['Create Table']), /REFERENCES `many_a`.`p`/);
        assert.deepEqual(await traces(), []);
      } finally {
        await mysqlQuery(server.url, 'DROP DATABASE IF EXISTS many_b; DROP DATABASE IF EXISTS many_a');
      }
    });

    it('lets nothing act with the rights of an account that exists, unless it is trusted', async () => {
      await using copy = await createMysqlDatabase(server);
      await mysqlQuery(server.url, "CREATE USER powerful IDENTIFIED BY 'p'");
      try {
        const view = (definer: string) => ({
          ...IMAGE,
          entries: [
            ...IMAGE.entries,
            {
              kind: 'view',
              object: ['shop', 'v'],
              phase: 'finish',
              statements: [`CREATE DEFINER=\`${definer}\`@\`%\` VIEW v AS SELECT 1 AS one`],
              body: { definer: `${definer}@%` },
            } as const,
          ],
        });
        const error = await rejects(restoreByHand(copy.url, view('powerful')), 'UNTRUSTED');
        assert.match(error.message, /view shop\.v acts with the rights of powerful@%/);
        assert.deepEqual(await restoreByHand(copy.url, view('powerful'), { trust: true }), []);
        const [shown] = await query(copy.name, 'SHOW CREATE VIEW v');
        assert.match(String(shown?.['Create View']), /DEFINER=`powerful`@`%`/);
        await mysqlQuery(
          server.url,
          `GRANT ALL ON \`dbimg\\_%\`.* TO powerful; GRANT ALL ON \`${copy.name}\`.* TO powerful`,
        );
        const weak = mysqlUrl(server.url, copy.name, { user: 'powerful', password: 'p' });
        const denied = await rejects(
          restoreByHand(weak, view('nobody'), { replace: true, trust: true }),
          'PERMISSION_DENIED',
        );
        assert.match(denied.hint ?? '', /GRANT (SET USER|SET_ANY_DEFINER) ON/);
      } finally {
        await mysqlQuery(server.url, 'DROP USER powerful');
      }
    });

    it('says before anything is made which rights are missing', async () => {
      await using copy = await createMysqlDatabase(server);
      await mysqlQuery(
        server.url,
        `CREATE USER weak IDENTIFIED BY 'weak'; GRANT ALL ON \`${copy.name}\`.* TO weak`,
      );
      const login = { user: 'weak', password: 'weak' };
      try {
        const error = await rejects(
          restoreByHand(mysqlUrl(server.url, copy.name, login), IMAGE),
          'PERMISSION_DENIED',
        );
        assert.match(error.message, /databases beside/);
        assert.match(error.hint ?? '', /GRANT ALL ON `dbimg\\_%`\.\* TO/);
        await mysqlQuery(server.url, 'GRANT ALL ON `dbimg\\_%`.* TO weak');
        await restoreByHand(mysqlUrl(server.url, copy.name, login), IMAGE);
        assert.deepEqual(await traces(), []);
      } finally {
        await mysqlQuery(server.url, 'DROP USER weak');
      }
    });
  });
}
