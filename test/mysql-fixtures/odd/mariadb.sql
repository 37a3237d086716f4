SET NAMES utf8mb4;
SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES';
CREATE TABLE defaults (
  id int PRIMARY KEY DEFAULT (1 + 1), j json DEFAULT '[1, "it\'s"]' CHECK (JSON_LENGTH(j) > 0), b blob DEFAULT x'00FF5C27', t text DEFAULT 'a\\ü\'', u uuid DEFAULT UUID(), i inet6 DEFAULT '::1', n int DEFAULT (LENGTH('it''s')), o int DEFAULT (id + 1),
  bits bit(9) DEFAULT b'101010101', bin binary(3) DEFAULT 'a\0b', vb varbinary(5) DEFAULT x'FF00', cur varchar(200) DEFAULT CURRENT_USER()
);
INSERT INTO defaults (id, u, cur) VALUES (1, NULL, '');
CREATE TABLE aria_odd (id int, v varchar(20), KEY (v)) ENGINE = Aria ROW_FORMAT = DYNAMIC TRANSACTIONAL = 0 CHECKSUM = 1;
INSERT INTO aria_odd VALUES (1, 'x'), (1, NULL);
CREATE TABLE virtual_odd (a int, v int AS (a + 1) VIRTUAL, p int AS (a * 2) PERSISTENT, i int AS (a) VIRTUAL INVISIBLE, KEY (v), KEY (p));
INSERT INTO virtual_odd (a) VALUES (1), (NULL);
CREATE TABLE compressed_odd (id int PRIMARY KEY, t longtext COMPRESSED, b varbinary(2000) COMPRESSED DEFAULT x'00', n text COMPRESSED DEFAULT 'x');
INSERT INTO compressed_odd VALUES (1, REPEAT('ü\\', 5000), REPEAT(x'00', 2000), NULL), (2, NULL, '', '');
CREATE TABLE period_odd (id int, `from` date, `to` date, v int, PERIOD FOR `p q` (`from`, `to`), UNIQUE KEY u (id, `p q` WITHOUT OVERLAPS));
INSERT INTO period_odd VALUES (1, '2026-01-01', '2026-02-01', 1), (1, '2026-02-01', '9999-12-31', 2);
CREATE TABLE bitemporal (id int, b datetime(6), e datetime(6), v json, PERIOD FOR app (b, e), PRIMARY KEY (id, app WITHOUT OVERLAPS)) WITH SYSTEM VERSIONING;
INSERT INTO bitemporal VALUES (1, '2026-01-01', '2026-06-01', '{}');
UPDATE bitemporal FOR PORTION OF app FROM '2026-02-01' TO '2026-03-01' SET v = '[]';
DELETE FROM bitemporal FOR PORTION OF app FROM '2026-02-10' TO '2026-02-15';
SET timestamp = UNIX_TIMESTAMP('2026-01-01 00:00:00');
CREATE TABLE history_parts (id int, e enum('a', 'b'), f float, v int WITHOUT SYSTEM VERSIONING) WITH SYSTEM VERSIONING PARTITION BY SYSTEM_TIME INTERVAL 1 MONTH STARTS '2026-01-01 00:00:00'
  (PARTITION p0 HISTORY, PARTITION p1 HISTORY, PARTITION p2 HISTORY, PARTITION pn CURRENT);
