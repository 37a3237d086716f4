/** Loads pieces of large objects: through a temporary table into `lo_create` and `lo_put`. */
import type { Chunk, StreamOpen } from '../../core/adapter.ts';
import { copyChunk } from './copy-chunk.ts';
import type { Session } from './session.ts';

const TEMPORARY = 'pg_temp.dbimg_pieces';
const CREATE = `CREATE TEMPORARY TABLE dbimg_pieces (
  loid oid, "offset" int8, data bytea, owner name, acl text, comment text) ON COMMIT DELETE ROWS`;

/** Chunks that share an object wait for one another; only a chunk's first and last can be shared. */
const LOCK = `SELECT pg_catalog.pg_advisory_xact_lock(x'6462696d'::int8 << 32 | loid::int8)
  FROM (SELECT min(loid) AS loid FROM ${TEMPORARY} UNION SELECT max(loid) FROM ${TEMPORARY} ORDER BY loid) AS l`;
const MAKE = `SELECT count(pg_catalog.lo_create(loid)) FROM (SELECT DISTINCT loid FROM ${TEMPORARY}) AS l
  WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_largeobject_metadata AS m WHERE m.oid = l.loid)`;
const FILL = `SELECT count(pg_catalog.lo_put(loid, "offset", data)::text) FROM ${TEMPORARY} WHERE data <> ''`;

/** Statements for owner, privileges and comment, in an order in which each is still permitted. */
const ADORN = `
SELECT statement FROM ${TEMPORARY} AS p CROSS JOIN LATERAL (
  SELECT 1 AS step, pg_catalog.format('COMMENT ON LARGE OBJECT %s IS %L', loid, comment) AS statement
   WHERE comment IS NOT NULL
  UNION ALL
  SELECT 2, pg_catalog.format('ALTER LARGE OBJECT %s OWNER TO %I', loid, owner)
   WHERE owner IS NOT NULL AND owner <> current_user
  UNION ALL
  SELECT 3, pg_catalog.format('REVOKE ALL ON LARGE OBJECT %s FROM %I', loid, owner) WHERE acl IS NOT NULL
  UNION ALL
  SELECT 4, pg_catalog.format('GRANT %s ON LARGE OBJECT %s TO %s%s', x.privilege_type, loid,
             CASE WHEN x.grantee = 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(x.grantee)) END,
             CASE WHEN x.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
    FROM pg_catalog.aclexplode(acl::pg_catalog.aclitem[]) AS x
) AS s ORDER BY loid, step`;

export class LargeObjectLoader {
  readonly #session: Session;
  #prepared = false;

  constructor(session: Session) {
    this.#session = session;
  }

  async load(open: StreamOpen, chunk: Chunk): Promise<number> {
    const doing = { what: 'Large objects could not be loaded', object: open.object };
    const run = (sql: string): ReturnType<Session['query']> => this.#session.query(sql, undefined, doing);
    if (!this.#prepared) await run(CREATE);
    this.#prepared = true;
    await run('BEGIN');
    try {
      const loaded = await copyChunk(this.#session, TEMPORARY, open, chunk);
      await run(LOCK);
      await run(MAKE);
      await run(FILL);
      const statements = (await run(ADORN)).map((row) => String(row.statement));
      if (statements.length > 0) await run(statements.join(';\n'));
      await run('COMMIT');
      return loaded;
    } catch (error) {
      await this.#session.query('ROLLBACK').catch(() => {});
      throw error;
    }
  }
}
