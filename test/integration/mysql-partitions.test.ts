/** Partitioned tables cut partition by partition, and those by their keys: every row once, empty partitions too. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { readFacts } from '../../src/adapters/mysql/facts.ts';
import { listTables, TableReader } from '../../src/adapters/mysql/inventory.ts';
import { endpointOf } from '../../src/adapters/mysql/location.ts';
import { PartLister, scopeOf } from '../../src/adapters/mysql/parts.ts';
import { Session } from '../../src/adapters/mysql/session.ts';
import { applySettings, READ_SETTINGS } from '../../src/adapters/mysql/settings.ts';
import type { Part } from '../../src/core/adapter.ts';
import {
  createMysqlDatabase,
  type MysqlProduct,
  mysqlQuery,
  type RunningMysql,
  startMysql,
  type TestMysqlDatabase,
} from '../engines/mysql.ts';

const ROWS = 4000;
const NUMBERS = `WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ${ROWS - 1}) SELECT`;
/** A partition of one page is taken for 2 GiB. */
const MAGNIFIED = 2 ** 17;

interface Case {
  readonly what: string;
  readonly table: string;
  readonly insert: string;
  readonly partitions: number;
  /** Whether partitions are cut further. */
  readonly further: boolean;
  readonly only?: MysqlProduct;
  readonly rows?: number;
}

const CASES: readonly Case[] = [
  {
    what: 'RANGE, with an empty one in the middle',
    table: `(id int PRIMARY KEY, v int) PARTITION BY RANGE (id)
      (PARTITION \`p 0\` VALUES LESS THAN (100), PARTITION gap VALUES LESS THAN (1000000), PARTITION \`sel\`\`ect\` VALUES LESS THAN MAXVALUE)`,
    insert: `${NUMBERS} IF(i < 100, i, i + 1000000), i FROM n`,
    ...{ partitions: 3, further: true },
  },
  {
    what: 'RANGE COLUMNS of strings and dates',
    table: `(k varchar(20) COLLATE utf8mb4_unicode_ci, at date, PRIMARY KEY (k, at)) DEFAULT CHARSET utf8mb4
      PARTITION BY RANGE COLUMNS (k, at) (PARTITION a VALUES LESS THAN ('m', '2026-01-01'), PARTITION b VALUES LESS THAN (MAXVALUE, MAXVALUE))`,
    insert: `${NUMBERS} CONCAT(ELT(1 + i % 4, 'ä', 'b', 'Z', 'ß'), i), '2026-01-01' + INTERVAL i % 50 DAY FROM n`,
    ...{ partitions: 2, further: true },
  },
  {
    what: 'LIST, with NULL and an empty one',
    table: `(id int, kind int, KEY (id)) PARTITION BY LIST (kind)
      (PARTITION few VALUES IN (1, 2), PARTITION none VALUES IN (NULL), PARTITION never VALUES IN (99), PARTITION rest VALUES IN (0, 3))`,
    insert: `${NUMBERS} i, IF(i % 5 = 4, NULL, i % 5) FROM n`,
    ...{ partitions: 4, further: false },
  },
  {
    what: 'HASH',
    table: '(id bigint PRIMARY KEY, v int) PARTITION BY HASH (id) PARTITIONS 7',
    insert: `${NUMBERS} i * 3 - 6000, i FROM n`,
    ...{ partitions: 7, further: true },
  },
  {
    what: 'LINEAR KEY of bytes',
    table: '(k varbinary(16) PRIMARY KEY) PARTITION BY LINEAR KEY (k) PARTITIONS 5',
    insert: `${NUMBERS} LEFT(UNHEX(SHA2(i, 224)), 16) FROM n`,
    ...{ partitions: 5, further: true },
  },
  {
    what: 'subpartitions, all but one empty',
    table: `(id int, at date, PRIMARY KEY (at, id)) PARTITION BY RANGE (YEAR(at)) SUBPARTITION BY HASH (id) SUBPARTITIONS 3
      (PARTITION old VALUES LESS THAN (2020), PARTITION new VALUES LESS THAN (2030), PARTITION later VALUES LESS THAN MAXVALUE)`,
    insert: `${NUMBERS} i * 3, '2026-01-01' + INTERVAL i DAY FROM n WHERE i < 1000`,
    ...{ partitions: 3, further: true, rows: 1000 },
  },
  {
    what: 'without a key',
    table: '(id int, v int) PARTITION BY KEY (id) PARTITIONS 3',
    insert: `${NUMBERS} i % 10, i FROM n`,
    ...{ partitions: 3, further: false },
  },
  {
    what: 'no row at all',
    table: '(id int PRIMARY KEY) PARTITION BY HASH (id) PARTITIONS 3',
    insert: 'SELECT 1 FROM DUAL WHERE FALSE',
    ...{ partitions: 3, further: true, rows: 0 },
  },
  {
    what: 'SYSTEM_TIME, with history',
    table: `(id int PRIMARY KEY, v int) WITH SYSTEM VERSIONING PARTITION BY SYSTEM_TIME
      (PARTITION h HISTORY, PARTITION now CURRENT)`,
    insert: `${NUMBERS} i, i FROM n; DELETE FROM t WHERE id % 2`,
    ...{ partitions: 2, further: false, only: 'mariadb' },
  },
  {
    what: 'HASH, with history',
    table: '(id int PRIMARY KEY, v int) WITH SYSTEM VERSIONING PARTITION BY HASH (id) PARTITIONS 3',
    insert: `${NUMBERS} i, i FROM n; UPDATE t SET v = -v WHERE id % 2; DELETE FROM t WHERE id % 4 = 1`,
    ...{ partitions: 3, further: false, only: 'mariadb', rows: ROWS + ROWS / 2 },
  },
];

