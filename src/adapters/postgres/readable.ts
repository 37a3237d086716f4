/** Whether everything can be read, asked before anything is. */
import type { ObjectName } from '../../core/adapter.ts';
import { DbimgError } from '../../core/errors.ts';
import { identifier } from './catalog/quoting.ts';
import type { ServerFacts } from './facts.ts';
import { IS_USER_TABLE } from './locks.ts';
import type { Session } from './session.ts';

const NAMED = 20;

/** @throws DbimgError `PERMISSION_DENIED` naming every table that the user may not read whole. */
export async function assertReadable(
  session: Session,
  facts: ServerFacts,
  selects: (object: ObjectName) => boolean,
): Promise<void> {
  const { denied, filtered } = await unreadable(session, facts.database, selects);
  const user = identifier(facts.user);
  if (denied.length > 0) {
    throw new DbimgError('PERMISSION_DENIED', `${facts.user} may not read ${listOf(denied)}.`, {
      ...(denied[0] ? { object: denied[0] } : {}),
      hint:
        `GRANT USAGE ON SCHEMA and SELECT ON ALL TABLES IN SCHEMA … TO ${user} (from PostgreSQL 14 on: ` +
        `GRANT pg_read_all_data TO ${user}), or leave them out with --skip.`,
    });
  }
  if (filtered.length > 0) {
    throw new DbimgError(
      'PERMISSION_DENIED',
      `Row-level security hides rows from ${facts.user} in ${listOf(filtered)}.`,
      {
        ...(filtered[0] ? { object: filtered[0] } : {}),
        hint: `Connect as the owner or a superuser, ALTER ROLE ${user} BYPASSRLS, or leave them out with --skip.`,
      },
    );
  }
}

/** Tables without the right to read, and tables of which policies would hide rows. */
export async function unreadable(
  session: Session,
  database: string,
  selects: (object: ObjectName) => boolean,
): Promise<{ readonly denied: readonly ObjectName[]; readonly filtered: readonly ObjectName[] }> {
  const rows = await session.query(
    `SELECT * FROM (
       SELECT n.nspname AS schema, c.relname AS name,
              NOT (pg_catalog.has_schema_privilege(n.oid, 'USAGE')
                   AND pg_catalog.has_table_privilege(c.oid, 'SELECT')) AS denied,
              c.relkind = 'r' AND pg_catalog.row_security_active(c.oid) AS filtered
         FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p') AND ${IS_USER_TABLE}) AS t
      WHERE denied OR filtered ORDER BY schema, name`,
    undefined,
    { what: 'The privileges could not be examined' },
  );
  const chosen = rows
    .map((row) => ({ row, object: [database, String(row.schema), String(row.name)] }))
    .filter(({ object }) => selects(object));
  return {
    denied: chosen.filter(({ row }) => row.denied === true).map(({ object }) => object),
    filtered: chosen.filter(({ row }) => row.filtered === true).map(({ object }) => object),
  };
}

function listOf(objects: readonly ObjectName[]): string {
  const names = objects.slice(0, NAMED).map((object) => object.slice(1).join('.'));
  const more = objects.length - names.length;
  return more > 0 ? `${names.join(', ')} and ${more} more` : names.join(', ');
}
