/** ALTER DEFAULT PRIVILEGES, and privileges that were changed on what initdb or an extension had made. */
import type { Acl, Describe, Draft } from './draft.ts';
import { privilegeStatements } from './privileges.ts';
import { aclJson, qualified, roleName } from './quoting.ts';
import { type CatalogSession, FIRST_USER_OID } from './session.ts';

interface DefaultRow {
  readonly oid: number;
  readonly role: string;
  readonly schema: string | null;
  readonly type: string;
  readonly acl: Acl;
}

const OBJECTS: Readonly<Record<string, string>> = {
  r: 'TABLES',
  S: 'SEQUENCES',
  f: 'FUNCTIONS',
  T: 'TYPES',
  n: 'SCHEMAS',
  L: 'LARGE OBJECTS',
};

export const describeDefaultPrivileges: Describe = async ({ server }, oids) => {
  const base = `CASE WHEN d.defaclnamespace = 0
    THEN acldefault(CASE d.defaclobjtype WHEN 'S' THEN 's' ELSE d.defaclobjtype END::"char", d.defaclrole) ELSE '{}'::aclitem[] END`;
  const rows = await server.describe<DefaultRow>(
    `SELECT d.oid::int8 AS oid, ${roleName('d.defaclrole')} AS role,
       (SELECT quote_ident(n.nspname) FROM pg_namespace AS n WHERE n.oid = d.defaclnamespace) AS schema,
       d.defaclobjtype AS type, ${aclJson('d.defaclacl', base)} AS acl
     FROM pg_default_acl AS d WHERE d.oid = ANY ($1::oid[])`,
    oids,
  );
  return rows.map((row): Draft => {
    const prefix = `ALTER DEFAULT PRIVILEGES FOR ROLE ${row.role}${row.schema === null ? '' : ` IN SCHEMA ${row.schema}`}`;
    const on = OBJECTS[row.type] ?? row.type;
    return {
      oid: row.oid,
      schema: row.schema ?? '',
      name: `${row.role} ${on}`,
      sql: privilegeStatements(row.acl, on, row.role).map((statement) => `${prefix} ${statement}`),
    };
  });
};

/** Privileges that no longer are as initdb or CREATE EXTENSION left them. */
export interface ChangedPrivileges {
  readonly schema: string;
  readonly name: string;
  readonly sql: readonly string[];
}

interface ChangedRow {
  readonly schema: string;
  readonly name: string;
  readonly on: string;
  readonly owner: string;
  readonly column: string | null;
  readonly acl: Acl;
}

/** SQL: objects of one catalog whose privileges differ from their initial ones. */
function changed(
  catalog: string,
  parts: {
    readonly from: string;
    readonly acl: string;
    readonly owner: string;
    readonly base: string;
    readonly schema: string;
    readonly name: string;
    readonly on: string;
    readonly where?: string;
    readonly column?: string;
    readonly sub?: string;
  },
): string {
  const initial = `coalesce(i.initprivs, ${parts.base})`;
  const now = `coalesce(${parts.acl}, ${parts.base})`;
  return `SELECT ${parts.schema} AS schema, ${parts.name} AS name, ${parts.on} AS on, ${roleName(parts.owner)} AS owner,
      ${parts.column ?? 'NULL'} AS column, ${aclJson(now, initial)} AS acl
    FROM ${parts.from}
    LEFT JOIN pg_init_privs AS i ON i.classoid = '${catalog}'::regclass AND i.objoid = o.oid AND i.objsubid = ${parts.sub ?? '0'}
    WHERE ${now} IS DISTINCT FROM ${initial} AND ${parts.where ?? 'true'}
      AND (o.oid < ${FIRST_USER_OID} OR EXISTS (SELECT 1 FROM pg_depend AS e WHERE e.classid = '${catalog}'::regclass
        AND e.objid = o.oid AND e.deptype = 'e'))`;
}

const IN_SCHEMA = (catalog: string, column: string): string =>
  `${catalog} AS o JOIN pg_namespace AS n ON n.oid = o.${column}`;

