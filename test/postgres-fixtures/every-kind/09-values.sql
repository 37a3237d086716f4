-- Data: every builtin type and every kind of user-defined one, with the values that break naive tools.
CREATE TABLE vals.numbers (id serial, si smallint, i integer, bi bigint, n numeric, n2 numeric(30, 10), r real, d double precision, m money, b boolean, o oid);
INSERT INTO vals.numbers (si, i, bi, n, n2, r, d, m, b, o) VALUES
  (-32768, -2147483648, -9223372036854775808, 'NaN', 'NaN', 'NaN', 'NaN', '-92233720368547758.08', true, 0),
  (32767, 2147483647, 9223372036854775807, 0.00000000000000000000000000000000000001, 99999999999999999999.9999999999, 'Infinity', '-Infinity', '92233720368547758.07', false, 4294967295),
  (0, 0, 0, 0.000, 0, '-0', '-0', 0, NULL, 1), (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
  (1, 1, 1, 1.10, 1.1, 1e-45, 5e-324, 1, true, 5), (-1, -1, -1, -1, -1, 3.4028235e38, 1.7976931348623157e308, -1, true, 5),
  (7, 7, 7, 1e130, 7, 0.1, 0.30000000000000004, 7.77, true, 5);
INSERT INTO vals.numbers (n) SELECT (repeat('9', 20000) || '.' || repeat('123', 5000))::numeric;
CREATE TABLE vals.texts (id serial, t text, v varchar, v5 varchar(5), c char, c9 char(9), n name, "char" "char", b bytea, bi bit(11), vb bit varying(70));
INSERT INTO vals.texts (t, v, v5, c, c9, n, "char", b, bi, vb) VALUES
  ('', '', '', '', '', '', '', '', B'00000000000', B''), (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
  (E'\\N', '\N', '\.', '\', '\', '\', '\', '\x', B'11111111111', B'1'),
  (E'\\.\n\\.\n', E'a\tb\rc\nd\be\ff\vg', E'\x01\x7f', E'\n', E'trail   ', 'it''s', E'\n', '\x00', B'10101010101', repeat('10', 35)::bit varying),
  ('🐘 ünïcödé ‮ ﷽ e' || U&'\0301' || U&'\FEFF' || U&'\+10FFFF', '中文', 'äöüßÄ', 'ß', 'ß', 'ünï', 'x', '\xff00fe', NULL, NULL),
  ('null', 'NULL', '{}', '"', '""', '()', ',', '\x5c6e', NULL, NULL), ('  leading and trailing  ', E'\r\n', E'\\\\', ' ', ' ', ' ', ' ', '\x0a', NULL, NULL);
UPDATE vals.texts SET "char" = chr(127)::"char" WHERE id = 6;
INSERT INTO vals.texts (b) SELECT decode(string_agg(lpad(to_hex(i), 2, '0'), '' ORDER BY i), 'hex') FROM generate_series(0, 255) AS i;
INSERT INTO vals.texts (t) SELECT string_agg(chr(i), '' ORDER BY i) FROM generate_series(1, 5000) AS i;
INSERT INTO vals.texts (t) SELECT string_agg(md5(i::text), E'\n' ORDER BY i) FROM generate_series(1, 64000) AS i;
INSERT INTO vals.texts (b) SELECT decode(string_agg(md5(i::text), '' ORDER BY i), 'hex') FROM generate_series(1, 190000) AS i;
INSERT INTO vals.texts (t) SELECT repeat('compressible ', 200000);
CREATE TABLE vals.times (id serial, d date, t time, t0 time(0), tz timetz, ts timestamp, ts3 timestamp(3), tstz timestamptz, iv interval, iym interval year to month, is2 interval second(2));
INSERT INTO vals.times (d, t, t0, tz, ts, ts3, tstz, iv, iym, is2) VALUES
  ('infinity', '24:00:00', '24:00:00', '24:00:00-15:59:59', 'infinity', 'infinity', 'infinity', '178000000 years', '178000000 years', '2147483647 seconds'),
  ('-infinity', '00:00:00', '00:00:00', '00:00:00+15:59:59', '-infinity', '-infinity', '-infinity', '-178000000 years', '-1 month', '-0.01 seconds'),
  ('4713-01-01 BC', '23:59:59.999999', '23:59:59', '12:34:56.789012+05:30', '4713-01-01 00:00:00 BC', '4713-01-01 00:00:00 BC', '4713-01-01 00:00:00+00 BC', '1 year -2 mons +3 days -04:05:06.789', '14 months', '59.99'),
  ('5874897-12-31', '12:00', '12:00', '12:00-07', '294276-12-31 23:59:59.999999', '294276-12-31 23:59:59.999', '294276-12-31 23:59:59.999999+00', '0', '0', '0'),
  ('0001-01-01', '00:00:00.000001', '01:00', '01:00+00', '0001-12-31 23:59:59 BC', '1999-12-31 23:59:59.9994', '2024-03-31 02:30:00+01', '1 microsecond', '1 year', '1'),
  (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL), ('2000-02-29', '04:05', '04:05', '04:05 PST', 'epoch', 'epoch', 'epoch', '-1 day +23:59:59', '-178956970 years -8 mons', '0.5');
CREATE TABLE vals.networks (id serial, i inet, c cidr, m macaddr, m8 macaddr8, u uuid, l pg_lsn);
INSERT INTO vals.networks (i, c, m, m8, u, l) VALUES ('0.0.0.0/0', '0.0.0.0/0', '00:00:00:00:00:00', '00:00:00:00:00:00:00:00', '00000000-0000-0000-0000-000000000000', '0/0'),
  ('255.255.255.255/1', '::/0', 'ff:ff:ff:ff:ff:ff', 'ff:ff:ff:ff:ff:ff:ff:ff', 'ffffffff-ffff-ffff-ffff-ffffffffffff', 'FFFFFFFF/FFFFFFFF'),
  ('::ffff:1.2.3.4/96', '2001:db8::/32', '08:00:2b:01:02:03', '08:00:2b:ff:fe:01:02:03', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '16/B374D848'), (NULL, NULL, NULL, NULL, NULL, NULL);
CREATE TABLE vals.shapes (id serial, p point, l line, s lseg, b box, pa path, po polygon, c circle);
INSERT INTO vals.shapes (p, l, s, b, pa, po, c) VALUES ('(0.1,-0)', '{1,-1,0}', '[(0,0),(1,1)]', '(1,1),(0,0)', '[(0,0),(1,1),(2,0)]', '((0,0),(1,1),(2,0))', '<(0,0),1>'),
  ('(Infinity,NaN)', '{0,1,-5.5}', '[(1e300,-1e-300),(1,1)]', '(1,1),(1,1)', '((0,0),(1,1))', '((0,0))', '<(1e10,-1e10),0>'), (NULL, NULL, NULL, NULL, NULL, NULL, NULL);
CREATE TABLE vals.documents (id serial, j json, jb jsonb, jp jsonpath, x xml, v tsvector, q tsquery);
INSERT INTO vals.documents (j, jb, jp, x, v, q) VALUES
  (E'{"b":1, "a" : [1.0, 1e5, null], "b":2,\n "u":"\\u00e9\\ud83d\\udc18"}', '{"b":1,"a":[1.0,1e5,null,{}],"":"\\","n":123456789012345678901234567890.123}', '$.a[*] ? (@ > 1 && @.type() == "x")', '<a b="1">t&amp;<!-- c --></a>', '''it''''s'':1A,3B word:2 x', '''it''''s'' & !(a | b:*AB) <-> c'),
  ('null', 'null', '$', 'just text', '', ''), ('""', '"\t\n"', 'strict $."odd key"[last]', '<?xml version="1.0"?><r/>', 'a:16383', 'a'), (NULL, NULL, NULL, NULL, NULL, NULL), ('[]', '[]', '$[0 to 3]', '', 'x:1,2,3', '!x');
INSERT INTO vals.documents (jb, v) SELECT jsonb_object_agg('key' || i, repeat('v', i % 50)), to_tsvector('simple', string_agg('word' || i, ' ')) FROM generate_series(1, 9000) AS i;
CREATE TABLE vals.ranges (id serial, i4 int4range, i8 int8range, n numrange, t tsrange, tz tstzrange, d daterange, f types.float_span, c types.c_text_range, m types.mood_range, e types.even_range);
INSERT INTO vals.ranges (i4, i8, n, t, tz, d, f, c, m, e) VALUES ('empty', 'empty', 'empty', 'empty', 'empty', 'empty', 'empty', 'empty', 'empty', 'empty'), ('(,)', '(,)', '(,)', '(,)', '(,)', '(,)', '(,)', '(,)', '(,)', '(,)'),
  ('[1,2]', '(1,5)', '(1.10,2.20]', '[-infinity,infinity]', '["2024-01-01 00:00:00+05:30",)', '[2024-01-01,2024-01-31]', '[-Infinity,NaN]', '["a,b","c""d\\"]', '[SAD,happy)', '[1,9]'), (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
  ('[,5)', '[-9223372036854775808,)', '[,0]', '(,2024-01-01)', '(,2024-01-01 00:00:00+00]', '[,infinity]', '(1,1.5)', '["",)', '[ok,ok]', '(,4]');
CREATE TABLE vals.arrays (id serial, i integer[], t text[], grid numeric[][], b bytea[], tz timestamptz[], bo boolean[], f double precision[], j jsonb[], p point[], bx box[], r int4range[], iv int2vector, ov oidvector, n name[], u uuid[], c char(3)[]);
INSERT INTO vals.arrays (i, t, grid, b, tz, bo, f, j, p, bx, r, iv, ov, n, u, c) VALUES
  ('{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '', '', '{}', '{}', '{}'), ('{NULL}', '{NULL,"NULL","",null,"\\","\"","{}",","," "}', '{{1,2},{3,NULL}}', ARRAY['\x00ff'::bytea, ''], '{infinity,NULL}', '{t,f,NULL}', '{NaN,-0,Infinity}', ARRAY['{"a":[1]}'::jsonb, 'null'], ARRAY[point '(1,2)'], ARRAY[box '(1,1),(0,0)', box '(3,3),(2,2)'], ARRAY[int4range 'empty', '[1,3)'], '1 2 3', '4 5', '{pg_class}', '{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}', '{a,"  "}'),
  ('[5:7]={1,2,3}', '[0:1][-1:0]={{a,b},{c,d}}', '[2:2][3:4]={{1,2}}', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL), ('{{{1},{2}},{{3},{4}}}', ARRAY[E'new\nline', E'tab\t', '🐘'], NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO vals.arrays (i) SELECT array_agg(i) FROM generate_series(1, 100000) AS i;
CREATE TABLE vals.own_types (id serial, m types.mood, ms types.mood[], oe types.odd_enum, oes types.odd_enum[], p types.pair, ps types.pair[], ne types.nested, lf types.lost_field, nf types.no_fields, dp types.small_positive, dm types.must, de types.email, dps types.pairs, dl types.int_list, dg types.grid, dgm types.good_mood, big types.big, bigs types.big[], lab types.label, em types.email[]);
INSERT INTO vals.own_types (m, ms, oe, p, ps, ne, lf, nf, dm, de, dps, dl, dg, dgm, big, bigs, lab, em) VALUES
  ('SAD', '{ok,NULL,so-so}', '', ROW(1, 'a'), ARRAY[ROW(1, 'a')::types.pair, NULL, ROW(NULL, NULL)::types.pair], ROW(ROW(1, E'(,")\\ '), ARRAY[ROW(2, NULL)::types.pair], 'happy', 1.234), ROW(1, 'x', '2024-01-01 00:00:00+00'), ROW(), 'must', 'a@b.c', ROW(1, ''), '{1,2}', '{1,2}', 'happy', 9223372036854775807, ARRAY[1::bigint::types.big, 2::bigint::types.big], 'it''s', '{a@b.c}'),
  (NULL, NULL, NULL, ROW(NULL, NULL), '{}', ROW(NULL, NULL, NULL, NULL), ROW(NULL, NULL, NULL), NULL, '', NULL, NULL, '{}', NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO vals.own_types (oe, oes, p, dm) SELECT e, ARRAY[e, NULL, e], ROW(0, e::text)::types.pair, 'x' FROM unnest(enum_range(NULL::types.odd_enum)) AS e;
-- Values that name objects: their binary form is a number that means something else in another database.
CREATE TABLE vals.names_of_objects (c regclass, t regtype, p regproc, pp regprocedure, o regoper, oo regoperator, n regnamespace, r regrole, cf regconfig, d regdictionary, co regcollation, cs regclass[], a aclitem, acls aclitem[]);
INSERT INTO vals.names_of_objects VALUES ('rel.plain', 'types.pair', 'fn.secure', 'fn.plain(text)', 'pg_catalog.||/', 'fn.=(types.big,types.big)', 'rel', 'dbimg_owner', 'search.copied', 'search.simple_dict', 'types.no_case', '{rel.plain,con.tree,0}', makeaclitem('dbimg_reader'::regrole, 'dbimg_owner'::regrole, 'SELECT', true), NULL),
  (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, '{}', NULL, (SELECT relacl FROM pg_class WHERE oid = 'rel.small'::regclass)), (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL), ('pg_class', 'integer', 'pg_sleep', 'pg_sleep(double precision)', NULL, '-(NONE,integer)', 'pg_catalog', 0, 'english', 'simple', '"C"', NULL, NULL, NULL), (4000000000, 4000000000, 4000000000, 4000000000, NULL, NULL, 4000000000, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
CREATE TABLE vals.system_types (x xid, x8 xid8, ci cid, t tid, sn pg_snapshot, ts txid_snapshot, rc refcursor, rcs refcursor[], tids tid[]);
INSERT INTO vals.system_types VALUES ('4294967295', '18446744073709551615', '0', '(4294967295,65535)', '10:20:10,14,15', '10:20:10,14,15', 'cursor "x"', '{a,b}', '{"(0,1)"}'), (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
CREATE TABLE vals.many_nulls AS SELECT i AS id, NULL::integer AS n1, CASE WHEN i % 7 = 0 THEN i END AS n2, NULL::text AS n3 FROM generate_series(1, 3000) AS i;
CREATE TABLE vals.duplicates AS SELECT 'same'::text AS t FROM generate_series(1, 1000);
CREATE TABLE vals.churned (id integer, t text);
INSERT INTO vals.churned SELECT i, repeat('x', 100) FROM generate_series(1, 3000) AS i;
DELETE FROM vals.churned WHERE id % 3 <> 0 OR id > 2700;
UPDATE vals.churned SET t = 'updated' WHERE id % 2 = 0;
