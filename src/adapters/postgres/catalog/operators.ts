/** Operators, their families and classes, casts, conversions and access methods. */
import type { Describe, Draft } from './draft.ts';
import { CATALOG } from './kinds.ts';
import { functionName, qualified, roleName } from './quoting.ts';

interface NamedRow {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  readonly qualified: string;
  readonly owner: string;
}

interface OperatorRow extends NamedRow {
  readonly types: string;
  readonly parameters: string;
  readonly shell: boolean;
}

/** SQL: `OPERATOR(schema.name)` of an operator, or null. */
function operatorName(oid: string): string {
  return `(SELECT 'OPERATOR(' || quote_ident(xn.nspname) || '.' || xo.oprname || ')' FROM pg_operator AS xo
    JOIN pg_namespace AS xn ON xn.oid = xo.oprnamespace WHERE xo.oid = ${oid})`;
}

/** Operators. Those that only others name as commutator or negator come to be when the others do. */
export const describeOperators: Describe = async ({ server }, oids) => {
  const argument = (column: string): string =>
    `CASE WHEN ${column} = 0 THEN 'NONE' ELSE format_type(${column}, NULL) END`;
  const rows = await server.describe<OperatorRow>(
    `SELECT o.oid::int8 AS oid, n.nspname AS schema, o.oprname AS name, quote_ident(n.nspname) || '.' || o.oprname AS qualified,
       ${roleName('o.oprowner')} AS owner, o.oprcode::oid = 0 AS shell,
       ${argument('o.oprleft')} || ', ' || ${argument('o.oprright')} AS types,
       concat_ws(', ', 'FUNCTION = ' || ${functionName('o.oprcode::oid')},
         CASE WHEN o.oprleft <> 0 THEN 'LEFTARG = ' || format_type(o.oprleft, NULL) END,
         CASE WHEN o.oprright <> 0 THEN 'RIGHTARG = ' || format_type(o.oprright, NULL) END,
         'COMMUTATOR = ' || ${operatorName('o.oprcom')}, 'NEGATOR = ' || ${operatorName('o.oprnegate')},
         'RESTRICT = ' || ${functionName('o.oprrest::oid')}, 'JOIN = ' || ${functionName('o.oprjoin::oid')},
         CASE WHEN o.oprcanmerge THEN 'MERGES' END, CASE WHEN o.oprcanhash THEN 'HASHES' END) AS parameters
     FROM pg_operator AS o JOIN pg_namespace AS n ON n.oid = o.oprnamespace WHERE o.oid = ANY ($1::oid[])`,
    oids,
  );
  return rows
    .filter((row) => !row.shell)
    .map(
      (row): Draft => ({
        oid: row.oid,
        schema: row.schema,
        name: row.name,
        sql: [`CREATE OPERATOR ${row.qualified} (${row.parameters})`],
        adorned: [
          {
            classId: CATALOG.pg_operator,
            oid: row.oid,
            identity: `OPERATOR ${row.qualified} (${row.types})`,
            owner: row.owner,
          },
        ],
      }),
    );
};

interface FamilyRow extends NamedRow {
  readonly method: string;
  readonly members: readonly string[];
}

/** SQL: members of families that hang on an object of `catalog` with this oid, as they stand in ADD and AS. */
function members(catalog: string, oid: string, deptype: string): string {
  const tied = (member: string): string =>
    `JOIN pg_depend AS d ON d.classid = '${member}'::regclass AND d.objid = m.oid AND d.refclassid = '${catalog}'::regclass
       AND d.refobjid = ${oid} AND d.deptype = '${deptype}'`;
  return `SELECT 1 AS rank, m.amopstrategy AS number, format('OPERATOR %s %s%s', m.amopstrategy, m.amopopr::regoperator,
      (SELECT ' FOR ORDER BY ' || ${qualified('sn.nspname', 'sf.opfname')} FROM pg_opfamily AS sf
       JOIN pg_namespace AS sn ON sn.oid = sf.opfnamespace WHERE sf.oid = m.amopsortfamily)) AS text
    FROM pg_amop AS m ${tied('pg_amop')}
    UNION ALL SELECT 2, m.amprocnum, format('FUNCTION %s (%s, %s) %s', m.amprocnum, format_type(m.amproclefttype, NULL),
      format_type(m.amprocrighttype, NULL), m.amproc::oid::regprocedure)
    FROM pg_amproc AS m ${tied('pg_amproc')}`;
}

