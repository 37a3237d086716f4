-- Privileges on the database and what is in it.
GRANT SELECT, INSERT (id, v), UPDATE (v), REFERENCES (id) ON many_rows TO dbimg_plain@'%';
GRANT SELECT ON a_on_view TO dbimg_reader WITH GRANT OPTION;
GRANT ALL ON `select` TO dbimg_writer;
GRANT SELECT (`it's`) ON `select` TO `dbimg it's`@`%.example.com`;
GRANT EXECUTE ON PROCEDURE with_everything TO dbimg_plain@'%';
GRANT EXECUTE, ALTER ROUTINE ON FUNCTION plus_one TO dbimg_owner@localhost WITH GRANT OPTION;
GRANT TRIGGER, INSERT, SELECT ON no_key TO dbimg_owner@localhost;
GRANT SHOW VIEW, CREATE TEMPORARY TABLES, LOCK TABLES, EVENT, TRIGGER ON * TO dbimg_owner@localhost;
GRANT SELECT ON * TO dbimg_reader;
GRANT ALL ON * TO `dbimg odd role` WITH GRANT OPTION;
