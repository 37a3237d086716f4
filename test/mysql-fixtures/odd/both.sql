-- What a hostile user would make: names, comments, defaults, modes and values at their edges.
SET NAMES utf8mb4;
SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES';
SET time_zone = '+00:00';

CREATE TABLE `dbimg_0123456789ab_x` (`dbimg` int PRIMARY KEY, `dbimg0` int, `@dbimg1` json, `row_start` int, `table` text);
INSERT INTO `dbimg_0123456789ab_x` VALUES (0, 1, '{"a": 1}', 2, 'x'), (1, NULL, NULL, NULL, NULL);
CREATE TABLE `a.b` (`c.d` int PRIMARY KEY, `e``.``f` int, KEY `g.h` (`e``.``f`), CONSTRAINT `i.j` CHECK (`e``.``f` > 0));
INSERT INTO `a.b` VALUES (1, 1);
CREATE TABLE ```` (```` int PRIMARY KEY, `'` int COMMENT '''', `"` int COMMENT '"', `\` int COMMENT '\\');
INSERT INTO ```` VALUES (1, 2, 3, 4);
CREATE TABLE `PRIMARY KEY` (`PRIMARY KEY` int, `KEY ``x``` int, `CONSTRAINT` int, `,` int, `)` int, `) ENGINE=InnoDB` int, PRIMARY KEY (`PRIMARY KEY`, `,`), KEY `,` (`)`, `) ENGINE=InnoDB`), UNIQUE KEY `FOREIGN KEY` (`CONSTRAINT`));
INSERT INTO `PRIMARY KEY` VALUES (1, 2, 3, 4, 5, 6);
CREATE TABLE comments (
  id int PRIMARY KEY COMMENT 'AUTO_INCREMENT', a int DEFAULT 5 COMMENT ') ENGINE=MyISAM, KEY `x` (`a`)', b varchar(50) DEFAULT 'AUTO_INCREMENT=5 COMMENT ''x'' \\',
  c enum('a,b', '(', ')', ''', ''', 'x'' COMMENT ''y') DEFAULT ''', ''', d set('a''b', 'c"d', '\\', '`') DEFAULT '\\,`', n varchar(20) DEFAULT '\0\n\r\Z\\\'"', KEY (a) COMMENT 'it''s ), KEY `y` (`b`)'
) COMMENT = 'AUTO_INCREMENT=77 PARTITION BY /* */ -- # \0 \\ ''';
INSERT INTO comments (id) VALUES (1), (2);
INSERT INTO comments VALUES (3, 1, '', 3, 15, '\0'), (4, NULL, NULL, NULL, NULL, NULL);
CREATE TABLE counter_at_end (id tinyint unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY);
INSERT INTO counter_at_end VALUES (0), (255);
CREATE TABLE counter_negative (id bigint NOT NULL AUTO_INCREMENT PRIMARY KEY, v int);
INSERT INTO counter_negative VALUES (-9223372036854775808, 1), (-1, 2), (0, 3), (1, 4);
CREATE TABLE counter_huge (id bigint unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY) AUTO_INCREMENT = 18446744073709551614;
CREATE TABLE counter_of_enum (e enum('x', 'y'), f set('a', 'b'), id int NOT NULL AUTO_INCREMENT, PRIMARY KEY (id));
INSERT INTO counter_of_enum VALUES ('x', 'a', 0), (NULL, NULL, -3), ('y', 'a,b', 5);

CREATE TABLE sets (u16 char(3) CHARACTER SET utf16 COLLATE utf16_bin, u32 char(3) CHARACTER SET utf32, uj char(3) CHARACTER SET ujis, PRIMARY KEY (u16, u32, uj));
INSERT INTO sets VALUES ('a', 'b', 'c'), ('a\\', '\n\t', '日本'), ('😀', '😀', ''), ('', '', '');
CREATE TABLE padded (a char(5), b binary(5), c varchar(5), d varbinary(5), PRIMARY KEY (a, b, c, d)) DEFAULT CHARSET utf8mb4 COLLATE utf8mb4_bin;
INSERT INTO padded VALUES ('a', 'a', 'a', 'a'), ('a', 'a', 'a ', 'a '), ('', '', '', ''), (' a', ' a', ' a', ' a');
CREATE TABLE moments (id int PRIMARY KEY, ts timestamp(6) NULL, dt datetime(6), d date, t time(6), y year);
INSERT INTO moments VALUES (1, '2026-03-29 00:59:59.999999', '2026-03-29 02:30:00', '0000-00-00', '-838:59:59.000000', 0),
  (2, '2026-03-29 01:00:00', '0000-00-00 00:00:00', '2026-02-31', '838:59:59', 1901), (3, '2026-10-25 00:30:00', '9999-12-31 23:59:59.999999', '2026-00-10', '-00:00:00.000001', 2155),
  (4, '2026-10-25 01:30:00', '0001-01-01', '0000-12-00', '00:00:00', NULL), (5, '1970-01-01 00:00:01', NULL, NULL, NULL, NULL), (6, '0000-00-00', '2026-11-31 24:00:00' - INTERVAL 0 DAY, '9999-12-31', NULL, 69);
CREATE TABLE floats_of_edge (id int PRIMARY KEY, f float, d double, e decimal(65,30), m decimal(65,0), b bit(64), b1 bit(1));
INSERT INTO floats_of_edge VALUES (1, 3.40282346e38, 1.7976931348623157e308, 99999999999999999999999999999999999.999999999999999999999999999999, -99999999999999999999999999999999999999999999999999999999999999999, 18446744073709551615, 1),
  (2, 1.4e-45, 5e-324, 0.000000000000000000000000000001, 0, 0, 0), (3, -0e0, -0e0, -0.0, NULL, NULL, NULL), (4, 16777217, 0.1, 1e-30, 1, x'5C09000A0D271A22', b'1'), (5, 0.3, 1e23, 0, 0, 0x0A, 0);
CREATE TABLE shapes (id int PRIMARY KEY, g geometry, c geometrycollection, p polygon NOT NULL, SPATIAL KEY (p));
INSERT INTO shapes VALUES (1, ST_GeomFromText('GEOMETRYCOLLECTION(POINT(1 2),LINESTRING(0 0,1 1),POLYGON((0 0,1 0,1 1,0 0)),MULTIPOINT(1 1,2 2))', 3857), ST_GeomFromText('GEOMETRYCOLLECTION(POINT(1 2))'), ST_GeomFromText('POLYGON((0 0,1 0,1 1,0 0))')),
  (2, NULL, ST_GeomFromText('GEOMETRYCOLLECTION EMPTY'), ST_GeomFromText('POLYGON((0 0,9 0,9 9,0 0))'));

SET foreign_key_checks = 0;
CREATE TABLE circle_a (id int PRIMARY KEY, b int, self int, KEY (b), CONSTRAINT `to ``b` FOREIGN KEY (b) REFERENCES circle_b (id) ON DELETE SET NULL ON UPDATE CASCADE, CONSTRAINT selfish FOREIGN KEY (self) REFERENCES circle_a (id) ON DELETE CASCADE);
CREATE TABLE circle_b (id int PRIMARY KEY, a int, CONSTRAINT `REFERENCES ``x``` FOREIGN KEY (a) REFERENCES circle_a (id) ON UPDATE SET NULL);
INSERT INTO circle_a VALUES (1, 2, 1), (2, 1, 1);
INSERT INTO circle_b VALUES (1, 1), (2, 2);
CREATE TABLE to_nowhere (id int PRIMARY KEY, a int, CONSTRAINT lost FOREIGN KEY (a) REFERENCES `is not there` (id));
INSERT INTO to_nowhere VALUES (1, 77);
SET foreign_key_checks = 1;
CREATE TABLE parts_of_generated (id int NOT NULL, at datetime NOT NULL, y int AS (YEAR(at)) STORED, v int AS (id * 2) VIRTUAL, txt varchar(30) AS (CONCAT('it''s ', id, '\\')) STORED, KEY (id, y), KEY (v), KEY (txt(5)))
  PARTITION BY RANGE (y) (PARTITION `p,1` VALUES LESS THAN (2020) COMMENT = 'it''s, (', PARTITION p2 VALUES LESS THAN MAXVALUE);
INSERT INTO parts_of_generated (id, at) VALUES (1, '2019-05-05'), (2, '2026-05-05');
CREATE TABLE generated_first (g int AS (b + 1) STORED, b int, h int AS (g + 1) VIRTUAL, c int DEFAULT 3, UNIQUE KEY (g));
INSERT INTO generated_first (b) VALUES (1), (2);
CREATE TABLE all_generated (x int AS (1 + 1) VIRTUAL, y int);
INSERT INTO all_generated (y) VALUES (NULL), (1), (1);
CREATE TABLE one_column (v int);
INSERT INTO one_column VALUES (NULL), (NULL), (0);
CREATE TABLE empty_strings (a char(0), b varchar(0) NOT NULL, c binary(0), d char(0) NOT NULL);
INSERT INTO empty_strings VALUES (NULL, '', NULL, ''), ('', '', '', '');
CREATE TABLE archived (id int NOT NULL AUTO_INCREMENT, v text, KEY (id)) ENGINE = MyISAM PACK_KEYS = 0 MAX_ROWS = 77;
INSERT INTO archived VALUES (5, 'x'), (-5, 'y');
CREATE TABLE in_csv (id int NOT NULL, v varchar(50) NOT NULL, d datetime NOT NULL) ENGINE = CSV DEFAULT CHARSET utf8mb4;
INSERT INTO in_csv VALUES (1, 'a,"b"\\', '2026-01-01'), (2, '', '0000-00-00'), (3, 'ü\n🐬', '2026-01-01');
CREATE TABLE in_heap (id int, v varchar(20), KEY (id) USING HASH, KEY (v) USING BTREE) ENGINE = MEMORY MAX_ROWS = 100;
INSERT INTO in_heap VALUES (1, 'a'), (1, NULL), (NULL, '');

CREATE VIEW `a``view` AS SELECT `c.d` AS ```` FROM `a.b`;
CREATE VIEW `0 before` AS SELECT v.```` AS `x,y` FROM `a``view` v WHERE v.```` IN (SELECT id FROM circle_a WHERE EXISTS (SELECT 1 FROM `a``view` w WHERE w.```` = circle_a.id));
CREATE DEFINER = `no body`@`no.where` VIEW orphan AS SELECT `0 before`.`x,y` FROM `0 before`;
CREATE VIEW united AS (SELECT id FROM circle_a) UNION ALL (SELECT id FROM circle_b ORDER BY id DESC LIMIT 1) UNION SELECT 'it''s \\ `a.b`' COLLATE utf8mb4_bin;
CREATE VIEW with_cte AS WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5) SELECT n.i, c.id FROM n LEFT JOIN (circle_a c JOIN circle_b d ON c.b = d.id) ON c.id = n.i;
CREATE VIEW windowed AS SELECT id, SUM(b) OVER (PARTITION BY self ORDER BY id ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS s FROM circle_a;

DELIMITER $$
CREATE PROCEDURE `a.b`(`from` int) BEGIN SELECT `from`, '$$'; END$$
CREATE PROCEDURE ````(IN ```` json, OUT `b c` enum('x', ',') CHARACTER SET latin1) SET `b c` = 'x'$$
CREATE FUNCTION `fn ``()` (a decimal(65,30)) RETURNS set('a', 'b|') CHARACTER SET utf8mb4 COLLATE utf8mb4_bin DETERMINISTIC COMMENT 'it''s \\ "x" `y`
-- two lines' RETURN 'a'$$
SET sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES,PIPES_AS_CONCAT,IGNORE_SPACE,HIGH_NOT_PRECEDENCE'$$
CREATE TRIGGER "trig ""ger" BEFORE INSERT ON "a.b" FOR EACH ROW SET NEW."e`.`f" = CHAR_LENGTH('\' || "NEW"."e`.`f")$$
CREATE PROCEDURE "ansi ""q" () COMMENT 'back\' SELECT '\' AS "x""y", "c.d" FROM "a.b"$$
CREATE EVENT "ev ""ent" ON SCHEDULE EVERY 7 WEEK STARTS '2037-01-01 00:00:00' ON COMPLETION PRESERVE DISABLE COMMENT '\' DO SELECT '\', "c.d" FROM "a.b"$$
CREATE VIEW "ansi view" AS SELECT '\' AS "back\", "c.d" || '\''' AS "it's" FROM "a.b"$$
SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES'$$
CREATE TRIGGER `a``.``b` AFTER UPDATE ON ```` FOR EACH ROW BEGIN DECLARE `x y` int; SET `x y` = NEW.````; END$$
CREATE TRIGGER early BEFORE UPDATE ON comments FOR EACH ROW SET NEW.a = 1$$
CREATE TRIGGER late BEFORE UPDATE ON comments FOR EACH ROW FOLLOWS early SET NEW.a = NEW.a + 1$$
CREATE EVENT `e.v` ON SCHEDULE EVERY '1 2:3:4' DAY_SECOND STARTS '2037-02-28 23:59:59' ENDS '2038-01-01' DO BEGIN END$$
CREATE DEFINER = `no body`@`no.where` PROCEDURE of_nobody() SQL SECURITY DEFINER SELECT 1$$
SET NAMES utf8mb4$$
SET NAMES utf8mb4 COLLATE utf8mb4_unicode_520_ci$$
CREATE PROCEDURE collated() SELECT 'a' = 'A'$$
SET NAMES utf8mb4$$
DELIMITER ;
