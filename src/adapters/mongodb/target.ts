/** A restore in progress: collections grow beside under names of their own, and take their places at the end. */
import type {
  CatalogEntry,
  ChangeSource,
  Check,
  Context,
  ImageSummary,
  Invitation,
  ObjectName,
  Plan,
  Position,
  Snapshot,
  Target,
  TargetOptions,
  Until,
} from '../../core/adapter.ts';
import { DbimgError } from '../../core/errors.ts';
import { indexesOf, infoOf, type Principal, principalOf, uuidOf } from './catalog.ts';
import { createCommand, createIndexes, createOperation, expires, expiresByIndex } from './creating.ts';
import { type ClusterTime, type Facts, numberOfTime } from './facts.ts';
import { takeInventory } from './inventory.ts';
import { type Endpoint, INTERNAL_DATABASES } from './location.ts';
import { databaseOf, namespaceOf, newRun } from './names.ts';
import { OPLOG } from './oplog.ts';
import { inParallel } from './parallel.ts';
import { persist } from './persist.ts';
import { isRebuilt, Places, type Placing } from './place.ts';
import {
  contentObstacles,
  findingsOf,
  type Obstacle,
  obstaclesOf,
  planSteps,
  type Situation,
  warningsOf,
} from './preconditions.ts';
import { Principals } from './principals.ts';
import { type Made, type MadeView, newlyMade, Publication } from './publication.ts';
import { Replay } from './replay.ts';
import { ReplayedDefinitions } from './replay-definitions.ts';
import { ReplayedDocuments } from './replay-documents.ts';
import { RestoredSnapshot } from './restored-snapshot.ts';
import { assertCounting, assertKept, electionOf } from './safety.ts';
import { removeScratch } from './scratch.ts';
import { Session, UNINTERRUPTED } from './session.ts';
import { TtlMonitor } from './ttl.ts';
import { renameInView } from './view.ts';
import type { TargetInvitation } from './writer.ts';

const WIDTH = 8;

export class MongoTarget implements Target {
  readonly invitation: Invitation;
  readonly #endpoint: Endpoint;
  readonly #facts: Facts;
  readonly #options: TargetOptions;
  readonly #context: Context;
  readonly #session: Session;
  readonly #run: string = newRun();
  readonly #places: Places;
  readonly #ttl: TtlMonitor;
  readonly #principals: Principals;
  readonly #made = new Map<string, Made>();
  /** Names that collections will have. */
  readonly #names = new Set<string>();
  /** By the name in the image, whatever the log makes of it: catalog entries go by that. */
  readonly #listed = new Map<string, Made>();
  readonly #views = new Map<string, MadeView>();
  /** Databases of the image whose views the log drops. */
  readonly #viewless = new Set<string>();
  /** Views as the log leaves them; null if it drops one. */
  readonly #logged = new Map<string, MadeView | null>();
  /** Databases at the target that are being filled, and that of the image which each is. */
  readonly #databases = new Map<string, string>();
  /** The primary that was asked first. */
  #election = '';
  #ended = false;

