/**
 * Which objects there are: one query per kind, sorted as they are to be created, that gives oid, the oid of the object
 * of which it is a part (or null), and a kind's own mark (or null).
 */
import type { KindName } from './kinds.ts';
import { type CatalogSession, FIRST_USER_OID } from './session.ts';

/** A condition: the object was made by a user, not by initdb or an extension. */
function userMade(catalog: string, oid: string): string {
  return `${oid} >= ${FIRST_USER_OID} AND NOT EXISTS (SELECT 1 FROM pg_depend AS made
    WHERE made.classid = '${catalog}'::regclass AND made.objid = ${oid} AND made.deptype = 'e')`;
}

/** A condition: the schema is no session's scratch. */
function lasting(schema: string): string {
  return `${schema} !~ '^pg_(toast_)?temp_'`;
}

/** Objects that live in a schema and have a name: most kinds. */
function named(catalog: string, prefix: string, where = 'true', name = `${prefix}name`): string {
  return `SELECT o.oid::int8 FROM ${catalog} AS o JOIN pg_namespace AS n ON n.oid = o.${prefix}namespace
    WHERE ${userMade(catalog, 'o.oid')} AND ${lasting('n.nspname')} AND ${where}
    ORDER BY n.nspname COLLATE "C", o.${name} COLLATE "C", o.oid`;
}

/** Objects that have a name and no schema. */
function global(catalog: string, name: string, where = 'true'): string {
  return `SELECT o.oid::int8 FROM ${catalog} AS o WHERE ${userMade(catalog, 'o.oid')} AND ${where}
    ORDER BY o.${name} COLLATE "C", o.oid`;
}

function relations(relkinds: string, columns = 'o.oid::int8', where = 'true'): string {
  return `SELECT ${columns} FROM pg_class AS o JOIN pg_namespace AS n ON n.oid = o.relnamespace
    WHERE ${userMade('pg_class', 'o.oid')} AND o.relkind IN (${relkinds}) AND o.relpersistence <> 't' AND ${where}
    ORDER BY n.nspname COLLATE "C", o.relname COLLATE "C"`;
}

/** What belongs to relations: `t` is the relation, `o` the object. */
function ofRelation(select: string, from: string, relation: string, where: string, order: string): string {
  return `SELECT ${select} FROM ${from} JOIN pg_class AS t ON t.oid = ${relation}
    JOIN pg_namespace AS n ON n.oid = t.relnamespace
    WHERE ${userMade('pg_class', 't.oid')} AND t.relpersistence <> 't' AND t.relkind <> 't' AND ${where}
    ORDER BY n.nspname COLLATE "C", t.relname COLLATE "C", ${order}`;
}

/** Functions that PostgreSQL makes together with a range type. */
const OWN_FUNCTION = `NOT EXISTS (SELECT 1 FROM pg_depend AS own
  WHERE own.classid = 'pg_proc'::regclass AND own.objid = o.oid AND own.deptype = 'i')`;

/** Types that stand for themselves: no arrays, row types or multiranges. */
const OWN_TYPE = `o.typtype <> 'm' AND NOT EXISTS (SELECT 1 FROM pg_type AS e WHERE e.typarray = o.oid)
  AND (o.typrelid = 0 OR EXISTS (SELECT 1 FROM pg_class AS c WHERE c.oid = o.typrelid AND c.relkind = 'c'))`;

const VALUE_TYPE = `(o.typtype = 'b' OR o.typtype = 'r' AND EXISTS (SELECT 1 FROM pg_range AS r
  WHERE r.rngtypid = o.oid AND (r.rngcanonical >= ${FIRST_USER_OID} OR r.rngsubdiff >= ${FIRST_USER_OID})))`;

