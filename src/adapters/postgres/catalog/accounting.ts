/**
 * The last look: every object that users have made must be known to the graph, or it is named as left out. So a kind
 * that a new PostgreSQL brings, or that we forgot, does not vanish in silence.
 */
import type { ObjectGraph } from './graph.ts';
import { CATALOG } from './kinds.ts';
import { type CatalogSession, FIRST_USER_OID, type Oid } from './session.ts';

type CatalogName = keyof typeof CATALOG;

const IN_TABLE = 'pg_class';

/**
 * Catalogs with, for every row, what else accounts for it: class and oid of the object it is part of. Rows that
 * PostgreSQL makes and unmakes by itself are left out.
 */
function countedRows(server: CatalogSession): readonly (readonly [CatalogName, string])[] {
  const inSchema = (catalog: CatalogName, column: string, where = 'true'): readonly [CatalogName, string] => [
    catalog,
    `SELECT o.oid::int8 FROM ${catalog} AS o JOIN pg_namespace AS n ON n.oid = o.${column}
     WHERE o.oid >= ${FIRST_USER_OID} AND n.nspname !~ '^pg_(toast|temp_)' AND ${where}`,
  ];
  return [
    [
      'pg_class',
      `SELECT o.oid::int8, ${CATALOG.pg_class} AS class, i.indrelid::int8 AS part FROM pg_class AS o
       JOIN pg_namespace AS n ON n.oid = o.relnamespace LEFT JOIN pg_index AS i ON i.indexrelid = o.oid
       WHERE o.oid >= ${FIRST_USER_OID} AND o.relpersistence <> 't' AND n.nspname !~ '^pg_(toast|temp_)'`,
    ],
    inSchema('pg_type', 'typnamespace'),
    inSchema('pg_proc', 'pronamespace'),
    inSchema('pg_operator', 'oprnamespace'),
    inSchema('pg_opclass', 'opcnamespace'),
    inSchema('pg_opfamily', 'opfnamespace'),
    inSchema('pg_collation', 'collnamespace'),
    inSchema('pg_conversion', 'connamespace'),
    inSchema('pg_statistic_ext', 'stxnamespace'),
    inSchema('pg_ts_parser', 'prsnamespace'),
    inSchema('pg_ts_template', 'tmplnamespace'),
    inSchema('pg_ts_dict', 'dictnamespace'),
    inSchema('pg_ts_config', 'cfgnamespace'),
    [
      'pg_namespace',
      `SELECT o.oid::int8 FROM pg_namespace AS o WHERE o.oid >= ${FIRST_USER_OID} AND o.nspname !~ '^pg_(toast|temp_)'`,
    ],
    ...partsAndGlobals(server),
  ];
}

function partsAndGlobals(server: CatalogSession): readonly (readonly [CatalogName, string])[] {
  const plain = (catalog: CatalogName): readonly [CatalogName, string] => [
    catalog,
    `SELECT o.oid::int8 FROM ${catalog} AS o WHERE o.oid >= ${FIRST_USER_OID}`,
  ];
  const ofTable = (catalog: CatalogName, column: string, where = 'true'): readonly [CatalogName, string] => [
    catalog,
    `SELECT o.oid::int8, ${CATALOG[IN_TABLE]} AS class, t.oid::int8 AS part FROM ${catalog} AS o
     JOIN pg_class AS t ON t.oid = o.${column} WHERE o.oid >= ${FIRST_USER_OID} AND t.relpersistence <> 't' AND ${where}`,
  ];
  return [
    [
      'pg_cast',
      `SELECT o.oid::int8, ${CATALOG.pg_type} AS class, o.casttarget::int8 AS part FROM pg_cast AS o
       WHERE o.oid >= ${FIRST_USER_OID} ${server.pick(14, `AND NOT EXISTS (SELECT 1 FROM pg_range AS r WHERE r.rngtypid = o.castsource AND r.rngmultitypid = o.casttarget)`, '')}`,
    ],
    [
      'pg_constraint',
      `SELECT o.oid::int8, CASE WHEN o.contypid <> 0 THEN ${CATALOG.pg_type} ELSE ${CATALOG.pg_class} END AS class,
         (CASE WHEN o.contypid <> 0 THEN o.contypid ELSE o.conrelid END)::int8 AS part
       FROM pg_constraint AS o LEFT JOIN pg_class AS t ON t.oid = o.conrelid
       WHERE o.oid >= ${FIRST_USER_OID} AND coalesce(t.relpersistence, 'p') <> 't' AND o.contype NOT IN ('n', 't')
         AND o.conparentid = 0 AND (o.convalidated OR o.conislocal)`,
    ],
    ofTable('pg_attrdef', 'adrelid'),
    ofTable('pg_rewrite', 'ev_class'),
    ofTable('pg_policy', 'polrelid'),
    ofTable('pg_trigger', 'tgrelid', `NOT o.tgisinternal ${server.pick(13, 'AND o.tgparentid = 0', '')}`),
    ...(
      ['pg_am', 'pg_default_acl', 'pg_event_trigger', 'pg_extension', 'pg_foreign_data_wrapper'] as const
    ).map(plain),
    ...(
      ['pg_foreign_server', 'pg_language', 'pg_publication', 'pg_publication_rel', 'pg_transform'] as const
    ).map(plain),
    ...(server.since(15) ? [plain('pg_publication_namespace')] : []),
  ];
}

