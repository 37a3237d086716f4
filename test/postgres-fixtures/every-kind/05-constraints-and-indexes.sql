-- Constraints of every kind and state; indexes by every access method, on partitioned tables attached or not.
CREATE TABLE con.parent (
  id integer CONSTRAINT "Odd primary ""key""" PRIMARY KEY,
  code text NOT NULL CONSTRAINT code_once UNIQUE DEFERRABLE INITIALLY DEFERRED,
  a integer, b integer,
  UNIQUE (a, b) INCLUDE (code) WITH (fillfactor = 55),
  CONSTRAINT a_over_b CHECK (a > b OR b IS NULL),
  CHECK (id <> 13) NO INHERIT
);
INSERT INTO con.parent SELECT i, 'c' || i, i * 2, i FROM generate_series(100, 400) AS i;
ALTER TABLE con.parent ADD CONSTRAINT not_for_old_rows CHECK (id < 200) NOT VALID;
COMMENT ON CONSTRAINT a_over_b ON con.parent IS 'a is greater';
COMMENT ON CONSTRAINT "Odd primary ""key""" ON con.parent IS 'the key';
COMMENT ON INDEX con."Odd primary ""key""" IS 'the index of the key';

CREATE TABLE con.child (
  id integer PRIMARY KEY,
  cascade_id integer REFERENCES con.parent ON DELETE CASCADE ON UPDATE CASCADE,
  null_id integer CONSTRAINT "sets null" REFERENCES con.parent ON DELETE SET NULL ON UPDATE SET NULL,
  default_id integer DEFAULT 100 REFERENCES con.parent ON DELETE SET DEFAULT ON UPDATE SET DEFAULT,
  restrict_id integer REFERENCES con.parent ON DELETE RESTRICT ON UPDATE RESTRICT,
  deferred_id integer REFERENCES con.parent DEFERRABLE INITIALLY DEFERRED,
  deferrable_id integer REFERENCES con.parent DEFERRABLE,
  a integer, b integer
);
CREATE UNIQUE INDEX parent_b_a ON con.parent (b, a);
ALTER TABLE con.child ADD CONSTRAINT two_columns FOREIGN KEY (b, a) REFERENCES con.parent (b, a) MATCH FULL;
INSERT INTO con.child SELECT i, i, i + 1, i + 2, i + 3, i, i, i * 2, i FROM generate_series(100, 300) AS i;
INSERT INTO con.child (id, cascade_id) VALUES (1, 100);
CREATE TABLE con.orphans (id integer, parent_id integer);
INSERT INTO con.orphans VALUES (1, -1), (2, 100);
ALTER TABLE con.orphans ADD CONSTRAINT orphans_are_old FOREIGN KEY (parent_id) REFERENCES con.parent NOT VALID;
COMMENT ON CONSTRAINT orphans_are_old ON con.orphans IS 'never checked';
CREATE TABLE con.tree (id integer PRIMARY KEY, up integer REFERENCES con.tree, name text);
INSERT INTO con.tree SELECT i, nullif(i / 2, 0), 'node ' || i FROM generate_series(1, 100) AS i;
CREATE TABLE con.hen (id integer PRIMARY KEY, egg_id integer);
CREATE TABLE con.egg (id integer PRIMARY KEY, hen_id integer NOT NULL REFERENCES con.hen DEFERRABLE INITIALLY DEFERRED);
INSERT INTO con.hen VALUES (1, 10), (2, 20);
INSERT INTO con.egg VALUES (10, 1), (20, 2);
ALTER TABLE con.hen ADD FOREIGN KEY (egg_id) REFERENCES con.egg DEFERRABLE;
CREATE TABLE con.booking (
  room integer, during tsrange, cancelled boolean DEFAULT false,
  CONSTRAINT no_overlap EXCLUDE USING gist (int4range(room, room, '[]') WITH =, during WITH &&) WHERE (NOT cancelled) DEFERRABLE INITIALLY DEFERRED,
  EXCLUDE USING btree ((room + 1000000) WITH =, during WITH =) INCLUDE (cancelled)
);
INSERT INTO con.booking VALUES (1, '[2024-01-01,2024-01-02)'), (1, '[2024-01-02,2024-01-03)'), (2, 'empty'), (NULL, NULL);
CREATE TABLE con.by_part (id integer, kind text, v integer CHECK (v > 0), CONSTRAINT by_part_key PRIMARY KEY (id, kind)) PARTITION BY LIST (kind);
CREATE TABLE con.by_part_a PARTITION OF con.by_part FOR VALUES IN ('a');
CREATE TABLE con.by_part_b (id integer NOT NULL, kind text NOT NULL, v integer CONSTRAINT by_part_v_check CHECK (v > 0), CONSTRAINT its_own_name UNIQUE (id, kind));
ALTER TABLE con.by_part ATTACH PARTITION con.by_part_b FOR VALUES IN ('b');
CREATE TABLE con.by_part_rest PARTITION OF con.by_part DEFAULT PARTITION BY RANGE (id);
CREATE TABLE con.by_part_rest_all PARTITION OF con.by_part_rest FOR VALUES FROM (MINVALUE) TO (MAXVALUE);
INSERT INTO con.by_part SELECT i, chr(97 + i % 4), i FROM generate_series(1, 100) AS i;
CREATE TABLE con.to_part (id integer, kind text, FOREIGN KEY (id, kind) REFERENCES con.by_part ON DELETE CASCADE);
INSERT INTO con.to_part SELECT id, kind FROM con.by_part WHERE id % 3 = 0;
ALTER TABLE con.by_part ADD CONSTRAINT from_part FOREIGN KEY (v) REFERENCES con.tree ON DELETE SET NULL;
ALTER TABLE con.by_part ADD UNIQUE (kind, id) DEFERRABLE;
CREATE TABLE con.uses_index (a integer NOT NULL, b text NOT NULL);
CREATE UNIQUE INDEX became_key ON con.uses_index (b, a) WITH (deduplicate_items = off);
ALTER TABLE con.uses_index ADD CONSTRAINT renamed_key PRIMARY KEY USING INDEX became_key;
CREATE TABLE con.checks_whole_row (a integer, b text, CHECK (checks_whole_row IS NOT NULL), CHECK (fn.plain(a) <> b));
INSERT INTO con.checks_whole_row VALUES (1, 'b');
CREATE TABLE con.not_nulls (a integer CONSTRAINT "a is needed" NOT NULL, b integer CHECK (b IS NOT NULL));
CREATE FUNCTION con.rows_allow(integer) RETURNS boolean LANGUAGE sql STABLE AS 'SELECT count(*) < 10000 FROM con.tree';
CREATE TABLE con.check_reads_table (a integer CHECK (con.rows_allow(a)));
INSERT INTO con.check_reads_table VALUES (1), (2);

