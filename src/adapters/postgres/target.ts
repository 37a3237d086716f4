/** A restore in progress: finds out whether it can be done, does it beside, and makes it visible at the end. */
import type {
  CatalogEntry,
  Check,
  Context,
  Finding,
  ImageSummary,
  Invitation,
  Plan,
  Snapshot,
  Target,
  TargetOptions,
} from '../../core/adapter.ts';
import { DbimgError } from '../../core/errors.ts';
import { analyzeDatabase } from './analyze.ts';
import { identifier } from './catalog/quoting.ts';
import { bodyOf, EntryApplier } from './entries.ts';
import { readFacts } from './facts.ts';
import type { Endpoint } from './location.ts';
import { type Obstacle, obstaclesOf, planSteps, staysInside, warningsOf } from './preconditions.ts';
import { Session, UNINTERRUPTED } from './session.ts';
import { settingStatement, WRITE_SETTINGS } from './settings.ts';
import { examineTarget, openMaintenance, type Situation } from './situation.ts';
import { PostgresSnapshot } from './snapshot.ts';
import { BesideStaging, InsideStaging, type Staging } from './staging.ts';
import type { TargetInvitation } from './writer.ts';

export class PostgresTarget implements Target {
  readonly invitation: Invitation;
  readonly #final: Endpoint;
  readonly #options: TargetOptions;
  readonly #context: Context;
  readonly #situation: Situation;
  readonly #staging: Staging;
  readonly #roles: string[] = [];
  #image: ImageSummary | undefined;
  #session: Session | undefined;
  #applier: EntryApplier | undefined;
  #state: 'new' | 'begun' | 'over' = 'new';

  private constructor(final: Endpoint, situation: Situation, options: TargetOptions, context: Context) {
    this.#final = final;
    this.#situation = situation;
    this.#options = options;
    this.#context = context;
    this.#staging = staysInside(situation)
      ? new InsideStaging(final, context)
      : new BesideStaging(final, situation, options.replace ?? false, context);
    const invitation: TargetInvitation = {
      endpoint: this.#staging.endpoint,
      trust: options.trust ?? false,
      noSecrets: options.noSecrets ?? false,
    };
    this.invitation = { ...invitation, endpoint: { ...invitation.endpoint } };
  }

  /** Looks at what is there. Changes nothing. */
  static async open(endpoint: Endpoint, options: TargetOptions, context: Context): Promise<PostgresTarget> {
    return new PostgresTarget(endpoint, await examineTarget(endpoint, context), options, context);
  }

  async plan(image: ImageSummary): Promise<Plan> {
    const obstacles: Finding[] = this.#obstacles(image).map(({ code, what, hint }) => ({
      level: 'obstacle',
      code,
      what,
      ...(hint === undefined ? {} : { hint }),
    }));
    const warnings: Finding[] = warningsOf(this.#situation, image).map((what) => ({
      level: 'warning',
      what,
    }));
    return {
      steps: [...planSteps(this.#final, this.#situation, this.#options), ...warnings.map(({ what }) => what)],
      obstacles,
    };
  }

  async prepare(image: ImageSummary): Promise<void> {
    const [first] = this.#obstacles(image);
    if (first) {
      throw new DbimgError(first.code, first.what, first.hint === undefined ? {} : { hint: first.hint });
    }
    for (const message of warningsOf(this.#situation, image))
      this.#context.warn({ code: 'older-server', message });
    this.#image = image;
  }

  async apply(entries: readonly CatalogEntry[]): Promise<void> {
    const applier = await this.#begin(entries);
    await applier.apply(entries);
  }

  /** Statistics come last: expression indexes have some of their own. */
  async check(): Promise<readonly Check[]> {
    const session = await this.#open([]);
    if (this.#options.analyze) {
      await analyzeDatabase(this.#staging.endpoint, this.#options.lanes, this.#context);
    }
    const invalid = await session.query(
      `SELECT n.nspname AS schema, c.relname AS name FROM pg_catalog.pg_index AS i
         JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid
         JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
        WHERE NOT (i.indisvalid AND i.indisready) AND c.relkind = 'i'`,
    );
    const names = invalid.map((row) => `${row.schema}.${row.name}`);
    return [
      {
        name: 'every index is valid',
        passed: names.length === 0,
        ...(names.length === 0 ? {} : { detail: names.join(', ') }),
      },
    ];
  }

  async reread(): Promise<Snapshot> {
    const facts = await readFacts(await this.#open([]));
    const { endpoint } = this.#staging;
    return await PostgresSnapshot.take(
      endpoint,
      facts,
      { kind: 'logical', lanes: this.#options.lanes },
      this.#context,
    );
  }

  async publish(): Promise<void> {
    await this.#open([]);
    await this.#closeSession();
    await this.#staging.publish();
    this.#state = 'over';
  }

  async abandon(_reason: unknown): Promise<void> {
    if (this.#state !== 'begun') return;
    this.#state = 'over';
    await this.#closeSession();
    await this.#staging.abandon();
    await this.#dropRoles();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.abandon(undefined);
    await this.#closeSession();
  }

  #obstacles(image: ImageSummary): Obstacle[] {
    return obstaclesOf(this.#final, this.#situation, this.#options, image);
  }

  async #begin(entries: readonly CatalogEntry[]): Promise<EntryApplier> {
    const session = await this.#open(entries);
    this.#applier ??= new EntryApplier(
      session,
      {
        database: this.#staging.endpoint.database,
        trust: this.#options.trust ?? false,
        noSecrets: this.#options.noSecrets ?? false,
      },
      (role) => this.#roles.push(role),
    );
    return this.#applier;
  }

  /** The place is made when the first entries tell how the database is to be; the session stays in it to the end. */
  async #open(entries: readonly CatalogEntry[]): Promise<Session> {
    if (this.#session) return this.#session;
    if (!this.#image) throw new DbimgError('BUG', 'A target was used before it was prepared.');
    const database = entries.find((entry) => entry.kind === 'database');
    this.#state = 'begun';
    await this.#staging.begin(this.#image, database && bodyOf(database).create);
    const session = await Session.open(this.#staging.endpoint, this.#context);
    this.#session = session;
    await session.query(settingStatement(WRITE_SETTINGS, false));
    return session;
  }

  async #closeSession(): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    this.#applier = undefined;
    await session?.[Symbol.asyncDispose]();
  }

  async #dropRoles(): Promise<void> {
    if (this.#roles.length === 0) return;
    try {
      await using session = await openMaintenance(this.#final, UNINTERRUPTED);
      for (const role of this.#roles.reverse()) {
        await session.query(`DROP ROLE IF EXISTS ${identifier(role)}`).catch((error: unknown) => {
          this.#context.warn({
            code: 'left-behind',
            message: `The role ${role} could not be dropped: ${String(error)}`,
          });
        });
      }
    } catch (error) {
      this.#context.warn({
        code: 'left-behind',
        message: `Roles were left behind: ${this.#roles.join(', ')} (${String(error)})`,
      });
    }
  }
}
