-- Functions, procedures, aggregates, operators with their classes and families, casts, conversions, transforms.
CREATE FUNCTION fn.plain(a integer, b integer DEFAULT 2, c text DEFAULT 'it''s') RETURNS text
  LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 17 AS $$ SELECT $1::text || b || c $$;
CREATE FUNCTION fn.plain(a text) RETURNS text LANGUAGE sql AS 'SELECT $1';
CREATE FUNCTION fn.plain() RETURNS void LANGUAGE sql AS '';
SET LOCAL check_function_bodies = off;
CREATE FUNCTION fn.later_table() RETURNS bigint LANGUAGE sql STABLE AS 'SELECT count(*) FROM rel.plain';
CREATE FUNCTION fn.never_valid() RETURNS bigint LANGUAGE sql AS 'SELECT no_such_column FROM no_such_table';
SET LOCAL check_function_bodies = on;
CREATE FUNCTION fn.out_params(IN a integer, OUT doubled integer, INOUT b text, OUT "Odd out" types.pair)
  LANGUAGE plpgsql AS $body$
-- a comment line that belongs to the body
BEGIN
  doubled := a * 2;
  b := b || $q$quoted $$ inside$q$;
END
$body$;
CREATE FUNCTION fn.variadic(first text, VARIADIC rest integer[] DEFAULT '{1,2}') RETURNS integer LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION fn.variadic_any(VARIADIC "any") RETURNS integer LANGUAGE internal IMMUTABLE AS 'pg_num_nonnulls';
CREATE FUNCTION fn.as_table(n integer) RETURNS TABLE (id integer, "Label" text) LANGUAGE sql ROWS 3 STRICT
  AS $$ SELECT i, 'x' || i FROM generate_series(1, n) AS i $$;
CREATE FUNCTION fn.setof_pair() RETURNS SETOF types.pair LANGUAGE sql STABLE COST 5 ROWS 99
  AS $$ VALUES (ROW(1, 'a')::types.pair) $$;
CREATE FUNCTION fn.secure() RETURNS text LANGUAGE sql SECURITY DEFINER LEAKPROOF PARALLEL RESTRICTED
  SET search_path = fn, pg_temp SET work_mem = '3MB' SET "DateStyle" = 'ISO, DMY' SET dbimg.note TO 'it''s'
  AS $$ SELECT current_user::text $$;
CREATE FUNCTION fn.from_current() RETURNS integer LANGUAGE sql SET intervalstyle FROM CURRENT AS 'SELECT 1';
CREATE FUNCTION fn.supported(integer) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT SUPPORT textlike_support AS 'int4out';
CREATE FUNCTION fn.poly(anyelement, anyarray) RETURNS anyelement LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION fn.poly_compatible(anycompatible, anycompatiblearray) RETURNS anycompatiblearray LANGUAGE sql AS 'SELECT $2 || $1';
CREATE FUNCTION fn."Odd ""function""; --"("Odd arg" "char", "select" "bit", "interval" interval day to second)
  RETURNS interval LANGUAGE sql AS 'SELECT $3';
