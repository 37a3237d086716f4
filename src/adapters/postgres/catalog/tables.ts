/** Tables: regular, partitioned, inherited, typed, unlogged and foreign ones. */
import { type ColumnRow, columnClause, columnStatements, columnsJson } from './columns.ts';
import { type DescribedTable, describedTable } from './described.ts';
import type { Acl, Describe, Draft, Drafting } from './draft.ts';
import { createReordered, isReordered } from './inheritance.ts';
import { CATALOG } from './kinds.ts';
import {
  aclJson,
  foreignOptions,
  inTablespace,
  qualified,
  relationName,
  roleName,
  storageParameters,
} from './quoting.ts';

interface CheckRow {
  readonly oid: number;
  readonly name: string;
  readonly definition: string;
  readonly local: boolean;
}

export interface TableRow extends DescribedTable {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  readonly qualified: string;
  readonly relkind: 'r' | 'p' | 'f';
  readonly unlogged: boolean;
  readonly partition: boolean;
  readonly owner: string;
  readonly acl: Acl | null;
  readonly method: string | null;
  readonly parameters: string | null;
  readonly toastParameters: string | null;
  readonly tablespace: string | null;
  readonly rowType: string | null;
  readonly partitionKey: string | null;
  readonly parents: readonly string[];
  /** Names of the parents' columns, parent by parent. */
  readonly parentColumns: readonly string[];
  readonly replicaIdentity: string;
  readonly server: string | null;
  readonly foreignOptions: string | null;
  readonly columns: readonly ColumnRow[];
  readonly checks: readonly CheckRow[];
}

function tableSql({ server }: Drafting): string {
  return `SELECT c.oid::int8 AS oid, n.nspname AS schema, c.relname AS name,
      ${qualified('n.nspname', 'c.relname')} AS qualified, c.relkind AS relkind,
      c.relpersistence = 'u' AS unlogged, c.relispartition AS partition, ${roleName('c.relowner')} AS owner,
      ${aclJson('c.relacl', `acldefault('r', c.relowner)`)} AS acl,
      (SELECT quote_ident(am.amname) FROM pg_am AS am WHERE am.oid = c.relam AND am.amname <> 'heap') AS method,
      ${storageParameters('c.reloptions')} AS parameters,
      (SELECT ${storageParameters('x.reloptions', 'toast.')} FROM pg_class AS x WHERE x.oid = c.reltoastrelid) AS "toastParameters",
      (SELECT s.spcname FROM pg_tablespace AS s WHERE s.oid = c.reltablespace) AS tablespace,
      CASE WHEN c.reloftype <> 0 THEN format_type(c.reloftype, NULL) END AS "rowType",
      CASE WHEN c.relkind = 'p' THEN pg_get_partkeydef(c.oid) END AS "partitionKey",
      coalesce((SELECT json_agg(${relationName('i.inhparent')} ORDER BY i.inhseqno) FROM pg_inherits AS i
        WHERE i.inhrelid = c.oid), '[]'::json) AS parents,
      coalesce((SELECT json_agg(quote_ident(pa.attname) ORDER BY i.inhseqno, pa.attnum) FROM pg_inherits AS i
        JOIN pg_attribute AS pa ON pa.attrelid = i.inhparent AND pa.attnum > 0 AND NOT pa.attisdropped
        WHERE i.inhrelid = c.oid AND NOT c.relispartition), '[]'::json) AS "parentColumns",
      c.relreplident AS "replicaIdentity", obj_description(c.oid, 'pg_class') AS comment,
      (SELECT quote_ident(s.srvname) FROM pg_foreign_server AS s WHERE s.oid = f.ftserver) AS server,
      ${foreignOptions('f.ftoptions')} AS "foreignOptions",
      ${columnsJson(server)} AS columns,
      coalesce((SELECT json_agg(json_build_object('oid', k.oid::int8, 'name', quote_ident(k.conname),
          'definition', pg_get_constraintdef(k.oid), 'local', k.conislocal) ORDER BY k.conname COLLATE "C")
        FROM pg_constraint AS k WHERE k.conrelid = c.oid AND k.contype = 'c' AND k.convalidated), '[]'::json) AS checks
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    LEFT JOIN pg_foreign_table AS f ON f.ftrelid = c.oid
    WHERE c.oid = ANY ($1::oid[])`;
}

