/** Functions, procedures, aggregates, and the languages and transforms that they need. */
import type { Acl, Describe, Draft } from './draft.ts';
import { CATALOG } from './kinds.ts';
import { aclJson, functionName, qualified, roleName } from './quoting.ts';

interface FunctionRow {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  readonly signature: string;
  readonly procedure: boolean;
  readonly definition: string;
  readonly owner: string;
  readonly acl: Acl | null;
  readonly powerful: boolean;
}

/** What runs with more rights than its caller: untrusted languages, and a superuser's SECURITY DEFINER. */
const POWERFUL = `(NOT (SELECT l.lanpltrusted FROM pg_language AS l WHERE l.oid = p.prolang) OR p.prosecdef
  AND (SELECT u.rolsuper FROM pg_roles AS u WHERE u.oid = p.proowner))`;

export const describeFunctions: Describe = async ({ server }, oids) => {
  const rows = await server.describe<FunctionRow>(
    `SELECT p.oid::int8 AS oid, n.nspname AS schema, p.proname AS name,
       ${qualified('n.nspname', 'p.proname')} || '(' || pg_get_function_identity_arguments(p.oid) || ')' AS signature,
       p.prokind = 'p' AS procedure, pg_get_functiondef(p.oid) AS definition, ${roleName('p.proowner')} AS owner,
       ${aclJson('p.proacl', `acldefault('f', p.proowner)`)} AS acl, ${POWERFUL} AS powerful
     FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace WHERE p.oid = ANY ($1::oid[])`,
    oids,
  );
  return rows.map(
    (row): Draft => ({
      oid: row.oid,
      kind: row.procedure ? 'procedure' : 'function',
      schema: row.schema,
      name: row.name,
      sql: [row.definition.trimEnd()],
      adorned: [
        {
          classId: CATALOG.pg_proc,
          oid: row.oid,
          identity: `${row.procedure ? 'PROCEDURE' : 'FUNCTION'} ${row.signature}`,
          owner: row.owner,
          acl: row.acl,
        },
      ],
      ...(row.powerful ? { traits: ['superuser'] as const } : {}),
    }),
  );
};

interface AggregateRow {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  readonly qualified: string;
  readonly arguments: string;
  readonly identity: string;
  readonly types: string;
  readonly parameters: string;
  readonly owner: string;
  readonly acl: Acl | null;
}

function support(keyword: string, column: string): string {
  return `CASE WHEN a.${column}::oid <> 0 THEN '${keyword} = ' || ${functionName(`a.${column}::oid`)} END`;
}

function finalModify(keyword: string, column: string, kind: string): string {
  return `CASE WHEN a.${column} <> ${kind} THEN '${keyword} = ' || CASE a.${column} WHEN 'r' THEN 'READ_ONLY'
    WHEN 's' THEN 'SHAREABLE' ELSE 'READ_WRITE' END END`;
}

/** Ordered-set aggregates may by default change their state in the final function, others not. */
const DEFAULT_MODIFY = `(CASE WHEN a.aggkind = 'n' THEN 'r' ELSE 'w' END)`;

const AGGREGATE_PARAMETERS = `concat_ws(', ', ${support('SFUNC', 'aggtransfn')}, 'STYPE = ' || format_type(a.aggtranstype, NULL),
  CASE WHEN a.aggtransspace <> 0 THEN 'SSPACE = ' || a.aggtransspace END, 'INITCOND = ' || quote_literal(a.agginitval),
  ${support('FINALFUNC', 'aggfinalfn')}, CASE WHEN a.aggfinalextra THEN 'FINALFUNC_EXTRA' END,
  ${finalModify('FINALFUNC_MODIFY', 'aggfinalmodify', DEFAULT_MODIFY)}, ${support('COMBINEFUNC', 'aggcombinefn')},
  ${support('SERIALFUNC', 'aggserialfn')}, ${support('DESERIALFUNC', 'aggdeserialfn')}, ${support('MSFUNC', 'aggmtransfn')},
  ${support('MINVFUNC', 'aggminvtransfn')}, CASE WHEN a.aggmtranstype <> 0 THEN 'MSTYPE = ' || format_type(a.aggmtranstype, NULL) END,
  CASE WHEN a.aggmtransspace <> 0 THEN 'MSSPACE = ' || a.aggmtransspace END, 'MINITCOND = ' || quote_literal(a.aggminitval),
  ${support('MFINALFUNC', 'aggmfinalfn')}, CASE WHEN a.aggmfinalextra THEN 'MFINALFUNC_EXTRA' END,
  ${finalModify('MFINALFUNC_MODIFY', 'aggmfinalmodify', DEFAULT_MODIFY)},
  (SELECT 'SORTOP = OPERATOR(' || quote_ident(sn.nspname) || '.' || so.oprname || ')' FROM pg_operator AS so
    JOIN pg_namespace AS sn ON sn.oid = so.oprnamespace WHERE so.oid = a.aggsortop),
  CASE WHEN a.aggkind = 'h' THEN 'HYPOTHETICAL' END,
  CASE p.proparallel WHEN 's' THEN 'PARALLEL = safe' WHEN 'r' THEN 'PARALLEL = restricted' END)`;