INSERT INTO history_parts VALUES (1, 'a', 0.1, 1), (2, 'b', 16777217, 2), (3, NULL, NULL, NULL);
SET timestamp = UNIX_TIMESTAMP('2026-01-15 00:00:00');
UPDATE history_parts SET e = 'b' WHERE id = 1;
SET timestamp = UNIX_TIMESTAMP('2026-02-15 00:00:00');
DELETE FROM history_parts WHERE id = 2;
SET timestamp = UNIX_TIMESTAMP('2026-03-15 00:00:00');
UPDATE history_parts SET f = 0.3;
UPDATE history_parts SET f = 0.4;
CREATE TABLE history_limit (id int AUTO_INCREMENT PRIMARY KEY, v int) WITH SYSTEM VERSIONING PARTITION BY SYSTEM_TIME LIMIT 1000 PARTITIONS 3;
INSERT INTO history_limit VALUES (0, 1), (-1, 2), (5, 3);
UPDATE history_limit SET v = v + 1;
DELETE FROM history_limit WHERE id = 5;
CREATE TABLE history_hash (id int PRIMARY KEY, v text) WITH SYSTEM VERSIONING PARTITION BY HASH (id) PARTITIONS 3;
INSERT INTO history_hash VALUES (1, 'a'), (2, 'b');
DELETE FROM history_hash WHERE id = 1;
CREATE TABLE history_trx (id int PRIMARY KEY, v int, s bigint unsigned GENERATED ALWAYS AS ROW START, e bigint unsigned GENERATED ALWAYS AS ROW END, PERIOD FOR SYSTEM_TIME (s, e)) WITH SYSTEM VERSIONING ENGINE = InnoDB;
DROP TABLE history_trx;
SET timestamp = DEFAULT;
CREATE SEQUENCE `se``q.1` START WITH -9223372036854775806 MINVALUE -9223372036854775807 INCREMENT BY 0 CACHE 1;
CREATE SEQUENCE seq_max START WITH 9223372036854775800 MAXVALUE 9223372036854775806 INCREMENT BY 3 CYCLE CACHE 2;
SELECT NEXTVAL(seq_max), NEXTVAL(seq_max), NEXTVAL(seq_max);
CREATE SEQUENCE seq_down START WITH 5 MINVALUE -5 MAXVALUE 5 INCREMENT BY -2 NOCYCLE NOCACHE;
SELECT NEXTVAL(seq_down), NEXTVAL(seq_down);
CREATE TABLE uses_sequences (id bigint DEFAULT (NEXTVAL(`se``q.1`)), v bigint DEFAULT (NEXTVAL(seq_down) + 1), w int, PRIMARY KEY (w));
INSERT INTO uses_sequences VALUES (1, 2, 3);
CREATE TABLE hole (id int PRIMARY KEY) ENGINE = BLACKHOLE;
CREATE TABLE hash_unique (t text, b blob, UNIQUE KEY (t), UNIQUE KEY bb (b, t) USING HASH);
INSERT INTO hash_unique VALUES ('x', x'00'), (NULL, NULL), (NULL, NULL);
CREATE TABLE ignored_odd (id int PRIMARY KEY, a int, KEY `k,` (a DESC) IGNORED COMMENT 'it''s');
CREATE TABLE uca (a varchar(20), KEY (a)) DEFAULT CHARSET utf8mb4 COLLATE uca1400_ai_ci;
CREATE TABLE ora (id int PRIMARY KEY, `rownum` int, `body` int, `package` int, `offset` int);
SET sql_mode = 'ORACLE,NO_BACKSLASH_ESCAPES';
DELIMITER $$
CREATE OR REPLACE PACKAGE "pa.ck" AS
  PROCEDURE p1(a IN varchar2(20), b OUT NUMBER);
END$$
CREATE OR REPLACE PACKAGE BODY "pa.ck" AS
  v NUMBER := 5; -- it's \
  PROCEDURE p1(a IN varchar2(20), b OUT NUMBER) AS BEGIN b := LENGTH(a || '\'); END;
END$$
CREATE PROCEDURE "oracle proc" (p1 IN OUT int) AS x int := 1; BEGIN FOR i IN 1 .. 3 LOOP x := x + i; END LOOP; EXCEPTION WHEN OTHERS THEN NULL; END$$
CREATE FUNCTION "oracle fn" (p1 varchar2) RETURN varchar2 AS BEGIN RETURN p1 || '\'; END$$
CREATE TRIGGER "oracle trg" BEFORE INSERT ON "ora" FOR EACH ROW BEGIN :NEW."rownum" := 1; END$$
SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO'$$
CREATE AGGREGATE FUNCTION `agg.1`(x int) RETURNS int BEGIN DECLARE t int DEFAULT 0; DECLARE CONTINUE HANDLER FOR NOT FOUND RETURN t; LOOP FETCH GROUP NEXT ROW; SET t = t + x; END LOOP; END$$
DELIMITER ;
