-- PostgreSQL 16: storage in CREATE TABLE, SQL/JSON constructors, numeric literals, rules of ICU collations.
CREATE COLLATION types.icu_rules (provider = icu, locale = 'en', rules = '&V << w <<< W');
CREATE TABLE rel.storage_at_once (a text STORAGE EXTERNAL, b text STORAGE DEFAULT);
CREATE VIEW vw.json_made AS SELECT JSON_OBJECT('id': id, 'name' VALUE name ABSENT ON NULL RETURNING jsonb) AS o, JSON_ARRAY(id, name) AS a, name IS JSON ARRAY AS is_array FROM rel.plain;
CREATE VIEW vw.json_grouped AS SELECT JSON_ARRAYAGG(name ORDER BY id) AS names, JSON_OBJECTAGG(id: name) AS by_id FROM rel.plain;
CREATE VIEW vw.literals AS SELECT 0x1F AS hexadecimal, 1_000_000 AS million, any_value(id) AS any_id FROM rel.plain;
