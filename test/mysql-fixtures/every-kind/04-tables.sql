-- Tables: options, engines, generated and invisible columns, keys of every kind, constraints, partitions.
SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES';
SET NAMES utf8mb4;

CREATE TABLE no_rows (id int, note text);
CREATE TABLE no_key (a int, b varchar(10));
INSERT INTO no_key VALUES (1, 'x'), (1, 'x'), (NULL, NULL), (2, 'y');
CREATE TABLE nullable_unique (a int, b int, UNIQUE KEY (a), UNIQUE KEY two (a, b));
INSERT INTO nullable_unique VALUES (1, 1), (NULL, 2), (NULL, 2), (3, NULL);
CREATE TABLE composite_key (a varchar(20) NOT NULL, b int NOT NULL, c datetime NOT NULL, v text, PRIMARY KEY (a, b, c)) DEFAULT CHARSET latin1;
INSERT INTO composite_key VALUES ('a', 1, '2026-01-01', 'x'), ('a', 1, '2026-01-02', 'y'), ('A ', 2, '2026-01-01', 'z'), ('', -1, '1000-01-01', NULL), ('ß', 0, '9999-12-31', '');
CREATE TABLE binary_key (k varbinary(16) NOT NULL PRIMARY KEY, v int);
INSERT INTO binary_key VALUES ('', 0), (0x00, 1), (0x0000, 2), (0xFF, 3), (0x5C, 4), (0x0A, 5);
CREATE TABLE prefix_key (k text NOT NULL, v int, PRIMARY KEY (k(10))) DEFAULT CHARSET utf8mb4;
INSERT INTO prefix_key VALUES ('abcdefghijk', 1), ('b', 2), ('ö', 3);
CREATE TABLE enum_key (k enum('z', 'a', 'm') NOT NULL PRIMARY KEY, v int);
INSERT INTO enum_key VALUES ('z', 1), ('a', 2), ('m', 3);
CREATE TABLE decimal_key (k decimal(30,10) NOT NULL PRIMARY KEY, v int);
INSERT INTO decimal_key VALUES (-1.5, 1), (12345678901234567890.0123456789, 2), (0, 3);
CREATE TABLE unsigned_key (k bigint unsigned NOT NULL PRIMARY KEY, v int);
INSERT INTO unsigned_key VALUES (0, 1), (18446744073709551615, 2), (9223372036854775808, 3), (9007199254740993, 4);

CREATE TABLE all_options (id int PRIMARY KEY, v varchar(100)) ENGINE = InnoDB DEFAULT CHARSET latin1 COLLATE latin1_german1_ci
  AVG_ROW_LENGTH = 50 MIN_ROWS = 10 MAX_ROWS = 1000000 CHECKSUM = 1 PACK_KEYS = 1 DELAY_KEY_WRITE = 1 ROW_FORMAT = DYNAMIC
  STATS_PERSISTENT = 1 STATS_AUTO_RECALC = 0 STATS_SAMPLE_PAGES = 33 COMMENT = 'it''s a "comment" \\ with\nlines 🐬';
INSERT INTO all_options VALUES (1, 'ä');
CREATE TABLE compressed (id int PRIMARY KEY, v text) ROW_FORMAT = COMPRESSED KEY_BLOCK_SIZE = 8;
INSERT INTO compressed VALUES (1, REPEAT('a', 10000));
CREATE TABLE redundant (id int PRIMARY KEY, v text) ROW_FORMAT = REDUNDANT;
INSERT INTO redundant VALUES (1, REPEAT('b', 10000));
CREATE TABLE compact (id int PRIMARY KEY COMMENT 'key', v text COMMENT 'it''s \\ 🐬') ROW_FORMAT = COMPACT;
CREATE TABLE my_isam (id int PRIMARY KEY, v varchar(20), KEY (v)) ENGINE = MyISAM CHECKSUM = 1 DELAY_KEY_WRITE = 1 ROW_FORMAT = FIXED;
INSERT INTO my_isam VALUES (1, 'x'), (2, ''), (3, NULL);
CREATE TABLE in_memory (id int PRIMARY KEY, v varchar(20), KEY by_v (v) USING BTREE) ENGINE = MEMORY;
INSERT INTO in_memory VALUES (1, 'x'), (2, NULL);
CREATE TABLE archived (id int, v varchar(20)) ENGINE = ARCHIVE;
INSERT INTO archived VALUES (1, 'x'), (2, 'y');
CREATE TABLE csv (id int NOT NULL, v varchar(20) NOT NULL) ENGINE = CSV;
INSERT INTO csv VALUES (1, 'a,"b"'), (2, 'line\nend');
CREATE TABLE hole (id int, v varchar(20)) ENGINE = BLACKHOLE;

