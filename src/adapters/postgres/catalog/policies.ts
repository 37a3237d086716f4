/** Row-level security: whether a table has it, and its policies. */
import type { Describe, Draft } from './draft.ts';
import { CATALOG } from './kinds.ts';
import { qualified, roleName } from './quoting.ts';

interface SecurityRow {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  readonly table: string;
  readonly enabled: boolean;
  readonly forced: boolean;
}

/** ENABLE and FORCE ROW LEVEL SECURITY; after the data, which it would filter. */
export const describeRowSecurity: Describe = async ({ server }, oids) => {
  const rows = await server.describe<SecurityRow>(
    `SELECT t.oid::int8 AS oid, n.nspname AS schema, t.relname AS name, ${qualified('n.nspname', 't.relname')} AS "table",
       t.relrowsecurity AS enabled, t.relforcerowsecurity AS forced
     FROM pg_class AS t JOIN pg_namespace AS n ON n.oid = t.relnamespace WHERE t.oid = ANY ($1::oid[])`,
    oids,
  );
  return rows.map(
    (row): Draft => ({
      oid: row.oid,
      schema: row.schema,
      name: row.name,
      of: [row.schema, row.name],
      sql: [
        ...(row.enabled ? [`ALTER TABLE ${row.table} ENABLE ROW LEVEL SECURITY`] : []),
        ...(row.forced ? [`ALTER TABLE ONLY ${row.table} FORCE ROW LEVEL SECURITY`] : []),
      ],
      exclusive: [row.oid],
    }),
  );
};

interface PolicyRow {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  readonly quoted: string;
  readonly table: string;
  readonly tableOid: number;
  readonly tableName: string;
  readonly clauses: string;
}

export const describePolicies: Describe = async ({ server }, oids) => {
  const rows = await server.describe<PolicyRow>(
    `SELECT p.oid::int8 AS oid, n.nspname AS schema, p.polname AS name, quote_ident(p.polname) AS quoted,
       ${qualified('n.nspname', 't.relname')} AS "table", t.oid::int8 AS "tableOid", t.relname AS "tableName",
       concat_ws(' ', CASE WHEN p.polpermissive THEN 'AS PERMISSIVE' ELSE 'AS RESTRICTIVE' END,
         'FOR ' || CASE p.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' ELSE 'ALL' END,
         'TO ' || (SELECT string_agg(CASE WHEN r = 0 THEN 'PUBLIC' ELSE ${roleName('r')} END, ', ') FROM unnest(p.polroles) AS r),
         'USING (' || pg_get_expr(p.polqual, p.polrelid) || ')',
         'WITH CHECK (' || pg_get_expr(p.polwithcheck, p.polrelid) || ')') AS clauses
     FROM pg_policy AS p JOIN pg_class AS t ON t.oid = p.polrelid JOIN pg_namespace AS n ON n.oid = t.relnamespace
     WHERE p.oid = ANY ($1::oid[])`,
    oids,
  );
  return rows.map((row): Draft => {
    const identity = `POLICY ${row.quoted} ON ${row.table}`;
    return {
      oid: row.oid,
      schema: row.schema,
      name: row.name,
      of: [row.schema, row.tableName],
      sql: [`CREATE ${identity} ${row.clauses}`],
      adorned: [{ classId: CATALOG.pg_policy, oid: row.oid, identity }],
      exclusive: [row.tableOid],
    };
  });
};
