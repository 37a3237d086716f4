/** Sequences: those on their own, those owned by a column and those behind identity columns; and their values. */
import type { Acl, Describe, Draft } from './draft.ts';
import { CATALOG } from './kinds.ts';
import { aclJson, literal, qualified, relationName, roleName } from './quoting.ts';
import type { CatalogSession } from './session.ts';

interface SequenceRow {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  readonly qualified: string;
  readonly unlogged: boolean;
  readonly tableUnlogged: boolean | null;
  readonly owner: string;
  readonly acl: Acl | null;
  readonly type: string;
  readonly options: string;
  readonly table: string | null;
  readonly tableSchema: string | null;
  readonly tableName: string | null;
  readonly column: string | null;
  readonly identity: string | null;
}

export const describeSequences: Describe = async ({ server }, oids) => {
  const rows = await server.describe<SequenceRow>(
    `SELECT c.oid::int8 AS oid, n.nspname AS schema, c.relname AS name, ${qualified('n.nspname', 'c.relname')} AS qualified,
       c.relpersistence = 'u' AS unlogged, ${server.pick(15, `t.relpersistence = 'u'`, `c.relpersistence = 'u'`)} AS "tableUnlogged",
       ${roleName('c.relowner')} AS owner, ${aclJson('c.relacl', `acldefault('s', c.relowner)`)} AS acl,
       format_type(s.seqtypid, NULL) AS type,
       format('START WITH %s INCREMENT BY %s MINVALUE %s MAXVALUE %s CACHE %s %s', s.seqstart, s.seqincrement, s.seqmin,
         s.seqmax, s.seqcache, CASE WHEN s.seqcycle THEN 'CYCLE' ELSE 'NO CYCLE' END) AS options,
       ${relationName('t.oid')} AS "table", tn.nspname AS "tableSchema", t.relname AS "tableName",
       quote_ident(a.attname) AS "column", CASE WHEN d.deptype = 'i' THEN a.attidentity END AS identity
     FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace JOIN pg_sequence AS s ON s.seqrelid = c.oid
     LEFT JOIN pg_depend AS d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.objsubid = 0
       AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i')
     LEFT JOIN pg_class AS t ON t.oid = d.refobjid LEFT JOIN pg_namespace AS tn ON tn.oid = t.relnamespace
     LEFT JOIN pg_attribute AS a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
     WHERE c.oid = ANY ($1::oid[])`,
    oids,
  );
  return rows.map(describeSequence);
};

function describeSequence(row: SequenceRow): Draft {
  const owned = row.table !== null && row.column !== null;
  const identity = owned && row.identity !== null && row.identity !== '';
  const adorned = {
    classId: CATALOG.pg_class,
    oid: row.oid,
    identity: `SEQUENCE ${row.qualified}`,
    owner: row.owner,
    acl: row.acl,
  };
  return {
    oid: row.oid,
    schema: row.schema,
    name: row.name,
    ...(row.tableSchema !== null && row.tableName !== null ? { of: [row.tableSchema, row.tableName] } : {}),
    sql: identity ? identityColumn(row) : [createSequence(row)],
    ...(owned ? { described: { adds: {} } } : {}),
    // The sequence of an identity column has its table's owner and cannot be given away by itself.
    adorned: [identity ? { ...adorned, followsOwner: true } : adorned],
    ...(owned && !identity
      ? { late: [`ALTER SEQUENCE ${row.qualified} OWNED BY ${row.table}.${row.column}`] }
      : {}),
  };
}

function createSequence(row: SequenceRow): string {
  return `CREATE ${row.unlogged ? 'UNLOGGED ' : ''}SEQUENCE ${row.qualified} AS ${row.type} ${row.options}`;
}

function identityColumn(row: SequenceRow): readonly string[] {
  const when = row.identity === 'a' ? 'ALWAYS' : 'BY DEFAULT';
  const persistence =
    row.unlogged === row.tableUnlogged
      ? []
      : [`ALTER SEQUENCE ${row.qualified} SET ${row.unlogged ? 'UNLOGGED' : 'LOGGED'}`];
  return [
    `ALTER TABLE ${row.table} ALTER COLUMN ${row.column} ADD GENERATED ${when} AS IDENTITY (SEQUENCE NAME ${row.qualified} ${row.options})`,
    ...persistence,
  ];
}

/** How a sequence stands. */
export interface SequenceValue {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  readonly of: readonly [schema: string, name: string] | null;
  /** The statement that sets it; null if the session may not read it. */
  readonly sql: string | null;
}

interface SequenceName {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  readonly qualified: string;
  readonly readable: boolean;
  readonly of: readonly [string, string] | null;
}

/** Reads how a batch of sequences stands now: later than the snapshot, so never behind the rows. */
export async function sequenceValues(
  server: CatalogSession,
  oids: readonly number[],
): Promise<readonly SequenceValue[]> {
  const names = await server.describe<SequenceName>(
    `SELECT c.oid::int8 AS oid, n.nspname AS schema, c.relname AS name, ${qualified('n.nspname', 'c.relname')} AS qualified,
       has_sequence_privilege(c.oid, 'SELECT') AND has_schema_privilege(n.oid, 'USAGE') AS readable,
       (SELECT json_build_array(tn.nspname, t.relname) FROM pg_depend AS d JOIN pg_class AS t ON t.oid = d.refobjid
        JOIN pg_namespace AS tn ON tn.oid = t.relnamespace WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
          AND d.objsubid = 0 AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i') LIMIT 1) AS of
     FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE c.oid = ANY ($1::oid[])`,
    oids,
  );
  const readable = names.filter((name) => name.readable);
  const values = new Map<number, { last: string; called: boolean }>();
  if (readable.length > 0) {
    const selects = readable.map(
      (name) =>
        `SELECT ${name.oid}::int8 AS oid, last_value::text AS last, is_called AS called FROM ${name.qualified}`,
    );
    const rows = await server.rows<{ oid: number; last: string; called: boolean }>(
      selects.join(' UNION ALL '),
    );
    for (const row of rows) values.set(row.oid, row);
  }
  return names.map((name) => {
    const value = values.get(name.oid);
    const sql =
      value === undefined
        ? null
        : `SELECT pg_catalog.setval(${literal(name.qualified)}::pg_catalog.regclass, ${value.last}, ${value.called})`;
    return { oid: name.oid, schema: name.schema, name: name.name, of: name.of, sql };
  });
}