function changedQueries(): readonly string[] {
  const relation = qualified('n.nspname', 'o.relname');
  return [
    changed('pg_namespace', {
      from: 'pg_namespace AS o',
      acl: 'o.nspacl',
      owner: 'o.nspowner',
      base: `acldefault('n', o.nspowner)`,
      schema: `''`,
      name: 'o.nspname::text',
      on: `'SCHEMA ' || quote_ident(o.nspname)`,
      where: `o.nspname <> 'public' AND o.nspname !~ '^pg_(toast_)?temp_'`,
    }),
    changed('pg_class', {
      from: IN_SCHEMA('pg_class', 'relnamespace'),
      acl: 'o.relacl',
      owner: 'o.relowner',
      base: `acldefault(CASE o.relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", o.relowner)`,
      schema: 'n.nspname::text',
      name: 'o.relname::text',
      on: `CASE o.relkind WHEN 'S' THEN 'SEQUENCE ' ELSE 'TABLE ' END || ${relation}`,
      where: `o.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')`,
    }),
    changed('pg_class', {
      from: `${IN_SCHEMA('pg_class', 'relnamespace')} JOIN pg_attribute AS a ON a.attrelid = o.oid AND NOT a.attisdropped`,
      acl: 'a.attacl',
      owner: 'o.relowner',
      base: `'{}'::aclitem[]`,
      schema: 'n.nspname::text',
      name: 'o.relname::text',
      on: `'TABLE ' || ${relation}`,
      column: 'quote_ident(a.attname)',
      sub: 'a.attnum',
      where: '(a.attacl IS NOT NULL OR i.initprivs IS NOT NULL)',
    }),
    changed('pg_proc', {
      from: IN_SCHEMA('pg_proc', 'pronamespace'),
      acl: 'o.proacl',
      owner: 'o.proowner',
      base: `acldefault('f', o.proowner)`,
      schema: 'n.nspname::text',
      name: 'o.proname::text',
      on: `CASE o.prokind WHEN 'p' THEN 'PROCEDURE ' ELSE 'FUNCTION ' END || ${qualified('n.nspname', 'o.proname')}
        || '(' || CASE o.prokind WHEN 'a' THEN oidvectortypes(o.proargtypes) ELSE pg_get_function_identity_arguments(o.oid) END || ')'`,
      where: '(o.proacl IS NOT NULL OR i.initprivs IS NOT NULL)',
    }),
    changed('pg_type', {
      from: IN_SCHEMA('pg_type', 'typnamespace'),
      acl: 'o.typacl',
      owner: 'o.typowner',
      base: `acldefault('T', o.typowner)`,
      schema: 'n.nspname::text',
      name: 'o.typname::text',
      on: `'TYPE ' || ${qualified('n.nspname', 'o.typname')}`,
      where: `(o.typacl IS NOT NULL OR i.initprivs IS NOT NULL)`,
    }),
    ...globals(),
  ];
}

function globals(): readonly string[] {
  const one = (catalog: string, prefix: string, type: string, keyword: string): string =>
    changed(catalog, {
      from: `${catalog} AS o`,
      acl: `o.${prefix}acl`,
      owner: `o.${prefix}owner`,
      base: `acldefault('${type}', o.${prefix}owner)`,
      schema: `''`,
      name: `o.${prefix}name::text`,
      on: `'${keyword} ' || quote_ident(o.${prefix}name)`,
    });
  return [
    one('pg_language', 'lan', 'l', 'LANGUAGE'),
    one('pg_foreign_data_wrapper', 'fdw', 'F', 'FOREIGN DATA WRAPPER'),
    one('pg_foreign_server', 'srv', 'S', 'FOREIGN SERVER'),
  ];
}

/** Reads them all; there are few. */
export async function changedPrivileges(server: CatalogSession): Promise<readonly ChangedPrivileges[]> {
  const found: ChangedPrivileges[] = [];
  for (const sql of changedQueries()) {
    for (const row of await server.rows<ChangedRow>(sql)) {
      const statements = privilegeStatements(row.acl, row.on, row.owner, row.column ?? undefined);
      if (statements.length > 0) found.push({ schema: row.schema, name: row.name, sql: statements });
    }
  }
  return found;
}
