-- What MySQL alone has.
SET NAMES utf8mb4;
SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES';

CREATE TABLE invisible (id int PRIMARY KEY, seen int, hidden int INVISIBLE DEFAULT 5, g int AS (id * 2) VIRTUAL INVISIBLE);
INSERT INTO invisible (id, seen, hidden) VALUES (1, 2, 3), (2, NULL, NULL);
SET sql_generate_invisible_primary_key = 1;
CREATE TABLE hidden_key (v int);
INSERT INTO hidden_key VALUES (10), (20);
SET sql_generate_invisible_primary_key = 0;
CREATE TABLE only_hidden_key (id int AUTO_INCREMENT PRIMARY KEY INVISIBLE, v int) AUTO_INCREMENT = 9;
INSERT INTO only_hidden_key (v) VALUES (1), (2);

CREATE TABLE expressions (
  id int PRIMARY KEY, a varchar(50) DEFAULT (CONCAT('x', 'y''z')), u binary(16) DEFAULT (UUID_TO_BIN(UUID())), j json DEFAULT (JSON_OBJECT('a', 1)), t text DEFAULT ('tt'),
  d date DEFAULT (CURRENT_DATE + INTERVAL 1 DAY), KEY lowered ((LOWER(a))), UNIQUE KEY summed ((id + 1), a), KEY dated ((YEAR(d)) DESC)
);
INSERT INTO expressions (id, d) VALUES (1, '2026-01-01'), (2, NULL);
CREATE TABLE multi_valued (id int PRIMARY KEY, j json, KEY zips ((CAST(j->'$.zip' AS UNSIGNED ARRAY))));
INSERT INTO multi_valued VALUES (1, '{"zip": [1, 2, 3]}'), (2, '{"zip": []}'), (3, NULL);
CREATE TABLE hidden_index (id int PRIMARY KEY, a int, KEY unseen (a) INVISIBLE);
CREATE TABLE not_enforced (id int PRIMARY KEY, a int, CONSTRAINT lax CHECK (a > 0) NOT ENFORCED);
INSERT INTO not_enforced VALUES (1, -1);
CREATE TABLE places (id int PRIMARY KEY, p point NOT NULL SRID 4326, any_srid geometry, flat polygon SRID 0, SPATIAL KEY (p));
INSERT INTO places VALUES (1, ST_GeomFromText('POINT(52.5 13.4)', 4326), ST_GeomFromText('POINT(1 2)', 3857), NULL), (2, ST_GeomFromText('POINT(-33.9 151.2)', 4326), NULL, ST_GeomFromText('POLYGON((0 0,1 0,1 1,0 0))'));
CREATE TABLE vectors (id int PRIMARY KEY, v vector(3), big vector(2048));
INSERT INTO vectors VALUES (1, STRING_TO_VECTOR('[1,2.5,-3e-10]'), NULL), (2, 0x0000803F5C0A0900FB000000, NULL), (3, NULL, NULL);
CREATE TABLE typed_json (id int PRIMARY KEY, j json);
INSERT INTO typed_json VALUES (1, JSON_OBJECT('a', 1.0e0, 'n', 1e0)), (2, JSON_ARRAY(1, 1e100, true, 'x')),
  (3, JSON_OBJECT('price', 1.10, 'large', 12345678901234567890123, 'day', DATE'2026-01-01', 'bytes', CAST(x'00FF' AS BINARY)));
CREATE TABLE ngram (id int PRIMARY KEY, t text, FULLTEXT KEY parts (t) WITH PARSER ngram) DEFAULT CHARSET utf8mb4;
INSERT INTO ngram VALUES (1, '全文検索');
CREATE TABLE attributes (id int PRIMARY KEY, v int SECONDARY_ENGINE_ATTRIBUTE '{"b": "it''s"}') SECONDARY_ENGINE_ATTRIBUTE = '{"c": "it''s"}';
CREATE TABLE own_collation (id int PRIMARY KEY, a varchar(20) COLLATE utf8mb4_0900_as_cs, b varchar(20) COLLATE utf8mb4_ja_0900_as_cs_ks, c varchar(20) CHARACTER SET gb18030) DEFAULT COLLATE utf8mb4_de_pb_0900_ai_ci;
INSERT INTO own_collation VALUES (1, 'ä', 'あ', '中文😀');
CREATE TABLE merged_1 (id int NOT NULL, KEY (id)) ENGINE = MyISAM;
CREATE TABLE merged_2 (id int NOT NULL, KEY (id)) ENGINE = MyISAM;
INSERT INTO merged_1 VALUES (1);
INSERT INTO merged_2 VALUES (2);
CREATE TABLE merged (id int NOT NULL, KEY (id)) ENGINE = MERGE UNION = (merged_1, merged_2) INSERT_METHOD = LAST;
CREATE TABLE page_compressed (id int PRIMARY KEY, v text) COMPRESSION = 'zlib';
CREATE TABLE analysed (id int PRIMARY KEY, v int);
INSERT INTO analysed VALUES (1, 1), (2, 1), (3, 5);
ANALYZE TABLE analysed UPDATE HISTOGRAM ON v WITH 7 BUCKETS;
