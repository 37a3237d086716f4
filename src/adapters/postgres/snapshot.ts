/** A logical snapshot: one exported transaction snapshot under locks, read by many lanes. */
import type {
  CatalogEntry,
  Context,
  Finish,
  Invitation,
  ObjectName,
  Omission,
  Part,
  Plain,
  Position,
  Snapshot,
  SnapshotOptions,
  StreamOpen,
} from '../../core/adapter.ts';
import { DbimgError } from '../../core/errors.ts';
import type { Warning } from '../../core/events.ts';
import { CatalogReader } from './catalog.ts';
import type { ServerFacts } from './facts.ts';
import type { Endpoint } from './location.ts';
import { type ListedTable, listTables, TableLocker } from './locks.ts';
import { PartLister } from './parts.ts';
import { assertReadable } from './readable.ts';
import { Session } from './session.ts';
import { READ_SETTINGS, settingStatement } from './settings.ts';

/** How often locks are tried for, and how often a list of tables that changes under our hands is read again. */
const LOCK_TRIES = 3;
const CHANGE_TRIES = 5;

/** A snapshot as its lanes know it. */
export interface SnapshotInvitation {
  readonly endpoint: Endpoint;
  readonly snapshot: string;
  readonly identity: string;
}

export class PostgresSnapshot implements Snapshot {
  readonly kind = 'logical';
  readonly position: Position;
  readonly invitation: Invitation;
  readonly #leader: Session;
  readonly #facts: ServerFacts;
  readonly #parts: PartLister;
  readonly #catalog: CatalogReader;

  private constructor(leader: Session, facts: ServerFacts, options: SnapshotOptions, exported: Exported) {
    this.#leader = leader;
    this.#facts = facts;
    this.position = exported.position;
    const invitation: SnapshotInvitation = {
      endpoint: leader.endpoint,
      snapshot: exported.snapshot,
      identity: facts.identity,
    };
    this.invitation = { ...invitation, endpoint: { ...leader.endpoint } };
    this.#parts = new PartLister(leader, facts, options);
    this.#catalog = new CatalogReader((text, values) => leader.query(text, values, CATALOG_READ), {
      version: facts.version,
      database: facts.database,
      superuser: facts.superuser,
      noSecrets: options.noSecrets ?? false,
      selects: selectsOf(options),
    });
  }

  /**
   * Locks the tables, then takes and exports the snapshot.
   *
   * @throws DbimgError `PERMISSION_DENIED` naming every table that cannot be read, `LOCK_TIMEOUT`, `SOURCE_CHANGED`.
   */
  static async take(
    endpoint: Endpoint,
    facts: ServerFacts,
    options: SnapshotOptions,
    context: Context,
  ): Promise<PostgresSnapshot> {
    if (options.kind !== 'logical') {
      throw new DbimgError('UNSUPPORTED', `This dbimg makes no ${options.kind} images of PostgreSQL yet.`);
    }
    await using side = await Session.open(endpoint, context);
    if (facts.pooled) context.warn(POOLED);
    else await side.query(settingStatement(READ_SETTINGS, false));
    await assertReadable(side, facts, selectsOf(options));
    const leader = await Session.open(endpoint, context);
    try {
      const exported = await new SnapshotTaker(leader, side, facts, options, context).take();
      return new PostgresSnapshot(leader, facts, options, exported);
    } catch (error) {
      await leader[Symbol.asyncDispose]();
      throw error;
    }
  }

  catalog(): AsyncIterable<CatalogEntry> {
    return this.#catalog.entries();
  }

  omissions(): readonly Omission[] {
    return [...this.#catalog.omissions(), ...this.#parts.omissions];
  }

  parts(): AsyncIterable<Part> {
    return this.#parts.all();
  }

  partsOf(open: StreamOpen): AsyncIterable<Part> {
    return this.#parts.of(open);
  }

  /** The snapshot was one moment; what is left to do is to see that it was there to the end. */
  async finish(): Promise<Finish> {
    await this.#leader.query('SELECT 1', undefined, {
      what: `The snapshot of ${this.#facts.database} was lost`,
    });
    return { position: this.position };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#leader[Symbol.asyncDispose]();
  }
}

/** Settings of a session would stay with whoever gets it next from the pooler. */
const POOLED: Warning = {
  code: 'pooler',
  message:
    'A connection pooler answers in place of the server. If it hands out transactions, the lanes will fail.',
  hint: 'Give the URL of the server itself.',
};

const CATALOG_READ = { what: 'The catalog could not be read' };

function selectsOf(options: SnapshotOptions): (object: ObjectName) => boolean {
  return (object) => options.selects?.(object) ?? true;
}

interface Exported {
  readonly snapshot: string;
  readonly position: Position;
}

