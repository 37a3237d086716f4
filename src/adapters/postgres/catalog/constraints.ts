/** Constraints that come after the data: keys, exclusions, foreign keys, and checks that never looked at old rows. */
import { describedKey, type KeyFacts, keyFacts } from './described-keys.ts';
import type { Describe, Draft } from './draft.ts';
import { tableChoices } from './indexes.ts';
import { CATALOG } from './kinds.ts';
import { identifier, inTablespace, literal, qualified, relationName } from './quoting.ts';
import type { CatalogSession } from './session.ts';

interface ConstraintRow extends KeyFacts {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  readonly quoted: string;
  readonly type: string;
  readonly definition: string;
  readonly table: string;
  readonly tableOid: number;
  readonly tableSchema: string;
  readonly tableName: string;
  readonly partitioned: boolean;
  readonly foreign: boolean;
  readonly size: number;
  readonly indexOid: number;
  readonly index: string | null;
  readonly tablespace: string | null;
  readonly timing: string;
  readonly period: boolean;
  readonly clustered: boolean | null;
  readonly replicaIdentity: boolean | null;
  readonly locked: readonly number[];
  /** Constraints that this one makes on partitions, parents before children. */
  readonly made: readonly MadeConstraint[];
}

interface MadeConstraint {
  readonly oid: number;
  readonly name: string;
  readonly table: string;
  readonly parentName: string;
  readonly parentTable: string;
}

/** SQL: all tables that ALTER TABLE … ADD CONSTRAINT touches: both ends of a foreign key with their partitions. */
const TOUCHED = `coalesce((WITH RECURSIVE touched (oid) AS (
    SELECT e.oid FROM unnest(ARRAY[k.conrelid, k.confrelid]) AS e (oid) WHERE e.oid <> 0
    UNION SELECT i.inhrelid FROM touched JOIN pg_inherits AS i ON i.inhparent = touched.oid
  ) SELECT json_agg(touched.oid::int8) FROM touched), '[]'::json)`;

/** SQL: constraints on partitions whose indexes cannot be attached (exclusion, WITHOUT OVERLAPS), under constraint `k`. */
function madeOnPartitions(period: string): string {
  return `CASE WHEN t.relkind = 'p' AND (k.contype = 'x' OR k.contype IN ('p', 'u') AND ${period}) THEN (
    WITH RECURSIVE made (oid, depth) AS (
      SELECT m.oid, 1 FROM pg_constraint AS m WHERE m.conparentid = k.oid
      UNION ALL SELECT m.oid, made.depth + 1 FROM made JOIN pg_constraint AS m ON m.conparentid = made.oid
    ) SELECT json_agg(json_build_object('oid', m.oid::int8, 'name', m.conname, 'table', ${relationName('m.conrelid')},
        'parentName', p.conname, 'parentTable', ${relationName('p.conrelid')})
      ORDER BY made.depth, m.oid)
    FROM made JOIN pg_constraint AS m ON m.oid = made.oid JOIN pg_constraint AS p ON p.oid = m.conparentid) END`;
}

function constraintSql(server: CatalogSession): string {
  const period = server.pick(18, 'k.conperiod', 'false');
  return `SELECT k.oid::int8 AS oid, n.nspname AS schema, k.conname AS name, quote_ident(k.conname) AS quoted, k.contype AS type,
      pg_get_constraintdef(k.oid) AS definition, ${qualified('n.nspname', 't.relname')} AS "table", t.oid::int8 AS "tableOid",
      n.nspname AS "tableSchema", t.relname AS "tableName", t.relkind = 'p' AS partitioned, t.relkind = 'f' AS foreign,
      CASE WHEN k.contype = 'f' THEN pg_relation_size(t.oid) ELSE coalesce(pg_relation_size(i.indexrelid), 0) END AS size,
      k.conindid::int8 AS "indexOid", ${relationName('i.indexrelid')} AS index,
      (SELECT s.spcname FROM pg_tablespace AS s JOIN pg_class AS x ON x.reltablespace = s.oid WHERE x.oid = i.indexrelid) AS tablespace,
      CASE WHEN k.condeferrable THEN ' DEFERRABLE' ELSE '' END || CASE WHEN k.condeferred THEN ' INITIALLY DEFERRED' ELSE '' END AS timing,
      ${period} AS period, ${keyFacts(server)}, i.indisclustered AS clustered, i.indisreplident AS "replicaIdentity", ${TOUCHED} AS locked,
      coalesce(${madeOnPartitions(period)}, '[]'::json) AS made
    FROM pg_constraint AS k JOIN pg_class AS t ON t.oid = k.conrelid JOIN pg_namespace AS n ON n.oid = t.relnamespace
    LEFT JOIN pg_index AS i ON i.indexrelid = k.conindid AND k.contype IN ('p', 'u', 'x')
    WHERE k.oid = ANY ($1::oid[])`;
}

