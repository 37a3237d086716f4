import assert from 'node:assert/strict';
import { stat } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { createMysqlDatabase, type MysqlProduct, mysqlQuery, startMysql } from '../engines/mysql.ts';

for (const product of ['mysql', 'mariadb'] satisfies MysqlProduct[]) {
  describe(`servers of ${product} for tests`, () => {
    it('start with their settings, survive a crash, leave nothing', async () => {
      const settings = { 'max-allowed-packet': '2M', 'lower-case-table-names': 1 };
      const server = await startMysql({ product, settings });
      try {
        const one = async (sql: string) => Object.values((await mysqlQuery(server.url, sql))[0] ?? {})[0];
        assert.equal(Number(await one('SELECT @@max_allowed_packet')), 2 << 20);
        assert.equal(Number(await one('SELECT @@lower_case_table_names')), 1);
        assert.equal(Number(await one('SELECT @@local_infile')), 1);
        assert.equal(Number(await one('SELECT @@log_bin')), 1);
        await using database = await createMysqlDatabase(server);
        await mysqlQuery(database.url, 'CREATE TABLE kept (id int PRIMARY KEY); INSERT INTO kept VALUES (7)');
        const before = server.process.pid;
        await server.process.restart('crash');
        assert.notEqual(server.process.pid, before);
        assert.deepEqual(await mysqlQuery(database.url, 'SELECT id FROM kept'), [{ id: 7 }]);
      } finally {
        await server.stop();
      }
      await assert.rejects(stat(server.process.dataDir), { code: 'ENOENT' });
    });
  });
}