/** Tries until a snapshot shows exactly the tables that are locked. */
class SnapshotTaker {
  readonly #leader: Session;
  readonly #side: Session;
  readonly #facts: ServerFacts;
  readonly #options: SnapshotOptions;
  readonly #context: Context;
  readonly #locker: TableLocker;

  constructor(
    leader: Session,
    side: Session,
    facts: ServerFacts,
    options: SnapshotOptions,
    context: Context,
  ) {
    this.#leader = leader;
    this.#side = side;
    this.#facts = facts;
    this.#options = options;
    this.#context = context;
    this.#locker = new TableLocker(leader, side, context);
  }

  async take(): Promise<Exported> {
    let lockTries = 0;
    let changes = 0;
    for (;;) {
      try {
        return await this.#attempt(changes >= CHANGE_TRIES - 1);
      } catch (error) {
        await this.#leader.query('ROLLBACK').catch(() => {});
        if (!(error instanceof DbimgError)) throw error;
        if (error.code === 'LOCK_TIMEOUT' && ++lockTries < LOCK_TRIES) this.#warnOfRetry(error);
        else if (error.code !== 'SOURCE_CHANGED' || ++changes >= CHANGE_TRIES) throw error;
      }
    }
  }

  /** A transaction's snapshot is taken by its first query; LOCK TABLE is none. */
  async #attempt(tolerant: boolean): Promise<Exported> {
    const { database } = this.#facts;
    const wanted = await listTables(this.#side, database, selectsOf(this.#options));
    await this.#leader.query('BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY');
    await this.#locker.lock(wanted);
    await this.#leader.query(settingStatement(READ_SETTINGS, true));
    const seen = await listTables(this.#leader, database, selectsOf(this.#options));
    const late = unlocked(seen, wanted);
    if (late.length > 0) await this.#lockLate(late, tolerant);
    return await this.#export();
  }

  /** Tables that were made meanwhile. Where that never ends, they are locked after the snapshot, and checked. */
  async #lockLate(late: readonly ListedTable[], tolerant: boolean): Promise<void> {
    const changed = (object: ObjectName | undefined): DbimgError =>
      new DbimgError('SOURCE_CHANGED', 'Tables were made or replaced while the snapshot was prepared.', {
        ...(object ? { object } : {}),
        hint: 'Try again when no schema changes are under way.',
      });
    if (!tolerant) throw changed(late[0]?.object);
    await this.#locker.lock(late);
    const rows = await this.#leader.query(
      `SELECT c.oid::int8::text AS oid FROM pg_catalog.pg_class AS c
        WHERE c.oid = ANY ($1::oid[]) AND (c.relkind = 'p' OR c.relfilenode = pg_catalog.pg_relation_filenode(c.oid))`,
      [`{${late.map(({ oid }) => oid).join(',')}}`],
    );
    if (rows.length < late.length) throw changed(late[0]?.object);
  }

  async #export(): Promise<Exported> {
    const row = await this.#leader.row(
      `SELECT pg_catalog.pg_export_snapshot() AS snapshot, ${POSITION}`,
      undefined,
      { what: 'The snapshot could not be exported' },
    );
    const value: { [key: string]: Plain } = {
      lsn: String(row.lsn),
      timeline: row.timeline === null ? null : Number(row.timeline),
      system: row.system === null ? null : String(row.system),
    };
    const position: Position = { type: 'pg.lsn', value, time: String(row.time), exact: false };
    return { snapshot: String(row.snapshot), position };
  }

  #warnOfRetry(error: DbimgError): void {
    this.#context.warn({
      code: 'lock-retry',
      message: `${error.message} Trying again.`,
      ...(error.object ? { object: error.object } : {}),
    });
  }
}

/** Functions of managed servers may be out of reach: they are asked for only if we may. */
const POSITION = `
  CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_replay_lsn()
       ELSE pg_catalog.pg_current_wal_lsn() END::text AS lsn,
  CASE WHEN pg_catalog.has_function_privilege('pg_catalog.pg_control_checkpoint()', 'EXECUTE')
       THEN (SELECT timeline_id FROM pg_catalog.pg_control_checkpoint()) END AS timeline,
  CASE WHEN pg_catalog.has_function_privilege('pg_catalog.pg_control_system()', 'EXECUTE')
       THEN (SELECT system_identifier FROM pg_catalog.pg_control_system())::text END AS system,
  pg_catalog.to_char(pg_catalog.clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS time`;

function unlocked(seen: readonly ListedTable[], locked: readonly ListedTable[]): ListedTable[] {
  const keys = new Map(locked.map(({ oid, object }) => [oid, object]));
  return seen.filter(({ oid, object }) => keys.get(oid)?.join('\0') !== object.join('\0'));
}
