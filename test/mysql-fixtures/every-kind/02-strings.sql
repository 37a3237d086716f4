-- Bytes and characters: every string type, every character set with its own bytes, what escapes could trip over.
SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES';
SET NAMES utf8mb4;

CREATE TABLE bytes (id int PRIMARY KEY, b binary(4), vb varbinary(300), tb tinyblob, bl blob, mb mediumblob, lb longblob);
INSERT INTO bytes VALUES
  (1, 'a', '', '', '', '', ''),
  (2, 0x00090A5C, 0x00090A0D5C5C4E271A22, 0x5C4E, 0x0A, 0x090909, 0x00),
  (3, NULL, NULL, NULL, NULL, NULL, NULL),
  (4, 0xFFFEFDFC, 0xFB, 0xFBFCFDFEFF, REPEAT(0xFF, 251), REPEAT('x', 65536), REPEAT(0x5C0A0900, 300000)),
  (5, 0, UNHEX(REPEAT('00', 256)), REPEAT('y', 255), REPEAT('z', 65535), UNHEX('1A'), '\\N');
CREATE TABLE all_bytes (id int PRIMARY KEY, b varbinary(2));
INSERT INTO all_bytes
  WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 255) SELECT i, UNHEX(LPAD(HEX(i), 2, '0')) FROM n;

CREATE TABLE strings (id int PRIMARY KEY, c char(10), v varchar(300) DEFAULT 'it''s "quoted" \\ back', tt tinytext, t text, mt mediumtext, lt longtext, n nchar(5), nv nvarchar(20)) DEFAULT CHARSET utf8mb4;
INSERT INTO strings VALUES
  (1, '', '', '', '', '', '', '', ''),
  (2, 'padded', 'trailing   ', 'tab\there', 'line\nend', 'cr\r\nlf', 'back\\slash', 'ñ', '\\N'),
  (3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
  (4, '😀😀', 'Ünï — 中文 🐬', '\0', '\Z', '''', '"', '中', '%_'),
  (5, 'NULL', 'null', '\\N', '\\\\', '--', '/*', ';', '`');

CREATE TABLE charsets (
  id int PRIMARY KEY,
  l1 varchar(20) CHARACTER SET latin1, l2 varchar(20) CHARACTER SET latin2 COLLATE latin2_bin, u3 varchar(20) CHARACTER SET utf8mb3,
  u4 varchar(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin, u16 varchar(20) CHARACTER SET utf16, u32 varchar(20) CHARACTER SET utf32,
  u2 varchar(20) CHARACTER SET ucs2, le varchar(20) CHARACTER SET utf16le, uj varchar(20) CHARACTER SET ujis, sj varchar(20) CHARACTER SET sjis,
  gbk varchar(20) CHARACTER SET gbk, big5 varchar(20) CHARACTER SET big5, koi8 varchar(20) CHARACTER SET koi8r, greek varchar(20) CHARACTER SET greek,
  a varchar(20) CHARACTER SET ascii, bin varchar(20) CHARACTER SET binary, cp varchar(20) CHARACTER SET cp1251, e text CHARACTER SET eucjpms
);
INSERT INTO charsets (id, l1, l2, u3, u4, u16, u32, u2, le, uj, sj, gbk, big5, koi8, greek, a, bin, cp, e) VALUES
  (1, 'Ünï€', 'łóź', '中é', '😀', '😀ä', '😀', 'é中', '😀', '日本語', '日本語表', '中文', '中文功', 'Привет', 'Ελλάς', 'ascii', 'é', 'Привет', '日本'),
  (2, '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', ''),
  (3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
  (4, '\\\n\t', '\\\n\t', '\\\n\t', '\\\n\t', '\\\n\t', '\\\n\t', '\\\n\t', '\\\n\t', '\\\n\t', '\\\n\t', '\\\n\t', '\\\n\t', '\\\n\t', '\\\n\t', '\\\n\t', '\\\n\t', '\\\n\t', '\\\n\t');
-- A second byte that is a backslash or a control byte of ASCII, and bytes that are no characters at all in a reader's eyes.
INSERT INTO charsets (id, sj, gbk, big5, l1, u16, u2) VALUES (5, 0x955C835C, 0x815C, 0xA55C, 0x8081FF, 0x005C000A0009, 0x5C0A0A5C);

CREATE TABLE choices (
  id int PRIMARY KEY, e enum('a', 'b''c', 'd"e', '', 'ü', 'x y', '\\') CHARACTER SET utf8mb4, n enum('0', '1', '2') NOT NULL,
  s set('x', 'y', 'ü', 'z''') CHARACTER SET utf8mb4, l enum('ä', 'ö') CHARACTER SET latin1, j enum('表', '日') CHARACTER SET sjis
);
SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO';
INSERT IGNORE INTO choices VALUES
  (1, 'a', '0', '', 'ä', '表'), (2, 'b''c', '1', 'x,ü', 'ö', '日'), (3, '', '2', 'x,y,ü,z''', NULL, NULL),
  (4, 'not a label', 'not a label', 'nothing', 'no', 'no'), (5, NULL, '2', NULL, 'ä', '表'), (6, 7, 1, 15, 1, 1), (7, '\\', '2', 'z''', 2, 2);
CREATE TABLE set64 (id int PRIMARY KEY, s set('0','1','2','3','4','5','6','7','8','9','10','11','12','13','14','15','16','17','18','19','20','21','22','23','24','25','26','27','28','29','30','31','32','33','34','35','36','37','38','39','40','41','42','43','44','45','46','47','48','49','50','51','52','53','54','55','56','57','58','59','60','61','62','63'));
INSERT INTO set64 VALUES (1, 1), (2, 9223372036854775808), (3, 18446744073709551615), (4, 0), (5, NULL), (6, 9007199254740993);

CREATE TABLE documents (id int PRIMARY KEY, j json, nn json NOT NULL);
INSERT INTO documents VALUES
  (1, '{"a": [1, 2.5, 1e100, "x\\n\\"y\\\\", null, true], "ü": "😀"}', '[]'), (2, 'null', '{}'), (3, NULL, '"\\u0000\\t"'),
  (4, '9007199254740993', '18446744073709551615'), (5, '"plain"', '0.1'), (6, '[[[[]]]]', '{"k": {"k": {"k": -0.0}}}');
