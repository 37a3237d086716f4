-- Numbers of every type at their edges, counters that stand anywhere.
SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES';

CREATE TABLE integers (
  id int NOT NULL AUTO_INCREMENT PRIMARY KEY,
  t tinyint, tu tinyint unsigned, tz tinyint(3) unsigned zerofill, b tinyint(1), s smallint, su smallint unsigned,
  m mediumint, mu mediumint unsigned, i int, iu int unsigned, iz int(8) zerofill, l bigint, lu bigint unsigned
);
INSERT INTO integers VALUES
  (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
  (1, -128, 255, 7, 1, -32768, 65535, -8388608, 16777215, -2147483648, 4294967295, 42, -9223372036854775808, 18446744073709551615),
  (2, 127, 128, 255, -1, 32767, 32768, 8388607, 8388608, 2147483647, 2147483648, 99999999, 9223372036854775807, 9223372036854775808),
  (3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
  (-5, -1, 1, 1, 0, -1, 1, -1, 1, -1, 1, 1, 9007199254740993, 9007199254740993);

CREATE TABLE counters (id bigint unsigned NOT NULL AUTO_INCREMENT, note varchar(10), PRIMARY KEY (id)) AUTO_INCREMENT = 1000;
INSERT INTO counters VALUES (0, 'zero'), (7, 'seven');
DELETE FROM counters WHERE id = 7;
CREATE TABLE empty_counter (id int NOT NULL AUTO_INCREMENT, PRIMARY KEY (id)) AUTO_INCREMENT = 77;
CREATE TABLE counter_not_first (grp int NOT NULL, id smallint unsigned NOT NULL AUTO_INCREMENT, PRIMARY KEY (grp, id), KEY (id));
INSERT INTO counter_not_first VALUES (1, 1), (1, 2), (2, 3), (2, 0);
CREATE TABLE counter_under_unique (a int, id int NOT NULL AUTO_INCREMENT, UNIQUE KEY by_id (id), KEY (a));
INSERT INTO counter_under_unique VALUES (1, 5), (NULL, 6), (1, 0);
CREATE TABLE counter_of_myisam (grp char(2) NOT NULL, id int NOT NULL AUTO_INCREMENT, PRIMARY KEY (grp, id)) ENGINE = MyISAM;
INSERT INTO counter_of_myisam VALUES ('a', 1), ('a', 2), ('b', 1), ('b', 9);

CREATE TABLE floats (id int PRIMARY KEY, f float, fu float unsigned, d double, du double unsigned, f73 float(7,3), d102 double(10,2), r real);
INSERT INTO floats VALUES
  (1, 5592405.5, 16777215, 0.1, 0.30000000000000004, 1234.567, 12345678.91, 3.141592653589793),
  (2, 1.17549435e-38, 1.4e-45, 2.2250738585072014e-308, 4.9406564584124654e-324, -9999.999, -99999999.99, -2.718281828459045),
  (3, -3.40282346e38, 3.40282346e38, -1.7976931348623157e308, 1.7976931348623157e308, 0, 0, 1e100),
  (4, '-0', 0, '-0', 0, '-0', '-0', '-0'),
  (5, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
  (6, 0.1, 8388609, 123456789.12345678, 9007199254740993, 0.001, 0.01, 1e-7),
  (7, -1.4e-45, 2e-40, -5e-324, 1e-310, 0.5, 0.5, 1e15),
  (8, 16777217, 1e10, 1e16, 1e17, 100, 100, 1e21);

CREATE TABLE decimals (id int PRIMARY KEY, d decimal(65,30), whole decimal(65,0), plain decimal, tiny decimal(30,30), un decimal(20,5) unsigned, z decimal(8,3) zerofill);
INSERT INTO decimals VALUES
  (1, 99999999999999999999999999999999999.999999999999999999999999999999, 99999999999999999999999999999999999999999999999999999999999999999, 9999999999, 0.999999999999999999999999999999, 999999999999999.99999, 1.5),
  (2, -99999999999999999999999999999999999.999999999999999999999999999999, -1, -9999999999, -0.000000000000000000000000000001, 0, 0),
  (3, 0.000000000000000000000000000001, 0, 0, 0, 0.00001, 99999.999),
  (4, NULL, NULL, NULL, NULL, NULL, NULL);

CREATE TABLE bits (id int PRIMARY KEY, one bit, nine bit(9), all64 bit(64) DEFAULT b'101');
INSERT INTO bits VALUES (1, 0, 0, 0), (2, 1, 511, 18446744073709551615), (3, NULL, NULL, NULL), (4, 1, 256, 0x5C090A0D00271A22), (5, b'0', 9, 10);
