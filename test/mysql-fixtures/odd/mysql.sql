SET NAMES utf8mb4;
SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES';
CREATE TABLE invisible_key (a int, KEY (a));
CREATE TABLE generated_key (my_row_id bigint unsigned NOT NULL AUTO_INCREMENT INVISIBLE, v int, PRIMARY KEY (my_row_id));
INSERT INTO generated_key (v) VALUES (1), (2);
SET sql_generate_invisible_primary_key = 1;
CREATE TABLE made_key (v int);
INSERT INTO made_key VALUES (1), (2);
SET sql_generate_invisible_primary_key = 0;
CREATE TABLE functional (id int PRIMARY KEY, a varchar(20), j json, KEY `fun,(` ((LOWER(a)), (id + 1) DESC, a), UNIQUE KEY ((a COLLATE utf8mb4_bin)), KEY ((CAST(j->>'$.x' AS CHAR(10)))), CHECK (a <> 'it''s (\\'));
INSERT INTO functional VALUES (1, 'A', '{"x": "y"}'), (2, NULL, NULL);
CREATE TABLE defaults (
  id binary(16) DEFAULT (UUID_TO_BIN(UUID())) PRIMARY KEY, j json DEFAULT ('[1, "it\'s"]'), b blob DEFAULT (x'00FF5C27'), t text DEFAULT (CONCAT('a', '\\', 'ü')), p point DEFAULT (POINT(1, 2)), d date DEFAULT (CURDATE() + INTERVAL 1 DAY),
  bits bit(9) DEFAULT b'101010101', bin binary(3) DEFAULT 'a\0b', vb varbinary(5) DEFAULT x'FF00', f float DEFAULT 1.5e10, dec_ decimal(20,10) DEFAULT -0.0000000001
);
INSERT INTO defaults (id, d) VALUES (x'00', '2026-01-01');
CREATE TABLE archive (id int NOT NULL AUTO_INCREMENT, v json, b blob, PRIMARY KEY (id)) ENGINE = ARCHIVE;
INSERT INTO archive VALUES (1, '{"a": 1}', x'00'), (7, NULL, NULL);
CREATE TABLE hole (id int PRIMARY KEY, v text) ENGINE = BLACKHOLE;
CREATE TABLE checked_lax (id int PRIMARY KEY, CONSTRAINT `c``k` CHECK (id > 0) NOT ENFORCED);
CREATE TABLE srid_point (p point NOT NULL SRID 4326 INVISIBLE, id int PRIMARY KEY, g geometrycollection SRID 0, SPATIAL KEY (p) INVISIBLE);
INSERT INTO srid_point (p, id, g) VALUES (ST_GeomFromText('POINT(-90 180)', 4326), 1, ST_GeomFromText('GEOMETRYCOLLECTION(POINT(1 1))', 0));
CREATE TABLE many_valued (id int PRIMARY KEY, j json, KEY s ((CAST(j->'$.s' AS CHAR(10) ARRAY)), id), KEY d ((CAST(j->'$.d' AS DATE ARRAY))), UNIQUE KEY u ((CAST(j->'$.u' AS UNSIGNED ARRAY))));
INSERT INTO many_valued VALUES (1, JSON_OBJECT('s', JSON_ARRAY('it''s', 'ü'), 'd', JSON_ARRAY(DATE'2026-01-01'), 'u', JSON_ARRAY(1, 2))), (2, '{"u": [3]}');
CREATE TABLE by_expression (id int NOT NULL, s varchar(10) NOT NULL, PRIMARY KEY (id, s)) PARTITION BY RANGE (id) SUBPARTITION BY KEY ALGORITHM = 2 (s) SUBPARTITIONS 2 (PARTITION p0 VALUES LESS THAN (0) ENGINE = InnoDB, PARTITION p1 VALUES LESS THAN MAXVALUE ENGINE = InnoDB);
INSERT INTO by_expression VALUES (-1, 'a'), (1, 'b');
CREATE TABLE vectors_odd (v vector(1) NOT NULL, w vector(16383));
INSERT INTO vectors_odd VALUES (x'0000803F', NULL), (x'5C0A0900', NULL);
CREATE TABLE latin_expression (a varchar(10) CHARACTER SET latin1, g varchar(20) CHARACTER SET latin1 AS (CONCAT(a, _latin1 x'E980')) STORED, KEY (g));
INSERT INTO latin_expression (a) VALUES ('x');
CREATE TABLE emoji_default (a varchar(10) CHARACTER SET utf8mb4 DEFAULT '🐬\'\\', e enum('ü', '\'') CHARACTER SET utf8mb4 DEFAULT 'ü', g varchar(10) CHARACTER SET utf8mb4 AS (CONCAT(a, '🐬')));
INSERT INTO emoji_default (a) VALUES (DEFAULT), ('b');
CREATE TABLE `qualify` (id int PRIMARY KEY, `qualify` int, `manual` int, `parallel` int, `tablesample` int, `lateral` int, `rank` int, `window` int);
CREATE TABLE spatial_default (id int PRIMARY KEY, e double AS (ST_X(POINT(id, 1))) VIRTUAL);
INSERT INTO spatial_default (id) VALUES (1);
ANALYZE TABLE functional UPDATE HISTOGRAM ON a WITH 5 BUCKETS;