export const describeTables: Describe = async (drafting, oids) => {
  const rows = await drafting.server.describe<TableRow>(tableSql(drafting), oids);
  return rows.map((row) => describeTable(drafting, row));
};

function describeTable(drafting: Drafting, row: TableRow): Draft {
  const kind = row.relkind === 'f' ? 'foreign-table' : row.relkind === 'p' ? 'partitioned-table' : 'table';
  const keyword = row.relkind === 'f' ? 'FOREIGN TABLE' : 'TABLE';
  const described = describedTable(row, drafting.server.database);
  return {
    oid: row.oid,
    kind,
    schema: row.schema,
    name: row.name,
    ...(described === undefined ? {} : { described }),
    sql: [
      ...inTablespace(row.tablespace, createTable(drafting, row, keyword)),
      ...row.columns.flatMap((column) => columnStatements(row, column, keyword, drafting.graph)),
      ...replicaIdentity(row),
    ],
    adorned: [
      {
        classId: CATALOG.pg_class,
        oid: row.oid,
        identity: `${keyword} ${row.qualified}`,
        grantAs: `TABLE ${row.qualified}`,
        owner: row.owner,
        acl: row.acl,
        relation: row.qualified,
        columns: row.columns,
      },
      ...[...row.checks.filter((check) => isWritten(drafting, row, check)), ...notNullConstraints(row)].map(
        (constraint) => ({
          classId: CATALOG.pg_constraint,
          oid: constraint.oid,
          identity: `CONSTRAINT ${constraint.name} ON ${row.qualified}`,
        }),
      ),
    ],
  };
}

function notNullConstraints(row: TableRow): readonly { readonly oid: number; readonly name: string }[] {
  return row.columns.flatMap((column) =>
    column.notNullOid === null || column.notNullName === null || !column.notNullValid
      ? []
      : [{ oid: column.notNullOid, name: column.notNullName }],
  );
}

/** Whether a check stands in CREATE TABLE. Partitions repeat their parents' checks, since they are attached later. */
function isWritten({ graph }: Drafting, row: TableRow, check: CheckRow): boolean {
  return !isSeparate({ graph }, check) && (check.local || row.partition);
}

/** Whether a check follows later, or not at all. */
function isSeparate({ graph }: Pick<Drafting, 'graph'>, check: CheckRow): boolean {
  const node = graph.find(CATALOG.pg_constraint, check.oid);
  return node < 0 || graph.isSeparate(node) || graph.isDropped(node);
}

function createTable(drafting: Drafting, row: TableRow, keyword: string): readonly string[] {
  const checks = row.checks.filter((check) => isWritten(drafting, row, check)).map(checkClause);
  if (isReordered(row)) {
    const inherited = row.checks
      .filter((check) => !check.local && !isSeparate(drafting, check))
      .map(checkClause);
    const create = (inner: readonly string[], parents: readonly string[]): string =>
      tableStatement(row, keyword, inner, parents);
    return createReordered(row, { keyword, create, checks, inherited, graph: drafting.graph });
  }
  const columns = row.columns.map((column) => columnClause(row, column, drafting.graph));
  const parents = row.partition ? [] : row.parents;
  return [tableStatement(row, keyword, [...columns.filter((clause) => clause !== null), ...checks], parents)];
}

function checkClause(check: CheckRow): string {
  return `CONSTRAINT ${check.name} ${check.definition}`;
}

