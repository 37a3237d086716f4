/** Types: enums, composites, domains, ranges, base types and shells. */
import type { Acl, Adorned, AdornedColumn, Describe, Draft, Drafting } from './draft.ts';
import { CATALOG } from './kinds.ts';
import {
  aclJson,
  collationName,
  functionName,
  literal,
  qualified,
  relationName,
  roleName,
} from './quoting.ts';
import type { CatalogSession } from './session.ts';

interface AttributeRow extends AdornedColumn {
  readonly clause: string;
}

interface DomainCheck {
  readonly oid: number;
  readonly name: string;
  readonly definition: string;
}

interface RangeRow {
  readonly parameters: string;
  readonly multirange: string | null;
  readonly multirangeOid: number | null;
}

interface TypeRow {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  readonly qualified: string;
  readonly kind: 'b' | 'c' | 'd' | 'e' | 'r' | 'p';
  readonly defined: boolean;
  readonly owner: string;
  readonly acl: Acl | null;
  readonly labels: readonly string[] | null;
  readonly relation: number | null;
  readonly relationName: string | null;
  readonly attributes: readonly AttributeRow[] | null;
  readonly base: string | null;
  readonly collation: string | null;
  readonly defaultText: string | null;
  readonly notNull: boolean;
  readonly notNullOid: number | null;
  readonly notNullName: string | null;
  readonly checks: readonly DomainCheck[] | null;
  readonly range: RangeRow | null;
  readonly baseParameters: string | null;
}

/** SQL: a parameter of CREATE TYPE that names a function, or null. */
function functionParameter(keyword: string, column: string): string {
  return `CASE WHEN ${column} <> 0 THEN '${keyword} = ' || ${functionName(column)} END`;
}

const ATTRIBUTES = `(SELECT json_agg(json_build_object('number', a.attnum, 'name', quote_ident(a.attname),
    'clause', quote_ident(a.attname) || ' ' || format_type(a.atttypid, a.atttypmod)
      || CASE WHEN a.attcollation <> 0 AND a.attcollation <> at.typcollation THEN ' COLLATE ' || ${collationName('a.attcollation')} ELSE '' END)
    ORDER BY a.attnum)
  FROM pg_attribute AS a JOIN pg_type AS at ON at.oid = a.atttypid
  WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped)`;

function rangeJson(server: CatalogSession): string {
  const multirange = server.since(14);
  return `(SELECT json_build_object('parameters', concat_ws(', ', 'SUBTYPE = ' || format_type(r.rngsubtype, NULL),
      ${multirange ? `'MULTIRANGE_TYPE_NAME = ' || ${qualified('mn.nspname', 'm.typname')},` : ''}
      CASE WHEN NOT o.opcdefault THEN 'SUBTYPE_OPCLASS = ' || ${qualified('opn.nspname', 'o.opcname')} END,
      CASE WHEN r.rngcollation <> 0 AND r.rngcollation <> st.typcollation THEN 'COLLATION = ' || ${collationName('r.rngcollation')} END,
      ${functionParameter('CANONICAL', 'r.rngcanonical::oid')}, ${functionParameter('SUBTYPE_DIFF', 'r.rngsubdiff::oid')}),
      'multirange', ${multirange ? qualified('mn.nspname', 'm.typname') : 'NULL'}, 'multirangeOid', ${multirange ? 'm.oid::int8' : 'NULL'})
    FROM pg_range AS r JOIN pg_opclass AS o ON o.oid = r.rngsubopc JOIN pg_namespace AS opn ON opn.oid = o.opcnamespace
    JOIN pg_type AS st ON st.oid = r.rngsubtype
    ${multirange ? 'JOIN pg_type AS m ON m.oid = r.rngmultitypid JOIN pg_namespace AS mn ON mn.oid = m.typnamespace' : ''}
    WHERE r.rngtypid = t.oid)`;
}

function baseParameters(server: CatalogSession): string {
  return `concat_ws(', ', ${functionParameter('INPUT', 't.typinput::oid')}, ${functionParameter('OUTPUT', 't.typoutput::oid')},
    ${functionParameter('RECEIVE', 't.typreceive::oid')}, ${functionParameter('SEND', 't.typsend::oid')},
    ${functionParameter('TYPMOD_IN', 't.typmodin::oid')}, ${functionParameter('TYPMOD_OUT', 't.typmodout::oid')},
    ${functionParameter('ANALYZE', 't.typanalyze::oid')},
    ${server.pick(14, `${functionParameter('SUBSCRIPT', 't.typsubscript::oid')},`, '')}
    'INTERNALLENGTH = ' || CASE WHEN t.typlen = -1 THEN 'variable' ELSE t.typlen::text END,
    CASE WHEN t.typbyval THEN 'PASSEDBYVALUE' END,
    'ALIGNMENT = ' || CASE t.typalign WHEN 'c' THEN 'char' WHEN 's' THEN 'int2' WHEN 'i' THEN 'int4' ELSE 'double' END,
    'STORAGE = ' || CASE t.typstorage WHEN 'p' THEN 'plain' WHEN 'e' THEN 'external' WHEN 'm' THEN 'main' ELSE 'extended' END,
    'CATEGORY = ' || quote_literal(t.typcategory::text), CASE WHEN t.typispreferred THEN 'PREFERRED = true' END,
    'DELIMITER = ' || quote_literal(t.typdelim::text), 'DEFAULT = ' || quote_literal(t.typdefault),
    CASE WHEN t.typelem <> 0 THEN 'ELEMENT = ' || format_type(t.typelem, NULL) END,
    CASE WHEN t.typcollation <> 0 THEN 'COLLATABLE = true' END)`;
}

