/** Indexes, their attachment to partitioned indexes, and extended statistics. */
import { describedIndex, INDEX_FACTS, type IndexFacts } from './described-keys.ts';
import type { Describe, Draft } from './draft.ts';
import { CATALOG } from './kinds.ts';
import { inTablespace, qualified, relationName, roleName } from './quoting.ts';

interface IndexRow extends IndexFacts {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  readonly quoted: string;
  readonly qualified: string;
  readonly definition: string;
  readonly tablespace: string | null;
  readonly size: number;
  readonly table: string;
  readonly tableOid: number;
  readonly tableSchema: string;
  readonly tableName: string;
  readonly usable: boolean;
  readonly constraint: number | null;
  readonly clustered: boolean;
  readonly replicaIdentity: boolean;
  readonly statistics: readonly (readonly [column: number, target: number])[];
}

/** What a table says of one of its indexes. Comes after the index, and after its constraint if it has one. */
export function tableChoices(row: {
  readonly table: string;
  readonly quoted: string;
  readonly clustered: boolean;
  readonly replicaIdentity: boolean;
}): readonly string[] {
  return [
    ...(row.clustered ? [`ALTER TABLE ${row.table} CLUSTER ON ${row.quoted}`] : []),
    ...(row.replicaIdentity
      ? [`ALTER TABLE ONLY ${row.table} REPLICA IDENTITY USING INDEX ${row.quoted}`]
      : []),
  ];
}

/** Indexes; that of a primary key or unique constraint is made here too, so that many can be made at once. */
export const describeIndexes: Describe = async ({ server, omit }, oids) => {
  const rows = await server.describe<IndexRow>(
    `SELECT c.oid::int8 AS oid, n.nspname AS schema, c.relname AS name, quote_ident(c.relname) AS quoted,
       ${qualified('n.nspname', 'c.relname')} AS qualified, pg_get_indexdef(c.oid) AS definition,
       (SELECT s.spcname FROM pg_tablespace AS s WHERE s.oid = c.reltablespace) AS tablespace,
       CASE WHEN c.relkind = 'i' THEN pg_relation_size(c.oid) ELSE 0 END AS size,
       ${relationName('t.oid')} AS "table", t.oid::int8 AS "tableOid", tn.nspname AS "tableSchema", t.relname AS "tableName",
       c.relkind = 'I' OR i.indisvalid AND i.indisready AS usable,
       (SELECT k.oid::int8 FROM pg_constraint AS k WHERE k.conindid = c.oid AND k.conrelid = t.oid AND k.contype IN ('p', 'u'))
         AS "constraint", ${INDEX_FACTS},
       i.indisclustered AS clustered, i.indisreplident AS "replicaIdentity",
       coalesce((SELECT json_agg(json_build_array(a.attnum, a.attstattarget) ORDER BY a.attnum) FROM pg_attribute AS a
         WHERE a.attrelid = c.oid AND a.attstattarget >= 0), '[]'::json) AS statistics
     FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
     JOIN pg_class AS t ON t.oid = i.indrelid JOIN pg_namespace AS tn ON tn.oid = t.relnamespace
     WHERE c.oid = ANY ($1::oid[])`,
    oids,
  );
  const drafts: Draft[] = [];
  for (const row of rows) {
    if (row.usable) drafts.push(describeIndex(row, server.database));
    else omit('index', row.schema, row.name, 'It is invalid: its creation has failed or is still going on.');
  }
  return drafts;
};

function describeIndex(row: IndexRow, database: string): Draft {
  const choices = row.constraint === null ? tableChoices(row) : [];
  const place = { schema: row.schema, name: row.name, of: [row.tableSchema, row.tableName] as const };
  return {
    oid: row.oid,
    ...place,
    described: describedIndex(row, database),
    sql: [
      ...inTablespace(row.tablespace, [row.definition]),
      ...row.statistics.map(
        ([column, target]) => `ALTER INDEX ${row.qualified} ALTER COLUMN ${column} SET STATISTICS ${target}`,
      ),
    ],
    adorned: [{ classId: CATALOG.pg_class, oid: row.oid, identity: `INDEX ${row.qualified}` }],
    shared: [row.tableOid],
    size: row.size,
    ...(choices.length === 0
      ? {}
      : {
          followers: [
            { oid: row.oid, kind: 'index-choice', ...place, sql: choices, exclusive: [row.tableOid] },
          ],
        }),
  };
}