export const describeOperatorFamilies: Describe = async ({ server }, oids) => {
  const rows = await server.describe<FamilyRow>(
    `SELECT f.oid::int8 AS oid, n.nspname AS schema, f.opfname AS name, ${qualified('n.nspname', 'f.opfname')} AS qualified,
       ${roleName('f.opfowner')} AS owner, quote_ident(a.amname) AS method,
       coalesce((SELECT json_agg(x.text ORDER BY x.rank, x.number, x.text) FROM (${members('pg_opfamily', 'f.oid', 'a')}) AS x),
         '[]'::json) AS members
     FROM pg_opfamily AS f JOIN pg_namespace AS n ON n.oid = f.opfnamespace JOIN pg_am AS a ON a.oid = f.opfmethod
     WHERE f.oid = ANY ($1::oid[])`,
    oids,
  );
  return rows.map((row): Draft => {
    const identity = `OPERATOR FAMILY ${row.qualified} USING ${row.method}`;
    return {
      oid: row.oid,
      schema: row.schema,
      name: row.name,
      sql: [
        `CREATE ${identity}`,
        ...(row.members.length === 0 ? [] : [`ALTER ${identity} ADD\n  ${row.members.join(',\n  ')}`]),
      ],
      adorned: [{ classId: CATALOG.pg_opfamily, oid: row.oid, identity, owner: row.owner }],
      traits: ['superuser'],
    };
  });
};

interface ClassRow extends FamilyRow {
  readonly isDefault: boolean;
  readonly type: string;
  readonly storage: string | null;
  readonly family: string;
}

export const describeOperatorClasses: Describe = async ({ server }, oids) => {
  const rows = await server.describe<ClassRow>(
    `SELECT c.oid::int8 AS oid, n.nspname AS schema, c.opcname AS name, ${qualified('n.nspname', 'c.opcname')} AS qualified,
       ${roleName('c.opcowner')} AS owner, quote_ident(a.amname) AS method, c.opcdefault AS "isDefault",
       format_type(c.opcintype, NULL) AS type, CASE WHEN c.opckeytype <> 0 THEN format_type(c.opckeytype, NULL) END AS storage,
       ${qualified('fn.nspname', 'f.opfname')} AS family,
       coalesce((SELECT json_agg(x.text ORDER BY x.rank, x.number, x.text) FROM (${members('pg_opclass', 'c.oid', 'i')}) AS x),
         '[]'::json) AS members
     FROM pg_opclass AS c JOIN pg_namespace AS n ON n.oid = c.opcnamespace JOIN pg_am AS a ON a.oid = c.opcmethod
     JOIN pg_opfamily AS f ON f.oid = c.opcfamily JOIN pg_namespace AS fn ON fn.oid = f.opfnamespace
     WHERE c.oid = ANY ($1::oid[])`,
    oids,
  );
  return rows.map((row): Draft => {
    const identity = `OPERATOR CLASS ${row.qualified}`;
    const contents = [...(row.storage === null ? [] : [`STORAGE ${row.storage}`]), ...row.members];
    // The grammar wants at least one item; the type itself as storage says nothing new.
    const items = contents.length === 0 ? [`STORAGE ${row.type}`] : contents;
    return {
      oid: row.oid,
      schema: row.schema,
      name: row.name,
      sql: [
        `CREATE ${identity}${row.isDefault ? ' DEFAULT' : ''} FOR TYPE ${row.type} USING ${row.method} FAMILY ${row.family} AS\n  ${items.join(',\n  ')}`,
      ],
      adorned: [
        {
          classId: CATALOG.pg_opclass,
          oid: row.oid,
          identity: `${identity} USING ${row.method}`,
          owner: row.owner,
        },
      ],
      traits: ['superuser'],
    };
  });
};

