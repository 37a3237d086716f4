/** Catalogs that resist a simple order, choices of what to carry, and users with few rights. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { CatalogEntry } from '../../src/core/adapter.ts';
import { pgTools } from '../engines/pg-tools.ts';
import {
  createDatabase,
  databaseUrl,
  type PostgresVersion,
  query,
  type RunningPostgres,
  runSqlFile,
  startPostgres,
} from '../engines/postgres.ts';
import { applyCatalog, assertSameText, type EntryBody, readCatalog } from './postgres-catalog-apply.ts';

const VERSIONS: readonly PostgresVersion[] = [13, 18];

/** Objects that need each other, in the ways that PostgreSQL allows. */
const CIRCLES = `
  CREATE SCHEMA z;
  -- A check and a default that call functions over the table's own row type.
  CREATE TABLE z.t (a int, b int);
  CREATE FUNCTION z.of_row(z.t) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1';
  CREATE FUNCTION z.of_nothing() RETURNS int LANGUAGE sql AS $$ SELECT z.of_row(ROW(1, 2)::z.t) $$;
  ALTER TABLE z.t ADD CONSTRAINT whole CHECK (z.of_row(t) = 1);
  ALTER TABLE z.t ALTER b SET DEFAULT z.of_row(NULL);
  COMMENT ON CONSTRAINT whole ON z.t IS 'in a circle';
  -- A domain's check over the domain, and one that never looked at old values.
  CREATE DOMAIN z.d AS int;
  CREATE FUNCTION z.of_domain(z.d) RETURNS bool LANGUAGE sql AS 'SELECT true';
  ALTER DOMAIN z.d ADD CONSTRAINT self CHECK (z.of_domain(VALUE));
  ALTER DOMAIN z.d ADD CONSTRAINT later CHECK (VALUE > 0) NOT VALID;
  COMMENT ON CONSTRAINT self ON DOMAIN z.d IS 'in a circle';
  -- A view that calls a function over its own row type.
  CREATE VIEW z.v AS SELECT 1 AS a, 'x'::text COLLATE "C" AS b;
  CREATE FUNCTION z.of_view(z.v) RETURNS int LANGUAGE sql AS 'SELECT 1';
  CREATE OR REPLACE VIEW z.v WITH (security_barrier) AS
    SELECT q.a, q.b COLLATE "C" AS b FROM (SELECT 1 AS a, 'x'::text AS b) q WHERE z.of_view(NULL) = 1;
  COMMENT ON COLUMN z.v.a IS 'in a circle';
  -- A base type and its functions; a range and its canonical function; a shell that nobody filled.
  CREATE TYPE z.base;
  CREATE FUNCTION z.base_in(cstring) RETURNS z.base LANGUAGE internal IMMUTABLE STRICT AS 'int4in';
  CREATE FUNCTION z.base_out(z.base) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'int4out';
  CREATE TYPE z.base (INPUT = z.base_in, OUTPUT = z.base_out, LIKE = int4, CATEGORY = 'N', DEFAULT = '7');
  CREATE TABLE z.of_base (x z.base, y z.base[] DEFAULT '{1,2}');
  CREATE TYPE z.shell;
  CREATE TYPE z.range;
  CREATE FUNCTION z.canonical(z.range) RETURNS z.range LANGUAGE internal IMMUTABLE STRICT AS 'int4range_canonical';
  CREATE FUNCTION z.difference(int, int) RETURNS float8 LANGUAGE sql IMMUTABLE AS 'SELECT ($1 - $2)::float8';
  CREATE TYPE z.range AS RANGE (SUBTYPE = int4, CANONICAL = z.canonical, SUBTYPE_DIFF = z.difference);
  CREATE TABLE z.of_range (r z.range DEFAULT z.range(1, 2));
  -- Views that need a primary key, which is only there after the data.
  CREATE TABLE z.pk (id int PRIMARY KEY, n text);
  CREATE VIEW z.grouped AS SELECT id, n, count(*) AS c FROM z.pk GROUP BY id;
  CREATE MATERIALIZED VIEW z.filled AS SELECT id, n FROM z.pk GROUP BY id;
  CREATE VIEW z.over AS SELECT * FROM z.filled;
  CREATE MATERIALIZED VIEW z.again AS SELECT * FROM z.over;
  CREATE INDEX ON z.again (n);
  CREATE FUNCTION z.of_grouped(z.grouped) RETURNS int LANGUAGE sql AS 'SELECT 1';
  CREATE TABLE z.takes_grouped (g z.grouped);
  -- What every new database has, but not this one.
  DROP SCHEMA public;
  DROP EXTENSION plpgsql;
`;

