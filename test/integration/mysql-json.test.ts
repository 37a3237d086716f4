/** JSON of MySQL whose numbers its text does not bring back by itself, through an image, judged by the product's tools. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import {
  createMysqlDatabase,
  mysqlQuery,
  type RunningMysql,
  startMysql,
  withMysql,
} from '../engines/mysql.ts';
import { mysqlRoundTrip } from '../oracle/mysql-round-trip.ts';
import { Random } from '../random.ts';

const SEEDS = [1, 2, 3];
const NINES = '9'.repeat(65);

/** SQL expressions of numbers of every kind, and beside them what is read from text. */
const NUMBERS: readonly string[] = [
  ...['1.10', '-1.10', '0.10', '100000000000000000.5', '0.1000', '12345678901234567890123', '1.0', '0.0'],
  ...['-9223372036854775809', '18446744073709551616', '18446744073709551615', '-9223372036854775808'],
  ...[
    NINES,
    `-${NINES}`,
    `0.${'0'.repeat(29)}1`,
    `${'9'.repeat(35)}.${'9'.repeat(30)}`,
    '0.00000000000000001',
  ],
  ...['CAST(5 AS DECIMAL(20,0))', 'CAST(7 AS DECIMAL(10,3))', 'CAST(123456789012345.5 AS DECIMAL(30,1))'],
  ...[
    '1.5e0',
    '1e100',
    '0.1e0',
    '5e-324',
    '1.7976931348623157e308',
    '-0e0',
    '1e15',
    '1e14',
    '1e-14',
    '1e-15',
  ],
  ...['1076383773431062.8e0', '2528450441708438.5e0', '1e16', '12345678901234567e0', '0.30000000000000004e0'],
  ...['TRUE', 'NULL', '0', '-1'],
];

const STRINGS: readonly string[] = [
  "'plain'",
  "''",
  "'it''s \"quoted\" \\\\ back / slash'",
  "'\\0\\n\\t\\r\\b\\Z'",
  "'ü 中文 🐬'",
  "'1.10'",
  "'\\\\\"1.10'",
  '\'{"a": 1.10}\'',
];

const OTHERS: readonly string[] = [
  "DATE'2026-02-28'",
  "TIME'-12:34:56.789'",
  "TIMESTAMP'2026-02-28 23:59:59.123456'",
  "CAST(x'00FF' AS BINARY)",
  "b'101'",
  "ST_GeomFromText('POINT(1 2)')",
];

const nested = (depth: number, make: (inner: string) => string): string =>
  Array.from({ length: depth }).reduce<string>(make, '1.10');

