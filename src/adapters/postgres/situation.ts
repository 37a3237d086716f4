/** How things stand where a restore is to end up. */
import { DbimgError } from '../../core/errors.ts';
import { readFacts, type ServerFacts } from './facts.ts';
import type { Endpoint } from './location.ts';
import { type Patience, Session } from './session.ts';
import { MARKER, userObjects } from './user-objects.ts';

export interface Situation {
  /** Of the server, seen from the database itself or from the one that maintains it. */
  readonly facts: ServerFacts;
  readonly exists: boolean;
  /** Nothing of a user's in it. */
  readonly empty: boolean;
  /** An earlier restore into it did not end: what the marker's comment says. */
  readonly unfinished: string | undefined;
  /** We may rename and drop it. */
  readonly own: boolean;
  /** Others' sessions in it, in words. */
  readonly others: readonly string[];
}

/** Databases from which others are made, renamed and dropped, in the order in which they are tried. */
const MAINTENANCE = ['postgres', 'template1', 'defaultdb'];

/** A session in some other database than the endpoint's. */
export async function openMaintenance(endpoint: Endpoint, patience: Patience): Promise<Session> {
  let failure: unknown;
  for (const database of MAINTENANCE.filter((name) => name !== endpoint.database)) {
    try {
      return await Session.open({ ...endpoint, database }, patience);
    } catch (error) {
      failure ??= error;
      if (!(error instanceof DbimgError) || error.code === 'CANCELLED') throw error;
    }
  }
  throw failure;
}

export async function examineTarget(endpoint: Endpoint, patience: Patience): Promise<Situation> {
  try {
    await using session = await Session.open(endpoint, patience);
    return await examineExisting(session);
  } catch (error) {
    if (!(error instanceof DbimgError) || error.code !== 'DATABASE_UNKNOWN') throw error;
  }
  await using session = await openMaintenance(endpoint, patience);
  const facts = await readFacts(session);
  return { facts, exists: false, empty: true, unfinished: undefined, own: true, others: [] };
}

async function examineExisting(session: Session): Promise<Situation> {
  const facts = await readFacts(session);
  const row = await session.row(
    `SELECT pg_catalog.pg_has_role(d.datdba, 'USAGE') AS own,
            (SELECT coalesce(pg_catalog.obj_description(n.oid, 'pg_namespace'), '')
               FROM pg_catalog.pg_namespace AS n WHERE n.nspname = $1) AS unfinished
       FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database()`,
    [MARKER],
  );
  return {
    facts,
    exists: true,
    empty: (await userObjects(session)).length === 0,
    unfinished: row.unfinished === null ? undefined : String(row.unfinished),
    own: facts.superuser || row.own === true,
    others: await othersIn(session, facts.database),
  };
}

/** Sessions of others in a database, in words. */
export async function othersIn(session: Session, database: string): Promise<string[]> {
  const rows = await session.query(
    `SELECT pid, usename AS username, application_name AS application FROM pg_catalog.pg_stat_activity
      WHERE datname = $1 AND pid <> pg_catalog.pg_backend_pid() AND backend_type = 'client backend' ORDER BY pid`,
    [database],
  );
  return rows.map((row) => `process ${row.pid} of ${row.username} (${row.application || 'no name'})`);
}
