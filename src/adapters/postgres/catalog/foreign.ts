/** Foreign data: wrappers, servers and user mappings. */
import type { Acl, Describe, Draft } from './draft.ts';
import { CATALOG } from './kinds.ts';
import { aclJson, foreignOptions, functionName, roleName } from './quoting.ts';

interface WrapperRow {
  readonly oid: number;
  readonly name: string;
  readonly quoted: string;
  readonly owner: string;
  readonly acl: Acl | null;
  readonly definition: string;
}

export const describeWrappers: Describe = async ({ server }, oids) => {
  const rows = await server.describe<WrapperRow>(
    `SELECT w.oid::int8 AS oid, w.fdwname AS name, quote_ident(w.fdwname) AS quoted, ${roleName('w.fdwowner')} AS owner,
       ${aclJson('w.fdwacl', `acldefault('F', w.fdwowner)`)} AS acl,
       concat_ws(' ', 'CREATE FOREIGN DATA WRAPPER', quote_ident(w.fdwname), 'HANDLER ' || ${functionName('w.fdwhandler')},
         'VALIDATOR ' || ${functionName('w.fdwvalidator')}, 'OPTIONS (' || ${foreignOptions('w.fdwoptions')} || ')') AS definition
     FROM pg_foreign_data_wrapper AS w WHERE w.oid = ANY ($1::oid[])`,
    oids,
  );
  return rows.map((row) => describeOne(row, 'FOREIGN DATA WRAPPER', CATALOG.pg_foreign_data_wrapper));
};

export const describeServers: Describe = async ({ server }, oids) => {
  const rows = await server.describe<WrapperRow>(
    `SELECT s.oid::int8 AS oid, s.srvname AS name, quote_ident(s.srvname) AS quoted, ${roleName('s.srvowner')} AS owner,
       ${aclJson('s.srvacl', `acldefault('S', s.srvowner)`)} AS acl,
       concat_ws(' ', 'CREATE SERVER', quote_ident(s.srvname), 'TYPE ' || quote_literal(s.srvtype),
         'VERSION ' || quote_literal(s.srvversion), 'FOREIGN DATA WRAPPER ' || quote_ident(w.fdwname),
         'OPTIONS (' || ${foreignOptions('s.srvoptions')} || ')') AS definition
     FROM pg_foreign_server AS s JOIN pg_foreign_data_wrapper AS w ON w.oid = s.srvfdw WHERE s.oid = ANY ($1::oid[])`,
    oids,
  );
  return rows.map((row) => describeOne(row, 'SERVER', CATALOG.pg_foreign_server));
};

function describeOne(row: WrapperRow, keyword: 'SERVER' | 'FOREIGN DATA WRAPPER', classId: number): Draft {
  return {
    oid: row.oid,
    schema: '',
    name: row.name,
    sql: [row.definition],
    adorned: [
      {
        classId,
        oid: row.oid,
        identity: `${keyword} ${row.quoted}`,
        grantAs: `FOREIGN ${keyword.replace('FOREIGN ', '')} ${row.quoted}`,
        owner: row.owner,
        acl: row.acl,
      },
    ],
    ...(keyword === 'SERVER' ? {} : { traits: ['superuser'] as const }),
  };
}

interface MappingRow {
  readonly oid: number;
  readonly name: string;
  readonly definition: string;
  readonly options: string | null;
}

/** User mappings. Their options mostly hold passwords, which only superusers can read of others. */
export const describeUserMappings: Describe = async ({ server, omit }, oids) => {
  const rows = await server.describe<MappingRow>(
    `SELECT m.umid::int8 AS oid, m.usename || ' on ' || m.srvname AS name,
       'CREATE USER MAPPING FOR ' || CASE WHEN m.umuser = 0 THEN 'PUBLIC' ELSE quote_ident(m.usename) END
         || ' SERVER ' || quote_ident(m.srvname) AS definition, ${foreignOptions('m.umoptions')} AS options
     FROM pg_user_mappings AS m WHERE m.umid = ANY ($1::oid[])`,
    oids,
  );
  const drafts: Draft[] = [];
  for (const row of rows) {
    if (row.options === null && !server.superuser) {
      omit('user-mapping', '', row.name, 'Only a superuser can read its options.');
      continue;
    }
    const options = row.options === null || server.noSecrets ? '' : ` OPTIONS (${row.options})`;
    drafts.push({
      oid: row.oid,
      schema: '',
      name: row.name,
      sql: [`${row.definition}${options}`],
      ...(options === '' ? {} : { traits: ['secret'] as const }),
    });
  }
  return drafts;
};