function schemasAndTypes(server: CatalogSession): [KindName, string][] {
  return [
    [
      'schema',
      `SELECT o.oid::int8 FROM pg_namespace AS o
       WHERE (o.nspname = 'public' AND o.oid < ${FIRST_USER_OID} OR ${userMade('pg_namespace', 'o.oid')})
         AND ${lasting('o.nspname')} ORDER BY o.nspname COLLATE "C"`,
    ],
    ['language', global('pg_language', 'lanname')],
    ['collation', named('pg_collation', 'coll')],
    [
      'extension',
      `SELECT o.oid::int8 FROM pg_extension AS o WHERE o.oid >= ${FIRST_USER_OID} ORDER BY o.extname COLLATE "C"`,
    ],
    ['shell-type', named('pg_type', 'typ', `o.typisdefined AND ${OWN_TYPE} AND ${VALUE_TYPE}`)],
    ['type', named('pg_type', 'typ', OWN_TYPE)],
    [
      'domain-constraint',
      `SELECT o.oid::int8, o.contypid::int8, CASE WHEN NOT o.convalidated THEN 1 END
       FROM pg_constraint AS o JOIN pg_type AS t ON t.oid = o.contypid JOIN pg_namespace AS n ON n.oid = t.typnamespace
       WHERE ${userMade('pg_type', 't.oid')} AND ${lasting('n.nspname')} AND o.contype = 'c'
       ORDER BY n.nspname COLLATE "C", t.typname COLLATE "C", o.conname COLLATE "C"`,
    ],
    [
      'cast',
      `SELECT o.oid::int8 FROM pg_cast AS o WHERE ${userMade('pg_cast', 'o.oid')}
       ${server.pick(14, `AND NOT EXISTS (SELECT 1 FROM pg_range AS r WHERE r.rngtypid = o.castsource AND r.rngmultitypid = o.casttarget)`, '')}
       ORDER BY o.castsource::regtype::text COLLATE "C", o.casttarget::regtype::text COLLATE "C"`,
    ],
  ];
}

function codeAndOperators(): [KindName, string][] {
  const functions = (where: string): string =>
    `SELECT o.oid::int8 FROM pg_proc AS o JOIN pg_namespace AS n ON n.oid = o.pronamespace
     WHERE ${userMade('pg_proc', 'o.oid')} AND ${lasting('n.nspname')} AND ${OWN_FUNCTION} AND ${where}
     ORDER BY n.nspname COLLATE "C", o.proname COLLATE "C", pg_get_function_identity_arguments(o.oid) COLLATE "C"`;
  return [
    ['function', functions(`o.prokind <> 'a'`)],
    ['aggregate', functions(`o.prokind = 'a'`)],
    [
      'transform',
      `SELECT o.oid::int8 FROM pg_transform AS o WHERE ${userMade('pg_transform', 'o.oid')}
       ORDER BY o.trftype::regtype::text COLLATE "C", o.trflang`,
    ],
    ['access-method', global('pg_am', 'amname')],
    ['operator', named('pg_operator', 'opr')],
    ['operator-family', named('pg_opfamily', 'opf')],
    ['operator-class', named('pg_opclass', 'opc')],
    ['conversion', named('pg_conversion', 'con')],
    ['text-search-parser', named('pg_ts_parser', 'prs')],
    ['text-search-template', named('pg_ts_template', 'tmpl')],
    ['text-search-dictionary', named('pg_ts_dict', 'dict')],
    ['text-search-configuration', named('pg_ts_config', 'cfg')],
    ['foreign-data-wrapper', global('pg_foreign_data_wrapper', 'fdwname')],
    ['server', global('pg_foreign_server', 'srvname')],
    [
      'user-mapping',
      `SELECT o.umid::int8 FROM pg_user_mappings AS o WHERE ${userMade('pg_user_mapping', 'o.umid')}
       ORDER BY o.srvname COLLATE "C", o.usename COLLATE "C"`,
    ],
  ];
}

