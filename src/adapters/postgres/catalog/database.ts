/** The database itself: how it is created, and what is set for it as a whole; the tablespaces that it uses. */
import type { Plain } from '../../../core/adapter.ts';
import type { Acl, Draft } from './draft.ts';
import { privilegeStatements } from './privileges.ts';
import { aclJson, identifier, literal, roleName } from './quoting.ts';
import { type CatalogSession, FIRST_USER_OID } from './session.ts';
import { settingStatement } from './settings.ts';

/** What CREATE DATABASE must be told. */
export interface DatabaseFacts {
  readonly encoding: string;
  /** `libc`, `icu` or `builtin`. */
  readonly provider: string;
  readonly collate: string;
  readonly ctype: string;
  /** Locale of the ICU or the built-in provider. */
  readonly icuLocale: string | null;
  readonly icuRules: string | null;
  readonly collationVersion: string | null;
  /** Null: the cluster's default. */
  readonly tablespace: string | null;
  readonly owner: string;
}

/** The facts as they stand in the body of the first entry. */
export async function databaseFacts(server: CatalogSession): Promise<{ readonly [key: string]: Plain }> {
  const locale = server.pick(17, 'd.datlocale', server.pick(15, 'd.daticulocale', 'NULL'));
  const provider = server.pick(
    15,
    `CASE d.datlocprovider WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin' ELSE 'libc' END`,
    `'libc'`,
  );
  const [facts] = await server.rows<DatabaseFacts>(
    `SELECT pg_encoding_to_char(d.encoding) AS encoding, ${provider} AS provider, d.datcollate AS collate, d.datctype AS ctype,
       ${locale} AS "icuLocale", ${server.pick(16, 'd.daticurules', 'NULL')} AS "icuRules",
       ${server.pick(15, 'd.datcollversion', 'NULL')} AS "collationVersion",
       (SELECT s.spcname FROM pg_tablespace AS s WHERE s.oid = d.dattablespace AND s.oid >= ${FIRST_USER_OID}) AS tablespace,
       pg_get_userbyid(d.datdba) AS owner
     FROM pg_database AS d WHERE d.datname = current_database()`,
  );
  return { ...facts };
}

interface DatabaseRow {
  readonly oid: number;
  readonly owner: string;
  readonly acl: Acl | null;
  readonly limit: number;
  readonly template: boolean;
  readonly comment: string | null;
  readonly labels: readonly (readonly [provider: string, label: string])[];
  readonly settings: readonly string[];
}

/** Owner, privileges, comment, labels, limits and settings: at the end, for they could disturb the restore itself. */
export async function databaseDraft(server: CatalogSession): Promise<Draft> {
  const [row] = (await server.rows<DatabaseRow>(
    `SELECT d.oid::int8 AS oid, ${roleName('d.datdba')} AS owner, ${aclJson('d.datacl', `acldefault('d', d.datdba)`)} AS acl,
       d.datconnlimit AS limit, d.datistemplate AS template, shobj_description(d.oid, 'pg_database') AS comment,
       coalesce((SELECT json_agg(json_build_array(l.provider, l.label)) FROM pg_shseclabel AS l
         WHERE l.classoid = 'pg_database'::regclass AND l.objoid = d.oid), '[]'::json) AS labels,
       coalesce((SELECT to_json(s.setconfig) FROM pg_db_role_setting AS s WHERE s.setdatabase = d.oid AND s.setrole = 0),
         '[]'::json) AS settings
     FROM pg_database AS d WHERE d.datname = current_database()`,
  )) as [DatabaseRow];
  const database = 'DATABASE :"dbname"';
  return {
    oid: row.oid,
    kind: 'database-properties',
    schema: '',
    name: '',
    sql: [
      `ALTER ${database} OWNER TO ${row.owner}`,
      ...(row.acl === null ? [] : privilegeStatements(row.acl, database, row.owner)),
      ...(row.comment === null ? [] : [`COMMENT ON ${database} IS ${literal(row.comment)}`]),
      ...row.labels.map(
        ([provider, label]) =>
          `SECURITY LABEL FOR ${identifier(provider)} ON ${database} IS ${literal(label)}`,
      ),
      ...(row.limit === -1 ? [] : [`ALTER ${database} CONNECTION LIMIT ${row.limit}`]),
      ...(row.template ? [`ALTER ${database} IS_TEMPLATE true`] : []),
      ...row.settings.map((setting) => settingStatement(`ALTER ${database}`, setting)),
    ],
  };
}

/** Settings of roles in this database only. */
export async function roleSettingDrafts(server: CatalogSession): Promise<readonly Draft[]> {
  const rows = await server.rows<{ oid: number; name: string; settings: readonly string[] }>(
    `SELECT r.oid::int8 AS oid, r.rolname AS name, to_json(s.setconfig) AS settings
     FROM pg_db_role_setting AS s JOIN pg_roles AS r ON r.oid = s.setrole JOIN pg_database AS d ON d.oid = s.setdatabase
     WHERE d.datname = current_database() ORDER BY s.ctid`,
  );
  return rows.map((row) => ({
    oid: row.oid,
    kind: 'role-setting',
    schema: '',
    name: row.name,
    sql: row.settings.map((setting) =>
      settingStatement(`ALTER ROLE ${identifier(row.name)} IN DATABASE :"dbname"`, setting),
    ),
  }));
}

/**
 * Tablespaces in use. They are directories of the server, which nobody can make from here: objects go into those that
 * the target has, and into its default otherwise, of which the server then warns.
 */
export async function tablespaceDrafts(server: CatalogSession): Promise<readonly Draft[]> {
  const rows = await server.rows<{ oid: number; name: string }>(
    `SELECT s.oid::int8 AS oid, s.spcname AS name FROM pg_tablespace AS s WHERE s.oid >= ${FIRST_USER_OID}
       AND (EXISTS (SELECT 1 FROM pg_class AS c WHERE c.reltablespace = s.oid)
         OR EXISTS (SELECT 1 FROM pg_database AS d WHERE d.dattablespace = s.oid AND d.datname = current_database()))
     ORDER BY s.spcname COLLATE "C"`,
  );
  return rows.map((row) => {
    const message = `tablespace ${identifier(row.name)} does not exist; its tables and indexes go into the default one`;
    return {
      oid: row.oid,
      kind: 'tablespace',
      schema: '',
      name: row.name,
      sql: [`DO ${literal(`BEGIN RAISE WARNING USING MESSAGE = ${literal(message)}; END`)}`],
      exists: `SELECT 1 FROM pg_catalog.pg_tablespace WHERE spcname = ${literal(row.name)}`,
    };
  });
}
