-- State that pg_dump and psql do not bring back, so it stands apart from every-kind: columns of inherited tables in an
-- order that their definitions do not give, older versions of extensions, an extension without its comment, and
-- exclusion constraints of partitioned tables, whose indexes cannot be attached afterwards.
CREATE TABLE parent (a integer, b text);
CREATE TABLE child (own_1 integer, own_2 text) INHERITS (parent);
CREATE TABLE grandchild (deep date) INHERITS (child);
ALTER TABLE parent ADD added_later numeric DEFAULT 7;
ALTER TABLE child ADD own_3 text;
ALTER TABLE parent DROP b;
INSERT INTO child (a, own_1, own_2, added_later, own_3) VALUES (1, 2, 'x', 3, 'y');
INSERT INTO grandchild (a, own_1, deep, own_3) VALUES (4, 5, '2024-01-01', 'z');
CREATE TABLE second_parent (s integer, a integer);
CREATE TABLE joins_two (x integer) INHERITS (parent);
ALTER TABLE joins_two ADD s integer;
ALTER TABLE joins_two INHERIT second_parent;
INSERT INTO joins_two (a, x, s) VALUES (1, 2, 3);
CREATE EXTENSION seg VERSION '1.3';
CREATE EXTENSION ltree;
COMMENT ON EXTENSION ltree IS NULL;
CREATE EXTENSION btree_gist;
DO $$
BEGIN
  IF current_setting('server_version_num')::integer < 170000 THEN RETURN; END IF;
  CREATE TABLE bookings (room integer, during int4range, EXCLUDE USING gist (room WITH =, during WITH &&)) PARTITION BY LIST (room);
  CREATE TABLE bookings_1 PARTITION OF bookings FOR VALUES IN (1);
  CREATE TABLE bookings_rest PARTITION OF bookings DEFAULT;
  INSERT INTO bookings VALUES (1, '[1,3)'), (1, '[3,5)'), (2, '[1,9)');
END $$;