function tablesAndParts(): [KindName, string][] {
  const owner = `(SELECT d.refobjid::int8 FROM pg_depend AS d WHERE d.classid = 'pg_class'::regclass AND d.objid = o.oid
    AND d.objsubid = 0 AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i') LIMIT 1)`;
  return [
    ['sequence', relations(`'S'`, `o.oid::int8, NULL::int8 AS whole, ${owner} AS owner`)],
    ['table', relations(`'r', 'p', 'f'`)],
    ['view', relations(`'v'`)],
    ['materialized-view', relations(`'m'`)],
    [
      'view-query',
      ofRelation(
        'o.oid::int8, t.oid::int8 AS whole',
        'pg_rewrite AS o',
        'o.ev_class',
        `o.rulename = '_RETURN' AND t.relkind = 'v'`,
        'o.oid',
      ),
    ],
    [
      'default',
      ofRelation(
        `o.oid::int8, t.oid::int8 AS whole, CASE WHEN a.attgenerated <> '' THEN 1 END`,
        'pg_attrdef AS o JOIN pg_attribute AS a ON a.attrelid = o.adrelid AND a.attnum = o.adnum',
        'o.adrelid',
        'true',
        'o.adnum',
      ),
    ],
    [
      'check',
      ofRelation(
        'o.oid::int8, t.oid::int8 AS whole',
        'pg_constraint AS o',
        'o.conrelid',
        `o.contype = 'c' AND o.convalidated`,
        'o.conname COLLATE "C"',
      ),
    ],
    ['partition', relations(`'r', 'p', 'f'`, 'o.oid::int8', 'o.relispartition')],
  ];
}

function keysAndIndexes(server: CatalogSession): [KindName, string][] {
  const byName = 'o.conname COLLATE "C", o.oid';
  const unvalidated = server.pick(18, `o.contype IN ('c', 'n')`, `o.contype = 'c'`);
  const keyed = `NOT EXISTS (SELECT 1 FROM pg_constraint AS k WHERE k.conindid = o.indexrelid AND k.conrelid = o.indrelid
    AND (k.contype = 'x' OR k.contype IN ('p', 'u') AND (t.relkind = 'p' ${server.pick(18, 'OR k.conperiod', '')})))`;
  return [
    [
      'index',
      ofRelation(
        'o.indexrelid::int8',
        'pg_index AS o JOIN pg_class AS i ON i.oid = o.indexrelid',
        'o.indrelid',
        keyed,
        'i.relname COLLATE "C"',
      ),
    ],
    [
      'unvalidated-check',
      ofRelation(
        'o.oid::int8',
        'pg_constraint AS o',
        'o.conrelid',
        `${unvalidated} AND NOT o.convalidated AND o.conislocal`,
        byName,
      ),
    ],
    [
      'constraint',
      ofRelation(
        'o.oid::int8, NULL::int8, o.conindid::int8',
        'pg_constraint AS o',
        'o.conrelid',
        `o.contype IN ('p', 'u', 'x') AND NOT ${madeByParent(server, 'o')}`,
        byName,
      ),
    ],
    [
      'index-partition',
      ofRelation(
        'i.inhrelid::int8, NULL::int8, i.inhparent::int8',
        'pg_inherits AS i JOIN pg_index AS x ON x.indexrelid = i.inhrelid JOIN pg_class AS o ON o.oid = i.inhrelid',
        'x.indrelid',
        `NOT EXISTS (SELECT 1 FROM pg_constraint AS k WHERE k.conindid = i.inhrelid AND k.conrelid = x.indrelid
          AND ${madeByParent(server, 'k')})`,
        'o.relname COLLATE "C"',
      ),
    ],
  ];
}

