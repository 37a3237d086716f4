-- What MariaDB alone has.
SET NAMES utf8mb4;
SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES';

CREATE TABLE invisible (id int PRIMARY KEY, seen int, hidden int INVISIBLE DEFAULT 5, g int AS (id * 2) VIRTUAL INVISIBLE);
INSERT INTO invisible (id, seen, hidden) VALUES (1, 2, 3), (2, NULL, NULL);

CREATE TABLE addresses (id int PRIMARY KEY, a inet6, b inet4, u uuid);
INSERT INTO addresses VALUES (1, '::1', '127.0.0.1', '123e4567-e89b-12d3-a456-426655440000'), (2, NULL, NULL, NULL), (3, '2001:db8::ff00:42:8329', '255.255.255.255', '00000000-0000-0000-0000-000000000000'), (4, '::ffff:192.0.2.128', '0.0.0.0', 'ffffffff-ffff-ffff-ffff-ffffffffffff');
CREATE TABLE by_uuid (u uuid NOT NULL PRIMARY KEY DEFAULT uuid(), v int);
INSERT INTO by_uuid VALUES ('123e4567-e89b-12d3-a456-426655440001', 1), ('923e4567-e89b-12d3-a456-426655440002', 2);

-- At fixed times: history that all runs have in common.
SET @@timestamp = UNIX_TIMESTAMP('2026-01-01 00:00:00.5');
CREATE TABLE versioned (id int PRIMARY KEY, v varchar(20)) WITH SYSTEM VERSIONING;
INSERT INTO versioned VALUES (1, 'one'), (2, 'two'), (3, NULL);
SET @@timestamp = UNIX_TIMESTAMP('2026-02-01 00:00:00.25');
UPDATE versioned SET v = 'uno' WHERE id = 1;
DELETE FROM versioned WHERE id = 2;
SET @@timestamp = UNIX_TIMESTAMP('2026-03-01');
UPDATE versioned SET v = 'un' WHERE id = 1;
INSERT INTO versioned VALUES (2, 'two again');
CREATE TABLE versioned_named (
  id int PRIMARY KEY, v int, w int WITHOUT SYSTEM VERSIONING, begins timestamp(6) GENERATED ALWAYS AS ROW START, ends timestamp(6) GENERATED ALWAYS AS ROW END,
  PERIOD FOR SYSTEM_TIME (begins, ends)
) WITH SYSTEM VERSIONING;
INSERT INTO versioned_named (id, v, w) VALUES (1, 1, 1), (2, 2, 2);
SET @@timestamp = UNIX_TIMESTAMP('2026-04-01 10:00:00.123456');
UPDATE versioned_named SET v = 10 WHERE id = 1;
DELETE FROM versioned_named WHERE id = 2;
CREATE TABLE versioned_hidden (
  id int PRIMARY KEY, rs timestamp(6) GENERATED ALWAYS AS ROW START INVISIBLE, re timestamp(6) GENERATED ALWAYS AS ROW END INVISIBLE, PERIOD FOR SYSTEM_TIME (rs, re)
) WITH SYSTEM VERSIONING;
INSERT INTO versioned_hidden (id) VALUES (1), (2);
SET @@timestamp = UNIX_TIMESTAMP('2026-04-02');
DELETE FROM versioned_hidden WHERE id = 1;
CREATE TABLE versioned_parts (id int, v int) WITH SYSTEM VERSIONING PARTITION BY SYSTEM_TIME (PARTITION h HISTORY, PARTITION now CURRENT);
INSERT INTO versioned_parts VALUES (1, 1), (2, 2);
SET @@timestamp = UNIX_TIMESTAMP('2026-04-03');
DELETE FROM versioned_parts WHERE id = 1;
SET @@timestamp = DEFAULT;
CREATE TABLE periods (id int, b date, e date, PERIOD FOR valid (b, e), PRIMARY KEY (id, valid WITHOUT OVERLAPS));
INSERT INTO periods VALUES (1, '2026-01-01', '2026-02-01'), (1, '2026-02-01', '2026-03-01');

CREATE SEQUENCE plain_sequence;
CREATE SEQUENCE all_options_sequence START WITH 100 INCREMENT BY -3 MINVALUE -1000 MAXVALUE 1000 CACHE 5 CYCLE COMMENT 'it''s';
CREATE SEQUENCE used START WITH 5 NOCACHE;
SELECT NEXTVAL(used), NEXTVAL(used), NEXTVAL(all_options_sequence);
CREATE SEQUENCE ended MAXVALUE 2 NOCYCLE NOCACHE;
SELECT NEXTVAL(ended), NEXTVAL(ended);
CREATE SEQUENCE `odd sequence`;
CREATE TABLE with_sequence (id int PRIMARY KEY DEFAULT NEXTVAL(used), v int);
INSERT INTO with_sequence (v) VALUES (1), (2);
CREATE VIEW over_sequence AS SELECT PREVIOUS VALUE FOR used AS p;

