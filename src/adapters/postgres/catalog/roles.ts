/** The roles that a database needs: owners, grantees, the groups they are in and the members of these roles. */
import type { Draft } from './draft.ts';
import { identifier, literal } from './quoting.ts';
import { type CatalogSession, FIRST_USER_OID } from './session.ts';
import { settingStatement } from './settings.ts';

interface RoleRow {
  readonly oid: number;
  readonly name: string;
  readonly superuser: boolean;
  readonly login: boolean;
  readonly attributes: string;
  readonly verifier: string | null;
  readonly comment: string | null;
  readonly labels: readonly (readonly [provider: string, label: string])[];
  readonly settings: readonly string[];
  readonly parameters: readonly (readonly [privilege: string, parameter: string, grantable: boolean])[];
}

interface MembershipRow {
  readonly role: string;
  readonly member: string;
  readonly grantor: string | null;
  readonly options: string;
  readonly admin: boolean;
}

/**
 * The bootstrap superuser, whose belongings `pg_shdepend` does not list. It administers the source's server, not this
 * database: on a target without a role of its name an ordinary role without a login owns what it owned.
 */
const BOOTSTRAP = 10;

/** Memberships that are as good as being a superuser. */
const POWERFUL: ReadonlySet<string> = new Set([
  'pg_execute_server_program',
  'pg_read_server_files',
  'pg_write_server_files',
]);

const OWNED: readonly (readonly [catalog: string, owner: string])[] = [
  ['pg_class', 'relowner'],
  ['pg_collation', 'collowner'],
  ['pg_conversion', 'conowner'],
  ['pg_event_trigger', 'evtowner'],
  ['pg_foreign_data_wrapper', 'fdwowner'],
  ['pg_foreign_server', 'srvowner'],
  ['pg_language', 'lanowner'],
  ['pg_largeobject_metadata', 'lomowner'],
  ['pg_namespace', 'nspowner'],
  ['pg_opclass', 'opcowner'],
  ['pg_operator', 'oprowner'],
  ['pg_opfamily', 'opfowner'],
  ['pg_proc', 'proowner'],
  ['pg_publication', 'pubowner'],
  ['pg_statistic_ext', 'stxowner'],
  ['pg_ts_config', 'cfgowner'],
  ['pg_ts_dict', 'dictowner'],
  ['pg_type', 'typowner'],
];

function bootstrapOwns(): string {
  const owned = OWNED.map(
    ([catalog, owner]) =>
      `EXISTS (SELECT 1 FROM ${catalog} AS o WHERE o.${owner} = ${BOOTSTRAP} AND o.oid >= ${FIRST_USER_OID}
        AND NOT EXISTS (SELECT 1 FROM pg_depend AS e WHERE e.classid = '${catalog}'::regclass AND e.objid = o.oid AND e.deptype = 'e'))`,
  );
  return `(${owned.join(' OR ')} OR EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = 'public' AND nspowner = ${BOOTSTRAP})
    OR EXISTS (SELECT 1 FROM pg_database WHERE datname = current_database() AND datdba = ${BOOTSTRAP}))`;
}

const NEEDED = `WITH RECURSIVE direct (oid) AS (
    SELECT d.refobjid FROM pg_shdepend AS d WHERE d.refclassid = 'pg_authid'::regclass AND (d.dbid = (SELECT oid FROM pg_database
      WHERE datname = current_database()) OR d.dbid = 0 AND d.classid = 'pg_database'::regclass AND d.objid = (SELECT oid
      FROM pg_database WHERE datname = current_database()))
    UNION SELECT s.setrole FROM pg_db_role_setting AS s WHERE s.setrole <> 0 AND s.setdatabase = (SELECT oid FROM pg_database
      WHERE datname = current_database())
    UNION SELECT ${BOOTSTRAP} WHERE ${bootstrapOwns()}
  ), groups (oid) AS (
    SELECT oid FROM direct UNION SELECT m.roleid FROM groups JOIN pg_auth_members AS m ON m.member = groups.oid
  ), members (oid) AS (
    SELECT oid FROM direct UNION SELECT m.member FROM members JOIN pg_auth_members AS m ON m.roleid = members.oid
  ), needed (oid) AS (
    SELECT oid FROM groups UNION SELECT oid FROM members
  )`;