function reactions(server: CatalogSession): [KindName, string][] {
  const byName = 'o.conname COLLATE "C", o.oid';
  return [
    ['statistics', named('pg_statistic_ext', 'stx')],
    [
      'rule',
      ofRelation(
        'o.oid::int8',
        'pg_rewrite AS o',
        'o.ev_class',
        `o.rulename <> '_RETURN'`,
        'o.rulename COLLATE "C"',
      ),
    ],
    [
      'foreign-key',
      ofRelation(
        'o.oid::int8',
        'pg_constraint AS o',
        'o.conrelid',
        `o.contype = 'f' AND o.conparentid = 0`,
        byName,
      ),
    ],
    [
      'trigger',
      ofRelation('o.oid::int8', 'pg_trigger AS o', 'o.tgrelid', userTrigger(server), 'o.tgname COLLATE "C"'),
    ],
    [
      'row-security',
      ofRelation(
        't.oid::int8',
        'pg_class AS o',
        'o.oid',
        't.relrowsecurity OR t.relforcerowsecurity',
        't.oid',
      ),
    ],
    ['policy', ofRelation('o.oid::int8', 'pg_policy AS o', 'o.polrelid', 'true', 'o.polname COLLATE "C"')],
  ];
}

function replicationAndFinish(server: CatalogSession): [KindName, string][] {
  return [
    ['publication', global('pg_publication', 'pubname')],
    [
      'publication-table',
      `SELECT o.oid::int8 FROM pg_publication_rel AS o JOIN pg_publication AS p ON p.oid = o.prpubid
       JOIN pg_class AS c ON c.oid = o.prrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
       ORDER BY p.pubname COLLATE "C", n.nspname COLLATE "C", c.relname COLLATE "C"`,
    ],
    ...(server.since(15)
      ? ([['publication-schema', 'SELECT o.oid::int8 FROM pg_publication_namespace AS o ORDER BY o.oid']] as [
          KindName,
          string,
        ][])
      : []),
    ['refresh', relations(`'m'`, 'o.oid::int8', 'o.relispopulated')],
    [
      'default-privileges',
      'SELECT o.oid::int8 FROM pg_default_acl AS o ORDER BY o.defaclrole::regrole::text COLLATE "C", o.defaclnamespace, o.defaclobjtype',
    ],
    ...(server.superuser ? ([['subscription', SUBSCRIPTIONS]] as [KindName, string][]) : []),
    ['event-trigger', global('pg_event_trigger', 'evtname')],
  ];
}

const SUBSCRIPTIONS = `SELECT o.oid::int8 FROM pg_subscription AS o
  WHERE o.subdbid = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())
  ORDER BY o.subname COLLATE "C"`;

/** A partition's copy of its parent's trigger is one of its own only if it is enabled differently. */
function userTrigger(server: CatalogSession): string {
  const parent = server.since(13)
    ? 'SELECT u.tgenabled FROM pg_trigger AS u WHERE u.oid = o.tgparentid'
    : `SELECT u.tgenabled FROM pg_depend AS d JOIN pg_trigger AS u ON u.oid = d.refobjid WHERE d.classid = 'pg_trigger'::regclass
         AND d.objid = o.oid AND d.refclassid = 'pg_trigger'::regclass`;
  const copy = server.since(13)
    ? 'o.tgparentid <> 0'
    : `EXISTS (SELECT 1 FROM pg_depend AS d WHERE d.classid = 'pg_trigger'::regclass AND d.objid = o.oid
         AND d.refclassid = 'pg_trigger'::regclass)`;
  return `CASE WHEN ${copy} THEN o.tgenabled <> (${parent})
      AND NOT EXISTS (SELECT 1 FROM pg_constraint AS k WHERE k.oid = o.tgconstraint AND k.contype = 'f')
    ELSE NOT o.tgisinternal END`;
}

/**
 * A condition: the constraint of a partition is one of those whose indexes cannot be attached, so that only the
 * parent's constraint can make them.
 */
function madeByParent(server: CatalogSession, constraint: string): string {
  const period = server.pick(18, `OR ${constraint}.contype IN ('p', 'u') AND ${constraint}.conperiod`, '');
  return `(${constraint}.conparentid <> 0 AND (${constraint}.contype = 'x' ${period}))`;
}

/** Every kind with its query, in the order of kinds. */
export function inventoryQueries(server: CatalogSession): readonly (readonly [KindName, string])[] {
  return [
    ...schemasAndTypes(server),
    ...codeAndOperators(),
    ...tablesAndParts(),
    ...keysAndIndexes(server),
    ...reactions(server),
    ...replicationAndFinish(server),
  ];
}