function typeSql(server: CatalogSession): string {
  const notNull = (column: string): string =>
    server.pick(
      17,
      `(SELECT ${column} FROM pg_constraint AS nn WHERE nn.contypid = t.oid AND nn.contype = 'n')`,
      'NULL',
    );
  return `SELECT t.oid::int8 AS oid, n.nspname AS schema, t.typname AS name, ${qualified('n.nspname', 't.typname')} AS qualified,
      t.typtype AS kind, t.typisdefined AS defined, ${roleName('t.typowner')} AS owner,
      ${aclJson('t.typacl', `acldefault('T', t.typowner)`)} AS acl,
      CASE WHEN t.typtype = 'e' THEN (SELECT json_agg(quote_literal(e.enumlabel) ORDER BY e.enumsortorder) FROM pg_enum AS e
        WHERE e.enumtypid = t.oid) END AS labels,
      CASE WHEN t.typtype = 'c' THEN t.typrelid::int8 END AS relation,
      CASE WHEN t.typtype = 'c' THEN ${relationName('t.typrelid')} END AS "relationName",
      CASE WHEN t.typtype = 'c' THEN ${ATTRIBUTES} END AS attributes,
      CASE WHEN t.typtype = 'd' THEN format_type(t.typbasetype, t.typtypmod) END AS base,
      CASE WHEN t.typtype = 'd' AND t.typcollation <> u.typcollation THEN ${collationName('t.typcollation')} END AS collation,
      CASE WHEN t.typtype = 'd' THEN coalesce(pg_get_expr(t.typdefaultbin, 'pg_type'::regclass), quote_literal(t.typdefault)) END
        AS "defaultText",
      t.typnotnull AS "notNull", ${notNull('nn.oid::int8')} AS "notNullOid", ${notNull('quote_ident(nn.conname)')} AS "notNullName",
      CASE WHEN t.typtype = 'd' THEN (SELECT json_agg(json_build_object('oid', k.oid::int8, 'name', quote_ident(k.conname),
          'definition', pg_get_constraintdef(k.oid)) ORDER BY k.conname COLLATE "C")
        FROM pg_constraint AS k WHERE k.contypid = t.oid AND k.contype = 'c') END AS checks,
      CASE WHEN t.typtype = 'r' THEN ${rangeJson(server)} END AS range,
      CASE WHEN t.typtype = 'b' THEN ${baseParameters(server)} END AS "baseParameters"
    FROM pg_type AS t JOIN pg_namespace AS n ON n.oid = t.typnamespace LEFT JOIN pg_type AS u ON u.oid = t.typbasetype
    WHERE t.oid = ANY ($1::oid[])`;
}

export const describeTypes: Describe = async (drafting, oids) => {
  const rows = await drafting.server.describe<TypeRow>(typeSql(drafting.server), oids);
  return rows.map((row): Draft => {
    const identity = `${row.kind === 'd' ? 'DOMAIN' : 'TYPE'} ${row.qualified}`;
    return {
      oid: row.oid,
      kind: row.kind === 'd' ? 'domain' : 'type',
      schema: row.schema,
      name: row.name,
      sql: [createType(drafting, row)],
      adorned: [
        {
          classId: CATALOG.pg_type,
          oid: row.oid,
          identity,
          owner: row.owner,
          grantAs: `TYPE ${row.qualified}`,
          acl: row.acl,
        },
        ...adornedParts(drafting, row),
      ],
      ...(row.kind === 'b' && row.defined ? { traits: ['superuser'] as const } : {}),
    };
  });
};

function createType(drafting: Drafting, row: TypeRow): string {
  const create = `CREATE TYPE ${row.qualified}`;
  if (!row.defined) return create;
  switch (row.kind) {
    case 'e':
      return `${create} AS ENUM (${(row.labels ?? []).join(', ')})`;
    case 'c':
      return `${create} AS (${(row.attributes ?? []).map((attribute) => `\n  ${attribute.clause}`).join(',')}\n)`;
    case 'r':
      return `${create} AS RANGE (${row.range?.parameters ?? ''})`;
    case 'd':
      return createDomain(drafting, row);
    default:
      return `${create} (${row.baseParameters ?? ''})`;
  }
}

