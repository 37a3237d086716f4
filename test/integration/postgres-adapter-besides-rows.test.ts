/** What comes back besides the rows of tables: large objects, and statistics of the planner. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import {
  createDatabase,
  databaseUrl,
  query,
  type RunningPostgres,
  startPostgres,
} from '../engines/postgres.ts';
import { digestsOf, dump, restore } from './adapter-job.ts';

let server: RunningPostgres;

before(async () => {
  server = await startPostgres({ version: 15 });
});
after(() => server.stop());

describe('planner statistics', () => {
  for (const version of [15, 18] as const) {
    it(`cover partitioned tables, their partitions and materialized views of PostgreSQL ${version}`, async () => {
      await using other = await startPostgres({ version });
      await using source = await createDatabase(other);
      await query(
        source.url,
        `CREATE TABLE whole (a int) PARTITION BY LIST (a); CREATE TABLE leaf PARTITION OF whole DEFAULT;
         INSERT INTO whole SELECT g FROM generate_series(1, 100) AS g; CREATE MATERIALIZED VIEW m AS SELECT a FROM whole`,
      );
      const copy = databaseUrl(other.url, 'analyzed');
      await restore(await dump(source.url), copy, { create: true, analyze: true });
      const rows = await query(copy, "SELECT tablename FROM pg_stats WHERE schemaname = 'public' ORDER BY 1");
      assert.deepEqual(
        rows.map(({ tablename }) => tablename),
        ['leaf', 'm', 'whole'],
      );
    });
  }
});

describe('large objects', () => {
  it('go there and back with owner, privileges and comment, by a user who is no superuser', async () => {
    await query(server.url, "CREATE ROLE keeper LOGIN PASSWORD 'secret'; CREATE ROLE guest");
    try {
      await using source = await createDatabase(server, { clause: 'OWNER keeper' });
      const url = databaseUrl(server.url, source.name, { user: 'keeper', password: 'secret' });
      await query(
        url,
        `SELECT lo_from_bytea(100, decode(repeat('00ff0a5c', 900000), 'hex')), lo_from_bytea(101, ''),
                lo_from_bytea(102, convert_to(repeat('y', 1048576), 'UTF8'));
         COMMENT ON LARGE OBJECT 101 IS 'it''s empty'; GRANT SELECT ON LARGE OBJECT 102 TO guest WITH GRANT OPTION;
         GRANT ALL ON LARGE OBJECT 100 TO PUBLIC; SELECT lo_create(g) FROM generate_series(200, 1200) AS g`,
      );
      const taken = await dump(url);
      const objects = { ...taken, entries: [] };
      await using place = await createDatabase(server);
      await restore(objects, place.url);
      const look = `SELECT oid, md5(lo_get(oid)) AS content, lomacl::text, pg_get_userbyid(lomowner) AS owner,
                           obj_description(oid, 'pg_largeobject') AS comment FROM pg_largeobject_metadata ORDER BY oid`;
      assert.deepEqual(await query(place.url, look), await query(source.url, look));
      assert.deepEqual(digestsOf(await dump(place.url)), digestsOf(taken));
    } finally {
      await query(server.url, 'DROP ROLE keeper; DROP ROLE guest');
    }
  });
});