/**
 * Objects that are known under another: (class, oid) of the one and of the other. Members under their extension, rows
 * and arrays under their type, constructors under their range, an index under the constraint that makes it.
 */
export function aliasQueries(server: CatalogSession): readonly string[] {
  const types = `'pg_type'::regclass::oid::int8`;
  return [
    `SELECT classid::int8, objid::int8, refclassid::int8, refobjid::int8 FROM pg_depend
     WHERE deptype = 'e' AND refclassid = 'pg_extension'::regclass`,
    `SELECT ${types} AS class, reltype::int8, 'pg_class'::regclass::oid::int8 AS target, oid::int8 FROM pg_class
     WHERE reltype >= ${FIRST_USER_OID} AND relkind <> 'c'`,
    `SELECT 'pg_class'::regclass::oid::int8 AS class, oid::int8, ${types} AS target, reltype::int8 FROM pg_class
     WHERE reltype >= ${FIRST_USER_OID} AND relkind = 'c'`,
    ...(server.since(14)
      ? [
          `SELECT ${types} AS class, rngmultitypid::int8, ${types} AS target, rngtypid::int8 FROM pg_range WHERE rngtypid >= ${FIRST_USER_OID}`,
        ]
      : []),
    `SELECT ${types} AS class, typarray::int8, ${types} AS target, oid::int8 FROM pg_type WHERE typarray >= ${FIRST_USER_OID}`,
    `SELECT classid::int8, objid::int8, refclassid::int8, refobjid::int8 FROM pg_depend
     WHERE classid = 'pg_proc'::regclass AND refclassid = 'pg_type'::regclass AND deptype = 'i'
       AND objid >= ${FIRST_USER_OID}`,
    `SELECT 'pg_rewrite'::regclass::oid::int8 AS class, r.oid::int8 AS rule, 'pg_class'::regclass::oid::int8 AS target, c.oid::int8
     FROM pg_rewrite AS r JOIN pg_class AS c ON c.oid = r.ev_class
     WHERE r.rulename = '_RETURN' AND c.relkind = 'm' AND c.oid >= ${FIRST_USER_OID}`,
    `SELECT d.classid::int8, d.objid::int8, d.refclassid::int8, d.refobjid::int8 FROM pg_depend AS d
     WHERE d.classid IN ('pg_amop'::regclass, 'pg_amproc'::regclass) AND d.objid >= ${FIRST_USER_OID}
       AND d.refclassid IN ('pg_opclass'::regclass, 'pg_opfamily'::regclass) AND d.deptype IN ('i', 'a')
     ORDER BY d.deptype DESC`,
    `WITH RECURSIVE child (oid, root) AS (
       SELECT oid, oid FROM pg_constraint WHERE contype IN ('p', 'u', 'x') AND conparentid = 0 AND oid >= ${FIRST_USER_OID}
       UNION ALL SELECT k.oid, child.root FROM child JOIN pg_constraint AS k ON k.conparentid = child.oid
     ) SELECT 'pg_constraint'::regclass::oid::int8 AS class, oid::int8, 'pg_constraint'::regclass::oid::int8 AS target, root::int8
     FROM child WHERE oid <> root`,
    `SELECT 'pg_class'::regclass::oid::int8 AS class, conindid::int8, 'pg_constraint'::regclass::oid::int8 AS target, oid::int8
     FROM pg_constraint WHERE contype IN ('p', 'u', 'x') AND conindid >= ${FIRST_USER_OID}`,
    `SELECT 'pg_constraint'::regclass::oid::int8 AS class, tgconstraint::int8, 'pg_trigger'::regclass::oid::int8 AS target, oid::int8
     FROM pg_trigger WHERE tgconstraint >= ${FIRST_USER_OID} AND NOT tgisinternal`,
  ];
}
