/** What users made in a database: to tell an empty one, and to empty one again. */
import type { Session } from './session.ts';

/** Schema that marks a database in which a restore has not ended. */
export const MARKER = 'dbimg_unfinished';

export interface UserObject {
  /** Catalog and oid: `1259 16400`. */
  readonly key: string;
  /** The server's word for its kind, as DROP takes it: `table`, `operator class`. */
  readonly type: string;
  /** As DROP calls it. */
  readonly identity: string;
}

/** Catalogs of things that can be dropped on their own, those first with which most others go. */
const CATALOGS: readonly (readonly [catalog: string, condition?: string])[] = [
  ['pg_extension'],
  ['pg_namespace', "o.nspname !~ '^pg_(toast_)?temp'"],
  ['pg_class', "o.relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND o.relpersistence <> 't'"],
  ['pg_type', "o.typtype <> 'c' AND NOT (o.typelem <> 0 AND o.typcategory = 'A')"],
  [
    'pg_type',
    "o.typtype = 'c' AND EXISTS (SELECT FROM pg_catalog.pg_class AS r WHERE r.oid = o.typrelid AND r.relkind = 'c')",
  ],
  ['pg_proc'],
  ['pg_operator'],
  ['pg_opclass'],
  ['pg_opfamily'],
  ['pg_collation'],
  ['pg_conversion'],
  ['pg_cast'],
  ['pg_transform'],
  ['pg_language'],
  ['pg_foreign_server'],
  ['pg_foreign_data_wrapper'],
  ['pg_event_trigger'],
  ['pg_publication'],
  ['pg_ts_config'],
  ['pg_ts_dict'],
  ['pg_ts_parser'],
  ['pg_ts_template'],
  ['pg_am'],
  ['pg_statistic_ext'],
];

/** Extensions and what belongs to them do not count, unless asked for. */
export async function userObjects(session: Session, extensions = false): Promise<UserObject[]> {
  const selects = CATALOGS.filter(([catalog]) => extensions || catalog !== 'pg_extension').map(
    ([catalog, condition = 'true'], place) => `
      SELECT ${place} AS place, '${catalog}'::pg_catalog.regclass AS class, o.oid FROM pg_catalog.${catalog} AS o
       WHERE o.oid >= 16384 AND ${condition}
         AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d WHERE d.classid = 'pg_catalog.${catalog}'::pg_catalog.regclass
                            AND d.objid = o.oid AND d.deptype IN ('e', 'i'))`,
  );
  const rows = await session.query(
    `SELECT o.class::oid::int8 || ' ' || o.oid::int8 AS key, i.type, i.identity
       FROM (${selects.join(' UNION ALL ')}) AS o
      CROSS JOIN LATERAL pg_catalog.pg_identify_object(o.class, o.oid, 0) AS i
      WHERE i.identity IS NOT NULL ORDER BY o.place, o.oid`,
    undefined,
    { what: 'The contents of the database could not be examined' },
  );
  const objects = rows.map((row) => ({
    key: String(row.key),
    type: String(row.type),
    identity: String(row.identity),
  }));
  const [large] = await session.query('SELECT 1 AS one FROM pg_catalog.pg_largeobject_metadata LIMIT 1');
  return large ? [...objects, { key: 'large objects', type: 'large objects', identity: '' }] : objects;
}

/** Drops everything but `keep`, by key. Returns what could not be dropped, in words. */
export async function dropUserObjects(session: Session, keep: ReadonlySet<string>): Promise<string[]> {
  let before = Number.POSITIVE_INFINITY;
  for (;;) {
    const objects = (await userObjects(session, true)).filter(({ key }) => !keep.has(key));
    // What one object needs may only go with another: another round helps as long as it changes anything.
    if (objects.length === 0 || objects.length >= before) {
      return objects.map(({ type, identity }) => `${type} ${identity}`.trim());
    }
    before = objects.length;
    // The mark goes last, so that what is left of an interrupted clean-up is still marked.
    objects.sort((a, b) => Number(a.identity === MARKER) - Number(b.identity === MARKER));
    for (const object of objects) await session.query(dropStatement(object)).catch(() => {});
  }
}

function dropStatement({ type, identity }: UserObject): string {
  if (type === 'large objects') {
    return 'SELECT pg_catalog.lo_unlink(oid) FROM pg_catalog.pg_largeobject_metadata';
  }
  const kind = type === 'statistics object' ? 'STATISTICS' : type;
  return `DROP ${kind} IF EXISTS ${identity} CASCADE`;
}
