/** A logical snapshot: transactions that began at one moment, one a lane, and what keeps everything else still. */
import type {
  CatalogEntry,
  Context,
  Finish,
  Invitation,
  ObjectName,
  Omission,
  Part,
  Position,
  Snapshot,
  SnapshotOptions,
  StreamOpen,
} from '../../core/adapter.ts';
import { DbimgError } from '../../core/errors.ts';
import { CatalogReader } from './catalog.ts';
import { freeze, type Moment } from './consistency.ts';
import { DdlWatch } from './ddl-watch.ts';
import type { ServerFacts } from './facts.ts';
import {
  hasRows,
  isTable,
  type Listed,
  listDatabases,
  listTables,
  type Schemas,
  TableReader,
  transactionalEngines,
} from './inventory.ts';
import { LanePool } from './lane-pool.ts';
import type { Endpoint } from './location.ts';
import { setLockTimeout } from './locks.ts';
import { PartLister, queryOf } from './parts.ts';
import { positionOf } from './position.ts';
import { assertReadable } from './readable.ts';
import { Relay } from './relay.ts';
import { Session } from './session.ts';
import { applySettings, READ_SETTINGS } from './settings.ts';
import { Spool, type SpooledRows } from './spool.ts';

/** How often a list of tables that changes under our hands is read again. */
const CHANGE_TRIES = 5;

/** A snapshot as its lanes know it. */
export interface SnapshotInvitation {
  /** Id of the pool, in the thread that took the snapshot. */
  readonly pool: string;
  /** Path of a socket, for other threads. */
  readonly relay: string;
}

interface Held {
  readonly stack: AsyncDisposableStack;
  /** Reads the catalog, sizes and keys; in no transaction. */
  readonly reader: Session;
  readonly pool: LanePool;
  readonly relay: Relay;
  readonly position: Position;
  readonly databases: readonly string[];
  readonly listed: readonly Listed[];
  readonly spooled: ReadonlyMap<string, SpooledRows>;
  readonly watch: DdlWatch | undefined;
  readonly schemas: Schemas;
}

export class MysqlSnapshot implements Snapshot {
  readonly kind = 'logical';
  readonly position: Position;
  readonly invitation: Invitation;
  readonly #held: Held;
  readonly #parts: PartLister;
  readonly #catalog: CatalogReader;

  private constructor(held: Held, facts: ServerFacts, endpoint: Endpoint, options: SnapshotOptions) {
    this.#held = held;
    this.position = held.position;
    const invitation: SnapshotInvitation = { pool: held.pool.id, relay: held.relay.path };
    this.invitation = { ...invitation };
    const tables = new TableReader(held.reader, facts, held.schemas);
    this.#parts = new PartLister(held.reader, tables, held.listed, options, held.schemas, held.spooled);
    this.#catalog = new CatalogReader(held.reader, facts, {
      databases: held.databases,
      single: endpoint.database !== undefined,
      listed: held.listed,
      noSecrets: options.noSecrets ?? false,
      selects: selectsOf(options),
    });
  }

  /**
   * @throws DbimgError `PERMISSION_DENIED` naming every table that cannot be read, or the privileges that a lock needs;
   * `LOCK_TIMEOUT`, `SOURCE_CHANGED`.
   */
  static async take(
    endpoint: Endpoint,
    facts: ServerFacts,
    options: SnapshotOptions,
    context: Context,
  ): Promise<MysqlSnapshot> {
    if (options.kind !== 'logical') {
      throw new DbimgError(
        'UNSUPPORTED',
        `This dbimg makes no ${options.kind} images of ${facts.product} yet.`,
      );
    }
    const taker = new SnapshotTaker(endpoint, facts, options, context);
    return new MysqlSnapshot(await taker.take(), facts, endpoint, options);
  }

  /**
   * What lies in other schemas than its names say and changes no more: an unpublished restore, to be read back.
   *
   * @param schemas database of an object's name → the schema where it is now.
   */
  static async settled(
    endpoint: Endpoint,
    facts: ServerFacts,
    options: Pick<SnapshotOptions, 'lanes'>,
    schemas: ReadonlyMap<string, string>,
    context: Context,
  ): Promise<MysqlSnapshot> {
    await using stack = new AsyncDisposableStack();
    const reader = stack.use(await openReader(endpoint, context));
    const pool = stack.use(await LanePool.open(endpoint, options.lanes, context));
    await pool.begin();
    const relay = stack.use(await Relay.open(pool));
    const listed: Listed[] = [];
    for (const [database, schema] of schemas) listed.push(...(await listTables(reader, database, schema)));
    const position = await positionOf(reader, { file: null, offset: null, gtid: null }, false);
    const held: Held = {
      ...{ reader, pool, relay, position, listed },
      stack: stack.move(),
      databases: [...schemas.keys()],
      spooled: new Map(),
      watch: undefined,
      schemas: (database) => schemas.get(database) ?? database,
    };
    return new MysqlSnapshot(held, facts, endpoint, { kind: 'logical', lanes: options.lanes });
  }

  catalog(): AsyncIterable<CatalogEntry> {
    return this.#catalog.entries();
  }

  omissions(): readonly Omission[] {
    return this.#catalog.omissions();
  }

  parts(): AsyncIterable<Part> {
    return this.#parts.all();
  }

  partsOf(open: StreamOpen): AsyncIterable<Part> {
    return this.#parts.of(open);
  }

  /** The snapshot was one moment; what is left to do is to see that the tables were there to the end. */
  async finish(): Promise<Finish> {
    await this.#held.watch?.check();
    return { position: this.position };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#held.stack[Symbol.asyncDispose]();
  }
}

