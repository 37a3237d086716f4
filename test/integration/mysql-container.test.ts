import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mariadbContainer, mysqlContainer } from '../engines/containers.ts';
import { mysqlQuery } from '../engines/mysql.ts';

const SCRIPT = [
  {
    content: 'CREATE TABLE greeting AS SELECT 1 AS one;',
    target: '/docker-entrypoint-initdb.d/greeting.sql',
  },
];
const ASK = 'SELECT VERSION() AS version, DATABASE() AS name, CURRENT_USER() AS login, one FROM greeting';

test('a MySQL container of testcontainers answers', async () => {
  const settings = (await mysqlContainer())
    .withDatabase('shop')
    .withUsername('keeper')
    .withUserPassword('secret');
  await using container = await settings.withCopyContentToContainer(SCRIPT).start();
  const [row] = await mysqlQuery(container.getConnectionUri(), ASK);
  assert.match(String(row?.version), /^9\./);
  assert.deepEqual([row?.name, row?.login, Number(row?.one)], ['shop', 'keeper@%', 1]);
  const [root] = await mysqlQuery(container.getConnectionUri(true), 'SELECT CURRENT_USER() AS login');
  assert.equal(root?.login, 'root@%');
});

test('a MariaDB container of testcontainers answers', async () => {
  const settings = (await mariadbContainer())
    .withDatabase('shop')
    .withUsername('keeper')
    .withUserPassword('secret');
  await using container = await settings.withCopyContentToContainer(SCRIPT).start();
  const [row] = await mysqlQuery(container.getConnectionUri(), ASK);
  assert.match(String(row?.version), /^10\.11\..*MariaDB/);
  assert.deepEqual([row?.name, row?.login, Number(row?.one)], ['shop', 'keeper@%', 1]);
});