CREATE TABLE idx.t (id integer, a text, b text, c integer[], j jsonb, p point, r int4range, v tsvector, n numeric, ts timestamptz, ip inet, big types.big, mood types.mood);
INSERT INTO idx.t SELECT i, 'a' || i % 17, 'b' || i, ARRAY[i, i + 1], jsonb_build_object('k', i), point(i, -i), int4range(i, i + 5), to_tsvector('simple', 'word' || i), i / 3.0, '2024-01-01'::timestamptz + i * interval '1 minute', ('10.0.0.' || i % 256)::inet, i::bigint, 'ok' FROM generate_series(1, 1000) AS i;
CREATE INDEX ON idx.t (id);
CREATE INDEX "Odd index ""name""; --" ON idx.t (a COLLATE "C" text_pattern_ops DESC NULLS LAST, b NULLS FIRST, n DESC);
CREATE INDEX by_expression ON idx.t ((lower(a) || b), (id * 2) DESC, upper(b) COLLATE types.icu_swedish);
ALTER INDEX idx.by_expression ALTER COLUMN 2 SET STATISTICS 444;
CREATE INDEX partial ON idx.t (a) WHERE id > 5 AND b IS NOT NULL AND a = ANY (ARRAY['a1', 'it''s']);
CREATE UNIQUE INDEX covering ON idx.t (id) INCLUDE (a, b) WITH (fillfactor = 60, deduplicate_items = off);
CREATE INDEX by_hash ON idx.t USING hash (b) WITH (fillfactor = 80);
CREATE INDEX by_gin_array ON idx.t USING gin (c) WITH (fastupdate = off);
CREATE INDEX by_gin_json ON idx.t USING gin (j jsonb_path_ops);
CREATE INDEX by_gin_both ON idx.t USING gin (c, v) WITH (gin_pending_list_limit = 128);
CREATE INDEX by_gist ON idx.t USING gist (p, r) WITH (buffering = on);
CREATE INDEX by_gist_options ON idx.t USING gist (v tsvector_ops (siglen = 200));
CREATE INDEX by_spgist ON idx.t USING spgist (p kd_point_ops);
CREATE INDEX by_spgist_text ON idx.t USING spgist (a);
CREATE INDEX by_brin ON idx.t USING brin (ts, id, ip inet_inclusion_ops) WITH (pages_per_range = 4, autosummarize = on);
CREATE INDEX by_own_class ON idx.t (big fn.big_ops, id fn.int_again);
CREATE INDEX by_function ON idx.t (fn.plain(id, 2, 'x'));
CREATE INDEX by_row ON idx.t ((mood = 'ok'), (j ->> 'k'));
COMMENT ON INDEX idx.partial IS 'only some';
ALTER TABLE idx.t CLUSTER ON by_expression;
CREATE TABLE idx.p (a integer, b text, c date) PARTITION BY RANGE (a);
CREATE TABLE idx.p1 PARTITION OF idx.p FOR VALUES FROM (0) TO (100);
CREATE TABLE idx.p2 PARTITION OF idx.p FOR VALUES FROM (100) TO (200) PARTITION BY LIST (b);
CREATE TABLE idx.p2x PARTITION OF idx.p2 FOR VALUES IN ('x');
CREATE INDEX on_all ON idx.p (b, c DESC);
CREATE INDEX attached_to_be ON idx.p1 ((a + 1));
CREATE INDEX attaching ON idx.p ((a + 1));
CREATE INDEX only_on_parent ON ONLY idx.p (c);
CREATE INDEX only_one_of_two ON idx.p1 (c);
ALTER INDEX idx.only_on_parent ATTACH PARTITION idx.only_one_of_two;
CREATE INDEX its_own ON idx.p2x (lower(b));
ALTER INDEX idx.on_all RENAME TO "Renamed parent index";
CREATE UNIQUE INDEX unique_on_all ON idx.p (a, b);
INSERT INTO idx.p SELECT i, 'x', '2024-01-01' FROM generate_series(1, 199) AS i;
COMMENT ON INDEX idx.attaching IS 'on a partitioned table';
CREATE TABLE idx.statistics (a integer, b integer, c text, d date);
CREATE STATISTICS idx.both (ndistinct, dependencies) ON a, b FROM idx.statistics;
CREATE STATISTICS idx.all_kinds ON a, b, c FROM idx.statistics;
CREATE STATISTICS "Odd Schema"."Odd statistics" (mcv) ON c, d FROM idx.statistics;
ALTER STATISTICS idx.both SET STATISTICS 321;
ALTER STATISTICS idx.all_kinds OWNER TO dbimg_owner;
COMMENT ON STATISTICS idx.both IS 'they go together';
