/** The oracle is only worth something if it calls equal what is equal and sees every small change. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import {
  createDatabase,
  databaseUrl,
  query,
  type RunningPostgres,
  startPostgres,
  type TestDatabase,
} from '../engines/postgres.ts';
import { loadEveryKind } from '../postgres-fixtures/load.ts';
import { copyByPgDump } from './copy-by-pg-dump.ts';
import { assertSameDatabase, compareDatabases, compareRoles } from './postgres.ts';

const SOURCE = `
  CREATE ROLE oracle_reader;
  CREATE TABLE shop (id serial PRIMARY KEY, name text, price numeric DEFAULT 1.50, note text);
  INSERT INTO shop (name, price, note) SELECT 'thing ' || i, i / 4.0, CASE WHEN i % 2 = 0 THEN '' END FROM generate_series(1, 1000) AS i;
  CREATE INDEX by_name ON shop (name);
  CREATE FUNCTION noted() RETURNS trigger LANGUAGE plpgsql AS $$
-- a comment in the body
BEGIN RETURN NEW; END $$;
  CREATE TRIGGER notes BEFORE INSERT ON shop FOR EACH ROW EXECUTE FUNCTION noted();
  COMMENT ON TABLE shop IS 'things';
  GRANT SELECT ON shop TO oracle_reader;
  ALTER TABLE shop ENABLE ROW LEVEL SECURITY;
  CREATE POLICY mine ON shop FOR SELECT USING (id > 0);
  CREATE TYPE mood AS ENUM ('sad', 'happy');
  CREATE MATERIALIZED VIEW totals AS SELECT count(*) AS n FROM shop;
  CREATE TABLE twice (id integer);
  INSERT INTO twice VALUES (1), (1), (2);
  SELECT lo_from_bytea(4000000001, decode(repeat('ab', 5000), 'hex'));
  COMMENT ON LARGE OBJECT 4000000001 IS 'large';`;

/** What is done to the copy, and what the report must name. */
const CHANGES: readonly (readonly [what: string, sql: string, expected: RegExp])[] = [
  [
    'a changed value',
    'UPDATE shop SET price = 2.5001 WHERE id = 10',
    /COPY public\.shop[\s\S]*- 10\t[\s\S]*2\.5001/,
  ],
  ['an empty string for NULL', "UPDATE shop SET note = '' WHERE id = 11", /COPY public\.shop[\s\S]*\\N/],
  ['a digit after the point', 'UPDATE shop SET price = 2.500 WHERE id = 10', /COPY public\.shop/],
  ['a missing row', 'DELETE FROM shop WHERE id = 12', /shop by the server: 1000 rows.*999 rows/],
  [
    'another duplicate',
    'UPDATE twice SET id = 2 WHERE ctid = (SELECT min(ctid) FROM twice)',
    /COPY public\.twice/,
  ],
  ['a missing comment', 'COMMENT ON TABLE shop IS NULL', /COMMENT public\.TABLE shop .*: missing/],
  ['a privilege more', 'GRANT DELETE ON shop TO oracle_reader', /ACL public\.TABLE shop .*: differs/],
  ['a privilege less', 'REVOKE SELECT ON shop FROM oracle_reader', /ACL public\.TABLE shop .*: missing/],
  ['a disabled trigger', 'ALTER TABLE shop DISABLE TRIGGER notes', /DISABLE TRIGGER notes/],
  ['a sequence one further', "SELECT nextval('shop_id_seq')", /SEQUENCE SET public\.shop_id_seq/],
  ['a sequence not called', "SELECT setval('shop_id_seq', 1000, false)", /SEQUENCE SET public\.shop_id_seq/],
  ['a byte of a large object', "SELECT lo_put(4000000001, 4999, '\\xac')", /large objects: differ/],
  ['a byte more of a large object', "SELECT lo_put(4000000001, 5000, '\\x00')", /large objects: differ/],
  [
    'a comment of a large object',
    "COMMENT ON LARGE OBJECT 4000000001 IS 'x'",
    /LARGE OBJECT 4000000001 .*: differs/,
  ],
  ['a missing index', 'DROP INDEX by_name', /INDEX public\.by_name .*: missing/],
  ['another default', 'ALTER TABLE shop ALTER price SET DEFAULT 1.5', /DEFAULT 1\.5/],
  [
    'another owner',
    'ALTER TABLE twice OWNER TO oracle_reader',
    /TABLE public\.twice \(oracle_reader\): superfluous/,
  ],
  [
    'a policy turned off',
    'ALTER TABLE shop DISABLE ROW LEVEL SECURITY',
    /ROW SECURITY public\.shop .*: missing/,
  ],
  ['a label more', "ALTER TYPE mood ADD VALUE 'meh' BEFORE 'happy'", /meh/],
  [
    'a stale materialized view',
    'DELETE FROM shop WHERE id = 1; REFRESH MATERIALIZED VIEW totals',
    /totals by the server/,
  ],
  [
    'an emptied materialized view',
    'REFRESH MATERIALIZED VIEW totals WITH NO DATA',
    /MATERIALIZED VIEW DATA .*: missing/,
  ],
  ['a storage option', 'ALTER TABLE shop SET (fillfactor = 90)', /fillfactor/],
  [
    'a comment line in a function body',
    'CREATE OR REPLACE FUNCTION noted() RETURNS trigger LANGUAGE plpgsql AS $$\n-- another comment\nBEGIN RETURN NEW; END $$',
    /another comment/,
  ],
  ['an extension more', 'CREATE EXTENSION hstore', /EXTENSION hstore .*: superfluous/],
  [
    'a column moved to the end',
    'ALTER TABLE shop ADD again text; UPDATE shop SET again = name; ALTER TABLE shop DROP name CASCADE; ALTER TABLE shop RENAME again TO name',
    /order of columns/,
  ],
];