function createDomain(drafting: Drafting, row: TypeRow): string {
  const notNull = row.notNullName === null ? 'NOT NULL' : `CONSTRAINT ${row.notNullName} NOT NULL`;
  return [
    `CREATE DOMAIN ${row.qualified} AS ${row.base}`,
    ...(row.collation === null ? [] : [`COLLATE ${row.collation}`]),
    ...(row.defaultText === null ? [] : [`DEFAULT ${row.defaultText}`]),
    ...(row.notNull ? [notNull] : []),
    ...inlineChecks(drafting, row).map((check) => `CONSTRAINT ${check.name} ${check.definition}`),
  ].join(' ');
}

/** Checks that stand in CREATE DOMAIN; the others follow as ALTER DOMAIN. */
function inlineChecks({ graph }: Drafting, row: TypeRow): readonly DomainCheck[] {
  return (row.checks ?? []).filter((check) => {
    const node = graph.find(CATALOG.pg_constraint, check.oid);
    return node >= 0 && !graph.isSeparate(node) && !graph.isDropped(node);
  });
}

/** What has a comment of its own: attributes, constraints, the multirange type. */
function adornedParts(drafting: Drafting, row: TypeRow): readonly Adorned[] {
  const constraint = (oid: number, name: string): Adorned => ({
    classId: CATALOG.pg_constraint,
    oid,
    identity: `CONSTRAINT ${name} ON DOMAIN ${row.qualified}`,
  });
  const parts = inlineChecks(drafting, row).map((check) => constraint(check.oid, check.name));
  if (row.notNullOid !== null && row.notNullName !== null)
    parts.push(constraint(row.notNullOid, row.notNullName));
  if (row.relation !== null && row.relationName !== null) {
    parts.push({
      classId: CATALOG.pg_class,
      oid: row.relation,
      identity: `TYPE ${row.qualified}`,
      relation: row.relationName,
      columns: row.attributes ?? [],
    });
  }
  if (row.range?.multirange && row.range.multirangeOid !== null) {
    parts.push({
      classId: CATALOG.pg_type,
      oid: row.range.multirangeOid,
      identity: `TYPE ${row.range.multirange}`,
    });
  }
  return parts;
}

/** A type's name before its functions exist: they take and give it, and it needs them. */
export const describeShellTypes: Describe = async ({ server }, oids) => {
  const rows = await server.describe<{ oid: number; schema: string; name: string; qualified: string }>(
    `SELECT t.oid::int8 AS oid, n.nspname AS schema, t.typname AS name, ${qualified('n.nspname', 't.typname')} AS qualified
     FROM pg_type AS t JOIN pg_namespace AS n ON n.oid = t.typnamespace WHERE t.oid = ANY ($1::oid[])`,
    oids,
  );
  return rows.map(
    (row): Draft => ({
      oid: row.oid,
      schema: row.schema,
      name: row.name,
      sql: [`CREATE TYPE ${row.qualified}`],
    }),
  );
};

interface CollationRow {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  readonly qualified: string;
  readonly owner: string;
  readonly provider: string;
  readonly deterministic: boolean;
  readonly collate: string | null;
  readonly ctype: string | null;
  readonly locale: string | null;
  readonly rules: string | null;
  readonly version: string | null;
}

const PROVIDERS: Readonly<Record<string, string>> = { b: 'builtin', c: 'libc', i: 'icu', d: 'default' };

/** CREATE COLLATION. The version is that of the target's own library: indexes are built there. */
export const describeCollations: Describe = async ({ server }, oids) => {
  const locale = server.pick(
    17,
    'c.colllocale',
    server.pick(15, 'c.colliculocale', `CASE WHEN c.collprovider = 'i' THEN c.collcollate END`),
  );
  const rows = await server.describe<CollationRow>(
    `SELECT c.oid::int8 AS oid, n.nspname AS schema, c.collname AS name, ${qualified('n.nspname', 'c.collname')} AS qualified,
       ${roleName('c.collowner')} AS owner, c.collprovider AS provider, c.collisdeterministic AS deterministic,
       c.collcollate AS collate, c.collctype AS ctype, ${locale} AS locale,
       ${server.pick(16, 'c.collicurules', 'NULL')} AS rules, c.collversion AS version
     FROM pg_collation AS c JOIN pg_namespace AS n ON n.oid = c.collnamespace WHERE c.oid = ANY ($1::oid[])`,
    oids,
  );
  return rows.map((row): Draft => {
    const parameters = [
      `provider = ${PROVIDERS[row.provider] ?? row.provider}`,
      ...(row.deterministic ? [] : ['deterministic = false']),
      ...(row.locale === null
        ? [`lc_collate = ${literal(row.collate ?? '')}`, `lc_ctype = ${literal(row.ctype ?? '')}`]
        : [`locale = ${literal(row.locale)}`]),
      ...(row.rules === null ? [] : [`rules = ${literal(row.rules)}`]),
    ];
    return {
      oid: row.oid,
      schema: row.schema,
      name: row.name,
      sql: [`CREATE COLLATION ${row.qualified} (${parameters.join(', ')})`],
      adorned: [
        {
          classId: CATALOG.pg_collation,
          oid: row.oid,
          identity: `COLLATION ${row.qualified}`,
          owner: row.owner,
        },
      ],
      ...(row.version === null ? {} : { facts: { version: row.version } }),
    };
  });
};