/** Children whose columns are not where INHERITS would put them. */
const REORDERED = `
  CREATE SCHEMA i;
  CREATE TABLE i.p (a int NOT NULL DEFAULT 5, b text);
  CREATE TABLE i.c (x int, y int) INHERITS (i.p);
  ALTER TABLE i.p ADD COLUMN z text COLLATE "C" DEFAULT 'q';
  ALTER TABLE i.c ADD COLUMN w int GENERATED ALWAYS AS (a * 2) STORED;
  ALTER TABLE i.p ADD COLUMN zz int CHECK (zz > 3);
  ALTER TABLE i.p DROP COLUMN b;
  ALTER TABLE i.p ADD COLUMN nn int NOT NULL DEFAULT 3;
  CREATE TABLE i.joined (q int, a int NOT NULL, nn int NOT NULL, z text COLLATE "C", zz int CONSTRAINT p_zz_check CHECK (zz > 3));
  ALTER TABLE i.joined INHERIT i.p;
  CREATE TABLE i.p2 (a int, m int, b text);
  CREATE TABLE i.two (k int) INHERITS (i.p, i.p2);
  CREATE TABLE i.grandchild (g int) INHERITS (i.c);
  ALTER TABLE i.p2 ADD COLUMN late int NOT NULL DEFAULT 1;
  ALTER TABLE i.c ALTER z DROP DEFAULT, ALTER zz SET DEFAULT 88, ALTER x SET NOT NULL;
  ALTER TABLE i.two ALTER m SET NOT NULL;
`;

/** Where columns stand and which of them are inherited: pg_dump does not show it. */
const COLUMNS = `SELECT c.oid::regclass::text AS relation, string_agg(concat_ws(' ', a.attname, a.attislocal, a.attinhcount,
    a.attnotnull, format_type(a.atttypid, a.atttypmod)), ', ' ORDER BY a.attnum) AS columns
  FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  WHERE c.oid >= 16384 AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
  GROUP BY c.oid ORDER BY c.oid::regclass::text COLLATE "C"`;

/** Keys whose indexes cannot be attached to their parents', under names of the user's own. */
const WITHOUT_OVERLAPS = `
  CREATE TABLE ov (id int, v daterange, PRIMARY KEY (id, v WITHOUT OVERLAPS)) PARTITION BY LIST (id);
  CREATE TABLE ov1 PARTITION OF ov FOR VALUES IN (1, 2) PARTITION BY LIST (id);
  CREATE TABLE ov11 PARTITION OF ov1 FOR VALUES IN (1);
  ALTER TABLE ov11 RENAME CONSTRAINT ov11_pkey TO "its ""own'";
  COMMENT ON CONSTRAINT "its ""own'" ON ov11 IS 'of a partition';
`;

const CONSTRAINTS = `SELECT k.conrelid::regclass::text AS relation, k.conname, k.conislocal, k.coninhcount, k.convalidated,
    pg_get_constraintdef(k.oid) AS definition, obj_description(k.oid, 'pg_constraint') AS comment,
    (SELECT p.conname FROM pg_constraint AS p WHERE p.oid = k.conparentid) AS parent
  FROM pg_constraint AS k WHERE k.oid >= 16384 ORDER BY 1, 2`;

const EXTENSIONS = `SELECT e.extname, e.extversion, obj_description(e.oid, 'pg_extension') AS comment
  FROM pg_extension AS e ORDER BY 1`;

async function definition(url: string): Promise<string> {
  const name = decodeURIComponent(new URL(url).pathname.slice(1));
  return (await (await pgTools()).comparableDump(url, ['--schema-only', '--create'])).replaceAll(
    name,
    'DATABASE',
  );
}

function bodies(entries: readonly CatalogEntry[]): string {
  const statements = ({ sql, secret = '' }: EntryBody): readonly string[] => [...sql, secret];
  return entries.flatMap((entry) => statements(entry.body as unknown as EntryBody)).join('\n');
}