export const describeAggregates: Describe = async ({ server }, oids) => {
  const rows = await server.describe<AggregateRow>(
    `SELECT p.oid::int8 AS oid, n.nspname AS schema, p.proname AS name, ${qualified('n.nspname', 'p.proname')} AS qualified,
       coalesce(nullif(pg_get_function_arguments(p.oid), ''), '*') AS arguments,
       coalesce(nullif(pg_get_function_identity_arguments(p.oid), ''), '*') AS identity,
       oidvectortypes(p.proargtypes) AS types, ${AGGREGATE_PARAMETERS} AS parameters, ${roleName('p.proowner')} AS owner,
       ${aclJson('p.proacl', `acldefault('f', p.proowner)`)} AS acl
     FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace JOIN pg_aggregate AS a ON a.aggfnoid = p.oid
     WHERE p.oid = ANY ($1::oid[])`,
    oids,
  );
  return rows.map(
    (row): Draft => ({
      oid: row.oid,
      schema: row.schema,
      name: row.name,
      sql: [`CREATE AGGREGATE ${row.qualified}(${row.arguments}) (${row.parameters})`],
      adorned: [
        {
          classId: CATALOG.pg_proc,
          oid: row.oid,
          identity: `AGGREGATE ${row.qualified}(${row.identity})`,
          grantAs: `FUNCTION ${row.qualified}(${row.types})`,
          owner: row.owner,
          acl: row.acl,
        },
      ],
    }),
  );
};

interface LanguageRow {
  readonly oid: number;
  readonly name: string;
  readonly quoted: string;
  readonly definition: string;
  readonly owner: string;
  readonly acl: Acl | null;
}

/** Languages that do not come with an extension. */
export const describeLanguages: Describe = async ({ server }, oids) => {
  const rows = await server.describe<LanguageRow>(
    `SELECT l.oid::int8 AS oid, l.lanname AS name, quote_ident(l.lanname) AS quoted,
       concat_ws(' ', 'CREATE', CASE WHEN l.lanpltrusted THEN 'TRUSTED' END, 'LANGUAGE', quote_ident(l.lanname),
         'HANDLER ' || ${functionName('l.lanplcallfoid')}, 'INLINE ' || ${functionName('l.laninline')},
         'VALIDATOR ' || ${functionName('l.lanvalidator')}) AS definition,
       ${roleName('l.lanowner')} AS owner, ${aclJson('l.lanacl', `acldefault('l', l.lanowner)`)} AS acl
     FROM pg_language AS l WHERE l.oid = ANY ($1::oid[])`,
    oids,
  );
  return rows.map(
    (row): Draft => ({
      oid: row.oid,
      schema: '',
      name: row.name,
      sql: [row.definition],
      adorned: [
        {
          classId: CATALOG.pg_language,
          oid: row.oid,
          identity: `LANGUAGE ${row.quoted}`,
          owner: row.owner,
          acl: row.acl,
        },
      ],
      traits: ['superuser'],
    }),
  );
};

interface TransformRow {
  readonly oid: number;
  readonly type: string;
  readonly language: string;
  readonly functions: string;
}

export const describeTransforms: Describe = async ({ server }, oids) => {
  const side = (keyword: string, column: string): string =>
    `CASE WHEN ${column}::oid <> 0 THEN '${keyword} WITH FUNCTION ' || ${column}::oid::regprocedure END`;
  const rows = await server.describe<TransformRow>(
    `SELECT t.oid::int8 AS oid, format_type(t.trftype, NULL) AS type, quote_ident(l.lanname) AS language,
       concat_ws(', ', ${side('FROM SQL', 't.trffromsql')}, ${side('TO SQL', 't.trftosql')}) AS functions
     FROM pg_transform AS t JOIN pg_language AS l ON l.oid = t.trflang WHERE t.oid = ANY ($1::oid[])`,
    oids,
  );
  return rows.map((row): Draft => {
    const identity = `TRANSFORM FOR ${row.type} LANGUAGE ${row.language}`;
    return {
      oid: row.oid,
      schema: '',
      name: `${row.type} ${row.language}`,
      sql: [`CREATE ${identity} (${row.functions})`],
      adorned: [{ classId: CATALOG.pg_transform, oid: row.oid, identity }],
    };
  });
};
