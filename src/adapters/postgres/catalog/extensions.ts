/** Extensions: what they contain is made by CREATE EXTENSION; their configuration rows are data. */
import type { Describe, Draft } from './draft.ts';
import { CATALOG } from './kinds.ts';
import { literal } from './quoting.ts';
import type { CatalogSession, Query } from './session.ts';

interface ExtensionRow {
  readonly oid: number;
  readonly name: string;
  readonly quoted: string;
  readonly version: string;
  readonly standard: boolean;
  readonly schema: string | null;
}

export const describeExtensions: Describe = async ({ server }, oids) => {
  const rows = await server.describe<ExtensionRow>(
    `SELECT e.oid::int8 AS oid, e.extname AS name, quote_ident(e.extname) AS quoted, e.extversion AS version,
       e.extversion IS NOT DISTINCT FROM (SELECT a.default_version FROM pg_available_extensions AS a WHERE a.name = e.extname)
         AS standard,
       CASE WHEN NOT EXISTS (SELECT 1 FROM pg_depend AS d WHERE d.classid = 'pg_namespace'::regclass
         AND d.objid = e.extnamespace AND d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid AND d.deptype = 'e')
         THEN (SELECT quote_ident(n.nspname) FROM pg_namespace AS n WHERE n.oid = e.extnamespace) END AS schema
     FROM pg_extension AS e WHERE e.oid = ANY ($1::oid[])`,
    oids,
  );
  return rows.map((row): Draft => {
    const identity = `EXTENSION ${row.quoted}`;
    return {
      oid: row.oid,
      schema: '',
      name: row.name,
      sql: [createExtension(row)],
      adorned: [{ classId: CATALOG.pg_extension, oid: row.oid, identity, comesWithComment: true }],
      facts: { version: row.version },
    };
  });
};

/** The target's standard version for the source's standard version; any other exactly, if the target has it. */
function createExtension(row: ExtensionRow): string {
  const create = `CREATE EXTENSION IF NOT EXISTS ${row.quoted}${row.schema === null ? '' : ` WITH SCHEMA ${row.schema}`}`;
  if (row.standard) return create;
  const version = literal(row.version);
  const message = `version ${row.version} of extension ${row.name} is not available; the standard version takes its place`;
  return `DO ${literal(`BEGIN
    IF EXISTS (SELECT 1 FROM pg_catalog.pg_available_extension_versions AS v
               WHERE v.name = ${literal(row.name)} AND v.version = ${version}) THEN
      ${create} VERSION ${version};
    ELSE
      RAISE WARNING USING MESSAGE = ${literal(message)};
      ${create};
    END IF;
  END`)}`;
}

/** Rows of an extension's table that a dump must carry. */
export interface ExtensionConfigTable {
  readonly extension: string;
  readonly schema: string;
  readonly name: string;
  /** `r` table, `S` sequence, … as in `pg_class.relkind`. */
  readonly relkind: string;
  /** Begins with WHERE, or is empty: all rows. */
  readonly condition: string;
}

/** Tables (and sequences) that extensions have marked with `pg_extension_config_dump`. */
export async function extensionConfigTables(query: Query): Promise<readonly ExtensionConfigTable[]> {
  const rows = await query(
    `SELECT e.extname::text AS extension, n.nspname::text AS schema, c.relname::text AS name, c.relkind::text AS relkind,
       coalesce(e.extcondition[k.place], '') AS condition
     FROM pg_catalog.pg_extension AS e CROSS JOIN LATERAL unnest(e.extconfig) WITH ORDINALITY AS k (oid, place)
     JOIN pg_catalog.pg_class AS c ON c.oid = k.oid JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
     ORDER BY 1, 2, 3`,
  );
  return rows.map((row) => ({
    extension: String(row.extension),
    schema: String(row.schema),
    name: String(row.name),
    relkind: String(row.relkind),
    condition: String(row.condition),
  }));
}

/** Oids of the sequences among them. */
export async function extensionConfigSequences(server: CatalogSession): Promise<readonly number[]> {
  const rows = await server.rows<{ oid: number }>(
    `SELECT c.oid::int8 AS oid FROM pg_extension AS e CROSS JOIN LATERAL unnest(e.extconfig) AS k (oid)
     JOIN pg_class AS c ON c.oid = k.oid WHERE c.relkind = 'S' ORDER BY 1`,
  );
  return rows.map((row) => row.oid);
}

/** Something that every new database has and this one has no longer. */
export interface Removed {
  readonly kind: 'schema' | 'extension';
  readonly name: string;
  /** The statement that takes it away. */
  readonly sql: string;
}

export async function removedFromTemplate(server: CatalogSession): Promise<readonly Removed[]> {
  const [row] = await server.rows<{ schema: boolean; language: boolean }>(
    `SELECT EXISTS (SELECT 1 FROM pg_namespace AS n WHERE n.nspname = 'public') AS schema,
       EXISTS (SELECT 1 FROM pg_extension AS e WHERE e.extname = 'plpgsql') AS language`,
  );
  const removed: Removed[] = [];
  if (row?.schema === false) {
    removed.push({ kind: 'schema', name: 'public', sql: 'DROP SCHEMA IF EXISTS public' });
  }
  if (row?.language === false) {
    removed.push({ kind: 'extension', name: 'plpgsql', sql: 'DROP EXTENSION IF EXISTS plpgsql' });
  }
  return removed;
}
