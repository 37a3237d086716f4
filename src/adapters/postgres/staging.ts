/** The place beside: where a restore grows until it is complete. */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Context, ImageSummary } from '../../core/adapter.ts';
import { DbimgError } from '../../core/errors.ts';
import { identifier, literal } from './catalog/quoting.ts';
import type { DatabaseCreation } from './entries.ts';
import { sqlState } from './errors.ts';
import type { Endpoint } from './location.ts';
import { creationClauses } from './new-database.ts';
import { Session, UNINTERRUPTED } from './session.ts';
import { openMaintenance, othersIn, type Situation } from './situation.ts';
import { dropUserObjects, MARKER, userObjects } from './user-objects.ts';

export interface Staging {
  /** The database that lanes fill. */
  readonly endpoint: Endpoint;
  /** Makes it, once. */
  begin(image: ImageSummary, create: DatabaseCreation | undefined): Promise<void>;
  publish(): Promise<void>;
  /** Never throws. */
  abandon(): Promise<void>;
}

/** Names that the databases of unfinished restores have, and those of databases that are being replaced. */
export const STAGING_NAME: RegExp = /^dbimg_(?:old_)?[0-9a-f]{12}$/;

function remark(image: ImageSummary): string {
  return `dbimg: unfinished restore of image ${image.image}, begun ${new Date().toISOString()}`;
}

/** What servers of various versions say of a locale or provider that they do not have. */
const LOCALE_REFUSED = new Set(['22023', '42704', '42809', '0A000', '22P02', '42601']);

/** Sessions that are told to end need a moment. */
const RENAME_TRIES = 4;
const ENDING_PAUSE = 100;

/** A new database that takes the name of the old one in a single transaction. */
export class BesideStaging implements Staging {
  readonly endpoint: Endpoint;
  readonly #final: Endpoint;
  readonly #situation: Situation;
  readonly #replace: boolean;
  readonly #context: Context;
  #begun = false;

  constructor(final: Endpoint, situation: Situation, replace: boolean, context: Context) {
    this.endpoint = { ...final, database: `dbimg_${randomBytes(6).toString('hex')}` };
    this.#final = final;
    this.#situation = situation;
    this.#replace = replace;
    this.#context = context;
  }

