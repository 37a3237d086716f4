-- Types: collations, enums, composites, domains, ranges, base and shell types, and what they say about themselves.
CREATE COLLATION types.icu_swedish (provider = icu, locale = 'sv-SE');
CREATE COLLATION types.no_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE COLLATION types.libc_c (provider = libc, locale = 'C');
CREATE COLLATION types.split_libc (provider = libc, lc_collate = 'C', lc_ctype = 'POSIX');
COMMENT ON COLLATION types.no_case IS 'letters are equal whatever their case';
ALTER COLLATION types.icu_swedish OWNER TO dbimg_owner;

CREATE TYPE types.mood AS ENUM ('sad', 'ok', 'happy');
CREATE TYPE types.odd_enum AS ENUM ('', ' ', 'it''s', 'a "quoted" one', 'back\slash', E'new\nline', 'null', 'NULL', '🐘',
  '{curly, brace}', '(paren)', 'comma,', E'tab\t', '63-bytes-63-bytes-63-bytes-63-bytes-63-bytes-63-bytes-63-bytes-');
CREATE TYPE types.no_labels AS ENUM ();
ALTER TYPE types.mood ADD VALUE 'meh' BEFORE 'ok';
ALTER TYPE types.mood ADD VALUE 'ecstatic' AFTER 'happy';
ALTER TYPE types.mood ADD VALUE 'so-so' AFTER 'meh';
ALTER TYPE types.mood RENAME VALUE 'sad' TO 'SAD';
ALTER TYPE types.mood OWNER TO dbimg_owner;
COMMENT ON TYPE types.mood IS 'how one feels';

CREATE TYPE types.pair AS (x integer, y text COLLATE "C");
CREATE TYPE types.nested AS (p types.pair, ps types.pair[], m types.mood, "odd ""column""" numeric(8,3));
CREATE TYPE types.no_fields AS ();
CREATE TYPE types.lost_field AS (a integer, gone integer, c text);
ALTER TYPE types.lost_field DROP ATTRIBUTE gone;
ALTER TYPE types.lost_field ADD ATTRIBUTE d timestamptz;
COMMENT ON TYPE types.pair IS 'two things';
COMMENT ON COLUMN types.pair.y IS 'the second thing';
COMMENT ON COLUMN types.nested."odd ""column""" IS 'odd';
ALTER TYPE types.nested OWNER TO dbimg_owner;

CREATE DOMAIN types.positive AS integer CONSTRAINT is_positive CHECK (VALUE > 0);
CREATE DOMAIN types.small_positive AS types.positive DEFAULT 7 CHECK (VALUE < 1000);
CREATE DOMAIN types.must AS text COLLATE "C" DEFAULT 'it''s' NOT NULL;
CREATE DOMAIN types.email AS varchar(120) CHECK (VALUE ~ '^[^@]+@[^@]+$') CONSTRAINT "Odd ""check""" CHECK (length(VALUE) > 3);
CREATE DOMAIN types.pairs AS types.pair CHECK (VALUE IS NULL OR (VALUE).x > 0);
CREATE DOMAIN types.int_list AS integer[] CHECK (array_length(VALUE, 1) < 100);
CREATE DOMAIN types.grid AS types.small_positive[];
CREATE DOMAIN types.good_mood AS types.mood DEFAULT 'ok' CHECK (VALUE <> 'SAD');
CREATE DOMAIN types.money_amount AS numeric(12, 2);
ALTER DOMAIN types.money_amount ADD CONSTRAINT not_checked_yet CHECK (VALUE >= 0) NOT VALID;
COMMENT ON DOMAIN types.positive IS 'above zero';
COMMENT ON CONSTRAINT is_positive ON DOMAIN types.positive IS 'zero is not positive';
ALTER DOMAIN types.email OWNER TO dbimg_owner;
GRANT USAGE ON TYPE types.email TO dbimg_reader WITH GRANT OPTION;
REVOKE USAGE ON TYPE types.positive FROM PUBLIC;

CREATE FUNCTION types.float_distance(double precision, double precision) RETURNS double precision
  LANGUAGE sql IMMUTABLE STRICT AS 'SELECT $1 - $2';
CREATE TYPE types.float_span AS RANGE (subtype = double precision, subtype_diff = types.float_distance);
CREATE TYPE types.c_text_range AS RANGE (subtype = text, collation = "C");
CREATE TYPE types.mood_range AS RANGE (subtype = types.mood);
CREATE TYPE types.inet_range AS RANGE (subtype = inet, subtype_opclass = inet_ops);
COMMENT ON TYPE types.float_span IS 'a span of floats';

-- A range with a canonical function: the function needs the type, the type needs the function.
CREATE TYPE types.even_range;
CREATE FUNCTION types.even_canonical(types.even_range) RETURNS types.even_range
  LANGUAGE internal IMMUTABLE STRICT AS 'int4range_canonical';
CREATE TYPE types.even_range AS RANGE (subtype = integer, canonical = types.even_canonical, subtype_diff = int4range_subdiff);

-- A base type on the C functions of bigint, with its own text input.
CREATE TYPE types.big;
CREATE FUNCTION types.big_in(cstring) RETURNS types.big LANGUAGE internal IMMUTABLE STRICT AS 'int8in';
CREATE FUNCTION types.big_out(types.big) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'int8out';
CREATE FUNCTION types.big_recv(internal) RETURNS types.big LANGUAGE internal IMMUTABLE STRICT AS 'int8recv';
CREATE FUNCTION types.big_send(types.big) RETURNS bytea LANGUAGE internal IMMUTABLE STRICT AS 'int8send';
CREATE TYPE types.big (
  INPUT = types.big_in, OUTPUT = types.big_out, RECEIVE = types.big_recv, SEND = types.big_send,
  INTERNALLENGTH = 8, PASSEDBYVALUE, ALIGNMENT = double, STORAGE = plain, CATEGORY = 'N', DEFAULT = '42', DELIMITER = ';'
);
COMMENT ON TYPE types.big IS 'bigint in disguise';
CREATE TYPE types.label;
CREATE FUNCTION types.label_in(cstring) RETURNS types.label LANGUAGE internal IMMUTABLE STRICT AS 'textin';
CREATE FUNCTION types.label_out(types.label) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'textout';
CREATE TYPE types.label (INPUT = types.label_in, OUTPUT = types.label_out, LIKE = text, PREFERRED = false, COLLATABLE = true);
CREATE TYPE types.only_a_shell;