/** In the order in which the roles were made: where PostgreSQL sorts roles by oid, such as in policies, it is the same again. */
function roleSql(server: CatalogSession): string {
  const flag = (column: string, word: string, of = `r.oid <> ${BOOTSTRAP}`): string =>
    `CASE WHEN r.${column} AND ${of} THEN '${word}' ELSE 'NO${word}' END`;
  const parameters = `(SELECT json_agg(json_build_array(x.privilege_type, p.parname, x.is_grantable))
    FROM pg_parameter_acl AS p CROSS JOIN LATERAL aclexplode(p.paracl) AS x WHERE x.grantee = r.oid)`;
  return `${NEEDED} SELECT r.oid::int8 AS oid, r.rolname AS name, r.rolsuper AND r.oid <> ${BOOTSTRAP} AS superuser,
      r.rolcanlogin AND r.oid <> ${BOOTSTRAP} AS login,
      concat_ws(' ', ${flag('rolsuper', 'SUPERUSER')}, ${flag('rolinherit', 'INHERIT', 'true')}, ${flag('rolcreaterole', 'CREATEROLE')},
        ${flag('rolcreatedb', 'CREATEDB')}, ${flag('rolcanlogin', 'LOGIN')}, ${flag('rolreplication', 'REPLICATION')},
        ${flag('rolbypassrls', 'BYPASSRLS')}, CASE WHEN r.rolconnlimit <> -1 THEN 'CONNECTION LIMIT ' || r.rolconnlimit END,
        'VALID UNTIL ' || quote_literal(r.rolvaliduntil)) AS attributes,
      ${server.superuser ? `CASE WHEN r.oid <> ${BOOTSTRAP} THEN r.rolpassword END` : 'NULL'} AS verifier, shobj_description(r.oid, 'pg_authid') AS comment,
      coalesce((SELECT json_agg(json_build_array(l.provider, l.label)) FROM pg_shseclabel AS l
        WHERE l.classoid = 'pg_authid'::regclass AND l.objoid = r.oid), '[]'::json) AS labels,
      coalesce((SELECT to_json(s.setconfig) FROM pg_db_role_setting AS s WHERE s.setrole = r.oid AND s.setdatabase = 0),
        '[]'::json) AS settings,
      ${server.pick(15, `coalesce(${parameters}, '[]'::json)`, `'[]'::json`)} AS parameters
    FROM ${server.superuser ? 'pg_authid' : 'pg_roles'} AS r JOIN needed ON needed.oid = r.oid
    WHERE r.oid = ${BOOTSTRAP} OR r.oid >= ${FIRST_USER_OID} ORDER BY r.oid`;
}

/** Roles and memberships, as drafts in order of creation. Roles that the target has already are left as they are. */
export async function roleDrafts(
  server: CatalogSession,
  omit: (kind: string, schema: string, name: string, reason: string) => void,
): Promise<readonly Draft[]> {
  const roles = await server.rows<RoleRow>(roleSql(server));
  const hidden = roles.filter((role) => role.login && !server.superuser && !server.noSecrets);
  for (const role of hidden)
    omit('role-password', '', role.name, 'Only a superuser can read the password verifiers of roles.');
  return [...roles.map((role) => roleDraft(server, role)), ...(await membershipDrafts(server))];
}