describe('the PostgreSQL oracle', () => {
  let server: RunningPostgres;
  let source: TestDatabase;
  before(async () => {
    server = await startPostgres({ version: 18 });
    source = await createDatabase(server);
    await query(source.url, SOURCE);
  });
  after(() => server.stop());

  const clone = (): Promise<TestDatabase> => cloneOf(server, source);

  test('finds nothing in an untouched copy, also if rows lie in another order', async () => {
    await using copy = await clone();
    await query(copy.url, 'CREATE TABLE kept AS SELECT * FROM twice ORDER BY id DESC');
    await query(copy.url, 'DELETE FROM twice; INSERT INTO twice SELECT * FROM kept; DROP TABLE kept');
    assert.deepEqual(await compareDatabases(source.url, copy.url), []);
  });

  for (const [what, sql, expected] of CHANGES) {
    test(`finds ${what}`, async () => {
      await using copy = await clone();
      await query(copy.url, sql);
      assert.match((await compareDatabases(source.url, copy.url)).join('\n'), expected);
    });
  }

  test('finds settings, comment and privileges of the database', async () => {
    await using copy = await clone();
    await query(server.url, `ALTER DATABASE ${copy.name} SET work_mem = '7MB'`);
    await query(server.url, `COMMENT ON DATABASE ${copy.name} IS 'a copy'`);
    await query(server.url, `GRANT CREATE ON DATABASE ${copy.name} TO oracle_reader`);
    const found = (await compareDatabases(source.url, copy.url)).join('\n');
    assert.match(found, /work_mem/);
    assert.match(found, /a copy/);
    assert.match(found, /GRANT CREATE ON DATABASE :database TO oracle_reader/);
  });

  test('finds another password, membership and attribute of a role', async () => {
    await using other = await startPostgres({ version: 18 });
    const selects = (role: string): boolean => role === 'oracle_reader';
    await query(other.url, 'CREATE ROLE oracle_reader');
    assert.deepEqual(await compareRoles(server.url, other.url, selects), []);
    await query(
      other.url,
      "ALTER ROLE oracle_reader CREATEDB PASSWORD 'x'; GRANT pg_monitor TO oracle_reader",
    );
    assert.match(
      (await compareRoles(server.url, other.url, selects)).join('\n'),
      /member_of.*pg_monitor[\s\S]*rolcreatedb true[\s\S]*rolpassword SCRAM/,
    );
  });

  test('finds nothing in a copy of every object kind that pg_dump and psql made', async () => {
    await using everyKind = await createDatabase(server);
    await loadEveryKind(everyKind.url);
    await using copy = await copyByPgDump(everyKind);
    await assertSameDatabase(everyKind.url, copy.url, 'every kind through pg_dump');
  });
});

/** The server's own file copy, which brings nothing that belongs to the database as a whole. */
async function cloneOf(server: RunningPostgres, source: TestDatabase): Promise<TestDatabase> {
  const clone = await createDatabase(server);
  await query(server.url, `DROP DATABASE ${clone.name}`);
  await query(server.url, `CREATE DATABASE ${clone.name} TEMPLATE ${source.name}`);
  return { ...clone, url: databaseUrl(server.url, clone.name) };
}
