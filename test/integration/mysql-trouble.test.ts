/** What goes wrong at a source or a target, from outside: through the library, on servers of both products. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { adapter } from '../../src/adapters/mysql/adapter.ts';
import { MemoryStore, verify } from '../../src/index.ts';
import { tapped } from '../../src/testkit/index.ts';
import { dumped, rejects, restored } from '../../src/testkit/jobs.ts';
import {
  createMysqlDatabase,
  type MysqlProduct,
  mysqlQuery,
  mysqlUrl,
  type RunningMysql,
  startMysql,
} from '../engines/mysql.ts';
import { assertSameMysql } from '../oracle/mysql.ts';

async function scratchSchemas(server: RunningMysql): Promise<string[]> {
  const rows = await mysqlQuery(
    server.url,
    "SELECT SCHEMA_NAME AS name FROM information_schema.SCHEMATA WHERE SCHEMA_NAME LIKE 'dbimg%' OR SCHEMA_NAME = 'copy'",
  );
  return rows.map(({ name }) => String(name));
}

for (const product of ['mysql', 'mariadb'] satisfies MysqlProduct[]) {
  describe(`trouble with ${product}`, () => {
    let server: RunningMysql;
    before(async () => {
      server = await startMysql({ product, settings: { 'max-allowed-packet': '64M' } });
    });
    after(async () => await server.stop());

    test('a row larger than the target takes is named, and nothing stays', async () => {
      await using source = await createMysqlDatabase(server);
      await mysqlQuery(
        source.url,
        "CREATE TABLE large (id int PRIMARY KEY, v longblob); INSERT INTO large VALUES (1, 'x'), (2, REPEAT('y', 9000000))",
      );
      const { store } = await dumped(adapter, source.url);
      await using narrow = await startMysql({ product, settings: { 'max-allowed-packet': '1M' } });
      const error = await rejects(
        restored(adapter, store, mysqlUrl(narrow.url, 'copy')),
        ...(['UNSUPPORTED', 'SERVER_ERROR'] as const),
      );
      assert.match(`${error.message} ${error.hint}`, /max_allowed_packet/);
      assert.equal(error.object?.at(-1), 'large');
      assert.deepEqual(await scratchSchemas(narrow), []);
    });

    test('a source that restarts in the middle of a dump leaves no image', async () => {
      await using own = await startMysql({ product, settings: { 'max-allowed-packet': '64M' } });
      await using source = await createMysqlDatabase(own);
      await mysqlQuery(
        source.url,
        'CREATE TABLE a (id int PRIMARY KEY); INSERT INTO a VALUES (1); CREATE TABLE b (id int PRIMARY KEY); INSERT INTO b VALUES (1)',
      );
      const store = new MemoryStore();
      let restarting: Promise<void> | undefined;
      const falling = tapped(adapter, (what) => {
        if (what !== 'joinLane.read' || restarting !== undefined) return;
        process.kill(own.process.pid, 'SIGKILL');
        restarting = own.process.restart('crash');
      });
      await rejects(dumped(falling, source.url, { image: store }), 'CONNECTION_LOST', 'CONNECT_FAILED');
      assert.notEqual(restarting, undefined);
      await rejects(verify({ image: store }), 'STORE_NOT_FOUND');
      await restarting;
      // The server is up again: a second try needs nothing cleaned up.
      await dumped(adapter, source.url);
    });

    test('a server that lets nobody write is dumped', async () => {
      await using source = await createMysqlDatabase(server);
      await mysqlQuery(source.url, 'CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1), (2)');
      const variable = product === 'mysql' ? 'super_read_only' : 'read_only';
      await mysqlQuery(server.url, `SET GLOBAL ${variable} = 1`);
      let image: Awaited<ReturnType<typeof dumped>>;
      try {
        image = await dumped(adapter, source.url);
      } finally {
        await mysqlQuery(server.url, `SET GLOBAL ${variable} = 0; SET GLOBAL read_only = 0`);
      }
      await using copy = await createMysqlDatabase(server);
      await restored(adapter, image.store, copy.url);
      await assertSameMysql(product, source.url, copy.url, 'read-only source');
    });

    test('tables that only a lax server makes come back into a strict one', async () => {
      await using source = await createMysqlDatabase(server);
      const columns = Array.from({ length: 50 }, (_, nth) => `c${nth} char(200) CHARACTER SET latin1`);
      await mysqlQuery(
        source.url,
        `SET innodb_strict_mode = 0; CREATE TABLE wide (id int PRIMARY KEY, ${columns.join(', ')}) ROW_FORMAT = COMPACT;
         CREATE TABLE odd (id int PRIMARY KEY) ROW_FORMAT = DYNAMIC KEY_BLOCK_SIZE = 16;
         INSERT INTO wide (id, c1) VALUES (1, 'x'); INSERT INTO odd VALUES (1)`,
      );
      const { store } = await dumped(adapter, source.url);
      await using copy = await createMysqlDatabase(server);
      await restored(adapter, store, copy.url);
      await assertSameMysql(product, source.url, copy.url, 'lax tables');
    });
  });
}