CREATE TABLE wide (id int PRIMARY KEY, a int, b int, c int, d int, e int, f int, g int, h int, i int, j int, k int, l int, m int, n int, o int, p int, q int, r int);
INSERT INTO wide (id, a, r) VALUES (1, 1, 18), (2, NULL, NULL);

CREATE TABLE computed (
  id int PRIMARY KEY, a int, twice int GENERATED ALWAYS AS (a * 2) VIRTUAL, kept int GENERATED ALWAYS AS (a + 1) STORED, note varchar(20),
  up varchar(20) GENERATED ALWAYS AS (UPPER(note)) STORED, KEY by_twice (twice), UNIQUE KEY by_kept (kept)
);
INSERT INTO computed (id, a, note) VALUES (1, 5, 'x'), (2, NULL, NULL), (3, -1, 'straße');
CREATE TABLE generated_first (g int AS (id + 1) STORED, id int PRIMARY KEY, h int AS (id + 2));
INSERT INTO generated_first (id) VALUES (1), (2);

CREATE TABLE keys_of_all_kinds (
  id int NOT NULL, a int, b varchar(100) NOT NULL, t text, g geometry NOT NULL, c char(36),
  PRIMARY KEY (id), UNIQUE KEY u (b), KEY down (a DESC, b ASC), KEY prefix (t(20)), KEY several (a, b(10), c), KEY noted (c) COMMENT 'a note',
  FULLTEXT KEY words (t), FULLTEXT KEY more_words (b, t), SPATIAL KEY place (g), KEY hashed (c) USING HASH
) DEFAULT CHARSET utf8mb4;
INSERT INTO keys_of_all_kinds VALUES (1, 1, 'one', 'some words', ST_GeomFromText('POINT(1 2)'), NULL), (2, NULL, 'two', NULL, ST_GeomFromText('LINESTRING(0 0, 1 1)'), 'c');

CREATE TABLE shapes (id int PRIMARY KEY, g geometry, p point, l linestring, a polygon, mp multipoint, ml multilinestring, ma multipolygon, gc geometrycollection);
INSERT INTO shapes VALUES
  (1, ST_GeomFromText('POINT(1 2)'), ST_GeomFromText('POINT(-1.5 2.25)'), ST_GeomFromText('LINESTRING(0 0, 1 1)'), ST_GeomFromText('POLYGON((0 0, 10 0, 10 10, 0 0))'), ST_GeomFromText('MULTIPOINT(1 1, 2 2)'),
   ST_GeomFromText('MULTILINESTRING((0 0, 1 1), (2 2, 3 3))'), ST_GeomFromText('MULTIPOLYGON(((0 0, 1 0, 1 1, 0 0)))'), ST_GeomFromText('GEOMETRYCOLLECTION(POINT(1 2), LINESTRING(0 0, 5 5))')),
  (2, ST_GeomFromText('POINT(10 20)', 3857), NULL, NULL, NULL, NULL, NULL, NULL, NULL),
  (3, ST_GeomFromText('POINT(10 20)', 4326), NULL, NULL, NULL, NULL, NULL, NULL, ST_GeomFromText('GEOMETRYCOLLECTION EMPTY'));

CREATE TABLE checked (id int PRIMARY KEY CHECK (id > 0), a int, b int, CONSTRAINT ordered CHECK (a < b), CONSTRAINT `it's` CHECK (a <> 13));
INSERT INTO checked VALUES (1, 1, 2), (2, NULL, NULL);

-- The same in a circle, to itself, with every action.
CREATE TABLE persons (id int PRIMARY KEY, boss int, team int, KEY (team), CONSTRAINT has_boss FOREIGN KEY (boss) REFERENCES persons (id) ON DELETE SET NULL ON UPDATE CASCADE);
CREATE TABLE teams (id int PRIMARY KEY, lead_id int, CONSTRAINT has_lead FOREIGN KEY (lead_id) REFERENCES persons (id) ON DELETE RESTRICT);
ALTER TABLE persons ADD CONSTRAINT in_team FOREIGN KEY (team) REFERENCES teams (id) ON DELETE NO ACTION ON UPDATE NO ACTION;
INSERT INTO persons VALUES (3, NULL, NULL), (1, 3, NULL), (2, 2, NULL);
INSERT INTO teams VALUES (1, 2), (2, NULL);
UPDATE persons SET team = 1;
CREATE TABLE referring_to_composite (id int PRIMARY KEY, a varchar(20), b int, c datetime, FOREIGN KEY (a, b, c) REFERENCES composite_key (a, b, c) ON DELETE CASCADE ON UPDATE CASCADE) DEFAULT CHARSET latin1;
INSERT INTO referring_to_composite VALUES (1, 'a', 1, '2026-01-01'), (2, NULL, 5, NULL);
SET foreign_key_checks = 0;
CREATE TABLE orphans (id int PRIMARY KEY, boss int, CONSTRAINT orphan FOREIGN KEY (boss) REFERENCES persons (id));
INSERT INTO orphans VALUES (1, 999);
SET foreign_key_checks = 1;