  async begin(image: ImageSummary, create: DatabaseCreation | undefined): Promise<void> {
    await using session = await openMaintenance(this.#final, this.#context);
    const name = identifier(this.endpoint.database);
    const doing = { what: 'A new database could not be made' };
    this.#begun = true;
    const wanted = create ?? { encoding: image.server.settings.server_encoding ?? 'UTF8' };
    for (const [index, clauses] of creationClauses(wanted, this.#situation.facts.version).entries()) {
      try {
        await session.query(`CREATE DATABASE ${name} TEMPLATE template0 ${clauses.sql}`, undefined, doing);
        if (index > 0) this.#warnOfLocale(clauses.what);
        break;
      } catch (error) {
        const fits = LOCALE_REFUSED.has(sqlState(error) ?? '');
        if (!fits || clauses.last) throw error;
      }
    }
    await session.query(`COMMENT ON DATABASE ${name} IS ${literal(remark(image))}`);
  }

  async publish(): Promise<void> {
    await using session = await openMaintenance(this.#final, UNINTERRUPTED);
    await session.query('SET synchronous_commit = on; SET statement_timeout = 0; SET lock_timeout = 0');
    const old = (await this.#exists(session)) ? `dbimg_old_${randomBytes(6).toString('hex')}` : undefined;
    if (old !== undefined) await this.#assertMayGo(session);
    for (let tries = 1; ; tries++) {
      try {
        if (old !== undefined && this.#replace) await this.#swapWhileEnding(session, old);
        else await this.#swap(session, old);
        break;
      } catch (error) {
        await session.query('ROLLBACK').catch(() => {});
        if (sqlState(error) !== '55006' || tries === RENAME_TRIES)
          throw await this.#swapError(session, error);
      }
    }
    if (old !== undefined) await this.#dropOld(session, old);
  }

  async abandon(): Promise<void> {
    if (!this.#begun) return;
    try {
      await using session = await openMaintenance(this.#final, UNINTERRUPTED);
      await dropDatabase(session, this.endpoint);
    } catch (error) {
      this.#context.warn({
        code: 'left-behind',
        message: `The unfinished database ${this.endpoint.database} could not be dropped: ${String(error)}`,
        hint: `DROP DATABASE ${identifier(this.endpoint.database)};`,
      });
    }
  }

  #warnOfLocale(what: string): void {
    this.#context.warn({
      code: 'locale',
      message: `The target server does not have the image's locale: the database was made with ${what}.`,
      hint: "Sort order may differ. Install the locale on the target's system, or create it with locale-gen.",
    });
  }

  async #exists(session: Session): Promise<boolean> {
    const sql = 'SELECT 1 AS one FROM pg_catalog.pg_database WHERE datname = $1';
    return (await session.query(sql, [this.#final.database])).length > 0;
  }

  /** Somebody may have begun to use an empty database meanwhile, or made one that was not there. */
  async #assertMayGo(session: Session): Promise<void> {
    if (this.#replace) return;
    const others = await othersIn(session, this.#final.database);
    if (others.length > 0) throw inUse(this.#final.database, others);
    await using inside = await Session.open(this.#final, UNINTERRUPTED);
    if ((await userObjects(inside)).length > 0) {
      throw new DbimgError(
        'TARGET_NOT_EMPTY',
        `Somebody filled ${this.#final.database} during the restore.`,
        {
          hint: 'Use --replace to replace it.',
        },
      );
    }
  }

  /**
   * The first rename locks the database against new sessions and then waits some seconds for those in it to end; only
   * then are they told to, so that no client that connects again at once can keep it busy.
   */
  async #swapWhileEnding(session: Session, old: string): Promise<void> {
    const swapped = new AbortController();
    await using second = await openMaintenance(this.#final, UNINTERRUPTED);
    const ending = (async () => {
      while (!swapped.signal.aborted) {
        await endSessions(second, this.#final.database).catch(() => {});
        await sleep(ENDING_PAUSE);
      }
    })();
    try {
      await this.#swap(session, old);
    } finally {
      swapped.abort();
      await ending;
    }
  }

  async #swap(session: Session, old: string | undefined): Promise<void> {
    const final = identifier(this.#final.database);
    const staging = identifier(this.endpoint.database);
    const unremark = (await this.#stillRemarked(session)) ? `COMMENT ON DATABASE ${staging} IS NULL;` : '';
    const aside = old === undefined ? '' : `ALTER DATABASE ${final} RENAME TO ${identifier(old)};`;
    await session.query(
      `BEGIN; ${aside} ${unremark} ALTER DATABASE ${staging} RENAME TO ${final}; COMMIT`,
      undefined,
      { what: `The restored database could not take the name ${this.#final.database}` },
    );
  }

  /** The image may have brought a comment of its own. */
  async #stillRemarked(session: Session): Promise<boolean> {
    const row = await session.row(
      `SELECT coalesce(pg_catalog.shobj_description(oid, 'pg_database'), '') AS text
         FROM pg_catalog.pg_database WHERE datname = $1`,
      [this.endpoint.database],
    );
    return String(row.text).startsWith('dbimg: unfinished restore');
  }

  async #swapError(session: Session, error: unknown): Promise<unknown> {
    if (sqlState(error) !== '55006') return error;
    return inUse(this.#final.database, await othersIn(session, this.#final.database).catch(() => []), error);
  }

  async #dropOld(session: Session, old: string): Promise<void> {
    try {
      await dropDatabase(session, { ...this.#final, database: old });
    } catch (error) {
      this.#context.warn({
        code: 'left-behind',
        message: `The old database is now ${old} and could not be dropped: ${String(error)}`,
        hint: `DROP DATABASE ${identifier(old)};`,
      });
    }
  }
}

/** Inside the empty database, behind a marker, for users who may not make databases. */
export class InsideStaging implements Staging {
  readonly endpoint: Endpoint;
  readonly #context: Context;
  /** What was there before, by key. */
  #kept: ReadonlySet<string> | undefined;

  constructor(final: Endpoint, context: Context) {
    this.endpoint = final;
    this.#context = context;
  }

  async begin(image: ImageSummary): Promise<void> {
    await using session = await Session.open(this.endpoint, this.#context);
    await this.#clean(session, new Set());
    this.#kept = new Set((await userObjects(session, true)).map(({ key }) => key));
    await session.query(
      `BEGIN; CREATE SCHEMA ${MARKER}; COMMENT ON SCHEMA ${MARKER} IS ${literal(remark(image))}; COMMIT`,
      undefined,
      { what: 'The database could not be marked as unfinished' },
    );
  }

  async publish(): Promise<void> {
    await using session = await Session.open(this.endpoint, UNINTERRUPTED);
    await session.query(`SET synchronous_commit = on; DROP SCHEMA ${MARKER}`, undefined, {
      what: 'The mark of an unfinished restore could not be removed',
    });
  }

  async abandon(): Promise<void> {
    if (this.#kept === undefined) return;
    try {
      await using session = await Session.open(this.endpoint, UNINTERRUPTED);
      await this.#clean(session, this.#kept);
    } catch (error) {
      this.#warn(String(error));
    }
  }

  async #clean(session: Session, keep: ReadonlySet<string>): Promise<void> {
    const [marked] = await session.query('SELECT 1 AS one FROM pg_catalog.pg_namespace WHERE nspname = $1', [
      MARKER,
    ]);
    if (!marked) return;
    const left = await dropUserObjects(session, keep);
    if (left.length > 0) this.#warn(`still there: ${left.slice(0, 10).join(', ')}`);
  }

  #warn(why: string): void {
    const message = `The unfinished restore in ${this.endpoint.database} could not be removed: ${why}`;
    this.#context.warn({ code: 'left-behind', message, hint: 'Drop what is in it before the next restore.' });
  }
}

function inUse(database: string, others: readonly string[], cause?: unknown): DbimgError {
  const who = others.length > 0 ? `: ${others.join(', ')}` : '';
  return new DbimgError('LOCK_TIMEOUT', `The database ${database} is being used${who}.`, {
    cause,
    hint: 'Let those sessions end, or end them with --replace.',
  });
}

async function endSessions(session: Session, database: string): Promise<void> {
  await session.query(
    `SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity
      WHERE datname = $1 AND pid <> pg_catalog.pg_backend_pid()`,
    [database],
    { what: `The sessions in ${database} could not be ended` },
  );
}

/** A cancelled statement may need a moment to end. */
async function dropDatabase(session: Session, endpoint: Endpoint): Promise<void> {
  const { database } = endpoint;
  const subscriptions = `SELECT 1 AS one FROM pg_catalog.pg_subscription AS s
    JOIN pg_catalog.pg_database AS d ON d.oid = s.subdbid WHERE d.datname = $1`;
  for (let tries = 1; ; tries++) {
    await endSessions(session, database).catch(() => {});
    try {
      if ((await session.query(subscriptions, [database])).length > 0) {
        await dropSubscriptions(endpoint);
      }
      await session.query(`DROP DATABASE IF EXISTS ${identifier(database)}`, undefined, {
        what: `The database ${database} could not be dropped`,
      });
      return;
    } catch (error) {
      if (sqlState(error) !== '55006' || tries === RENAME_TRIES) throw error;
    }
  }
}

/** A database with a subscription cannot be dropped. Its slot elsewhere is not ours: it is let go, not removed. */
async function dropSubscriptions(endpoint: Endpoint): Promise<void> {
  await using session = await Session.open(endpoint, UNINTERRUPTED);
  const rows = await session.query(
    `SELECT pg_catalog.quote_ident(subname) AS name FROM pg_catalog.pg_subscription AS s
       JOIN pg_catalog.pg_database AS d ON d.oid = s.subdbid WHERE d.datname = pg_catalog.current_database()`,
  );
  for (const { name } of rows) {
    await session.query(`ALTER SUBSCRIPTION ${name} DISABLE`);
    await session.query(`ALTER SUBSCRIPTION ${name} SET (slot_name = NONE)`);
    await session.query(`DROP SUBSCRIPTION ${name}`);
  }
}
