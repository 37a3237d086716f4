-- PostgreSQL 17: infinite intervals, identity on partitioned tables, MAINTAIN, JSON_TABLE, builtin collations.
INSERT INTO vals.times (iv) VALUES ('infinity'), ('-infinity');
CREATE TABLE part.with_identity (id bigint GENERATED ALWAYS AS IDENTITY (START 5 INCREMENT 5), a integer) PARTITION BY RANGE (a);
CREATE TABLE part.with_identity_low PARTITION OF part.with_identity FOR VALUES FROM (0) TO (10);
INSERT INTO part.with_identity (a) VALUES (1), (2);
GRANT MAINTAIN ON rel.plain TO dbimg_reader;
ALTER TABLE rel.stored ALTER with_targets SET STATISTICS DEFAULT;
CREATE COLLATION types.builtin_utf8 (provider = builtin, locale = 'C.UTF-8');
CREATE TABLE rel.with_builtin_collation (a text COLLATE types.builtin_utf8, b text COLLATE pg_c_utf8);
CREATE VIEW vw.json_table AS SELECT t.* FROM JSON_TABLE(jsonb '[{"a": 1, "b": [{"c": "x"}]}]', '$[*]' AS root COLUMNS (id FOR ORDINALITY, a integer PATH '$.a' DEFAULT 7 ON EMPTY, NESTED PATH '$.b[*]' AS b COLUMNS (c text PATH '$.c'))) AS t;
CREATE VIEW vw.json_queries AS SELECT JSON_EXISTS(jsonb '{"a": 1}', '$.a') AS e, JSON_VALUE(jsonb '{"a": 1}', '$.a' RETURNING integer DEFAULT -1 ON ERROR) AS v, JSON_QUERY(jsonb '{"a": [1]}', '$.a' WITH WRAPPER) AS q;
CREATE VIEW vw.merging AS SELECT id, v FROM vw.ruled;
CREATE FUNCTION fn.merges() RETURNS void LANGUAGE sql BEGIN ATOMIC MERGE INTO rel.no_rows t USING rel.compressed s ON t.v = s.lz WHEN MATCHED THEN UPDATE SET v = s.dflt WHEN NOT MATCHED THEN DO NOTHING; END;
CREATE EVENT TRIGGER dbimg_on_login ON login EXECUTE FUNCTION fn.event_note();
ALTER EVENT TRIGGER dbimg_on_login DISABLE;
