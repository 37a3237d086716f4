/** The oracle is only worth something if it calls equal what is equal and sees every small change. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import {
  createMysqlDatabase,
  type MysqlProduct,
  mysqlQuery,
  mysqlUrl,
  type RunningMysql,
  startMysql,
  type TestMysqlDatabase,
} from '../engines/mysql.ts';
import { mysqlTools } from '../engines/mysql-tools.ts';
import { assertSameMysql, compareMysqlAccounts, compareMysqlDatabases } from './mysql.ts';

const SOURCE = `
  CREATE TABLE shop (id int AUTO_INCREMENT PRIMARY KEY, name varchar(30) CHARACTER SET latin1, price decimal(10,2) DEFAULT 1.5,
    note text, mood enum('sad', '', 'happy'), bits bit(9), KEY by_name (name));
  INSERT INTO shop (name, price, note, mood, bits) VALUES ('one', 1, '', 'sad', 3), ('two', 2.25, NULL, '', 4), ('thrée', 3, 'x', 'happy', 5);
  CREATE TABLE twice (id int, f float, d double);
  INSERT INTO twice VALUES (1, 0.5, 0.1), (1, 0.5, 0.1), (2, 0.25, 0.2);
  CREATE TABLE child (shop int, KEY (shop), CONSTRAINT to_shop FOREIGN KEY (shop) REFERENCES shop (id) ON DELETE CASCADE);
  CREATE VIEW names AS SELECT id, name FROM shop;
  CREATE TRIGGER first BEFORE INSERT ON shop FOR EACH ROW SET NEW.note = 'a';
  CREATE TRIGGER second BEFORE INSERT ON shop FOR EACH ROW SET NEW.note = 'b';
  CREATE PROCEDURE nothing() COMMENT 'does' SELECT 1;
  CREATE FUNCTION two() RETURNS int DETERMINISTIC RETURN 2;
  CREATE EVENT daily ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01 00:00:00' DISABLE DO SELECT 1;`;

type Change = readonly [what: string, sql: string, expected: RegExp];

/** What is done to the copy, and what the report must name. */
const CHANGES: readonly Change[] = [
  ['a changed value', 'UPDATE shop SET price = 2.26 WHERE id = 2', /rows of shop/],
  ['an empty string for NULL', "UPDATE shop SET note = '' WHERE id = 2", /rows of shop/],
  ['an error value for an empty label', "UPDATE IGNORE shop SET mood = 'none' WHERE id = 2", /rows of shop/],
  ['another byte in latin1', "UPDATE shop SET name = 'thrèe' WHERE id = 3", /rows of shop/],
  ['a bit', 'UPDATE shop SET bits = 261 WHERE id = 3', /rows of shop/],
  ['a missing row', 'DELETE FROM shop WHERE id = 1', /rows of shop .*: 3 and 2/],
  ['another duplicate', 'UPDATE twice SET id = 2, f = 0.25, d = 0.2 LIMIT 1', /rows of twice/],
  ['the last bit of a FLOAT', 'UPDATE twice SET f = 0.50000006 LIMIT 1', /rows of twice/],
  ['the last bit of a DOUBLE', 'UPDATE twice SET d = 0.10000000000000002 LIMIT 1', /rows of twice/],
  ['a counter one further', 'ALTER TABLE shop AUTO_INCREMENT = 9', /AUTO_INCREMENT=9/],
  ['a missing index', 'ALTER TABLE shop DROP KEY by_name', /by_name/],
  ['an index the other way', 'ALTER TABLE child DROP FOREIGN KEY to_shop', /to_shop/],
  ['another default', 'ALTER TABLE shop ALTER price SET DEFAULT 1.6', /1\.60?/],
  ['another character set', 'ALTER TABLE shop MODIFY note text CHARACTER SET utf16', /utf16/],
  ['a table comment', "ALTER TABLE shop COMMENT = 'x'", /COMMENT='x'/],
  ['a superfluous table', 'CREATE TABLE more (id int)', /table more: superfluous/],
  ['another order of columns', 'ALTER TABLE twice MODIFY d double FIRST', /twice/],
  ['another view', 'CREATE OR REPLACE VIEW names AS SELECT id FROM shop', /names/],
  [
    'rights of a view',
    'CREATE OR REPLACE SQL SECURITY INVOKER VIEW names AS SELECT id, name FROM shop',
    /INVOKER/,
  ],
  [
    'another order of triggers',
    "DROP TRIGGER first; CREATE TRIGGER first BEFORE INSERT ON shop FOR EACH ROW SET NEW.note = 'a'",
    /trigger shop BEFORE INSERT/,
  ],
  [
    'sql_mode of a routine',
    "DROP FUNCTION two; SET sql_mode = 'ANSI'; CREATE FUNCTION two() RETURNS int DETERMINISTIC RETURN 2",
    /ANSI/,
  ],
  ['an event that runs', 'ALTER EVENT daily ENABLE', /daily/],
  ['character set of the database', 'ALTER DATABASE CHARACTER SET latin2', /database latin2/],
];