for (const product of ['mysql', 'mariadb'] satisfies MysqlProduct[]) {
  describe(`partitions of ${product}`, () => {
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

    for (const { what, table, insert, partitions, further, rows = ROWS } of CASES.filter(
      ({ only = product }) => only === product,
    )) {
      it(`are read once each: ${what}`, async () => {
        await mysqlQuery(
          database.url,
          `SET SESSION ${product === 'mysql' ? 'cte_max_recursion_depth' : 'max_recursive_iterations'} = 10000;
           DROP TABLE IF EXISTS t; CREATE TABLE t ${table}; INSERT INTO t ${insert}; ANALYZE TABLE t`,
        );
        const parts = await partsOf(session, database.name);
        const names = new Set(
          parts.map((part) => /PARTITION \(((?:`(?:[^`]|``)*`)+)\)/.exec(scopeOf(part).query)?.[1]),
        );
        assert.equal(names.size, partitions, [...names].join(' '));
        assert.equal(parts.length > partitions, further && rows > 0, `${parts.length} parts`);
        const [all] = parts;
        assert.ok(all);
        const columns = scopeOf(all).query.split(' FROM ')[0];
        const history = table.includes('VERSIONING') ? ' FOR SYSTEM_TIME ALL' : '';
        const whole = `${columns} FROM \`${database.name}\`.t${history}`;
        const expected = await linesOf(session, whole);
        assert.equal(expected.length, rows);
        const found = await Promise.all(parts.map((part) => linesOf(session, scopeOf(part).query)));
        assert.deepEqual(found.flat().sort(), expected.sort());
      });
    }
  });
}

/** Parts as though every partition were large. */
async function partsOf(session: Session, database: string): Promise<Part[]> {
  const magnified = {
    query: async (sql: string) => {
      const found = await session.query(sql);
      if (!sql.includes('information_schema.PARTITIONS')) return found;
      return found.map((row) => ({ ...row, bytes: String(Number(row.bytes) * MAGNIFIED) }));
    },
    row: session.row.bind(session),
    raw: session.raw.bind(session),
  } as unknown as Session;
  const listed = (await listTables(session, database)).map((each) => ({
    ...each,
    ...{ rows: ROWS, bytes: ROWS * 2 ** 20 },
  }));
  const tables = new TableReader(session, await readFacts(session));
  const lister = new PartLister(magnified, tables, listed, {}, (name) => name, new Map());
  return await Array.fromAsync(lister.all());
}

async function linesOf(session: Session, sql: string): Promise<string[]> {
  return (await session.raw(sql)).map((row) =>
    Object.values(row)
      .map((value) => value?.toString('hex') ?? 'NULL')
      .join(' '),
  );
}
