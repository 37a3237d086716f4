-- Every kind of object and storage that a database file can hold.
PRAGMA foreign_keys = OFF;
PRAGMA page_size = 2048;
PRAGMA auto_vacuum = INCREMENTAL;
PRAGMA user_version = 42;
PRAGMA application_id = 252006673;

CREATE TABLE plain (a, b TEXT COLLATE NOCASE, c NUMERIC(10, 2) DEFAULT (1.5), CHECK (a <> 'never'));
INSERT INTO plain (rowid, a, b, c) VALUES
  (-9223372036854775808, 9223372036854775807, 'first', 0.1),
  (7, -0.0, 'Straße', 9e999),
  (8, x'00ff', CAST(x'ff80' AS TEXT), NULL),
  (9223372036854775807, 1, CAST(x'610062' AS TEXT), -9223372036854775808);

CREATE TABLE counted (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE NOT NULL);
INSERT INTO counted (name) VALUES ('one'), ('two'), ('three');
DELETE FROM counted WHERE id = 3;

CREATE TABLE descending (id INTEGER PRIMARY KEY DESC, note TEXT);
INSERT INTO descending VALUES (3, 'c'), (1, 'a');

CREATE TABLE keyed (b TEXT, a INTEGER, n REAL, PRIMARY KEY (a DESC, b COLLATE NOCASE)) WITHOUT ROWID;
INSERT INTO keyed VALUES ('x', 1, 5), ('y', 2, 5.5), ('Z', 2, NULL);

CREATE TABLE strict_one (i INT, r REAL, t TEXT, b BLOB, o ANY) STRICT;
INSERT INTO strict_one VALUES (1, 2, '3', x'04', '5'), (NULL, NULL, NULL, NULL, 6);

CREATE TABLE computed (base INTEGER, twice INTEGER AS (base * 2) VIRTUAL, square INTEGER AS (base * base) STORED, tail);
INSERT INTO computed (base, tail) VALUES (3, 'end'), (4, NULL);

CREATE TABLE altered (id INTEGER PRIMARY KEY, kept);
INSERT INTO altered VALUES (1, 'old');
ALTER TABLE altered ADD COLUMN late REAL DEFAULT 7;
ALTER TABLE altered ADD COLUMN later TEXT DEFAULT 'it''s';
INSERT INTO altered VALUES (2, 'new', 8.5, NULL);

CREATE TABLE parent (id INTEGER PRIMARY KEY);
CREATE TABLE child (id INTEGER PRIMARY KEY, parent REFERENCES parent ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED);
INSERT INTO parent VALUES (1);
-- The second refers to nobody: that is state too.
INSERT INTO child VALUES (1, 1), (2, 99);

CREATE TABLE "odd ""name"";--" ("select" TEXT, "" BLOB, [ta
b] INT);
INSERT INTO "odd ""name"";--" VALUES ('x', zeroblob(50000), 1);
CREATE TABLE "表" (a);
CREATE TABLE empty (a);

CREATE INDEX plain_b ON plain (b COLLATE NOCASE DESC);
CREATE UNIQUE INDEX plain_part ON plain (a) WHERE c IS NOT NULL;
CREATE INDEX plain_expression ON plain (length(b), a + 1);

CREATE VIEW seen AS SELECT a, upper(b) AS b FROM plain;
CREATE VIEW over_view (x) AS SELECT b FROM seen;

CREATE TABLE log (what);
CREATE TRIGGER noted AFTER INSERT ON plain BEGIN INSERT INTO log VALUES (new.a); END;
CREATE TRIGGER instead INSTEAD OF DELETE ON seen BEGIN DELETE FROM plain WHERE a = old.a; END;

CREATE VIRTUAL TABLE words USING fts5 (title, body, tokenize = 'porter');
INSERT INTO words VALUES ('running', 'the runners ran'), ('jumping', 'it jumps');
CREATE VIRTUAL TABLE words4 USING fts4 (body);
INSERT INTO words4 VALUES ('older words');
CREATE VIRTUAL TABLE boxes USING rtree (id, x0, x1, y0, y1);
INSERT INTO boxes VALUES (1, 0, 10, 0, 10), (2, 5.5, 6.5, -1, 1);

ANALYZE;
