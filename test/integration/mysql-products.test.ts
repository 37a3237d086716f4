/** Images of MySQL in MariaDB and back: exact where types allow, refused by name before anything is made elsewhere. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { dump, restore } from '../../src/index.ts';
import { rejects } from '../../src/testkit/jobs.ts';
import {
  createMysqlDatabase,
  type MysqlProduct,
  mysqlQuery,
  mysqlUrl,
  type RunningMysql,
  startMysql,
} from '../engines/mysql.ts';
import { loadChinook, runMysqlStatements } from '../mysql-fixtures/load.ts';

/** Both know these. */
const SHARED = [
  `CREATE TABLE types (
     id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, f FLOAT, d DOUBLE, n DECIMAL(30,10), b BIT(17), e ENUM('a','it''s'),
     s SET('x','y','z'), t TEXT CHARACTER SET latin1, v VARCHAR(20) CHARACTER SET utf16, bl LONGBLOB, da DATE,
     ti TIME(6), dt DATETIME(6), ts TIMESTAMP(3) NULL, y YEAR, j JSON, g GEOMETRY,
     up INT GENERATED ALWAYS AS (y + 1) STORED, hidden INT INVISIBLE DEFAULT 7, KEY by_n (n), UNIQUE KEY by_v (v)
   ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci`,
  `INSERT INTO types (id, f, d, n, b, e, s, t, v, bl, da, ti, dt, ts, y, j, g) VALUES
     (1, 5592405.5, 1e300, -12345678901234567890.0123456789, b'10101010101010101', 'it''s', 'x,z', 'grüß', '𝄞',
      x'00090A5C27FF', '2026-02-28', '-838:59:58.000001', '2026-01-01 12:34:56.789012', '2026-03-29 02:30:00.123', 2026,
      '{"a": [1, 2.50, "x\\\\ty"]}', ST_GeomFromText('POLYGON((0 0,1 0,1 1,0 0))')),
     (2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)`,
  'CREATE TABLE child (id INT PRIMARY KEY, p INT, CONSTRAINT cp FOREIGN KEY (p) REFERENCES types (id) ON DELETE SET NULL) COLLATE=utf8mb4_general_ci',
  'INSERT INTO child VALUES (1, 1), (2, NULL)',
  'CREATE SQL SECURITY INVOKER VIEW seen AS SELECT id, HEX(v) AS v FROM types',
  'CREATE TRIGGER tr BEFORE INSERT ON child FOR EACH ROW SET NEW.p = COALESCE(NEW.p, 1)',
  "CREATE PROCEDURE p() SELECT 'ü'",
];

/** Bytes, not what a client makes of them. MariaDB and MySQL write numbers in JSON alike here. */
const ROWS = `SELECT id, CAST(f AS DOUBLE) AS f, d, n, HEX(b) AS b, HEX(e) AS e, HEX(s) AS s, HEX(t) AS t, HEX(v) AS v, HEX(bl) AS bl,
  da, ti, dt, ts, y, HEX(j) AS j, HEX(g) AS g, up, hidden FROM types ORDER BY id`;

