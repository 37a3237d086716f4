-- Names that break quoting: keywords, quotes, newlines, dollars, emoji, 63 bytes, spaces, case, leading digits, comments.
CREATE TABLE "Odd Schema"."select" ("from" integer PRIMARY KEY, "User" text DEFAULT 'x' CHECK ("User" <> '"'), "$1" integer, "1st" integer, " " text, "a.b" text, """" text, "'" text, "--" text, "/*" text, "\" text, "é" text, "ctid " tid, "🐘" jsonb, ":x" text, "%s" text, "{}" text, "line
break" text, "tab	bed" text);
INSERT INTO "Odd Schema"."select" ("from", "User", "🐘", "line
break") VALUES (1, 'one', '{}', E'\n'), (2, 'two', NULL, NULL);
CREATE TABLE "Odd Schema"."123456789012345678901234567890123456789012345678901234567890123" ("aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffggg" serial PRIMARY KEY, "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffggh" integer UNIQUE REFERENCES "Odd Schema"."123456789012345678901234567890123456789012345678901234567890123", CHECK ("aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffggh" > 0));
INSERT INTO "Odd Schema"."123456789012345678901234567890123456789012345678901234567890123" VALUES (DEFAULT, 1), (DEFAULT, NULL);
CREATE TABLE "Odd Schema"."line
break; DROP TABLE x; --" (id integer);
INSERT INTO "Odd Schema"."line
break; DROP TABLE x; --" VALUES (1);
CREATE TABLE "Odd Schema"."""quoted""" (a integer);
CREATE TABLE "Odd Schema"."🐘🐘🐘🐘🐘🐘🐘🐘🐘🐘🐘🐘🐘🐘🐘" ("🐘" integer);
INSERT INTO "Odd Schema"."🐘🐘🐘🐘🐘🐘🐘🐘🐘🐘🐘🐘🐘🐘🐘" SELECT generate_series(1, 10);
CREATE TABLE "Odd Schema"."Case" (a integer);
CREATE TABLE "Odd Schema"."case" (a integer);
CREATE TABLE "Odd Schema"."CASE" (a integer);
CREATE TABLE "Odd Schema"."back\slash" (a integer);
CREATE TABLE "Odd Schema"."dollar$$quote$x$" (a text DEFAULT '$$ $x$ $_$');
CREATE TABLE "Odd Schema"." leading and trailing " (a integer);
CREATE TABLE "Odd Schema"."a.b" ("c.d" integer);
CREATE TABLE "Odd Schema"."pg_class" (a integer);
CREATE TABLE "Odd Schema"."*?[x]" (a integer);
CREATE TABLE "Odd Schema"."%I $1 {0}" (a integer);
CREATE TABLE "Odd Schema"."../../../etc/passwd" (a integer);
CREATE SEQUENCE "Odd Schema"."it's a ""sequence""";
SELECT nextval('"Odd Schema"."it''s a ""sequence"""');
CREATE TABLE "Odd Schema".uses_it (a bigint DEFAULT nextval('"Odd Schema"."it''s a ""sequence"""'));
CREATE TYPE "Odd Schema"."Odd ""type"" 🐘" AS ENUM ('a', 'b');
CREATE TYPE "Odd Schema"."interval" AS ("select" integer, "Two
lines" text);
CREATE DOMAIN "Odd Schema"."integer" AS integer CHECK (VALUE <> 3);
CREATE TABLE "Odd Schema".typed_oddly (a "Odd Schema"."Odd ""type"" 🐘", b "Odd Schema"."interval", c "Odd Schema"."integer", d "Odd Schema"."Odd ""type"" 🐘"[]);
INSERT INTO "Odd Schema".typed_oddly VALUES ('a', ROW(1, 'x'), 4, '{a,b}');
CREATE VIEW "Odd Schema"."view ""of""" AS SELECT "from" AS "order", "🐘" AS "Select" FROM "Odd Schema"."select" AS "table";
CREATE FUNCTION "Odd Schema"."--"() RETURNS text LANGUAGE sql AS $f$ SELECT '/* not a comment */ $$'::text $f$;
CREATE SCHEMA "x; DROP SCHEMA public; --";
CREATE TABLE "x; DROP SCHEMA public; --".t (a integer);
CREATE TABLE public.t (a integer);
CREATE TABLE rel.t (a text);
CREATE TABLE "rel.t" (a date);
INSERT INTO rel.t VALUES ('x');
INSERT INTO "rel.t" VALUES ('2000-01-01');
COMMENT ON TABLE "Odd Schema"."select" IS '';
COMMENT ON COLUMN "Odd Schema"."select"."line
break" IS E'\\.\n-- \\connect x\n';
COMMENT ON TABLE "Odd Schema"."a.b" IS E'trailing backslash \\';
