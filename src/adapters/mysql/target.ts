/** A restore in progress: finds out whether it can be done, does it beside, and makes it visible at the end. */
import { randomBytes } from 'node:crypto';
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
import { AccountMaker, isAccount, type MadeAccount, resignFromRoles } from './accounts.ts';
import { analyzeSchemas } from './analyze.ts';
import { withoutDatabase } from './connect.ts';
import { EntryApplier } from './entries.ts';
import type { ServerFacts } from './facts.ts';
import { FinalEntries } from './final-entries.ts';
import { type Fit, findingOf, fitEntry } from './fitting.ts';
import { applyWriteSettings, SELDOM } from './load-settings.ts';
import type { Endpoint } from './location.ts';
import { type FinalDatabase, obstaclesOf, planSteps, warningsOf } from './preconditions.ts';
import { Publication, schemaExists } from './publication.ts';
import { identifier } from './quoting.ts';
import { rehomed } from './rehome.ts';
import { Reviewer } from './review.ts';
import { Session } from './session.ts';
import { contentOf, examineTarget, type Situation } from './situation.ts';
import { MysqlSnapshot } from './snapshot.ts';
import { clearAway, scratchSchema } from './staging.ts';
import { applyForTrial, isFinal } from './trial.ts';
import type { TargetInvitation } from './writer.ts';

export class MysqlTarget implements Target {
  readonly #id: string = randomBytes(6).toString('hex');
  readonly #endpoint: Endpoint;
  readonly #facts: ServerFacts;
  readonly #options: TargetOptions;
  readonly #context: Context;
  readonly #situation: Situation;
  readonly #final: FinalDatabase | undefined;
  readonly #reviewer: Reviewer;
  readonly #finalEntries: FinalEntries;
  /** Databases of the image that have a schema beside. */
  readonly #begun = new Set<string>();
  readonly #accounts: MadeAccount[] = [];
  #image: ImageSummary | undefined;
  #session: Session | undefined;
  #applier: EntryApplier | undefined;
  #accountMaker: AccountMaker | undefined;
  #state: 'new' | 'begun' | 'over' = 'new';

  private constructor(
    endpoint: Endpoint,
    situation: Situation,
    final: FinalDatabase | undefined,
    options: TargetOptions,
    context: Context,
  ) {
    this.#endpoint = endpoint;
    this.#facts = situation.facts;
    this.#situation = situation;
    this.#final = final;
    this.#options = options;
    this.#context = context;
    this.#finalEntries = new FinalEntries(options.tmp);
    this.#reviewer = new Reviewer(endpoint, situation, options, context);
  }