function roleDraft(server: CatalogSession, role: RoleRow): Draft {
  const name = identifier(role.name);
  const verifier = server.noSecrets ? null : role.verifier;
  const powerful = role.superuser || role.parameters.length > 0;
  return {
    oid: role.oid,
    kind: 'role',
    schema: '',
    name: role.name,
    sql: [
      `CREATE ROLE ${name} ${role.attributes}`,
      ...role.settings.map((setting) => settingStatement(`ALTER ROLE ${name}`, setting)),
      ...(role.comment === null ? [] : [`COMMENT ON ROLE ${name} IS ${literal(role.comment)}`]),
      ...role.labels.map(
        ([provider, label]) =>
          `SECURITY LABEL FOR ${identifier(provider)} ON ROLE ${name} IS ${literal(label)}`,
      ),
      ...role.parameters.map(
        ([privilege, parameter, grantable]) =>
          `GRANT ${privilege} ON PARAMETER ${parameter} TO ${name}${grantable ? ' WITH GRANT OPTION' : ''}`,
      ),
    ],
    exists: `SELECT 1 FROM pg_catalog.pg_roles WHERE rolname = ${literal(role.name)}`,
    facts: {
      role: role.name,
      ...(verifier === null ? {} : { secret: `ALTER ROLE ${name} PASSWORD ${literal(verifier)}` }),
    },
    traits: [...(powerful ? ['superuser' as const] : []), ...(verifier === null ? [] : ['secret' as const])],
  };
}

async function membershipDrafts(server: CatalogSession): Promise<readonly Draft[]> {
  const options = server.since(16)
    ? `format(' WITH ADMIN %s, INHERIT %s, SET %s', m.admin_option::text, m.inherit_option::text, m.set_option::text)`
    : `CASE WHEN m.admin_option THEN ' WITH ADMIN OPTION' ELSE '' END`;
  const rows = await server.rows<MembershipRow>(
    `${NEEDED} SELECT g.rolname AS role, u.rolname AS member,
       ${server.pick(16, `CASE WHEN m.grantor <> ${BOOTSTRAP} AND EXISTS (SELECT 1 FROM needed WHERE needed.oid = m.grantor) THEN w.rolname END`, 'NULL')}
         AS grantor, ${options} AS options, m.admin_option AS admin
     FROM pg_auth_members AS m JOIN pg_roles AS g ON g.oid = m.roleid JOIN pg_roles AS u ON u.oid = m.member
     LEFT JOIN pg_roles AS w ON w.oid = m.grantor
     WHERE m.member IN (SELECT oid FROM needed) AND (m.roleid IN (SELECT oid FROM needed) OR m.roleid < ${FIRST_USER_OID})
     ORDER BY g.rolname COLLATE "C", u.rolname COLLATE "C", w.rolname COLLATE "C"`,
  );
  return inGrantingOrder(rows).map((row): Draft => {
    const by = row.grantor === null ? '' : ` GRANTED BY ${identifier(row.grantor)}`;
    const grantor = row.grantor === null ? '' : ` AND w.rolname = ${literal(row.grantor)}`;
    return {
      oid: 0,
      kind: 'role-membership',
      schema: '',
      name: `${row.member} in ${row.role}`,
      sql: [`GRANT ${identifier(row.role)} TO ${identifier(row.member)}${row.options}${by}`],
      exists: `SELECT 1 FROM pg_catalog.pg_auth_members AS m JOIN pg_catalog.pg_roles AS g ON g.oid = m.roleid
        JOIN pg_catalog.pg_roles AS u ON u.oid = m.member LEFT JOIN pg_catalog.pg_roles AS w ON w.oid = m.grantor
        WHERE g.rolname = ${literal(row.role)} AND u.rolname = ${literal(row.member)}${grantor}`,
      ...(POWERFUL.has(row.role) ? { traits: ['superuser'] as const } : {}),
    };
  });
}

/** Who grants on must have been granted with admin option before. */
function inGrantingOrder(rows: readonly MembershipRow[]): readonly MembershipRow[] {
  const done: MembershipRow[] = [];
  let waiting = [...rows];
  while (waiting.length > 0) {
    const mayGrant = (row: MembershipRow): boolean =>
      row.grantor === null ||
      done.some((other) => other.role === row.role && other.member === row.grantor && other.admin);
    const ready = waiting.filter(mayGrant);
    done.push(...(ready.length === 0 ? waiting : ready));
    waiting = ready.length === 0 ? [] : waiting.filter((row) => !ready.includes(row));
  }
  return done;
}
