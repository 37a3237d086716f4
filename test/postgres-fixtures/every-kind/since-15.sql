-- PostgreSQL 15: NULLS NOT DISTINCT, column lists of SET NULL, security invoker, publications of schemas, rows and columns.
CREATE TABLE con.nulls_equal (a integer, b integer, CONSTRAINT once UNIQUE NULLS NOT DISTINCT (a, b));
CREATE UNIQUE INDEX nulls_equal_index ON con.nulls_equal (b) NULLS NOT DISTINCT;
INSERT INTO con.nulls_equal VALUES (NULL, 1), (1, NULL);
CREATE TABLE con.set_some_null (a integer, b integer, FOREIGN KEY (a, b) REFERENCES con.parent (a, b) ON DELETE SET NULL (b));
CREATE TABLE con.set_some_default (a integer, b integer DEFAULT 100, FOREIGN KEY (a, b) REFERENCES con.parent (a, b) ON DELETE SET DEFAULT (b));
CREATE VIEW vw.as_invoker WITH (security_invoker = true, security_barrier) AS SELECT id FROM rel.plain;
CREATE UNLOGGED SEQUENCE rel.unlogged_sequence;
SELECT nextval('rel.unlogged_sequence');
CREATE PUBLICATION dbimg_schemas FOR TABLES IN SCHEMA rel, "Odd Schema";
CREATE PUBLICATION dbimg_filtered FOR TABLE rel.plain (id, name) WHERE (id > 3 AND name <> 'it''s'), rel.no_rows;
CREATE COLLATION types.icu_rules_base (provider = icu, locale = 'de-u-co-phonebk');
CREATE TABLE rel.unlogged_with_identity (id integer GENERATED ALWAYS AS IDENTITY);
