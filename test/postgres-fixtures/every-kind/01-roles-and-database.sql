-- Roles that own and grant, what belongs to the database itself, and schemas with their default privileges.
-- Roles are shared by all databases of a server: several tests may load this at once, so they are only made if missing.
DO $$
BEGIN
  CREATE ROLE dbimg_owner NOLOGIN CREATEDB;
  COMMENT ON ROLE dbimg_owner IS 'owns most of it';
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$;
DO $$
BEGIN
  CREATE ROLE dbimg_grantor NOLOGIN NOINHERIT;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$;
DO $$
BEGIN
  CREATE ROLE dbimg_writer LOGIN CONNECTION LIMIT 3 PASSWORD 'wörter''\' VALID UNTIL '2099-12-31 23:59:59+00' ROLE dbimg_owner;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$;
DO $$
BEGIN
  CREATE ROLE dbimg_reader NOLOGIN IN ROLE pg_read_all_stats ADMIN dbimg_grantor;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$;
DO $$
BEGIN
  CREATE ROLE "dbimg Odd ""rôle"" 🐘" NOLOGIN BYPASSRLS;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$;

DO $$
DECLARE
  db text := quote_ident(current_database());
BEGIN
  EXECUTE 'COMMENT ON DATABASE ' || db || ' IS ' || quote_literal(E'the fixture: it''s "every"\nkind \\ 🐘');
  EXECUTE 'ALTER DATABASE ' || db || ' OWNER TO dbimg_owner';
  EXECUTE 'ALTER DATABASE ' || db || ' CONNECTION LIMIT 77';
  EXECUTE 'ALTER DATABASE ' || db || ' SET work_mem = ''5MB''';
  EXECUTE 'ALTER DATABASE ' || db || ' SET search_path = public, "Odd Schema", fn';
  EXECUTE 'ALTER DATABASE ' || db || ' SET dbimg.note = ''it''''s a "custom" setting, with comma''';
  EXECUTE 'ALTER DATABASE ' || db || ' SET "DateStyle" = ''German, DMY''';
  EXECUTE 'ALTER DATABASE ' || db || ' SET "TimeZone" = ''Asia/Kathmandu''';
  EXECUTE 'ALTER DATABASE ' || db || ' SET "IntervalStyle" = ''sql_standard''';
  EXECUTE 'ALTER DATABASE ' || db || ' SET extra_float_digits = ''-15''';
  EXECUTE 'ALTER DATABASE ' || db || ' SET bytea_output = ''escape''';
  EXECUTE 'ALTER DATABASE ' || db || ' SET statement_timeout = ''90min''';
  EXECUTE 'ALTER ROLE dbimg_reader IN DATABASE ' || db || ' SET statement_timeout = ''33s''';
  EXECUTE 'ALTER ROLE "dbimg Odd ""rôle"" 🐘" IN DATABASE ' || db || ' SET temp_tablespaces = ''''';
  EXECUTE 'REVOKE ALL ON DATABASE ' || db || ' FROM PUBLIC';
  EXECUTE 'GRANT CONNECT ON DATABASE ' || db || ' TO dbimg_reader WITH GRANT OPTION';
  EXECUTE 'GRANT CREATE, TEMPORARY ON DATABASE ' || db || ' TO dbimg_writer, "dbimg Odd ""rôle"" 🐘"';
END $$;

-- The settings above mangle what a careless reader prints; this session shall write plainly.
SET datestyle = 'ISO, MDY';
SET timezone = 'UTC';
SET intervalstyle = 'postgres';
SET search_path = public;

COMMENT ON SCHEMA public IS 'a public schema with a comment of its own';
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT CREATE ON SCHEMA public TO dbimg_writer WITH GRANT OPTION;

CREATE SCHEMA types AUTHORIZATION dbimg_owner;
CREATE SCHEMA fn;
CREATE SCHEMA rel AUTHORIZATION dbimg_owner;
CREATE SCHEMA part;
CREATE SCHEMA inh;
CREATE SCHEMA con;
CREATE SCHEMA idx;
CREATE SCHEMA vw;
CREATE SCHEMA trg;
CREATE SCHEMA search;
CREATE SCHEMA ext;
CREATE SCHEMA ext_seed;
CREATE SCHEMA far;
CREATE SCHEMA vals;
CREATE SCHEMA acl;
CREATE SCHEMA empty;
CREATE SCHEMA "Odd Schema" AUTHORIZATION "dbimg Odd ""rôle"" 🐘";
COMMENT ON SCHEMA types IS '';
COMMENT ON SCHEMA rel IS 'tables and sequences';
COMMENT ON SCHEMA "Odd Schema" IS E'newline\nand\ttab and \\. and $$ and ''quotes''';
GRANT USAGE ON SCHEMA rel, types, fn, acl TO PUBLIC;
GRANT USAGE, CREATE ON SCHEMA rel TO dbimg_grantor WITH GRANT OPTION;
REVOKE ALL ON SCHEMA rel FROM dbimg_owner;
GRANT CREATE ON SCHEMA rel TO dbimg_owner;

ALTER DEFAULT PRIVILEGES FOR ROLE dbimg_owner IN SCHEMA acl GRANT SELECT ON TABLES TO dbimg_reader;
ALTER DEFAULT PRIVILEGES FOR ROLE dbimg_owner IN SCHEMA acl GRANT INSERT, UPDATE ON TABLES TO dbimg_writer WITH GRANT OPTION;
ALTER DEFAULT PRIVILEGES FOR ROLE dbimg_owner IN SCHEMA acl GRANT USAGE ON SEQUENCES TO PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE dbimg_writer REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE dbimg_writer REVOKE USAGE ON TYPES FROM PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE "dbimg Odd ""rôle"" 🐘" GRANT USAGE ON SCHEMAS TO dbimg_reader;
ALTER DEFAULT PRIVILEGES FOR ROLE "dbimg Odd ""rôle"" 🐘" REVOKE ALL ON TABLES FROM "dbimg Odd ""rôle"" 🐘";