  /** Complete once the catalog was reviewed. */
  get invitation(): Invitation {
    const invitation: TargetInvitation = {
      endpoint: withoutDatabase(this.#endpoint),
      id: this.#id,
      product: this.#facts.product,
      localInfile: this.#situation.localInfile,
      fit: this.#fit,
      databases: this.#reviewer.databases,
    };
    return { ...invitation, endpoint: { ...invitation.endpoint }, fit: { ...invitation.fit } };
  }

  /** Looks at what is there. Changes nothing. */
  static async open(
    endpoint: Endpoint,
    facts: ServerFacts,
    options: TargetOptions,
    context: Context,
  ): Promise<MysqlTarget> {
    const situation = await examineTarget(endpoint, facts, context);
    const final = await examineFinal(endpoint, context);
    return new MysqlTarget(endpoint, situation, final, options, context);
  }

  async plan(image: ImageSummary): Promise<Plan> {
    this.#image = image;
    return {
      steps: [
        ...planSteps(this.#endpoint, this.#final, this.#options),
        ...warningsOf(this.#situation, image).map(({ what }) => what),
      ],
      obstacles: obstaclesOf(this.#situation, this.#final, this.#options, image),
    };
  }

  async prepare(image: ImageSummary): Promise<void> {
    const [first] = obstaclesOf(this.#situation, this.#final, this.#options, image);
    if (first) {
      const hint = first.hint === undefined ? {} : { hint: first.hint };
      throw new DbimgError(first.code ?? 'UNSUPPORTED', first.what, hint);
    }
    for (const { what, hint } of warningsOf(this.#situation, image)) {
      this.#context.warn({ code: 'target', message: what, ...(hint === undefined ? {} : { hint }) });
    }
    this.#image = image;
  }

  async review(entries: readonly CatalogEntry[]): Promise<readonly Finding[]> {
    const findings: Finding[] = await this.#reviewer.review(entries);
    for (const entry of entries) {
      const { entry: fitted, misfits } = fitEntry(entry, this.#fit);
      const stays = misfits.length > 0 && isAccount(entry) && (await this.#reviewer.hasAccount(entry));
      if (!stays) findings.push(...misfits.map((misfit) => findingOf(entry, misfit)));
      if (isFinal(entry)) await this.#finalEntries.add(fitted);
    }
    return findings;
  }

  async apply(entries: readonly CatalogEntry[]): Promise<void> {
    const { applier, accounts } = await this.#open();
    const { databases } = this.#reviewer;
    const schemas = new Map(databases.map((name) => [name, scratchSchema(this.#id, name)]));
    for (const original of entries) {
      const entry = rehomed(fitEntry(original, this.#fit).entry, schemas);
      if (isAccount(entry)) await accounts.make(entry);
      else if (isFinal(entry)) await applyForTrial(applier, entry, this.#scratch(entry));
      else await applier.apply(entry, await this.#begin(entry));
    }
  }

  async check(): Promise<readonly Check[]> {
    const { session, applier } = await this.#open();
    await applier.reset();
    // This session has been open all along: if it answers, the server was not restarted, and all that was committed is
    // still there, however little it cares for durability.
    await session.execute('DO 1', { what: 'The server was restarted during the restore' });
    if (this.#options.analyze) {
      await analyzeSchemas(
        session,
        [...this.#begun].map((name) => scratchSchema(this.#id, name)),
        this.#context,
      );
    }
    return [];
  }

  async reread(): Promise<Snapshot> {
    const schemas = new Map([...this.#begun].map((name) => [name, scratchSchema(this.#id, name)]));
    const endpoint = withoutDatabase(this.#endpoint);
    const { lanes } = this.#options;
    return await MysqlSnapshot.settled(endpoint, this.#facts, { lanes }, schemas, this.#context);
  }

  async publish(): Promise<void> {
    await this.#closeSession();
    await Publication.run({
      endpoint: this.#endpoint,
      facts: this.#facts,
      id: this.#id,
      replace: this.#options.replace ?? false,
      context: this.#context,
      finals: new Map([...this.#begun].map((image) => [image, this.#finalName(image)])),
      entries: () => this.#finalEntries.values(),
      granted: async (session) => {
        if (this.#facts.product === 'MariaDB') await resignFromRoles(session, this.#accounts);
      },
    });
    this.#state = 'over';
  }

  async abandon(_reason: unknown): Promise<void> {
    if (this.#state !== 'begun') return;
    this.#state = 'over';
    await this.#closeSession();
    await clearAway(this.#endpoint, this.#id, this.#accounts, this.#context);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.abandon(undefined);
    await this.#closeSession();
    await this.#finalEntries[Symbol.asyncDispose]();
  }

  get #fit(): Fit {
    if (!this.#image) throw new DbimgError('BUG', 'A target was used before it was prepared.');
    const { collations, engines, authentication, privilegeNames } = this.#situation;
    return {
      source: this.#image.server.product === 'MariaDB' ? 'MariaDB' : 'MySQL',
      target: this.#facts.product,
      version: this.#facts.version,
      collations: [...collations],
      engines: [...engines],
      authentication: [...authentication],
      privileges: [...privilegeNames],
      convert: this.#endpoint.convert ?? [],
    };
  }

  #finalName(image: string): string {
    return this.#endpoint.database ?? image;
  }

  #scratch(entry: CatalogEntry): string {
    return scratchSchema(this.#id, entry.object[0] ?? '');
  }

  /** The schema in which an entry grows, made when the first needs it. */
  async #begin(entry: CatalogEntry): Promise<string> {
    const database = entry.object[0] ?? '';
    const schema = scratchSchema(this.#id, database);
    if (this.#begun.has(database)) return schema;
    this.#begun.add(database);
    const { session } = await this.#open();
    const doing = { what: 'A database beside could not be made' };
    await session.execute(`CREATE DATABASE ${identifier(schema)}`, doing);
    return schema;
  }

  async #open(): Promise<{ session: Session; applier: EntryApplier; accounts: AccountMaker }> {
    this.#state = 'begun';
    this.#session ??= await this.#openSession();
    this.#applier ??= new EntryApplier(this.#session);
    this.#accountMaker ??= new AccountMaker(
      this.#session,
      this.#applier,
      this.#accounts,
      { noSecrets: this.#options.noSecrets ?? false },
      this.#context,
    );
    return { session: this.#session, applier: this.#applier, accounts: this.#accountMaker };
  }

  async #openSession(): Promise<Session> {
    const session = await Session.open(withoutDatabase(this.#endpoint), this.#context);
    const refused = await applyWriteSettings(session, false);
    // The one that is on by default refuses few tables, and says so itself.
    for (const name of refused.filter((each) => !SELDOM.has(each))) {
      this.#context.warn({ code: 'target', message: `The account may not set ${name} for its session.` });
    }
    return session;
  }

  async #closeSession(): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    this.#applier = undefined;
    this.#accountMaker = undefined;
    await session?.[Symbol.asyncDispose]();
  }
}

async function examineFinal(endpoint: Endpoint, context: Context): Promise<FinalDatabase | undefined> {
  const name = endpoint.database;
  if (name === undefined) return undefined;
  await using session = await Session.open(withoutDatabase(endpoint), context);
  const exists = await schemaExists(session, name);
  return { name, exists, content: exists ? await contentOf(session, name) : [] };
}