CREATE TABLE by_range (id int NOT NULL, at date NOT NULL, PRIMARY KEY (id, at)) PARTITION BY RANGE (YEAR(at))
  (PARTITION old VALUES LESS THAN (2000) COMMENT = 'old ones', PARTITION `mid dle` VALUES LESS THAN (2026), PARTITION rest VALUES LESS THAN MAXVALUE);
INSERT INTO by_range VALUES (1, '1999-12-31'), (2, '2000-01-01'), (3, '2026-11-26'), (4, '2100-01-01');
CREATE TABLE by_range_columns (a int NOT NULL, b varchar(10) NOT NULL, v int) DEFAULT CHARSET utf8mb4 PARTITION BY RANGE COLUMNS (a, b)
  (PARTITION p0 VALUES LESS THAN (10, 'm'), PARTITION p1 VALUES LESS THAN (10, MAXVALUE), PARTITION p2 VALUES LESS THAN (MAXVALUE, MAXVALUE));
INSERT INTO by_range_columns VALUES (1, 'a', 1), (10, 'n', 2), (11, 'ü', 3);
CREATE TABLE by_list (id int, kind int) PARTITION BY LIST (kind) (PARTITION few VALUES IN (1, 2, 3), PARTITION none VALUES IN (NULL, 0));
INSERT INTO by_list VALUES (1, 1), (2, NULL), (3, 3);
CREATE TABLE by_list_columns (id int, c varchar(10)) DEFAULT CHARSET utf8mb4 PARTITION BY LIST COLUMNS (c) (PARTITION a VALUES IN ('a', 'it''s'), PARTITION b VALUES IN ('b', 'ü'));
INSERT INTO by_list_columns VALUES (1, 'a'), (2, 'ü'), (3, 'it''s');
CREATE TABLE by_hash (id int NOT NULL PRIMARY KEY, v int) PARTITION BY HASH (id) PARTITIONS 4;
INSERT INTO by_hash VALUES (1, 1), (2, 2), (3, 3), (4, 4), (5, 5);
CREATE TABLE by_linear_hash (id int NOT NULL, v int) PARTITION BY LINEAR HASH (id) PARTITIONS 3;
INSERT INTO by_linear_hash VALUES (1, 1), (7, 2);
CREATE TABLE by_key (id varchar(20) NOT NULL PRIMARY KEY) PARTITION BY KEY (id) PARTITIONS 3;
INSERT INTO by_key VALUES ('a'), ('b'), ('c');
CREATE TABLE by_linear_key (id int NOT NULL PRIMARY KEY) PARTITION BY LINEAR KEY () PARTITIONS 2;
INSERT INTO by_linear_key VALUES (1), (2);
CREATE TABLE by_both (id int NOT NULL, at date NOT NULL) PARTITION BY RANGE (YEAR(at)) SUBPARTITION BY HASH (id) SUBPARTITIONS 2
  (PARTITION p0 VALUES LESS THAN (2020) (SUBPARTITION s0, SUBPARTITION s1), PARTITION p1 VALUES LESS THAN MAXVALUE (SUBPARTITION s2, SUBPARTITION s3));
INSERT INTO by_both VALUES (1, '2019-01-01'), (2, '2021-01-01'), (3, '2021-01-02');

CREATE TABLE `select` (`from` int PRIMARY KEY, `two words` int, `it's` int, `back\slash` int, `"q"` int, `a.b` int, `größe` int, `中文` int, `-- x` int, `percent %s` int, `tick``tick` int, KEY `odd key` (`two words`));
INSERT INTO `select` VALUES (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11);
CREATE TABLE `tick``ed` (id int PRIMARY KEY);
INSERT INTO `tick``ed` VALUES (1);
CREATE TABLE `a/b\c:d` (id int PRIMARY KEY);
CREATE TABLE `Größe 中文` (id int PRIMARY KEY);
INSERT INTO `Größe 中文` VALUES (1);
CREATE TABLE ` leading` (id int PRIMARY KEY);
CREATE TABLE `Shop` (id int PRIMARY KEY);
CREATE TABLE `shop` (id int PRIMARY KEY);
INSERT INTO `shop` VALUES (1);
CREATE TABLE xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx (xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx int PRIMARY KEY);
INSERT INTO xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx VALUES (1);
CREATE TABLE `1` (`2` int PRIMARY KEY);
CREATE TABLE many_rows (id int NOT NULL AUTO_INCREMENT PRIMARY KEY, v varchar(50), f float, at timestamp(3) NULL);
INSERT INTO many_rows
  WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000) SELECT i * 7, CONCAT('row ', i), i / 3, '2026-01-01' + INTERVAL i MINUTE FROM n;
