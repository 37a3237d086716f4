-- PostgreSQL 14: multiranges, SQL-standard bodies, compression, statistics on expressions, infinity in numeric, subscripts.
CREATE TYPE types.named_multirange AS RANGE (subtype = timestamptz, multirange_type_name = types."Odd multi");
COMMENT ON TYPE types.named_multirange IS 'its multirange has a name';
CREATE TABLE vals.multiranges (i int4multirange, n nummultirange, t tstzmultirange, own types.float_span_multirange, named types."Odd multi", l int4multirange[]);
INSERT INTO vals.multiranges VALUES ('{}', '{}', '{}', '{}', '{}', '{}'), ('{[1,3),[5,8)}', '{(,1],[2.50,)}', '{["2024-01-01 00:00:00+00",infinity]}', '{[1,2],(3,Infinity]}', '{(,)}', ARRAY['{[1,2)}'::int4multirange, NULL]), (NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO vals.numbers (n) VALUES ('Infinity'), ('-Infinity');
CREATE TABLE rel.compressed (lz text COMPRESSION pglz, dflt text);
INSERT INTO rel.compressed VALUES (repeat('a', 100000), repeat('b', 100000));
CREATE FUNCTION fn.standard_body(a integer, b integer DEFAULT 2) RETURNS integer LANGUAGE sql IMMUTABLE RETURN a + b;
CREATE FUNCTION fn.standard_atomic() RETURNS SETOF rel.plain LANGUAGE sql BEGIN ATOMIC SELECT * FROM rel.plain WHERE id < fn.standard_body(1); SELECT p.* FROM rel.plain p ORDER BY p.id; END;
CREATE PROCEDURE fn.standard_procedure(IN "Odd in" text, OUT n integer) LANGUAGE sql BEGIN ATOMIC INSERT INTO vw.log (what) VALUES ("Odd in"); SELECT count(*)::integer FROM vw.totals; END;
CREATE VIEW vw.uses_standard_body AS SELECT s.id FROM fn.standard_atomic() AS s;
CREATE STATISTICS idx.on_expressions ON (a + b), lower(c), d FROM idx.statistics;
CREATE STATISTICS idx.one_expression ON (a % 10) FROM idx.statistics;
CREATE TABLE part.detachable (a integer) PARTITION BY RANGE (a);
