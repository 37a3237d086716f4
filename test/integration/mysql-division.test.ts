/** Large tables cut by their keys: no gap, no row twice, parts of like size, whatever the key. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Divider } from '../../src/adapters/mysql/division.ts';
import { readFacts } from '../../src/adapters/mysql/facts.ts';
import { listTables, type Table, TableReader } from '../../src/adapters/mysql/inventory.ts';
import { endpointOf } from '../../src/adapters/mysql/location.ts';
import { rangeCondition } from '../../src/adapters/mysql/ranges.ts';
import { Session } from '../../src/adapters/mysql/session.ts';
import { applySettings, READ_SETTINGS } from '../../src/adapters/mysql/settings.ts';
import {
  createMysqlDatabase,
  type MysqlProduct,
  mysqlQuery,
  type RunningMysql,
  startMysql,
  type TestMysqlDatabase,
} from '../engines/mysql.ts';

/** Rows of a part: the fewest that the divider makes parts of. */
const TARGET = 64;
const NUMBERS = `WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 3999) SELECT`;

interface Case {
  readonly what: string;
  readonly columns: string;
  readonly insert: string;
  /** At most so many times the rows that a part is made for. */
  readonly unevenness?: number;
  readonly cut?: false;
}

const CASES: readonly Case[] = [
  { what: 'dense integers', columns: 'id int PRIMARY KEY', insert: `${NUMBERS} i FROM n` },
  {
    what: 'integers in three far lumps',
    columns: 'id bigint PRIMARY KEY',
    insert: `${NUMBERS} CASE i % 3 WHEN 0 THEN -9223372036854775808 + i WHEN 1 THEN i ELSE 9223372036854775807 - i END FROM n`,
  },
  {
    what: 'unsigned integers at the upper end',
    columns: 'id bigint unsigned PRIMARY KEY',
    insert: `${NUMBERS} IF(i < 10, i, 18446744073709551615 - i) FROM n`,
  },
  {
    what: 'two integers of which the first is nearly always the same',
    columns: 'a int, b int, PRIMARY KEY (a, b)',
    insert: `${NUMBERS} IF(i < 100, i, 7), i FROM n`,
  },
  {
    what: 'descending integers',
    columns: 'id int, PRIMARY KEY (id DESC)',
    insert: `${NUMBERS} i * 7 FROM n`,
  },
  {
    what: 'strings without case, with accents and quotes',
    columns: 'k varchar(50) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci PRIMARY KEY',
    insert: `${NUMBERS} CONCAT(ELT(1 + i % 5, 'ä', 'B', '''\\\\"', 'ß', '中'), i) FROM n`,
  },
  {
    what: 'strings of latin1 with a time',
    columns: 'k varchar(20) CHARACTER SET latin1, t datetime(3), PRIMARY KEY (k, t)',
    insert: `${NUMBERS} ELT(1 + i % 3, '', 'é', 'z'), '2026-01-01' + INTERVAL i SECOND FROM n`,
  },
  {
    what: 'bytes',
    columns: 'k varbinary(16) PRIMARY KEY',
    insert: `${NUMBERS} UNHEX(SHA2(i, 224)) FROM n`.replace(
      'UNHEX(SHA2(i, 224))',
      'LEFT(UNHEX(SHA2(i, 224)), 16)',
    ),
  },
  { what: 'decimals', columns: 'k decimal(30,10) PRIMARY KEY', insert: `${NUMBERS} (i - 2000) / 7 FROM n` },
  {
    what: 'timestamps',
    columns: 'k timestamp(6) PRIMARY KEY',
    insert: `${NUMBERS} '2026-01-01' + INTERVAL i SECOND FROM n`,
  },
  {
    what: 'dates before anything',
    columns: 'k date, n int, PRIMARY KEY (k, n)',
    insert: `${NUMBERS} IF(i % 2, '0000-00-00', '2026-02-01'), i FROM n`,
  },
  {
    what: 'strings of UTF-16',
    columns: 'k varchar(20) CHARACTER SET utf16 PRIMARY KEY',
    insert: `${NUMBERS} CONCAT('😀', i) FROM n`,
  },
  {
    what: 'labels',
    columns: "k enum('z', 'a'), n int, PRIMARY KEY (k, n)",
    insert: `${NUMBERS} IF(i % 2, 'z', 'a'), i FROM n`,
    cut: false,
  },
  {
    what: 'beginnings of texts',
    columns: 'k text NOT NULL, PRIMARY KEY (k(8))',
    insert: `${NUMBERS} LPAD(i, 8, '0') FROM n`,
    cut: false,
  },
  {
    what: 'a unique key with NULLs',
    columns: 'k int, UNIQUE KEY (k)',
    insert: `${NUMBERS} NULLIF(i, 5) FROM n`,
    cut: false,
  },
  {
    what: 'a unique key without NULLs',
    columns: 'v int, k int NOT NULL, UNIQUE KEY (k)',
    insert: `${NUMBERS} i, i * 3 FROM n`,
  },
];

for (const product of ['mysql', 'mariadb'] satisfies MysqlProduct[]) {
  describe(`parts of tables of ${product}`, () => {
    let server: RunningMysql;
    let database: TestMysqlDatabase;
    let session: Session;
    before(async () => {
      server = await startMysql({ product });
      database = await createMysqlDatabase(server);
      session = await Session.open(await endpointOf(database.url, {}), {
        signal: AbortSignal.timeout(300_000),
      });
      await applySettings(session, READ_SETTINGS);
    });
    after(async () => {
      await session[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
      await server.stop();
    });

    for (const { what, columns, insert, unevenness = 6, cut = true } of CASES) {
      it(`cuts ${what}${cut ? '' : ': not at all'}`, async () => {
        await mysqlQuery(
          database.url,
          `SET SESSION ${product === 'mysql' ? 'cte_max_recursion_depth' : 'max_recursive_iterations'} = 10000, sql_mode = 'ALLOW_INVALID_DATES', time_zone = '+00:00';
           DROP TABLE IF EXISTS t; CREATE TABLE t (${columns}); INSERT INTO t ${insert}; ANALYZE TABLE t`,
        );
        const table = await describeTable(session, database.name);
        assert.equal(Divider.fits(table), cut);
        if (!cut) return;
        const ranges = await Array.fromAsync(new Divider(session, table, (name) => name).ranges());
        const counts: number[] = [];
        for (const range of ranges) {
          const where =
            rangeCondition(
              range,
              table.key.map(({ name }) => name),
            ) ?? '1';
          const row = await session.row(`SELECT COUNT(*) AS n FROM \`${database.name}\`.t WHERE ${where}`);
          counts.push(Number(row.n));
        }
        assert.equal(
          counts.reduce((sum, count) => sum + count, 0),
          4000,
          `${what}: ${counts}`,
        );
        assert.ok(counts.length >= 4000 / (TARGET * unevenness), `${what}: only ${counts.length} parts`);
        assert.ok(Math.max(...counts) <= TARGET * unevenness, `${what}: uneven: ${counts}`);
      });
    }
  });
}

/** As though it were large, so that few rows make a part. */
async function describeTable(session: Session, database: string): Promise<Table> {
  const listed = await listTables(session, database);
  const tables = new TableReader(session, await readFacts(session));
  const [table] = await tables.describe(listed.filter(({ object }) => object[1] === 't'));
  assert.ok(table);
  return { ...table, rows: 4000, bytes: 4000 * 2 ** 20 };
}
