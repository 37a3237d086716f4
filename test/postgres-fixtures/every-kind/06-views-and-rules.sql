-- Views, materialized views and rules, with their dependencies in every direction.
CREATE VIEW vw.plain AS SELECT id, name, mood FROM rel.plain WHERE id < 100;
CREATE VIEW vw.star AS SELECT * FROM con.tree;
ALTER TABLE con.tree ADD added_later integer;
CREATE VIEW vw.renamed ("Odd ""column""", b) AS SELECT id, name FROM vw.plain;
ALTER VIEW vw.renamed RENAME COLUMN b TO c;
CREATE VIEW vw.nested AS SELECT "Odd ""column""" + 1 AS next FROM vw.renamed JOIN vw.star ON id = "Odd ""column""";
CREATE VIEW vw.checked_locally WITH (security_barrier = true) AS SELECT id, v FROM rel.no_rows WHERE id > 0 WITH LOCAL CHECK OPTION;
CREATE VIEW vw.checked_by_all AS SELECT id, v FROM vw.checked_locally WHERE id < 1000 WITH CASCADED CHECK OPTION;
CREATE VIEW vw.with_default AS SELECT id, v FROM rel.no_rows;
ALTER VIEW vw.with_default ALTER v SET DEFAULT 'from the view';
CREATE RECURSIVE VIEW vw.counting (n) AS VALUES (1) UNION ALL SELECT n + 1 FROM counting WHERE n < 10;
CREATE VIEW vw.paths AS WITH RECURSIVE p AS (SELECT id, ARRAY[id] AS path FROM con.tree WHERE up IS NULL UNION ALL SELECT t.id, p.path || t.id FROM con.tree t JOIN p ON t.up = p.id) SELECT * FROM p;
CREATE VIEW vw.no_columns AS SELECT FROM rel.plain;
CREATE VIEW vw.grouped AS SELECT id, name, count(*) AS n FROM rel.plain GROUP BY id;
CREATE VIEW vw.whole_rows AS SELECT p AS whole, p.*::rel.plain AS again FROM rel.plain p;
CREATE VIEW vw.rich AS
  SELECT p.mood, fn.total(p.id) FILTER (WHERE p.id > 3) OVER w AS running, fn.plain(p.id) AS f, (SELECT max(b) FROM con.parent) AS best,
    CASE WHEN p.name ~ E'\\d' THEN 'digit' ELSE 'it''s' END AS c, ROW(1, 'x')::types.pair AS r, (ROW(1, 'x')::types.pair).y AS y,
    ARRAY[1, 2] || ARRAY[3] AS arr, g.i, t.*
  FROM rel.plain p LEFT JOIN LATERAL generate_series(1, 2) WITH ORDINALITY AS g(i, o) ON true CROSS JOIN fn.as_table(2) AS t
  WHERE p.id IN (VALUES (1), (2)) AND EXISTS (SELECT 1 FROM con.child WHERE child.id = p.id) IS NOT TRUE
  WINDOW w AS (PARTITION BY p.mood ORDER BY p.id DESC ROWS BETWEEN 2 PRECEDING AND CURRENT ROW EXCLUDE TIES);
CREATE VIEW vw.own_operators AS SELECT a.id FROM idx.t a JOIN idx.t b ON a.big OPERATOR(fn.=) b.big ORDER BY a.big USING OPERATOR(fn.<);
CREATE VIEW vw.aggregates AS SELECT fn.percentile(0.5) WITHIN GROUP (ORDER BY id::double precision) AS p, fn.row_count(*) AS n, fn.moving_sum(id::double precision) AS s FROM rel.plain;
CREATE VIEW vw.later_lost AS SELECT kept FROM rel.lost_columns;
COMMENT ON VIEW vw.plain IS 'a view';
COMMENT ON COLUMN vw.plain.mood IS 'how it feels';
ALTER VIEW vw.plain OWNER TO dbimg_owner;
GRANT SELECT (id), UPDATE (name) ON vw.plain TO dbimg_reader;