function tableStatement(
  row: TableRow,
  keyword: string,
  inner: readonly string[],
  parents: readonly string[],
): string {
  const parameters = [row.parameters, row.toastParameters].filter((part) => part !== null);
  const body = inner.length === 0 ? '' : `\n  ${inner.join(',\n  ')}\n`;
  return [
    `CREATE ${row.unlogged ? 'UNLOGGED ' : ''}${keyword} ${row.qualified}`,
    row.rowType === null ? `(${body})` : `OF ${row.rowType}${body === '' ? '' : ` (${body})`}`,
    ...(parents.length === 0 ? [] : [`INHERITS (${parents.join(', ')})`]),
    ...(row.partitionKey === null ? [] : [`PARTITION BY ${row.partitionKey}`]),
    ...(row.server === null ? [] : [`SERVER ${row.server}`]),
    ...(row.method === null ? [] : [`USING ${row.method}`]),
    ...(parameters.length === 0 ? [] : [`WITH (${parameters.join(', ')})`]),
    ...(row.foreignOptions === null ? [] : [`OPTIONS (${row.foreignOptions})`]),
  ].join(' ');
}

function replicaIdentity(row: TableRow): readonly string[] {
  if (row.relkind === 'f') return [];
  if (row.replicaIdentity === 'n') return [`ALTER TABLE ONLY ${row.qualified} REPLICA IDENTITY NOTHING`];
  if (row.replicaIdentity === 'f') return [`ALTER TABLE ONLY ${row.qualified} REPLICA IDENTITY FULL`];
  return [];
}

interface PartitionRow {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  readonly qualified: string;
  readonly parent: string;
  readonly rootSchema: string;
  readonly rootName: string;
  readonly bound: string;
}

/** ATTACH PARTITION: partitions are made as tables of their own, so that they keep the order of their columns. */
export const describePartitions: Describe = async ({ server }, oids) => {
  const rows = await server.describe<PartitionRow>(
    `SELECT c.oid::int8 AS oid, n.nspname AS schema, c.relname AS name, ${qualified('n.nspname', 'c.relname')} AS qualified,
       ${relationName('i.inhparent')} AS parent, pg_get_expr(c.relpartbound, c.oid) AS bound,
       rn.nspname AS "rootSchema", r.relname AS "rootName"
     FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace JOIN pg_inherits AS i ON i.inhrelid = c.oid
     JOIN pg_class AS r ON r.oid = pg_partition_root(c.oid) JOIN pg_namespace AS rn ON rn.oid = r.relnamespace
     WHERE c.oid = ANY ($1::oid[])`,
    oids,
  );
  return rows.map(
    (row): Draft => ({
      oid: row.oid,
      schema: row.schema,
      name: row.name,
      of: [row.schema, row.name],
      sql: [`ALTER TABLE ONLY ${row.parent} ATTACH PARTITION ${row.qualified} ${row.bound}`],
      described: {
        adds: {
          to: [server.database, row.rootSchema, row.rootName],
          source: [server.database, row.schema, row.name],
        },
      },
    }),
  );
};

interface DefaultRow {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  readonly qualified: string;
  readonly relkind: string;
  readonly column: string;
  readonly expression: string;
}

/** Defaults that cannot stand in CREATE TABLE because they need something that needs the table. */
export const describeDefaults: Describe = async ({ server }, oids) => {
  const rows = await server.describe<DefaultRow>(
    `SELECT d.oid::int8 AS oid, n.nspname AS schema, c.relname AS name, ${qualified('n.nspname', 'c.relname')} AS qualified,
       c.relkind AS relkind, quote_ident(a.attname) AS "column", pg_get_expr(d.adbin, d.adrelid) AS expression
     FROM pg_attrdef AS d JOIN pg_class AS c ON c.oid = d.adrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
     JOIN pg_attribute AS a ON a.attrelid = d.adrelid AND a.attnum = d.adnum WHERE d.oid = ANY ($1::oid[])`,
    oids,
  );
  return rows.map((row): Draft => {
    const table = `${row.relkind === 'f' ? 'FOREIGN TABLE' : row.relkind === 'v' ? 'VIEW' : 'TABLE ONLY'} ${row.qualified}`;
    return {
      oid: row.oid,
      schema: row.schema,
      name: row.name,
      of: [row.schema, row.name],
      sql: [`ALTER ${table} ALTER COLUMN ${row.column} SET DEFAULT ${row.expression}`],
    };
  });
};