const OF_PRODUCT: {
  readonly [product in MysqlProduct]: { readonly source: string; readonly changes: readonly Change[] };
} = {
  mysql: {
    source:
      'CREATE TABLE more_types (j json, p point SRID 4326); INSERT INTO more_types VALUES (\'{"a": 1.0}\', ST_SRID(POINT(1, 2), 4326));',
    changes: [
      [
        'a number of JSON',
        'UPDATE more_types SET j = NULL; UPDATE more_types SET j = \'{"a": 1}\'',
        /rows of more_types/,
      ],
      ['a point the other way', 'UPDATE more_types SET p = ST_SRID(POINT(2, 1), 4326)', /rows of more_types/],
      [
        'a hidden index',
        'ALTER TABLE shop ALTER INDEX by_name INVISIBLE',
        /visible shop by_name NO|INVISIBLE/,
      ],
    ],
  },
  mariadb: {
    source: `CREATE SEQUENCE numbers; SELECT NEXTVAL(numbers);
      CREATE TABLE versioned (id int PRIMARY KEY) WITH SYSTEM VERSIONING; INSERT INTO versioned VALUES (1); DELETE FROM versioned;`,
    changes: [
      ['a sequence further', 'SELECT SETVAL(numbers, 5000)', /numbers/],
      ['history', 'DELETE HISTORY FROM versioned', /rows of versioned/],
    ],
  },
};

for (const product of ['mysql', 'mariadb'] satisfies MysqlProduct[]) {
  describe(`oracle of ${product}`, () => {
    let server: RunningMysql;
    let source: TestMysqlDatabase;
    const { source: more, changes } = OF_PRODUCT[product];
    before(async () => {
      server = await startMysql({ product });
      source = await createMysqlDatabase(server);
      await (await mysqlTools(product)).script(source.url, SOURCE.replaceAll('\n', ' ') + more);
    });
    after(async () => await server.stop());

    async function copy(): Promise<TestMysqlDatabase> {
      const tools = await mysqlTools(product);
      const made = await createMysqlDatabase(server);
      await tools.script(made.url, Buffer.from(await tools.dump(source.url), 'latin1'));
      return made;
    }

    test('a copy by the product itself is equal', async () => {
      await using same = await copy();
      await assertSameMysql(product, source.url, same.url, 'copy');
    });

    for (const [what, sql, expected] of [...CHANGES, ...changes]) {
      test(`it sees ${what}`, async () => {
        await using other = await copy();
        await mysqlQuery(other.url, sql);
        assert.match((await compareMysqlDatabases(product, source.url, other.url)).join('\n'), expected);
      });
    }

    test('it sees digits that the dump program itself loses', async () => {
      await mysqlQuery(source.url, 'CREATE TABLE floats (f float); INSERT INTO floats VALUES (5592405.5)');
      await using lossy = await copy();
      const found = (await compareMysqlDatabases(product, source.url, lossy.url)).join('\n');
      await mysqlQuery(source.url, 'DROP TABLE floats');
      assert.match(found, /rows of floats[\s\S]*5592405\.5/);
      assert.match(found, /CHECKSUM TABLE floats/);
    });

    test('it sees what accounts differ in', async () => {
      await using other = await startMysql({ product, settings: { 'max-connections': 50 } });
      const hash = product === 'mysql' ? '' : " IDENTIFIED BY 'x'";
      const make = `CREATE USER o1${hash}; CREATE ROLE o2; GRANT o2 TO o1; GRANT SELECT ON mysql.* TO o2`;
      for (const url of [server.url, other.url]) await mysqlQuery(url, make);
      const compare = async (): Promise<string> =>
        (await compareMysqlAccounts(product, server.url, other.url, (name) => /^o\d/.test(name))).join('\n');
      assert.equal(await compare(), '');
      for (const change of [
        'REVOKE o2 FROM o1',
        'GRANT INSERT ON mysql.* TO o2',
        "ALTER USER o1 IDENTIFIED BY 'y'",
      ]) {
        await mysqlQuery(other.url, change);
        assert.match(await compare(), /accounts: differs/, change);
        await mysqlQuery(other.url, `DROP USER o1; DROP ROLE o2; ${make}`);
        assert.equal(await compare(), '', change);
      }
      await mysqlQuery(mysqlUrl(server.url, ''), 'DROP USER o1; DROP ROLE o2');
    });
  });
}