/** Primary keys, unique and exclusion constraints, foreign keys and unvalidated checks of tables. */
export const describeConstraints: Describe = async ({ server, graph }, oids) => {
  const rows = await server.describe<ConstraintRow>(constraintSql(server), oids);
  return rows.map((row): Draft => {
    const named = { oid: row.oid, schema: row.schema, name: row.name };
    const made =
      row.index !== null && !isIndexReady(row, graph.find(CATALOG.pg_class, row.indexOid) >= 0, graph);
    return {
      ...named,
      of: [row.tableSchema, row.tableName],
      described: describedKey(row, server.database),
      sql: [
        ...inTablespace(made ? row.tablespace : null, [addConstraint(row, made)]),
        ...choices(row),
        ...row.made.map(renameMade),
      ],
      adorned: [
        {
          classId: CATALOG.pg_constraint,
          oid: row.oid,
          identity: `CONSTRAINT ${row.quoted} ON ${row.table}`,
        },
        ...(made && row.index !== null
          ? [{ classId: CATALOG.pg_class, oid: row.indexOid, identity: `INDEX ${row.index}` }]
          : []),
        ...row.made.map((one) => ({
          classId: CATALOG.pg_constraint,
          oid: one.oid,
          identity: `CONSTRAINT ${identifier(one.name)} ON ${one.table}`,
        })),
      ],
      exclusive: row.locked,
      size: made || row.type === 'f' ? row.size : 0,
    };
  });
};

/** Whether an entry of its own has made the index, which the constraint then takes over. */
function isIndexReady(
  row: ConstraintRow,
  known: boolean,
  graph: { find(classId: number, oid: number): number; kind(node: number): string },
): boolean {
  return known && graph.kind(graph.find(CATALOG.pg_class, row.indexOid)) === 'index';
}

function addConstraint(row: ConstraintRow, made: boolean): string {
  // Without ONLY where the constraint is to reach partitions or children that do not have it themselves.
  const spreads =
    row.made.length > 0 || row.type === 'c' || row.type === 'n' || (row.type === 'f' && row.partitioned);
  const alter = `ALTER ${row.foreign ? 'FOREIGN ' : ''}TABLE ${spreads ? '' : 'ONLY '}${row.table} ADD CONSTRAINT ${row.quoted}`;
  if (row.index === null || made) return `${alter} ${row.definition}`;
  return `${alter} ${row.type === 'p' ? 'PRIMARY KEY' : 'UNIQUE'} USING INDEX ${row.quoted}${row.timing}`;
}

/** A constraint that came to a partition with its parent's has a name of PostgreSQL's choice: gives it its own. */
function renameMade(made: MadeConstraint): string {
  const rename = `ALTER TABLE ${made.table} RENAME CONSTRAINT `;
  return `DO ${literal(`DECLARE made name; BEGIN
    SELECT k.conname INTO STRICT made FROM pg_catalog.pg_constraint AS k JOIN pg_catalog.pg_constraint AS p ON p.oid = k.conparentid
    WHERE k.conrelid = ${literal(made.table)}::pg_catalog.regclass AND p.conname = ${literal(made.parentName)}
      AND p.conrelid = ${literal(made.parentTable)}::pg_catalog.regclass;
    IF made <> ${literal(made.name)} THEN
      EXECUTE ${literal(rename)} || pg_catalog.quote_ident(made) || ${literal(` TO ${identifier(made.name)}`)};
    END IF;
  END`)}`;
}

function choices(row: ConstraintRow): readonly string[] {
  return tableChoices({
    table: row.table,
    quoted: row.quoted,
    clustered: row.clustered === true,
    replicaIdentity: row.replicaIdentity === true,
  });
}

interface SeparateCheckRow {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  readonly quoted: string;
  readonly of: string;
  readonly domain: boolean;
  readonly relkind: string | null;
  readonly definition: string;
}

/** Checks of tables and domains that cannot stand in CREATE because they need something that needs the table or type. Children get theirs from their parents. */
export const describeSeparateChecks: Describe = async ({ server }, oids) => {
  const rows = await server.describe<SeparateCheckRow>(
    `SELECT k.oid::int8 AS oid, n.nspname AS schema, coalesce(c.relname, t.typname) AS name, quote_ident(k.conname) AS quoted,
       ${qualified('n.nspname', 'coalesce(c.relname, t.typname)')} AS of, t.oid IS NOT NULL AS domain, c.relkind AS relkind,
       pg_get_constraintdef(k.oid) AS definition
     FROM pg_constraint AS k LEFT JOIN pg_class AS c ON c.oid = k.conrelid LEFT JOIN pg_type AS t ON t.oid = k.contypid
     JOIN pg_namespace AS n ON n.oid = coalesce(c.relnamespace, t.typnamespace)
     WHERE k.oid = ANY ($1::oid[]) AND (k.conislocal OR t.oid IS NOT NULL)`,
    oids,
  );
  return rows.map((row): Draft => {
    const keyword = row.domain ? 'DOMAIN' : row.relkind === 'f' ? 'FOREIGN TABLE' : 'TABLE';
    return {
      oid: row.oid,
      schema: row.schema,
      name: row.name,
      ...(row.domain ? {} : { of: [row.schema, row.name] as const }),
      sql: [`ALTER ${keyword} ${row.of} ADD CONSTRAINT ${row.quoted} ${row.definition}`],
      adorned: [
        {
          classId: CATALOG.pg_constraint,
          oid: row.oid,
          identity: `CONSTRAINT ${row.quoted} ON ${row.domain ? 'DOMAIN ' : ''}${row.of}`,
        },
      ],
    };
  });
};