function selectsOf(options: SnapshotOptions): (object: ObjectName) => boolean {
  return (object) => options.selects?.(object) ?? true;
}

/** A session that reads definitions and lists, as text. */
async function openReader(endpoint: Endpoint, context: Context): Promise<Session> {
  const session = await Session.open(endpoint, context);
  try {
    await applySettings(session, READ_SETTINGS);
    return session;
  } catch (error) {
    await session[Symbol.asyncDispose]();
    throw error;
  }
}

/** Lists, locks, begins, spools, releases. */
class SnapshotTaker {
  readonly #endpoint: Endpoint;
  readonly #facts: ServerFacts;
  readonly #options: SnapshotOptions;
  readonly #context: Context;

  constructor(endpoint: Endpoint, facts: ServerFacts, options: SnapshotOptions, context: Context) {
    this.#endpoint = endpoint;
    this.#facts = facts;
    this.#options = options;
    this.#context = context;
  }

  async take(): Promise<Held> {
    await using stack = new AsyncDisposableStack();
    const [endpoint, context] = [this.#endpoint, this.#context];
    const reader = stack.use(await openReader(endpoint, context));
    const databases = await listDatabases(reader, endpoint.database);
    await assertReadable(reader, this.#facts, await this.#list(reader, databases));
    const control = stack.use(await openReader(endpoint, context));
    await setLockTimeout(control, context);
    const spool = stack.use(await Spool.open());
    for (let attempt = 1; ; attempt++) {
      const pool = await LanePool.open(endpoint, this.#options.lanes, context);
      try {
        const moment = await this.#attempt(reader, control, pool, databases, spool);
        stack.use(pool);
        const relay = stack.use(await Relay.open(pool));
        const position = await positionOf(reader, moment.position, moment.exact);
        const schemas: Schemas = (database) => database;
        return { ...moment, reader, pool, relay, position, databases, schemas, stack: stack.move() };
      } catch (error) {
        await pool[Symbol.asyncDispose]();
        await control
          .execute(this.#facts.product === 'MySQL' ? 'UNLOCK INSTANCE' : 'UNLOCK TABLES')
          .catch(() => {});
        const changed = error instanceof DbimgError && error.code === 'SOURCE_CHANGED';
        if (!changed || attempt === CHANGE_TRIES) throw error;
      }
    }
  }

  async #attempt(
    reader: Session,
    control: Session,
    pool: LanePool,
    databases: readonly string[],
    spool: Spool,
  ): Promise<
    Omit<Moment, 'position'> & Pick<Held, 'listed' | 'spooled' | 'watch'> & Pick<Moment, 'position'>
  > {
    const listed = await this.#list(reader, databases);
    const engines = await transactionalEngines(reader);
    const loose = listed.filter((table) => hasRows(table) && !engines.has(table.engine));
    const single = this.#endpoint.database !== undefined;
    const watched = { databases, single, selects: selectsOf(this.#options) };
    const watch = await DdlWatch.open(reader, watched, listed);
    await using side = await Session.open(this.#endpoint, this.#context);
    await applySettings(side, READ_SETTINGS, 'NULL');
    await setLockTimeout(side, this.#context);
    const moment = await freeze({
      ...{ facts: this.#facts, pool, control, side, context: this.#context },
      tables: listed.filter(isTable).map(({ object }) => object),
      nontransactional: loose.map(({ object }) => object),
      allow: this.#options.allow ?? [],
    });
    const spooled = await this.#spool(reader, side, loose, spool);
    await watch.begin();
    // The list is from before the moment, and everything after goes by it.
    await watch.check();
    // Not held longer: whoever restores this image into the same server, from a pipe, would wait for it for ever.
    if (moment.ddlHeld) await control.execute('UNLOCK INSTANCE');
    return { ...moment, listed, spooled, watch };
  }

  async #list(reader: Session, databases: readonly string[]): Promise<Listed[]> {
    const listed: Listed[] = [];
    for (const database of databases) listed.push(...(await listTables(reader, database)));
    return listed.filter(({ object }) => selectsOf(this.#options)(object));
  }

  /** Under the locks that `side` holds, which end with it. */
  async #spool(
    reader: Session,
    side: Session,
    loose: readonly Listed[],
    spool: Spool,
  ): Promise<Map<string, SpooledRows>> {
    const spooled = new Map<string, SpooledRows>();
    const tables = new TableReader(reader, this.#facts);
    for (const listed of loose) {
      const [table] = await tables.describe([listed]);
      if (!table) continue;
      const sink = spool.sink();
      const query = queryOf(table, tables.openOf(table), (database) => database);
      await side.rows(query, sink, {
        what: `${listed.object.join('.')} could not be spooled`,
        object: listed.object,
      });
      spooled.set(JSON.stringify(listed.object), sink.spooled);
    }
    await side.execute('UNLOCK TABLES');
    return spooled;
  }
}
