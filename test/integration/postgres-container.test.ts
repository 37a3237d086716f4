import assert from 'node:assert/strict';
import { test } from 'node:test';
import { postgresContainer } from '../engines/containers.ts';
import { query } from '../engines/postgres.ts';

test('a PostgreSQL container of testcontainers answers', async () => {
  const settings = await postgresContainer();
  await using container = await settings
    .withDatabase('shop')
    .withUsername('keeper')
    .withPassword('secret')
    .withCopyContentToContainer([
      {
        content: 'CREATE TABLE greeting AS SELECT 1 AS one;',
        target: '/docker-entrypoint-initdb.d/greeting.sql',
      },
    ])
    .start();
  const [row] = await query(
    container.getConnectionUri(),
    'SELECT version(), current_database() AS name, current_user AS login, one FROM greeting',
  );
  assert.match(row?.version, /^PostgreSQL \d+\.\d+ /);
  assert.deepEqual([row?.name, row?.login, row?.one], ['shop', 'keeper', 1]);
});