CREATE TABLE expressions (
  id int PRIMARY KEY, a varchar(50) DEFAULT CONCAT('x', 'y''z'), u varchar(36) DEFAULT UUID(), t text DEFAULT 'tt', b blob DEFAULT 0x00,
  d date DEFAULT (CURRENT_DATE + INTERVAL 1 DAY), c int CHECK (c > 0), n int DEFAULT (1 + 2), CHECK (n < 100)
);
INSERT INTO expressions (id, u, d) VALUES (1, 'u', '2026-01-01'), (2, NULL, NULL);
CREATE TABLE compressed_columns (id int PRIMARY KEY, t text COMPRESSED, v varchar(1000) COMPRESSED, b blob COMPRESSED);
INSERT INTO compressed_columns VALUES (1, REPEAT('a', 1000), REPEAT('b', 1000), REPEAT('c', 1000)), (2, '', NULL, 0x00);
CREATE TABLE ignored_index (id int PRIMARY KEY, a int, KEY unseen (a) IGNORED);
CREATE TABLE long_unique (id int PRIMARY KEY, t text, UNIQUE KEY (t) USING HASH);
INSERT INTO long_unique VALUES (1, 'x'), (2, NULL), (3, NULL);
CREATE TABLE aria (id int PRIMARY KEY, v text) ENGINE = Aria TRANSACTIONAL = 1 PAGE_CHECKSUM = 1;
INSERT INTO aria VALUES (1, 'x'), (2, 'y');
CREATE TABLE aria_plain (id int PRIMARY KEY AUTO_INCREMENT, v varchar(20)) ENGINE = Aria TRANSACTIONAL = 0 ROW_FORMAT = FIXED AUTO_INCREMENT = 50;
INSERT INTO aria_plain VALUES (0, 'zero'), (7, 'x');
CREATE TABLE page_compressed (id int PRIMARY KEY, v text) PAGE_COMPRESSED = 1 PAGE_COMPRESSION_LEVEL = 3;
INSERT INTO page_compressed VALUES (1, REPEAT('a', 5000));
CREATE TABLE places (id int PRIMARY KEY, p point REF_SYSTEM_ID = 4326 NOT NULL, SPATIAL KEY (p));
INSERT INTO places VALUES (1, ST_GeomFromText('POINT(52.5 13.4)', 4326)), (2, ST_GeomFromText('POINT(1 2)', 0));
CREATE TABLE ucas (id int PRIMARY KEY, a varchar(20) COLLATE uca1400_german2_ai_ci) DEFAULT CHARSET utf8mb4 COLLATE utf8mb4_uca1400_ai_ci;
INSERT INTO ucas VALUES (1, 'ä');
CREATE TABLE merged_1 (id int NOT NULL, KEY (id)) ENGINE = MyISAM;
CREATE TABLE merged_2 (id int NOT NULL, KEY (id)) ENGINE = MyISAM;
INSERT INTO merged_1 VALUES (1);
INSERT INTO merged_2 VALUES (2);
CREATE TABLE merged (id int NOT NULL, KEY (id)) ENGINE = MERGE UNION = (merged_1, merged_2) INSERT_METHOD = LAST;
CREATE TABLE auto_parts (id int PRIMARY KEY) PARTITION BY HASH (id) (PARTITION a ENGINE = InnoDB, PARTITION b ENGINE = InnoDB);
CREATE TABLE by_default_list (id int) PARTITION BY LIST (id) (PARTITION one VALUES IN (1), PARTITION others DEFAULT);
INSERT INTO by_default_list VALUES (1), (99), (NULL);
CREATE TABLE analysed (id int PRIMARY KEY, v int);
INSERT INTO analysed VALUES (1, 1), (2, 1), (3, 5);
ANALYZE TABLE analysed PERSISTENT FOR ALL;

SET sql_mode = ORACLE;
DELIMITER $$
CREATE PACKAGE pack AS
  -- public
  FUNCTION one RETURN int;
  PROCEDURE nothing(a IN OUT int);
END;
$$
CREATE PACKAGE BODY pack AS
  hidden int := 5;
  FUNCTION one RETURN int AS BEGIN RETURN hidden; END;
  PROCEDURE nothing(a IN OUT int) AS BEGIN a := a + 1; END;
END;
$$
CREATE PROCEDURE oracle_style(a IN int) AS b varchar(20) := 'x'; BEGIN SELECT a || b; END;
$$
CREATE PACKAGE `odd pack` AS
  FUNCTION two RETURN int;
END;
$$
DELIMITER ;
SET sql_mode = DEFAULT;
DELIMITER $$
CREATE AGGREGATE FUNCTION summed(x int) RETURNS int DETERMINISTIC
BEGIN
  DECLARE s int DEFAULT 0;
  DECLARE CONTINUE HANDLER FOR NOT FOUND RETURN s;
  LOOP FETCH GROUP NEXT ROW; SET s = s + x; END LOOP;
END$$
CREATE PROCEDURE typed(a TYPE OF many_rows.id) SELECT a$$
DELIMITER ;