/** Objects that nothing accounts for, as PostgreSQL itself calls them. */
export async function unaccounted(
  server: CatalogSession,
  graph: ObjectGraph,
): Promise<readonly { readonly kind: string; readonly name: string }[]> {
  const missing: { readonly kind: string; readonly name: string }[] = [];
  for (const [catalog, sql] of countedRows(server)) {
    const unknown: Oid[] = [];
    for await (const [oid, wholeClass, whole] of server.numbers(sql)) {
      if (graph.find(CATALOG[catalog], oid as number) >= 0) continue;
      const node =
        typeof wholeClass === 'number' && typeof whole === 'number' ? graph.find(wholeClass, whole) : -1;
      if (node < 0 || graph.kind(node) !== 'extension') unknown.push(oid as number);
    }
    if (unknown.length > 0) missing.push(...(await named(server, catalog, unknown)));
  }
  return [...missing, ...(await unknownKinds(server)), ...(await changedInternals(server))];
}

async function named(
  server: CatalogSession,
  catalog: CatalogName,
  oids: readonly Oid[],
): Promise<readonly { kind: string; name: string }[]> {
  return await server.describe(
    `SELECT i.type AS kind, i.identity AS name FROM unnest($1::oid[]) AS o (oid)
     CROSS JOIN LATERAL pg_identify_object('${catalog}'::regclass, o.oid, 0) AS i`,
    oids,
  );
}

/** Objects in catalogs that this version of ours does not know at all. */
async function unknownKinds(server: CatalogSession): Promise<readonly { kind: string; name: string }[]> {
  const known = [...Object.values(CATALOG), 'pg_largeobject'].map((one) =>
    typeof one === 'number' ? `${one}` : `'${one}'::regclass::oid`,
  );
  return await server.rows(
    `SELECT DISTINCT i.type AS kind, i.identity AS name FROM pg_depend AS d
     CROSS JOIN LATERAL pg_identify_object(d.classid, d.objid, 0) AS i
     WHERE d.objid >= ${FIRST_USER_OID} AND d.classid NOT IN (${known.join(', ')}) AND i.identity IS NOT NULL
       AND NOT EXISTS (SELECT 1 FROM pg_depend AS e WHERE e.classid = d.classid AND e.objid = d.objid AND e.deptype IN ('e', 'i'))`,
  );
}

/** Triggers behind foreign keys that were disabled: no statement that a restore could run sets them one by one. */
async function changedInternals(server: CatalogSession): Promise<readonly { kind: string; name: string }[]> {
  return await server.rows(
    `SELECT DISTINCT 'disabled foreign key' AS kind, i.identity AS name FROM pg_trigger AS g
     CROSS JOIN LATERAL pg_identify_object('pg_constraint'::regclass, g.tgconstraint, 0) AS i
     JOIN pg_constraint AS k ON k.oid = g.tgconstraint
     WHERE g.tgisinternal AND g.tgenabled <> 'O' AND k.contype = 'f' ${server.pick(18, 'AND k.conenforced', '')} ORDER BY 2`,
  );
}