  private constructor(
    endpoint: Endpoint,
    facts: Facts,
    options: TargetOptions,
    context: Context,
    session: Session,
  ) {
    this.#endpoint = endpoint;
    this.#facts = facts;
    this.#options = options;
    this.#context = context;
    this.#session = session;
    const { database } = endpoint;
    const placing: Placing = {
      run: this.#run,
      ...(database === undefined ? {} : { database }),
      rename: options.rename ?? [],
    };
    this.#places = new Places(placing);
    this.#ttl = new TtlMonitor(context);
    this.#principals = new Principals({
      run: this.#run,
      places: this.#places,
      trust: options.trust ?? false,
      replace: options.replace ?? false,
      noSecrets: options.noSecrets ?? false,
      database,
    });
    const invitation: TargetInvitation = {
      endpoint,
      placing,
      version: facts.info.version,
      writeConcern: session.writeConcern ?? { w: 1 },
    };
    this.invitation = { ...invitation } as unknown as Invitation;
  }

  static async open(
    endpoint: Endpoint,
    facts: Facts,
    options: TargetOptions,
    context: Context,
  ): Promise<MongoTarget> {
    const session = await Session.open(endpoint, { signal: context.signal, connections: WIDTH });
    try {
      assertCounting(session);
    } catch (error) {
      await session[Symbol.asyncDispose]();
      throw error;
    }
    return new MongoTarget(endpoint, facts, options, context, session);
  }

  async plan(image: ImageSummary): Promise<Plan> {
    const database = this.#targetOf(image);
    return {
      steps: planSteps(this.#endpoint, database, this.#options),
      obstacles: [
        ...findingsOf(await this.#obstacles(image)),
        ...warningsOf(this.#facts, image).map((what) => ({ level: 'warning', what }) as const),
      ],
    };
  }

  async prepare(image: ImageSummary): Promise<void> {
    this.#election = await electionOf(this.#session);
    const [first] = await this.#obstacles(image);
    if (first) throw obstacleError(first);
    for (const message of warningsOf(this.#facts, image)) {
      this.#context.warn({ code: 'older-server', message });
    }
    const source = image.server.settings.database;
    const database = this.#targetOf(image);
    if (source !== undefined) this.#principals.source = source;
    if (source !== undefined && database !== undefined) this.#databases.set(database, source);
  }

  async apply(entries: readonly CatalogEntry[]): Promise<void> {
    const of = (...kinds: readonly string[]): CatalogEntry[] =>
      entries.filter(({ kind }) => kinds.includes(kind));
    const collections = of('collection', 'timeseries');
    const indexes = of('indexes');
    const views = of('view');
    const principals = of('user', 'role');
    if (collections.length + indexes.length + views.length + principals.length < entries.length) {
      const foreign = entries.find(({ kind }) => !KINDS.has(kind));
      throw new DbimgError('UNSUPPORTED', `MongoDB has no objects of kind ${foreign?.kind}.`);
    }
    for (const { object } of [...collections, ...views]) await this.#enter(object);
    await inParallel(collections, WIDTH, (entry) => this.#create(entry));
    const sized = [...indexes].sort((a, b) => (b.size ?? 0) - (a.size ?? 0));
    await inParallel(sized, this.#options.lanes, (entry) => this.#index(entry));
    for (const entry of views) this.#noteView(entry);
    await this.#addPrincipals(principals.map(principalOf));
  }

  /** Indexes of a collection while others load. What goes wrong is told in its turn: a log may still put it right. */
  async applyEarly(entry: CatalogEntry): Promise<boolean> {
    if (entry.kind !== 'indexes') return false;
    try {
      await this.#index(entry);
      return true;
    } catch (error) {
      this.#context.signal.throwIfAborted();
      if (!(error instanceof DbimgError)) throw error;
      return false;
    }
  }

  async replay(
    changes: ChangeSource,
    until: Until,
    wants: (object: ObjectName) => boolean,
  ): Promise<Position> {
    if (changes.encoding !== OPLOG || until.type !== 'position') {
      throw new DbimgError('UNSUPPORTED', `A log of ${changes.encoding} cannot be replayed here.`);
    }
    await this.#dropIndexes();
    const definitions = new ReplayedDefinitions({
      session: this.#session,
      places: this.#places,
      run: this.#run,
      made: this.#made,
      views: this.#logged,
      wants,
      dropViews: (database) => this.#viewless.add(database),
      expiring: () => this.#ttl.stop(this.#session),
      enter: (object) => this.#enter(object),
    });
    const documents = new ReplayedDocuments(this.#session, this.#facts.info.version, (uuid, ns) =>
      definitions.find(uuid, ns),
    );
    const principals = this.#principals;
    await using replay = new Replay({ documents, definitions, principals }, this.#options.tmp);
    await replay.run(changes, numberOfTime(until.position.value as unknown as ClusterTime));
    return until.position;
  }

  /** Users and roles as the log leaves them; indexes of which only the log tells, and those that were dropped for it. */
  async check(): Promise<readonly Check[]> {
    const late = [...this.#made.values()].filter(
      ({ indexed, edits, indexes }) => !indexed && edits.length + indexes.length > 0,
    );
    await inParallel(late, this.#options.lanes, (made) => this.#build(made));
    await this.#principals.settle(this.#session);
    await assertKept(this.#session, this.#election);
    return [];
  }

  async reread(): Promise<Snapshot> {
    const { lanes } = this.#options;
    const made = [...this.#made.values()];
    return await RestoredSnapshot.of(this.#endpoint, this.#places, made, lanes, this.#context);
  }

  async publish(): Promise<void> {
    await using publication = await Publication.begin(this.#endpoint, {
      collections: [...this.#made.values()],
      views: [...new Map([...this.#views, ...this.#logged]).values()].filter((view) => view !== null),
      databases: this.#databases.keys(),
      version: this.#facts.info.version,
      renameView: (database, view) => this.#renameView(database, view),
    });
    await publication.run();
    await this.#principals.publish(publication.session);
    await this.#ttl.restart(publication.session);
    this.#ended = true;
  }

  async abandon(_reason: unknown): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    try {
      await persist(async () => {
        await using session = await Session.open(this.#endpoint, { signal: UNINTERRUPTED });
        await removeScratch(session, this.#run, [...this.#databases.keys()]);
        await this.#principals.abandon(session);
        await this.#ttl.restart(session);
      });
    } catch (error) {
      this.#context.warn({
        code: 'left-behind',
        message: `What was restored so far could not be removed: ${error instanceof Error ? error.message : error}`,
        hint: `Drop the collections whose names begin with dbimg_${this.#run}_. dbimg doctor finds them.`,
      });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.abandon(undefined);
    await this.#session[Symbol.asyncDispose]();
  }

  /** The one database that an image of one goes to. */
  #targetOf(image: ImageSummary): string | undefined {
    const { database } = this.#endpoint;
    const source = image.server.settings.database;
    return database ?? (source === undefined ? undefined : this.#places.finalDatabase(source));
  }

  async #obstacles(image: ImageSummary): Promise<Obstacle[]> {
    const database = this.#targetOf(image);
    const situation = database === undefined ? undefined : await this.#situation(database);
    return obstaclesOf(this.#facts, image, situation, this.#options);
  }

  async #situation(database: string): Promise<Situation> {
    const { collections, strange } = await takeInventory(this.#session, [database], () => true);
    const there = [...collections.map(({ object }) => object), ...strange];
    return { database, there: there.map(([, name]) => name as string) };
  }

  /** The first object of a database: whether there is room for it is known only now if the image has many. */
  async #enter(object: ObjectName): Promise<void> {
    const database = databaseOf(this.#places.final(object));
    const source = databaseOf(object);
    const known = this.#databases.get(database);
    if (known === source) return;
    if (known !== undefined) throw ambiguous(database, known, source);
    if (INTERNAL_DATABASES.has(database)) {
      throw new DbimgError('USAGE', `${database} is the server's own database.`, { object });
    }
    const [first] = contentObstacles(await this.#situation(database), { ...this.#options, create: true });
    if (first) throw obstacleError(first);
    this.#databases.set(database, source);
  }

  async #create(entry: CatalogEntry): Promise<void> {
    const { object } = entry;
    const info = infoOf(entry);
    const uuid = uuidOf(entry);
    const made = newlyMade({
      object,
      final: this.#places.final(object),
      scratch: this.#places.scratch(object),
      kind: entry.kind === 'timeseries' ? 'timeseries' : 'collection',
      info,
      uuid,
    });
    this.#assertFree(made);
    if (expires(info)) await this.#ttl.stop(this.#session);
    const [database, name] = made.scratch as [string, string];
    const doing = { what: `The collection ${namespaceOf(made.final)} could not be made`, object };
    const keeps = this.#options.keepUuids && uuid !== undefined && !isRebuilt(object, entry.kind);
    if (keeps) {
      await this.#assertUnused(uuid, object);
      const applyOps = [createOperation(made.scratch, info, uuid)];
      await this.#session.command('admin', { applyOps }, doing);
    } else {
      await this.#session.command(database, createCommand(name, info), doing);
    }
    this.#made.set(JSON.stringify(object), made);
    this.#listed.set(JSON.stringify(object), made);
  }

  #assertFree(made: Made): void {
    const name = namespaceOf(made.final);
    if (Buffer.byteLength(name) > LONGEST_NAME) {
      throw new DbimgError('UNSUPPORTED', `The name ${name} is longer than ${LONGEST_NAME} bytes.`, {
        object: made.object,
        hint: 'Choose a shorter name for the database, or for the collection with --rename.',
      });
    }
    if (this.#names.has(name)) {
      throw new DbimgError('USAGE', `Two collections would be called ${name}.`, {
        object: made.object,
        hint: 'Give --rename rules under which names differ.',
      });
    }
    this.#names.add(name);
  }

  /** The server takes a collection of the same UUID for this one, and would rename it. */
  async #assertUnused(uuid: string, object: ObjectName): Promise<void> {
    this.#uuids ??= await this.#knownUuids();
    const owner = this.#uuids.get(uuid);
    if (owner === undefined) return;
    throw new DbimgError('UNSUPPORTED', `The UUID of ${namespaceOf(object)} is in use by ${owner}.`, {
      object,
      hint: 'A server cannot have two collections of one UUID: leave --keep-uuids out, or restore elsewhere.',
    });
  }

  #uuids: Map<string, string> | undefined;

  async #knownUuids(): Promise<Map<string, string>> {
    const doing = { what: 'The databases could not be listed' };
    const { databases } = await this.#session.command('admin', { listDatabases: 1, nameOnly: true }, doing);
    const names = (databases as readonly { name: string }[]).map(({ name }) => name);
    const { collections } = await takeInventory(this.#session, names, () => true);
    return new Map(
      collections.flatMap(({ uuid, object }) => (uuid === undefined ? [] : [[uuid, namespaceOf(object)]])),
    );
  }

  async #index(entry: CatalogEntry): Promise<void> {
    const { object } = entry;
    const made = this.#listed.get(JSON.stringify(object));
    if (!made)
      throw new DbimgError('IMAGE_DAMAGED', 'The image has indexes of a collection that it does not have.', {
        object,
      });
    made.indexes = indexesOf(entry);
    if (!made.dropped) await this.#build(made);
  }

  /** Until the log is replayed, documents need not satisfy what was built early. */
  async #dropIndexes(): Promise<void> {
    const built = [...this.#made.values()].filter(({ indexed }) => indexed);
    await inParallel(built, WIDTH, async (made) => {
      made.indexed = false;
      if (isRebuilt(made.object, made.kind) || made.indexes.length === 0) return;
      const [database, name] = made.scratch as [string, string];
      const doing = { what: 'Indexes could not be dropped before the replay', object: made.object };
      await this.#session.command(database, { dropIndexes: name, index: '*' }, doing);
    });
  }

  async #build(made: Made): Promise<void> {
    for (const edit of made.edits.splice(0)) made.indexes = edit(made.indexes);
    made.indexed = true;
    if (made.indexes.some(expiresByIndex)) await this.#ttl.stop(this.#session);
    if (isRebuilt(made.object, made.kind)) return;
    await createIndexes(this.#session, made.scratch, made.object, made.indexes, made.info);
  }

  #noteView(entry: CatalogEntry): void {
    if (this.#viewless.has(databaseOf(entry.object))) return;
    const final = this.#places.final(entry.object);
    this.#views.set(JSON.stringify(entry.object), { final, info: infoOf(entry) });
  }

  async #addPrincipals(principals: readonly Principal[]): Promise<void> {
    const { noSecrets } = this.#options;
    const wanted = noSecrets ? principals.filter(({ kind }) => kind === 'role') : principals;
    await this.#principals.add(this.#session, wanted);
  }

  /** Views name collections of their own database. */
  #renameView(database: string, view: Map<string, unknown>): void {
    const source = this.#databases.get(database) ?? database;
    renameInView(view, (collection) => this.#places.final([source, collection])[1] as string);
  }
}

const KINDS = new Set(['collection', 'timeseries', 'indexes', 'view', 'user', 'role']);
/** Of database and collection together, in bytes. */
const LONGEST_NAME = 255;

function obstacleError({ code, what, hint }: Obstacle): DbimgError {
  return new DbimgError(code, what, hint === undefined ? {} : { hint });
}

function ambiguous(database: string, one: string, other: string): DbimgError {
  return new DbimgError('USAGE', `The image holds more than one database, but ${database} is only one.`, {
    hint: `Choose one with --only '${one}.*' (or '${other}.*'), or give a URL without a database.`,
  });
}