CREATE FUNCTION fn.backslashes() RETURNS text LANGUAGE sql AS E'SELECT ''\\\\ \\n it''''s''::text';
CREATE FUNCTION fn.windowed() RETURNS bigint LANGUAGE internal WINDOW AS 'window_row_number';
CREATE FUNCTION fn.trigger_note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
  RETURN NEW;
END $$;
CREATE FUNCTION fn.event_note() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
CREATE FUNCTION fn.crlf() RETURNS integer LANGUAGE plpgsql AS E'BEGIN\r\n\tRETURN 1; -- carriage returns\r\nEND';
CREATE PROCEDURE fn.proc(INOUT a integer, VARIADIC b text[] DEFAULT '{}') LANGUAGE plpgsql AS 'BEGIN a := a + 1; END';
CREATE PROCEDURE fn.proc_config() LANGUAGE sql SECURITY DEFINER SET search_path = '' AS 'SELECT 1';
ALTER FUNCTION fn.secure() OWNER TO dbimg_owner;
ALTER PROCEDURE fn.proc(integer, text[]) OWNER TO dbimg_writer;
REVOKE EXECUTE ON FUNCTION fn.secure() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION fn.secure() TO dbimg_reader WITH GRANT OPTION;
GRANT EXECUTE ON PROCEDURE fn.proc(integer, text[]) TO dbimg_reader;
COMMENT ON FUNCTION fn.plain(integer, integer, text) IS 'plain, but overloaded';
COMMENT ON PROCEDURE fn.proc(integer, text[]) IS 'a procedure';

CREATE AGGREGATE fn.total(integer) (SFUNC = int4pl, STYPE = integer, INITCOND = '0', COMBINEFUNC = int4pl, PARALLEL = SAFE, SSPACE = 64);
CREATE AGGREGATE fn.biggest(bigint) (SFUNC = int8larger, STYPE = bigint, SORTOP = >);
CREATE AGGREGATE fn.moving_sum(double precision) (
  SFUNC = float8pl, STYPE = double precision, INITCOND = '0',
  MSFUNC = float8pl, MINVFUNC = float8mi, MSTYPE = double precision, MINITCOND = '0'
);
CREATE AGGREGATE fn.average(numeric) (
  SFUNC = numeric_avg_accum, STYPE = internal, FINALFUNC = numeric_avg, FINALFUNC_MODIFY = READ_ONLY,
  COMBINEFUNC = numeric_avg_combine, SERIALFUNC = numeric_avg_serialize, DESERIALFUNC = numeric_avg_deserialize, PARALLEL = RESTRICTED
);
CREATE FUNCTION fn.append(anyarray, anyelement) RETURNS anyarray LANGUAGE sql IMMUTABLE AS 'SELECT $1 || $2';
CREATE AGGREGATE fn.collect(anyelement) (SFUNC = fn.append, STYPE = anyarray, INITCOND = '{}');
CREATE AGGREGATE fn.percentile(double precision ORDER BY double precision) (
  SFUNC = ordered_set_transition, STYPE = internal, FINALFUNC = percentile_cont_float8_final, FINALFUNC_EXTRA = false
);
CREATE AGGREGATE fn.hypothetical(VARIADIC "any" ORDER BY VARIADIC "any") (
  SFUNC = ordered_set_transition_multi, STYPE = internal, FINALFUNC = rank_final, FINALFUNC_EXTRA, HYPOTHETICAL
);
CREATE AGGREGATE fn.row_count(*) (SFUNC = int8inc, STYPE = bigint, INITCOND = '0');
ALTER AGGREGATE fn.total(integer) OWNER TO dbimg_owner;
COMMENT ON AGGREGATE fn.row_count(*) IS 'counts';
COMMENT ON AGGREGATE fn.percentile(double precision ORDER BY double precision) IS 'ordered set';
GRANT EXECUTE ON FUNCTION fn.total(integer) TO dbimg_reader;

-- Operators: commutators and negators that name one another, a class for types.big, families with loose members.
CREATE FUNCTION fn.big_lt(types.big, types.big) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT AS 'int8lt';
CREATE FUNCTION fn.big_le(types.big, types.big) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT AS 'int8le';
CREATE FUNCTION fn.big_eq(types.big, types.big) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT AS 'int8eq';
CREATE FUNCTION fn.big_ne(types.big, types.big) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT AS 'int8ne';
CREATE FUNCTION fn.big_ge(types.big, types.big) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT AS 'int8ge';
CREATE FUNCTION fn.big_gt(types.big, types.big) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT AS 'int8gt';
CREATE FUNCTION fn.big_cmp(types.big, types.big) RETURNS integer LANGUAGE internal IMMUTABLE STRICT AS 'btint8cmp';
CREATE FUNCTION fn.big_hash(types.big) RETURNS integer LANGUAGE internal IMMUTABLE STRICT AS 'hashint8';
CREATE OPERATOR fn.< (LEFTARG = types.big, RIGHTARG = types.big, FUNCTION = fn.big_lt, COMMUTATOR = OPERATOR(fn.>), NEGATOR = OPERATOR(fn.>=), RESTRICT = scalarltsel, JOIN = scalarltjoinsel);
CREATE OPERATOR fn.<= (LEFTARG = types.big, RIGHTARG = types.big, FUNCTION = fn.big_le, COMMUTATOR = OPERATOR(fn.>=), NEGATOR = OPERATOR(fn.>), RESTRICT = scalarlesel, JOIN = scalarlejoinsel);
CREATE OPERATOR fn.= (LEFTARG = types.big, RIGHTARG = types.big, FUNCTION = fn.big_eq, COMMUTATOR = OPERATOR(fn.=), NEGATOR = OPERATOR(fn.<>), RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES);
CREATE OPERATOR fn.<> (LEFTARG = types.big, RIGHTARG = types.big, FUNCTION = fn.big_ne, COMMUTATOR = OPERATOR(fn.<>), NEGATOR = OPERATOR(fn.=), RESTRICT = neqsel, JOIN = neqjoinsel);
CREATE OPERATOR fn.>= (LEFTARG = types.big, RIGHTARG = types.big, FUNCTION = fn.big_ge, COMMUTATOR = OPERATOR(fn.<=), NEGATOR = OPERATOR(fn.<), RESTRICT = scalargesel, JOIN = scalargejoinsel);
CREATE OPERATOR fn.> (LEFTARG = types.big, RIGHTARG = types.big, FUNCTION = fn.big_gt, COMMUTATOR = OPERATOR(fn.<), NEGATOR = OPERATOR(fn.<=), RESTRICT = scalargtsel, JOIN = scalargtjoinsel);
CREATE FUNCTION fn.not_pair(types.pair) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1 IS NULL';
CREATE OPERATOR fn.!!@ (RIGHTARG = types.pair, FUNCTION = fn.not_pair);
COMMENT ON OPERATOR fn.= (types.big, types.big) IS 'equal';
COMMENT ON OPERATOR fn.!!@ (NONE, types.pair) IS 'prefix';
ALTER OPERATOR fn.!!@ (NONE, types.pair) OWNER TO dbimg_owner;
CREATE OPERATOR CLASS fn.big_ops DEFAULT FOR TYPE types.big USING btree AS
  OPERATOR 1 fn.<, OPERATOR 2 fn.<=, OPERATOR 3 fn.=, OPERATOR 4 fn.>=, OPERATOR 5 fn.>, FUNCTION 1 fn.big_cmp(types.big, types.big);
CREATE OPERATOR CLASS fn.big_hash_ops DEFAULT FOR TYPE types.big USING hash AS OPERATOR 1 fn.=, FUNCTION 1 fn.big_hash(types.big);
CREATE OPERATOR FAMILY fn.loose USING btree;
ALTER OPERATOR FAMILY fn.loose USING btree ADD OPERATOR 1 < (integer, bigint), FUNCTION 1 btint48cmp(integer, bigint);
CREATE OPERATOR CLASS fn.int_again FOR TYPE integer USING btree FAMILY fn.loose AS
  OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 btint4cmp(integer, integer);
CREATE OPERATOR FAMILY fn.nothing_in_it USING gist;
COMMENT ON OPERATOR CLASS fn.big_ops USING btree IS 'orders disguised bigints';
COMMENT ON OPERATOR FAMILY fn.loose USING btree IS 'crosses types';
ALTER OPERATOR CLASS fn.big_ops USING btree OWNER TO dbimg_owner;
ALTER OPERATOR FAMILY fn.loose USING btree OWNER TO dbimg_owner;

CREATE CAST (types.big AS bigint) WITHOUT FUNCTION AS IMPLICIT;
CREATE CAST (bigint AS types.big) WITHOUT FUNCTION AS ASSIGNMENT;
CREATE FUNCTION fn.pair_to_text(types.pair) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT ($1).x || ':' || ($1).y $$;
CREATE CAST (types.pair AS text) WITH FUNCTION fn.pair_to_text(types.pair);
CREATE CAST (text AS types.mood) WITH INOUT AS ASSIGNMENT;
CREATE CAST (types.label AS text) WITHOUT FUNCTION;
COMMENT ON CAST (types.pair AS text) IS 'x:y';
CREATE CONVERSION fn.latin FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8;
CREATE DEFAULT CONVERSION "Odd Schema"."Odd conversion" FOR 'UTF8' TO 'LATIN1' FROM utf8_to_iso8859_1;
COMMENT ON CONVERSION fn.latin IS 'to Latin';
ALTER CONVERSION fn.latin OWNER TO dbimg_owner;
CREATE TRANSFORM FOR types.big LANGUAGE sql (FROM SQL WITH FUNCTION varchar_support(internal));