interface AttachRow {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  readonly child: string;
  readonly parent: string;
  readonly childTable: number;
  readonly parentTable: number;
  readonly rootTable: number;
  readonly tableSchema: string;
  readonly tableName: string;
}

/** ALTER INDEX … ATTACH PARTITION. */
export const describeIndexPartitions: Describe = async ({ server }, oids) => {
  const rows = await server.describe<AttachRow>(
    `SELECT c.oid::int8 AS oid, n.nspname AS schema, c.relname AS name, ${qualified('n.nspname', 'c.relname')} AS child,
       ${relationName('h.inhparent')} AS parent, x.indrelid::int8 AS "childTable", px.indrelid::int8 AS "parentTable",
       coalesce(pg_partition_root(px.indrelid), px.indrelid)::oid::int8 AS "rootTable", tn.nspname AS "tableSchema", t.relname AS "tableName"
     FROM pg_inherits AS h JOIN pg_class AS c ON c.oid = h.inhrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
     JOIN pg_index AS x ON x.indexrelid = h.inhrelid JOIN pg_index AS px ON px.indexrelid = h.inhparent
     JOIN pg_class AS t ON t.oid = x.indrelid JOIN pg_namespace AS tn ON tn.oid = t.relnamespace
     WHERE h.inhrelid = ANY ($1::oid[])`,
    oids,
  );
  return rows.map(
    (row): Draft => ({
      oid: row.oid,
      schema: row.schema,
      name: row.name,
      of: [row.tableSchema, row.tableName],
      sql: [`ALTER INDEX ${row.parent} ATTACH PARTITION ${row.child}`],
      // An attachment may complete indexes further up: two in one tree at once would each see the other's missing.
      exclusive: [row.childTable, row.parentTable, row.rootTable],
    }),
  );
};

interface StatisticsRow {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  readonly qualified: string;
  readonly owner: string;
  readonly definition: string;
  readonly target: number | null;
  readonly tableOid: number;
  readonly tableSchema: string;
  readonly tableName: string;
}

/** CREATE STATISTICS. */
export const describeStatistics: Describe = async ({ server }, oids) => {
  const rows = await server.describe<StatisticsRow>(
    `SELECT s.oid::int8 AS oid, n.nspname AS schema, s.stxname AS name, ${qualified('n.nspname', 's.stxname')} AS qualified,
       ${roleName('s.stxowner')} AS owner, pg_get_statisticsobjdef(s.oid) AS definition,
       ${server.pick(13, 'CASE WHEN s.stxstattarget >= 0 THEN s.stxstattarget END', 'NULL')} AS target,
       t.oid::int8 AS "tableOid", tn.nspname AS "tableSchema", t.relname AS "tableName"
     FROM pg_statistic_ext AS s JOIN pg_namespace AS n ON n.oid = s.stxnamespace
     JOIN pg_class AS t ON t.oid = s.stxrelid JOIN pg_namespace AS tn ON tn.oid = t.relnamespace
     WHERE s.oid = ANY ($1::oid[])`,
    oids,
  );
  return rows.map(
    (row): Draft => ({
      oid: row.oid,
      schema: row.schema,
      name: row.name,
      of: [row.tableSchema, row.tableName],
      sql: [
        row.definition,
        ...(row.target === null ? [] : [`ALTER STATISTICS ${row.qualified} SET STATISTICS ${row.target}`]),
      ],
      adorned: [
        {
          classId: CATALOG.pg_statistic_ext,
          oid: row.oid,
          identity: `STATISTICS ${row.qualified}`,
          owner: row.owner,
        },
      ],
      exclusive: [row.tableOid],
    }),
  );
};