for (const version of VERSIONS) {
  describe(`PostgreSQL ${version} catalog, against the grain`, () => {
    let server: RunningPostgres;
    before(async () => {
      server = await startPostgres({
        version,
        roles: [
          { name: 'dbimg_plain', password: 'plain' },
          { name: 'dbimg_secret', password: 'open sesame' },
        ],
      });
    });
    after(() => server.stop());

    for (const [what, sql] of [
      ['objects that need each other', CIRCLES],
      ['inherited tables with their columns where they are', REORDERED],
    ] as const) {
      it(`carries ${what}`, async () => {
        await using source = await createDatabase(server);
        await using target = await createDatabase(server);
        await query(source.url, sql);
        const { entries, omissions } = await readCatalog(source.url);
        await applyCatalog(target.url, entries, Math.random);
        assertSameText(await definition(target.url), await definition(source.url));
        assert.deepEqual(await query(target.url, COLUMNS), await query(source.url, COLUMNS));
        assert.deepEqual(omissions, []);
      });
    }

    it('carries what pg_dump itself would lose', async () => {
      await using source = await createDatabase(server);
      await using target = await createDatabase(server);
      await runSqlFile(source.url, new URL('../postgres-fixtures/beyond-pg-dump.sql', import.meta.url));
      if (version >= 18) await query(source.url, WITHOUT_OVERLAPS);
      const { entries, omissions } = await readCatalog(source.url);
      await applyCatalog(target.url, entries, Math.random);
      for (const sql of [COLUMNS, CONSTRAINTS, EXTENSIONS]) {
        assert.deepEqual(await query(target.url, sql), await query(source.url, sql));
      }
      assert.deepEqual(omissions, []);
    });

    it('leaves out what was not selected and what cannot be without it', async () => {
      await using source = await createDatabase(server);
      await using target = await createDatabase(server);
      await query(
        source.url,
        `CREATE TABLE a (id serial PRIMARY KEY);
         CREATE TABLE b (id int PRIMARY KEY REFERENCES a, n int DEFAULT 3);
         CREATE VIEW va AS SELECT * FROM a; CREATE VIEW vva AS SELECT * FROM va; CREATE VIEW vb AS SELECT * FROM b;
         CREATE FUNCTION fa(a) RETURNS int LANGUAGE sql AS 'SELECT 1';
         CREATE TABLE parted (k int) PARTITION BY LIST (k); CREATE TABLE part1 PARTITION OF parted FOR VALUES IN (1);`,
      );
      const unwanted = new Set(['a', 'parted']);
      const { entries, omissions } = await readCatalog(source.url, {
        selects: ([, , name]) => !unwanted.has(name ?? ''),
      });
      await applyCatalog(target.url, entries, Math.random);
      const relations = await query<{ name: string }>(
        target.url,
        `SELECT relname AS name FROM pg_class WHERE oid >= 16384 AND relkind IN ('r', 'v', 'S', 'p', 'i') ORDER BY relname`,
      );
      assert.deepEqual(
        relations.filter(({ name }) => !name.startsWith('pg_toast')).map(({ name }) => name),
        ['b', 'b_pkey', 'part1', 'vb'],
      );
      const left = await query(target.url, `SELECT 1 FROM pg_constraint WHERE contype = 'f'`);
      assert.deepEqual(left, []);
      assert.deepEqual(omissions, []);
    });

    it('marks secrets and leaves them out when told to', async () => {
      await using source = await createDatabase(server);
      await query(
        source.url,
        `CREATE TABLE t (a int); ALTER TABLE t OWNER TO dbimg_secret; CREATE EXTENSION postgres_fdw;
         CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'h');
         CREATE USER MAPPING FOR dbimg_secret SERVER far OPTIONS (user 'u', password 'hush');`,
      );
      const full = (await readCatalog(source.url)).entries;
      const secrets = full.filter((entry) => entry.traits?.includes('secret'));
      assert.deepEqual(secrets.map((entry) => entry.kind).sort(), ['role', 'user-mapping']);
      assert.match(bodies(secrets), /SCRAM-SHA-256|md5/);
      assert.match(bodies(secrets), /hush/);
      const few = (await readCatalog(source.url, { noSecrets: true })).entries;
      assert.equal(few.length, full.length);
      assert.doesNotMatch(bodies(few), /SCRAM-SHA-256|md5|hush/);
    });

    it('reads as an ordinary user and names what it may not see', async () => {
      await using source = await createDatabase(server, { clause: 'OWNER dbimg_plain' });
      await query(
        source.url,
        `CREATE SEQUENCE hidden; CREATE EXTENSION postgres_fdw;
         CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw;
         CREATE USER MAPPING FOR PUBLIC SERVER far OPTIONS (user 'u');`,
      );
      const plain = databaseUrl(server.url, source.name, { user: 'dbimg_plain', password: 'plain' });
      await query(plain, 'CREATE SCHEMA mine; CREATE TABLE mine.t (id serial PRIMARY KEY)');
      const { entries, omissions } = await readCatalog(plain);
      assert.deepEqual(
        omissions.map((omission) => [omission.kind, omission.object.at(-1)]),
        [
          ['role-password', 'dbimg_plain'],
          ['user-mapping', 'public on far'],
          ['sequence-value', 'hidden'],
        ],
      );
      assert.match(bodies(entries), /CREATE TABLE mine\.t/);
      assert.match(bodies(entries), /setval\('mine\.t_id_seq'/);
    });

    it('names an index whose creation has failed', async () => {
      await using source = await createDatabase(server);
      await query(source.url, 'CREATE TABLE t (a int); INSERT INTO t VALUES (1), (1)');
      await assert.rejects(query(source.url, 'CREATE UNIQUE INDEX CONCURRENTLY broken ON t (a)'));
      const { entries, omissions } = await readCatalog(source.url);
      assert.deepEqual(
        omissions.map((omission) => [omission.kind, omission.object.at(-1)]),
        [['index', 'broken']],
      );
      assert.doesNotMatch(bodies(entries), /broken/);
    });

    it('names a disabled foreign key', async () => {
      await using source = await createDatabase(server);
      await query(
        source.url,
        `CREATE TABLE t (a int PRIMARY KEY, b int CONSTRAINT off REFERENCES t); ALTER TABLE t DISABLE TRIGGER ALL`,
      );
      const { omissions } = await readCatalog(source.url);
      assert.deepEqual(
        omissions.map((omission) => omission.kind),
        ['disabled foreign key'],
      );
    });
  });
}
