/** Schemas. */
import type { Acl, Describe, Draft } from './draft.ts';
import { CATALOG } from './kinds.ts';
import { aclJson, literal, roleName } from './quoting.ts';
import { FIRST_USER_OID } from './session.ts';

interface SchemaRow {
  readonly oid: number;
  readonly name: string;
  readonly quoted: string;
  readonly owner: string;
  readonly acl: Acl | null;
  readonly rawOwner: string;
  readonly rawAcl: string | null;
  readonly comment: string | null;
}

/** Schemas; `public`, which every new database has, is brought to the state that it has in the source. */
export const describeSchemas: Describe = async ({ server }, oids) => {
  const rows = await server.describe<SchemaRow>(
    `SELECT n.oid::int8 AS oid, n.nspname AS name, quote_ident(n.nspname) AS quoted, ${roleName('n.nspowner')} AS owner,
       ${aclJson('n.nspacl', `acldefault('n', n.nspowner)`)} AS acl, pg_get_userbyid(n.nspowner) AS "rawOwner",
       n.nspacl::text AS "rawAcl", obj_description(n.oid, 'pg_namespace') AS comment
     FROM pg_namespace AS n WHERE n.oid = ANY ($1::oid[])`,
    oids,
  );
  return rows.map((row): Draft => {
    const own = row.name === 'public';
    const identity = `SCHEMA ${row.quoted}`;
    return {
      oid: row.oid,
      schema: '',
      name: row.name,
      sql: own
        ? [`CREATE SCHEMA IF NOT EXISTS ${row.quoted}`, ...forgetPublic(row)]
        : [`CREATE SCHEMA ${row.quoted}`],
      adorned: [{ classId: CATALOG.pg_namespace, oid: row.oid, identity, owner: row.owner, acl: row.acl }],
      ...(own && row.oid < FIRST_USER_OID ? { exists: samePublic(row) } : {}),
    };
  });
};

/** A row if the target's `public` is already as the source's. */
function samePublic(row: SchemaRow): string {
  return `SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = 'public'
    AND pg_catalog.pg_get_userbyid(nspowner) = ${literal(row.rawOwner)}
    AND nspacl::pg_catalog.text IS NOT DISTINCT FROM ${row.rawAcl === null ? 'NULL' : literal(row.rawAcl)}
    AND pg_catalog.obj_description(oid, 'pg_namespace') IS NOT DISTINCT FROM ${row.comment === null ? 'NULL' : literal(row.comment)}`;
}

/** Takes away what initdb has granted and said, so that the source's own can follow as on any new schema. */
function forgetPublic(row: SchemaRow): readonly string[] {
  return [
    `ALTER SCHEMA ${row.quoted} OWNER TO ${row.owner}`,
    `REVOKE ALL ON SCHEMA ${row.quoted} FROM PUBLIC, ${row.owner}`,
    `GRANT ALL ON SCHEMA ${row.quoted} TO ${row.owner}`,
    `COMMENT ON SCHEMA ${row.quoted} IS NULL`,
  ];
}