-- A view that a function needs that a view needs; a function on a view's row type.
CREATE VIEW vw.below AS SELECT 1 AS one, 'x'::text AS label;
CREATE FUNCTION vw.reads_view(vw.below) RETURNS text LANGUAGE sql AS 'SELECT $1.label';
CREATE FUNCTION vw.all_below() RETURNS SETOF vw.below LANGUAGE sql AS 'SELECT * FROM vw.below';
CREATE VIEW vw.above AS SELECT *, vw.reads_view(b) AS again FROM vw.all_below() AS b;
-- Two views that need one another: only a rule can make that.
CREATE VIEW vw.circle_a AS SELECT 1 AS n;
CREATE VIEW vw.circle_b AS SELECT n FROM vw.circle_a;
CREATE OR REPLACE VIEW vw.circle_a AS SELECT n FROM vw.circle_b;
-- A table's default and constraint that need a function over another table; a view over a table grouped by its key.
CREATE FUNCTION vw.next_id() RETURNS bigint LANGUAGE sql AS 'SELECT coalesce(max(id), 0) + 1 FROM rel.plain';
CREATE TABLE vw.uses_next_id (id bigint DEFAULT vw.next_id(), CHECK (id > 0));
INSERT INTO vw.uses_next_id DEFAULT VALUES;

CREATE MATERIALIZED VIEW vw.totals AS SELECT mood, count(*) AS n, sum(id) AS ids FROM rel.plain GROUP BY mood;
CREATE MATERIALIZED VIEW vw.on_totals WITH (fillfactor = 66) AS SELECT n * 2 AS twice, ids FROM vw.totals;
CREATE MATERIALIZED VIEW vw.a_first_by_name AS SELECT twice FROM vw.on_totals JOIN vw.nested ON true LIMIT 5;
CREATE MATERIALIZED VIEW vw.unpopulated AS SELECT * FROM rel.plain WITH NO DATA;
CREATE MATERIALIZED VIEW vw.on_unpopulated AS SELECT id FROM vw.unpopulated WITH NO DATA;
CREATE MATERIALIZED VIEW vw."Odd mat ""view""" (a, "B b") AS SELECT i, 'v' || i FROM generate_series(1, 100) AS i;
CREATE UNIQUE INDEX ON vw.totals (mood);
CREATE INDEX totals_expression ON vw.totals ((n + 1)) WHERE n > 0;
CREATE UNIQUE INDEX on_unpopulated_key ON vw.unpopulated (id);
ALTER MATERIALIZED VIEW vw.totals CLUSTER ON totals_mood_idx;
ALTER MATERIALIZED VIEW vw.totals ALTER COLUMN ids SET STATISTICS 55;
COMMENT ON MATERIALIZED VIEW vw.totals IS 'kept results';
COMMENT ON COLUMN vw.totals.n IS 'how many';
COMMENT ON INDEX vw.totals_expression IS 'an index on kept results';
ALTER MATERIALIZED VIEW vw.totals OWNER TO dbimg_owner;
GRANT SELECT ON vw.totals TO dbimg_reader;
CREATE VIEW vw.on_materialized AS SELECT t.n, u.id FROM vw.totals t LEFT JOIN vw.unpopulated u ON false;
CREATE STATISTICS vw.on_kept ON mood, n FROM vw.totals;

CREATE TABLE vw.log (at timestamptz DEFAULT '2024-01-01 00:00:00+00', what text);
CREATE TABLE vw.ruled (id integer, v text);
INSERT INTO vw.ruled VALUES (1, 'one'), (2, 'two');
CREATE RULE "Odd ""rule""" AS ON INSERT TO vw.ruled WHERE new.id > 100 DO ALSO INSERT INTO vw.log (what) VALUES ('insert ' || new.id || ' it''s');
CREATE RULE no_deletes AS ON DELETE TO vw.ruled DO INSTEAD NOTHING;
CREATE RULE two_actions AS ON UPDATE TO vw.ruled DO ALSO (INSERT INTO vw.log (what) VALUES (old.v); DELETE FROM vw.log WHERE what = new.v);
CREATE RULE notes AS ON UPDATE TO vw.ruled DO ALSO NOTIFY ruled;
ALTER TABLE vw.ruled DISABLE RULE two_actions, ENABLE ALWAYS RULE no_deletes, ENABLE REPLICA RULE notes;
CREATE VIEW vw.writable AS SELECT id, v, id * 2 AS twice FROM vw.ruled;
CREATE RULE writable_insert AS ON INSERT TO vw.writable DO INSTEAD INSERT INTO vw.ruled VALUES (new.id, new.v) RETURNING id, v, id * 2;
CREATE RULE writable_update AS ON UPDATE TO vw.writable DO INSTEAD UPDATE vw.ruled SET v = new.v WHERE id = old.id;
COMMENT ON RULE no_deletes ON vw.ruled IS 'nothing goes';
CREATE SEQUENCE vw.read_by_view;
CREATE VIEW vw.sequence_state AS SELECT last_value, is_called FROM vw.read_by_view;
CREATE VIEW vw.uses_regclass AS SELECT nextval('vw.read_by_view') AS next, 'rel.plain'::regclass AS named;
