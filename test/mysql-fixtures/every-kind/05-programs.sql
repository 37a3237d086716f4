-- Views on views, triggers in order, routines and events, each with odd modes, definers and character sets.
SET NAMES utf8mb4;
SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES';

-- By name the last one comes first.
CREATE VIEW z_base AS SELECT id, v FROM many_rows WHERE id > 10;
CREATE VIEW a_on_view AS SELECT id, CONCAT(v, ' of view') AS w FROM z_base;
CREATE ALGORITHM = MERGE SQL SECURITY INVOKER VIEW m_on_both AS SELECT a.id, b.v FROM a_on_view a JOIN z_base b USING (id) WITH LOCAL CHECK OPTION;
CREATE ALGORITHM = TEMPTABLE VIEW counted AS SELECT COUNT(*) AS n FROM z_base;
CREATE VIEW `odd view` (`a b`, `c``d`) AS SELECT `two words`, `it's` FROM `select`;
CREATE VIEW with_check AS SELECT * FROM checked WHERE a < 5 WITH CASCADED CHECK OPTION;
CREATE VIEW constants AS SELECT 'it''s \\ "x" 🐬' AS a, 1.50 AS c, NOW() AS d, 0x5C AS e;
SET NAMES latin1;
CREATE VIEW made_in_latin1 AS SELECT 'x' AS v;
SET NAMES utf8mb4;

CREATE TABLE logged (id int AUTO_INCREMENT PRIMARY KEY, what varchar(100));
DELIMITER $$
CREATE TRIGGER t_third BEFORE INSERT ON counters FOR EACH ROW SET NEW.note = CONCAT(NEW.note, '3')$$
CREATE TRIGGER t_first BEFORE INSERT ON counters FOR EACH ROW PRECEDES t_third SET NEW.note = '1'$$
CREATE TRIGGER t_second BEFORE INSERT ON counters FOR EACH ROW FOLLOWS t_first SET NEW.note = CONCAT(NEW.note, '2')$$
CREATE TRIGGER after_insert AFTER INSERT ON counters FOR EACH ROW BEGIN
  -- a comment; with a semicolon
  INSERT INTO logged (what) VALUES ('it''s in; 🐬');
END$$
CREATE TRIGGER before_update BEFORE UPDATE ON counters FOR EACH ROW SET NEW.note = OLD.note$$
CREATE TRIGGER after_update AFTER UPDATE ON counters FOR EACH ROW INSERT INTO logged (what) VALUES ('u')$$
CREATE TRIGGER before_delete BEFORE DELETE ON counters FOR EACH ROW INSERT INTO logged (what) VALUES ('d')$$
CREATE TRIGGER after_delete AFTER DELETE ON counters FOR EACH ROW INSERT INTO logged (what) VALUES ('D')$$
CREATE TRIGGER `odd trigger` AFTER INSERT ON `select` FOR EACH ROW SET @x = NEW.`it's`$$
CREATE DEFINER = dbimg_owner@localhost TRIGGER owned BEFORE INSERT ON no_key FOR EACH ROW SET NEW.b = 'owned'$$

CREATE PROCEDURE with_everything(IN a int, OUT b varchar(20) CHARACTER SET latin1, INOUT c decimal(10,2))
  COMMENT 'it''s \\ commented' LANGUAGE SQL NOT DETERMINISTIC MODIFIES SQL DATA SQL SECURITY INVOKER
BEGIN
  DECLARE done int DEFAULT 0;
  DECLARE cur CURSOR FOR SELECT id FROM many_rows;
  DECLARE CONTINUE HANDLER FOR NOT FOUND SET done = 1;
  /* a comment */ SET b = 'x'; SET c = c + a;
  IF a > 0 THEN SELECT 'ü' INTO b; END IF;
END$$
CREATE DEFINER = dbimg_owner@localhost PROCEDURE owned() SELECT 1$$
CREATE PROCEDURE `odd ``name`() SELECT 'x'$$
CREATE FUNCTION plus_one(a int) RETURNS int DETERMINISTIC NO SQL RETURN a + 1$$
CREATE FUNCTION in_utf8(a varchar(20) CHARACTER SET utf8mb4) RETURNS varchar(40) CHARACTER SET utf8mb4 DETERMINISTIC READS SQL DATA RETURN CONCAT(a, 'ü🐬')$$
SET sql_mode = 'ANSI_QUOTES,PIPES_AS_CONCAT,NO_BACKSLASH_ESCAPES'$$
CREATE PROCEDURE ansi() SELECT "id" || '\' FROM "many_rows" WHERE "id" = 1$$
CREATE TRIGGER ansi_trigger BEFORE INSERT ON logged FOR EACH ROW SET NEW."what" = NEW."what" || '\'$$
CREATE EVENT ansi_event ON SCHEDULE EVERY 3 HOUR STARTS '2037-01-01 00:00:00' DISABLE DO INSERT INTO "logged" ("what") VALUES ('a' || 'b')$$
SET sql_mode = ''$$
CREATE PROCEDURE lax() INSERT INTO times (id, d) VALUES (99, '0000-00-00')$$
SET NAMES latin1$$
CREATE PROCEDURE in_latin1() SELECT 'x' AS v$$
SET NAMES utf8mb4 COLLATE utf8mb4_bin$$
CREATE FUNCTION in_bin() RETURNS int DETERMINISTIC RETURN 'a' = 'A'$$
SET NAMES utf8mb4$$
-- Where the binary log is on a server takes such a function only if it is told to.
SET @before = @@GLOBAL.log_bin_trust_function_creators$$
SET GLOBAL log_bin_trust_function_creators = 1$$
CREATE FUNCTION says_nothing() RETURNS double RETURN RAND()$$
SET GLOBAL log_bin_trust_function_creators = @before$$
SET sql_mode = 'STRICT_TRANS_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO'$$
CREATE FUNCTION strict(a int) RETURNS double DETERMINISTIC RETURN 1 / a$$

SET time_zone = '+03:00'$$
CREATE EVENT hourly ON SCHEDULE EVERY 1 HOUR STARTS '2037-06-01 12:00:00' ENDS '2037-12-31 12:00:00' ON COMPLETION PRESERVE ENABLE COMMENT 'it''s hourly'
DO BEGIN INSERT INTO logged (what) VALUES ('hour'); DELETE FROM logged WHERE id < 0; END$$
CREATE EVENT once ON SCHEDULE AT '2037-06-01 12:00:00' ON COMPLETION NOT PRESERVE DO SET @x = 1$$
SET time_zone = 'SYSTEM'$$
CREATE EVENT `odd event` ON SCHEDULE EVERY '1:30' HOUR_MINUTE STARTS '2037-01-01' DISABLE DO SET @`a b` = 2$$
CREATE DEFINER = dbimg_owner@localhost EVENT owned_event ON SCHEDULE EVERY 1 YEAR STARTS '2037-01-01' DO SET @x = 1$$
DELIMITER ;
SET sql_mode = DEFAULT;