interface CastRow {
  readonly oid: number;
  readonly source: string;
  readonly target: string;
  readonly method: string;
  readonly context: string;
  readonly function: string | null;
}

export const describeCasts: Describe = async ({ server }, oids) => {
  const rows = await server.describe<CastRow>(
    `SELECT c.oid::int8 AS oid, format_type(c.castsource, NULL) AS source, format_type(c.casttarget, NULL) AS target,
       c.castmethod AS method, c.castcontext AS context,
       CASE WHEN c.castfunc <> 0 THEN c.castfunc::regprocedure::text END AS function
     FROM pg_cast AS c WHERE c.oid = ANY ($1::oid[])`,
    oids,
  );
  return rows.map((row): Draft => {
    const identity = `CAST (${row.source} AS ${row.target})`;
    const how =
      row.method === 'f'
        ? `WITH FUNCTION ${row.function}`
        : row.method === 'i'
          ? 'WITH INOUT'
          : 'WITHOUT FUNCTION';
    const when = row.context === 'a' ? ' AS ASSIGNMENT' : row.context === 'i' ? ' AS IMPLICIT' : '';
    return {
      oid: row.oid,
      schema: '',
      name: `${row.source} AS ${row.target}`,
      sql: [`CREATE ${identity} ${how}${when}`],
      adorned: [{ classId: CATALOG.pg_cast, oid: row.oid, identity }],
      ...(row.method === 'b' ? { traits: ['superuser'] as const } : {}),
    };
  });
};

export const describeConversions: Describe = async ({ server }, oids) => {
  const rows = await server.describe<NamedRow & { definition: string }>(
    `SELECT c.oid::int8 AS oid, n.nspname AS schema, c.conname AS name, ${qualified('n.nspname', 'c.conname')} AS qualified,
       ${roleName('c.conowner')} AS owner,
       format('CREATE %sCONVERSION %I.%I FOR %L TO %L FROM %s', CASE WHEN c.condefault THEN 'DEFAULT ' END, n.nspname, c.conname,
         pg_encoding_to_char(c.conforencoding), pg_encoding_to_char(c.contoencoding), ${functionName('c.conproc::oid')}) AS definition
     FROM pg_conversion AS c JOIN pg_namespace AS n ON n.oid = c.connamespace WHERE c.oid = ANY ($1::oid[])`,
    oids,
  );
  return rows.map(
    (row): Draft => ({
      oid: row.oid,
      schema: row.schema,
      name: row.name,
      sql: [row.definition],
      adorned: [
        {
          classId: CATALOG.pg_conversion,
          oid: row.oid,
          identity: `CONVERSION ${row.qualified}`,
          owner: row.owner,
        },
      ],
    }),
  );
};

export const describeAccessMethods: Describe = async ({ server }, oids) => {
  const rows = await server.describe<{
    oid: number;
    name: string;
    quoted: string;
    type: string;
    handler: string;
  }>(
    `SELECT a.oid::int8 AS oid, a.amname AS name, quote_ident(a.amname) AS quoted,
       CASE a.amtype WHEN 't' THEN 'TABLE' ELSE 'INDEX' END AS type, ${functionName('a.amhandler::oid')} AS handler
     FROM pg_am AS a WHERE a.oid = ANY ($1::oid[])`,
    oids,
  );
  return rows.map(
    (row): Draft => ({
      oid: row.oid,
      schema: '',
      name: row.name,
      sql: [`CREATE ACCESS METHOD ${row.quoted} TYPE ${row.type} HANDLER ${row.handler}`],
      adorned: [{ classId: CATALOG.pg_am, oid: row.oid, identity: `ACCESS METHOD ${row.quoted}` }],
      traits: ['superuser'],
    }),
  );
};