describe('JSON of MySQL', () => {
  let server: RunningMysql;
  before(async () => {
    server = await startMysql({ product: 'mysql' });
  });
  after(async () => await server.stop());

  for (const localInfile of [true, false]) {
    it(`keeps the digits of its numbers, with local_infile ${localInfile ? 'on' : 'off'}`, async () => {
      await mysqlQuery(server.url, `SET GLOBAL local_infile = ${localInfile ? 1 : 0}`);
      await using source = await createMysqlDatabase(server);
      const values = [...NUMBERS, ...STRINGS, ...OTHERS];
      await withMysql(source.url, async (session) => {
        await session.query(
          'CREATE TABLE documents (id int PRIMARY KEY AUTO_INCREMENT, v int, j json, k json NOT NULL)',
        );
        const insert = async (document: string): Promise<void> => {
          await session.query(`INSERT INTO documents (v, j, k) VALUES (1, ${document}, '{"a": 1.5}')`);
        };
        for (const value of values) {
          await insert(`JSON_EXTRACT(JSON_ARRAY(${value}), '$[0]')`);
          await insert(`JSON_OBJECT('price', ${value})`);
          await insert(
            `JSON_ARRAY(1.10, JSON_OBJECT('', ${value}, 'k"\\\\\\n''🐬', JSON_ARRAY(${value}, 2.50)))`,
          );
        }
        await insert(`JSON_ARRAY(${values.join(', ')})`);
        await insert(nested(100, (inner) => `JSON_ARRAY(${inner})`));
        await insert(
          nested(99, (inner) => `JSON_OBJECT('a.b[1]', ${inner}, 'x', JSON_ARRAY(), 'y', JSON_OBJECT())`),
        );
        await insert('NULL');
        await session.query('UPDATE documents SET k = j, j = NULL WHERE id % 5 = 0 AND j IS NOT NULL');
      });
      await mysqlRoundTrip('mysql', source, 'documents', async (copy) => {
        const types = 'SELECT id, JSON_TYPE(JSON_EXTRACT(j, "$.price")) AS t FROM documents ORDER BY id';
        const [before_, after_] = await Promise.all([mysqlQuery(source.url, types), mysqlQuery(copy, types)]);
        const price = before_.findIndex(({ t }) => t === 'DECIMAL');
        assert.equal(after_[price]?.t, 'DECIMAL');
      });
    });
  }

  it('keeps a document of ten thousand objects, and rows beside it', async () => {
    await mysqlQuery(server.url, 'SET GLOBAL local_infile = 1');
    await using source = await createMysqlDatabase(server);
    await mysqlQuery(
      source.url,
      `SET SESSION cte_max_recursion_depth = 1000000;
       CREATE TABLE documents (id int PRIMARY KEY, j json);
       INSERT INTO documents WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
         SELECT i, IF(i % 100, JSON_OBJECT('a', i, 'b', 0.5e0), JSON_OBJECT('a', i, 'b', 0.50)) FROM n;
       INSERT INTO documents WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)
         SELECT 0, JSON_ARRAYAGG(JSON_OBJECT('id', i, 'v', i * 1.10)) FROM n`,
    );
    await mysqlRoundTrip('mysql', source, 'many numbers');
  });

  it('keeps it under generated columns, functional and multi-valued keys, and defaults', async () => {
    await using source = await createMysqlDatabase(server);
    await mysqlQuery(
      source.url,
      `CREATE TABLE t (
         id int PRIMARY KEY, j json, d json DEFAULT (JSON_OBJECT('a', 1.10)),
         text varchar(200) AS (JSON_UNQUOTE(JSON_EXTRACT(j, '$.price'))) STORED,
         price decimal(10,4) AS (JSON_EXTRACT(j, '$.price')) VIRTUAL, sub json AS (JSON_EXTRACT(j, '$.price')) STORED,
         KEY ((CAST(j->'$.price' AS DECIMAL(20,5)))), KEY prices (price), KEY ((CAST(j->>'$.day' AS DATE))),
         KEY many ((CAST(j->'$.a' AS UNSIGNED ARRAY))), KEY decimals ((CAST(j->'$.p' AS DECIMAL(10,2) ARRAY))),
         KEY texts ((CAST(j->'$.s' AS CHAR(20) ARRAY))), CHECK (JSON_EXTRACT(j, '$.price') > 0)
       );
       INSERT INTO t (id, j) VALUES
         (1, JSON_OBJECT('price', 1.10, 'a', JSON_ARRAY(1, 2, 3), 'p', JSON_ARRAY(1.10, 2.50), 's', JSON_ARRAY('x', 'y'))),
         (2, '{"price": 1.5, "a": [4], "p": [1.5], "s": []}'), (3, JSON_OBJECT('price', 2.00, 'day', DATE'2026-01-01')), (4, NULL)`,
    );
    await mysqlRoundTrip('mysql', source, 'keys over JSON', async (copy) => {
      const rows = await mysqlQuery(
        copy,
        'SELECT id FROM t WHERE 1.10 MEMBER OF (j->"$.p") OR 4 MEMBER OF (j->"$.a") ORDER BY id',
      );
      assert.deepEqual(
        rows.map(({ id }) => Number(id)),
        [1, 2],
      );
    });
  });

  for (const seed of SEEDS) {
    it(`keeps random documents, seed ${seed}`, async () => {
      const random = new Random(seed);
      const document = (depth: number): string => {
        const kind = depth > 4 ? 2 : random.integer(0, 3);
        const members = kind > 1 ? [] : random.times(0, 3, () => document(depth + 1));
        if (kind === 0) return `JSON_ARRAY(${members.join(', ')})`;
        if (kind === 1)
          return `JSON_OBJECT(${members.map((each) => `${random.pick(STRINGS)}, ${each}`).join(', ')})`;
        return random.pick([...NUMBERS, ...NUMBERS, ...STRINGS, ...OTHERS]);
      };
      await using source = await createMysqlDatabase(server);
      await withMysql(source.url, async (session) => {
        await session.query('CREATE TABLE t (id int PRIMARY KEY, j json)');
        for (let id = 0; id < 200; id += 1) {
          await session.query(`INSERT INTO t VALUES (${id}, JSON_ARRAY(${document(0)}))`);
        }
      });
      await mysqlRoundTrip('mysql', source, `documents, seed ${seed}`);
    });
  }
});