describe('From one product into the other', () => {
  const servers = new Map<MysqlProduct, RunningMysql>();
  let directory: string;
  const url = (product: MysqlProduct, database = ''): string =>
    mysqlUrl((servers.get(product) as RunningMysql).url, database);

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'dbimg-products-'));
    for (const product of ['mysql', 'mariadb'] as const) {
      servers.set(product, await startMysql({ product }));
    }
  });
  after(async () => {
    for (const server of servers.values()) await server.stop();
    await rm(directory, { recursive: true, force: true });
  });

  for (const [from, to] of [
    ['mysql', 'mariadb'],
    ['mariadb', 'mysql'],
  ] as const) {
    it(`${from} into ${to}: what both know is the same`, async () => {
      await using source = await createMysqlDatabase(servers.get(from) as RunningMysql, {
        clause: 'COLLATE utf8mb4_general_ci',
      });
      await using target = await createMysqlDatabase(servers.get(to) as RunningMysql);
      await runMysqlStatements(source.url, SHARED, 'shared');
      const image = join(directory, `${from}.dbimg`);
      await dump({ source: source.url, image, jobs: 2 });
      const result = await restore({ image, target: target.url, jobs: 2, prove: true, trust: true });
      assert.deepEqual(
        result.warnings.map(({ message }) => message).filter((message) => !/The image is of/.test(message)),
        [],
      );
      assert.deepEqual(await mysqlQuery(target.url, ROWS), await mysqlQuery(source.url, ROWS));
      assert.deepEqual(
        await mysqlQuery(target.url, 'SELECT * FROM seen ORDER BY id'),
        await mysqlQuery(source.url, 'SELECT * FROM seen ORDER BY id'),
      );
      await mysqlQuery(target.url, 'INSERT INTO child VALUES (3, NULL)');
      assert.deepEqual(await mysqlQuery(target.url, 'SELECT p FROM child WHERE id = 3'), [{ p: 1 }]);
      await assert.rejects(mysqlQuery(target.url, 'INSERT INTO child VALUES (4, 99)'), /foreign key/i);
    });
  }

  it('names all that does not fit into MariaDB, and takes what may be converted', async () => {
    await using source = await createMysqlDatabase(servers.get('mysql') as RunningMysql, {
      clause: 'COLLATE utf8mb4_0900_ai_ci',
    });
    await using target = await createMysqlDatabase(servers.get('mariadb') as RunningMysql);
    await loadChinook('mysql', source.url);
    await mysqlQuery(
      source.url,
      'CREATE TABLE modern (id INT PRIMARY KEY, v VECTOR(3), j JSON, KEY f ((id + 1)))',
    );
    const image = join(directory, 'modern.dbimg');
    await dump({ source: source.url, image });
    const error = await rejects(restore({ image, target: target.url, trust: true }), 'UNSUPPORTED');
    assert.match(error.message, /collation utf8mb4_0900_ai_ci/);
    assert.match(error.message, /modern has the column v of type VECTOR/);
    assert.match(error.message, /modern has an index over an expression \(f\)/);
    const plan = await restore({ image, target: target.url, trust: true, dryRun: true });
    assert.ok((plan.plan?.obstacles.length ?? 0) > 5);
    assert.deepEqual(await mysqlQuery(target.url, 'SHOW TABLES'), []);
    const lenient = `${target.url}?convert=collations`;
    const result = await restore({ image, target: lenient, trust: true, prove: true, skip: ['modern'] });
    assert.ok(result.warnings.some(({ message }) => /gets the collation/.test(message)));
    const sum =
      'SELECT SUM(CRC32(CONCAT_WS(0x2c, InvoiceLineId, InvoiceId, TrackId, UnitPrice, Quantity))) AS s FROM InvoiceLine';
    assert.deepEqual(await mysqlQuery(target.url, sum), await mysqlQuery(source.url, sum));
  });

  it('names all that does not fit into MySQL, and takes what may be converted', async () => {
    await using source = await createMysqlDatabase(servers.get('mariadb') as RunningMysql);
    await using target = await createMysqlDatabase(servers.get('mysql') as RunningMysql);
    await runMysqlStatements(
      source.url,
      [
        'CREATE SEQUENCE s',
        'CREATE TABLE versions (id INT) WITH SYSTEM VERSIONING',
        'CREATE TABLE own (id UUID PRIMARY KEY, i INET6, d VARCHAR(40) DEFAULT (UUID())) ENGINE=Aria COLLATE utf8mb4_uca1400_ai_ci',
        "INSERT INTO own (id, i) VALUES ('123e4567-e89b-12d3-a456-426655440000', '::ffff:192.0.2.1')",
      ],
      'own',
    );
    const image = join(directory, 'own.dbimg');
    await dump({ source: source.url, image });
    const error = await rejects(restore({ image, target: target.url, trust: true }), 'UNSUPPORTED');
    for (const what of [
      /sequence .*s is something/,
      /versions keeps versions/,
      /type UUID/,
      /type INET6/,
      /engine Aria/,
      /uca1400/,
    ]) {
      assert.match(error.message, what);
    }
    const lenient = `${target.url}?convert=types,engines,collations`;
    await restore({ image, target: lenient, trust: true, skip: ['s', 'versions'], prove: false });
    assert.deepEqual(await mysqlQuery(target.url, 'SELECT id, i FROM own'), [
      { id: '123e4567-e89b-12d3-a456-426655440000', i: '::ffff:192.0.2.1' },
    ]);
    assert.deepEqual(
      await mysqlQuery(
        url('mysql'),
        "SELECT SCHEMA_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME LIKE 'dbimg%'",
      ),
      [],
    );
  });
});
