/** Restoring into MySQL and MariaDB when the server or its settings are in the way. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { adapter } from '../../src/adapters/mysql/adapter.ts';
import { rejects } from '../../src/testkit/jobs.ts';
import {
  createMysqlDatabase,
  type MysqlProduct,
  mysqlQuery,
  mysqlUrl,
  type RunningMysql,
  startMysql,
} from '../engines/mysql.ts';
import { type Field, type HandImage, restoreByHand } from './mysql-target-job.ts';

const PRODUCTS: readonly MysqlProduct[] = ['mysql', 'mariadb'];

function imageOf(rows: readonly (readonly Field[])[], columns: readonly string[] = ['id', 'b']): HandImage {
  return {
    entries: [
      { kind: 'database', object: ['shop'], phase: 'pre-data', statements: [] },
      {
        kind: 'table',
        object: ['shop', 't'],
        phase: 'pre-data',
        statements: ['CREATE TABLE `t` (`id` int NOT NULL PRIMARY KEY, `b` longblob)'],
      },
    ],
    streams: [{ object: ['shop', 't'], columns, rows }],
  };
}

async function traces(server: RunningMysql): Promise<string[]> {
  const rows = await mysqlQuery(
    server.url,
    "SELECT SCHEMA_NAME AS name FROM information_schema.SCHEMATA WHERE SCHEMA_NAME LIKE 'dbimg%'",
  );
  return rows.map(({ name }) => String(name));
}

for (const product of PRODUCTS) {
  describe(`Trouble while restoring into ${product}`, () => {
    it('leaves nothing when the server crashes in the middle of the load', async () => {
      await using server = await startMysql({ product, settings: { 'log-bin': 'binlog' } });
      await using copy = await createMysqlDatabase(server);
      const midway = async (): Promise<void> => {
        await server.process.restart('crash');
      };
      const entry = {
        kind: 'table',
        object: ['shop', 'u'],
        phase: 'post-data',
        statements: ['CREATE TABLE u (id INT)'],
      } as const;
      const image = imageOf([['1', 'x']]);
      const error = await rejects(
        restoreByHand(copy.url, { ...image, entries: [...image.entries, entry] }, { midway }),
        'CONNECTION_LOST',
      );
      assert.notEqual(error.hint, undefined);
      assert.deepEqual(await traces(server), []);
      assert.deepEqual(await mysqlQuery(copy.url, 'SHOW TABLES'), []);
    });

    it('leaves nothing when its connections are killed', async () => {
      await using server = await startMysql({ product, settings: { 'log-bin': 'binlog' } });
      await using copy = await createMysqlDatabase(server);
      const midway = async (): Promise<void> => {
        const sessions = await mysqlQuery(
          server.url,
          "SELECT ID AS id FROM information_schema.PROCESSLIST WHERE ID <> CONNECTION_ID() AND COMMAND = 'Sleep'",
        );
        for (const { id } of sessions) await mysqlQuery(server.url, `KILL ${id}`);
      };
      const entry = {
        kind: 'view',
        object: ['shop', 'v'],
        phase: 'finish',
        statements: ['CREATE VIEW v AS SELECT 1'],
      } as const;
      const image = imageOf([['1', 'x']]);
      await rejects(
        restoreByHand(copy.url, { ...image, entries: [...image.entries, entry] }, { midway }),
        'CONNECTION_LOST',
      );
      assert.deepEqual(await traces(server), []);
    });

    it('loads by INSERT when local_infile is off, and says so once', async () => {
      await using server = await startMysql({ product, settings: { 'local-infile': 0 } });
      await using copy = await createMysqlDatabase(server);
      const bytes = Buffer.from(Array.from({ length: 512 }, (_, index) => index % 256));
      const warnings = await restoreByHand(
        copy.url,
        imageOf([
          ['0', bytes],
          ['1', null],
          ['2', ''],
          ['3', "it's \\ "],
        ]),
      );
      assert.equal(warnings.length, 1);
      assert.match(warnings[0]?.message ?? '', /local_infile/);
      assert.match(warnings[0]?.hint ?? '', /SET GLOBAL local_infile/);
      const rows = await mysqlQuery(copy.url, 'SELECT id, HEX(b) AS b FROM t ORDER BY id');
      assert.deepEqual(rows, [
        { id: 0, b: bytes.toString('hex').toUpperCase() },
        { id: 1, b: null },
        { id: 2, b: '' },
        { id: 3, b: Buffer.from("it's \\ ").toString('hex').toUpperCase() },
      ]);
    });

    for (const local of [1, 0]) {
      it(`refuses a row beyond max_allowed_packet with a hint (local_infile = ${local})`, async () => {
        const settings = { 'max-allowed-packet': '1M', 'local-infile': local };
        await using server = await startMysql({ product, settings });
        await using copy = await createMysqlDatabase(server);
        const error = await rejects(
          restoreByHand(copy.url, imageOf([['1', Buffer.alloc(2_000_000, 'x')]])),
          'UNSUPPORTED',
        );
        assert.match(error.message, /larger than the server's max_allowed_packet of 1048576/);
        assert.match(error.hint ?? '', /max_allowed_packet/);
        assert.deepEqual(await traces(server), []);
        await restoreByHand(
          copy.url,
          imageOf([
            ['1', Buffer.alloc(900_000, local === 1 ? '\\' : 'y')],
            ['2', Buffer.alloc(300_000, '\\')],
          ]),
        );
      });
    }

    it('refuses a read-only server before anything is made', async () => {
      await using server = await startMysql({ product, settings: { 'read-only': 1 } });
      const error = await rejects(restoreByHand(mysqlUrl(server.url, 'x'), imageOf([])), 'UNSUPPORTED');
      assert.match(error.message, /read-only/);
    });

    it('says in the plan what it would do and what is in the way', async () => {
      await using server = await startMysql({ product, settings: { 'log-bin': 'binlog' } });
      const signal = new AbortController().signal;
      const context = { signal, warn: () => {}, lockTimeout: 1000 };
      await using database = await adapter.connect(mysqlUrl(server.url, 'nowhere'), context);
      await using target = await database.target({ lanes: 3 });
      const plan = await target.plan({
        image: 'x',
        kind: 'logical',
        adapter: 'mysql',
        server: database.server,
        position: { type: 'mysql', value: null, time: '2026-01-01T00:00:00Z', exact: true },
      });
      assert.deepEqual(
        plan.obstacles.map(({ code }) => code),
        ['DATABASE_UNKNOWN'],
      );
      assert.match(plan.steps.join('\n'), /3 lanes/);
      assert.deepEqual(await traces(server), []);
    });
  });
}

describe('Settings of the target', () => {
  it('a table without a primary key goes into a server that requires one', async () => {
    await using server = await startMysql({ settings: { 'sql-require-primary-key': 1 } });
    await using copy = await createMysqlDatabase(server);
    const image: HandImage = {
      entries: [
        { kind: 'database', object: ['shop'], phase: 'pre-data', statements: [] },
        {
          kind: 'table',
          object: ['shop', 't'],
          phase: 'pre-data',
          statements: ['CREATE TABLE `t` (`id` int)'],
        },
      ],
      streams: [{ object: ['shop', 't'], columns: ['id'], rows: [['1'], ['1']] }],
    };
    assert.deepEqual(await restoreByHand(copy.url, image), []);
    assert.equal((await mysqlQuery(copy.url, 'SELECT * FROM t')).length, 2);
  });

  it('names that differ in case alone do not fit into a server that ignores case', async () => {
    await using server = await startMysql({ product: 'mariadb', settings: { 'lower-case-table-names': 1 } });
    await using copy = await createMysqlDatabase(server, { name: 'lower' });
    const table = (name: string) =>
      ({
        kind: 'table',
        object: ['shop', name],
        phase: 'pre-data',
        statements: [`CREATE TABLE \`${name}\` (id INT)`],
      }) as const;
    const image: HandImage = {
      settings: { lower_case_table_names: '0' },
      entries: [
        { kind: 'database', object: ['shop'], phase: 'pre-data', statements: [] },
        table('T'),
        table('t'),
      ],
    };
    const error = await rejects(restoreByHand(copy.url, image), 'UNSUPPORTED');
    assert.match(error.message, /shop\.T and shop\.t/);
    assert.deepEqual(await traces(server), []);
  });
});
