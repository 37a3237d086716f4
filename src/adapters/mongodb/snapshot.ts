/** A logical snapshot: one cluster time for all lanes, and the oplog beside it for when that cannot be held. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { BroadcastChannel } from 'node:worker_threads';
import type {
  CatalogEntry,
  ChangeFeed,
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
import { entriesOf, strangeOmission } from './catalog.ts';
import { type TakenContents, takeContents } from './contents.ts';
import { isSnapshotGone } from './errors.ts';
import { type ClusterTime, clusterTimeOf, type Facts, numberOfTime, toTimestamp } from './facts.ts';
import { History } from './history.ts';
import type { ListedCollection } from './inventory.ts';
import type { Endpoint } from './location.ts';
import { lockWrites, type WriteLock } from './lock.ts';
import { databaseOf, namespaceOf } from './names.ts';
import { OplogTail, positionAt } from './oplog.ts';
import { wantedEntries } from './oplog-entry.ts';
import { type Divisible, openOf, partsOf } from './parts.ts';
import type { SnapshotInvitation } from './reader.ts';
import { Session } from './session.ts';

/** How often a catalog that changes under our hands is read again. */
const CHANGE_TRIES = 5;
/** Connections of the leader: the catalog is many small questions. */
const CONNECTIONS = 8;
/** Lets what lanes in other threads said arrive. */
const MESSAGE_DELAY = 20;

/** How the documents of a snapshot come to be of one moment. */
type Way =
  /** All reads are at one cluster time, as long as the server can. */
  | { readonly by: 'cluster time'; readonly time: ClusterTime }
  /** Reads are of whatever moment, and the log makes one of them. */
  | { readonly by: 'log' }
  /** Nobody writes. */
  | { readonly by: 'lock' }
  /** They are not, and the user knows. */
  | { readonly by: 'nothing' };

interface Taken {
  readonly endpoint: Endpoint;
  readonly session: Session;
  readonly options: SnapshotOptions;
  readonly context: Context;
  readonly way: Way;
  readonly contents: TakenContents;
  readonly position: Position;
  readonly tail?: OplogTail | undefined;
  readonly lock?: WriteLock | undefined;
}

export class MongoSnapshot implements Snapshot {
  readonly kind = 'logical';
  readonly position: Position;
  readonly invitation: Invitation;
  readonly log?: ChangeFeed;
  readonly #taken: Taken;
  readonly #channel: BroadcastChannel;
  /** A lane could not read at the snapshot's time any longer. */
  #late = false;

  private constructor(taken: Taken) {
    this.#taken = taken;
    this.position = taken.position;
    const channel = `dbimg-mongodb-${randomUUID()}`;
    const { way, endpoint, tail } = taken;
    const invitation: SnapshotInvitation = {
      endpoint,
      ...(way.by === 'cluster time' ? { clusterTime: way.time } : {}),
      // Without the log a later moment is no help, and another member has another state.
      resumable: way.by === 'cluster time' || way.by === 'log',
      late: tail !== undefined,
      ordered: way.by === 'log' || way.by === 'nothing',
      readConcern: way.by === 'log' || way.by === 'cluster time' ? 'majority' : 'local',
      channel,
    };
    this.invitation = invitation as unknown as Invitation;
    if (tail) this.log = tail;
    this.#channel = new BroadcastChannel(channel);
    this.#channel.onmessage = () => {
      this.#late = true;
    };
    this.#channel.unref();
  }

  /** @throws DbimgError `UNSUPPORTED` for `mongos`, and for a stand-alone without `lock` or `allow: ['fuzzy']`. */
  static async take(
    endpoint: Endpoint,
    facts: Facts,
    options: SnapshotOptions,
    context: Context,
  ): Promise<MongoSnapshot> {
    if (facts.deployment === 'mongos') throw sharded();
    const session = await Session.open(endpoint, { signal: context.signal, connections: CONNECTIONS });
    const open: AsyncDisposable[] = [session];
    try {
      const common = { endpoint, session, options, context };
      const taken =
        facts.deployment === 'stand-alone'
          ? await takeStandAlone(common, open)
          : await takeFromSet(common, open);
      if (taken.contents.databases.length === 0 && endpoint.database !== undefined) {
        throw new DbimgError('DATABASE_UNKNOWN', `There is no database ${endpoint.database}.`);
      }
      return new MongoSnapshot(taken);
    } catch (error) {
      for (const each of open.reverse()) await each[Symbol.asyncDispose]();
      throw error;
    }
  }

  async *catalog(): AsyncGenerator<CatalogEntry> {
    yield* entriesOf(this.#taken.contents);
  }

  omissions(): readonly Omission[] {
    const { contents, way } = this.#taken;
    const fuzzy: Omission = {
      kind: 'fuzzy',
      object: [],
      reason: 'A stand-alone has no oplog, and was not locked: the documents are not all of one moment.',
    };
    return [
      ...contents.strange.map(strangeOmission),
      ...contents.omissions,
      ...(way.by === 'nothing' ? [fuzzy] : []),
    ];
  }

  async *parts(): AsyncGenerator<Part> {
    const { contents } = this.#taken;
    const bytes = (collection: ListedCollection): number => contents.sizes.get(collection)?.bytes ?? 0;
    for (const collection of [...contents.collections].sort((a, b) => bytes(b) - bytes(a))) {
      yield* this.#partsOf(collection);
    }
  }

  async *partsOf(open: StreamOpen): AsyncGenerator<Part> {
    const name = JSON.stringify(open.object);
    const collection = this.#taken.contents.collections.find(({ object }) => JSON.stringify(object) === name);
    if (collection) yield* this.#partsOf(collection);
  }

  async *#partsOf(collection: ListedCollection): AsyncGenerator<Part> {
    const { session, options, contents } = this.#taken;
    const { object, kind } = collection;
    if (kind === 'view') return;
    const size = contents.sizes.get(collection) ?? { bytes: 0, records: 0 };
    const divisible: Divisible = { ...collection, kind, size, open: openOf(object, kind) };
    yield* partsOf(session, divisible, options.lanes);
  }

  async finish(): Promise<Finish> {
    const { way, tail, session } = this.#taken;
    if (way.by === 'lock' || way.by === 'nothing') return { position: await this.#unlogged() };
    if (way.by === 'cluster time' && (await this.#held(way.time))) {
      tail?.decide(false);
      return { position: this.position, ...(tail ? { logUnneeded: true } : {}) };
    }
    if (!tail) throw notHeld();
    const end = await new History(session).newest();
    await tail.reached(end);
    tail.assertReplayable();
    if (way.by === 'cluster time') tail.decide(true);
    return { position: positionAt(clusterTimeOf(end)) };
  }

  /** Whether every read was at the snapshot's time, of collections as they were then. */
  async #held(time: ClusterTime): Promise<boolean> {
    const { tail, session, contents, options, endpoint } = this.#taken;
    await sleep(MESSAGE_DELAY);
    if (this.#late) return false;
    const probe = contents.collections.find(({ kind, capped }) => kind === 'collection' && !capped);
    if (probe && !(await canRead(session, probe.object, time))) return false;
    if (tail) {
      await tail.reached(await new History(session).newest());
      return !tail.changedSince(numberOfTime(time), 'changes');
    }
    const now = await takeContents(session, endpoint, options);
    return contents.collections.every(({ object, uuid, kind }) =>
      now.collections.some(
        (other) =>
          namespaceOf(other.object) === namespaceOf(object) && (kind === 'view' || other.uuid === uuid),
      ),
    );
  }

  /** Locked or not: what a stand-alone can say is when. */
  async #unlogged(): Promise<Position> {
    await this.#taken.lock?.assertHeld();
    return this.position;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#channel.close();
    const { lock, tail, session } = this.#taken;
    await lock?.[Symbol.asyncDispose]();
    await tail?.[Symbol.asyncDispose]();
    await session[Symbol.asyncDispose]();
  }
}

type Common = Pick<Taken, 'endpoint' | 'session' | 'options' | 'context'>;

async function takeStandAlone(common: Common, open: AsyncDisposable[]): Promise<Taken> {
  const { endpoint, session, options } = common;
  if (!options.lock && !options.allow?.includes('fuzzy')) throw standAlone();
  const lock = options.lock ? await lockWrites(endpoint, common.context) : undefined;
  if (lock) open.push(lock);
  const contents = await takeContents(session, endpoint, options);
  const position = {
    type: 'mongo.time',
    value: null,
    time: new Date().toISOString(),
    exact: false,
  };
  return { ...common, way: { by: lock ? 'lock' : 'nothing' }, contents, position, lock };
}

/** The log is read from before the snapshot on; the catalog is that of the snapshot if none of it changed since. */
async function takeFromSet(common: Common, open: AsyncDisposable[]): Promise<Taken> {
  const { endpoint, session, options, context } = common;
  const history = new History(session);
  const tail = await beginTail(common, history);
  if (tail) open.push(tail);
  for (let tries = 1; ; tries += 1) {
    const time = clusterTimeOf(await history.committed(context));
    const contents = await takeContents(session, endpoint, options);
    const since = numberOfTime(time);
    await tail?.reached(await history.newest());
    const steady = !tail?.changedSince(since, 'also creates');
    if (!steady && tries < CHANGE_TRIES) continue;
    const capped = contents.collections.some((collection) => collection.capped);
    const way: Way = steady && !capped ? { by: 'cluster time', time } : { by: 'log' };
    if (way.by === 'log') {
      if (!tail) throw steady ? cappedWithoutLog() : notHeld();
      tail.decide(true);
      context.warn({
        code: 'log-kept',
        message: steady
          ? 'Capped collections cannot be read at a moment of the past: the oplog of the dump becomes part of the image.'
          : 'Definitions change all the time: the oplog of the dump becomes part of the image.',
      });
    }
    return { ...common, way, contents, position: positionAt(time), tail };
  }
}

/** Not everybody may read the oplog: then the snapshot must hold to the end. */
async function beginTail(common: Common, history: History): Promise<OplogTail | undefined> {
  const { endpoint, options, context } = common;
  try {
    const start = clusterTimeOf(await history.start());
    return await OplogTail.begin(
      endpoint,
      start,
      wantedEntries(
        endpoint.database,
        (object) => options.selects?.(object) ?? true,
        options.noSecrets ?? false,
      ),
      context,
      options.tmp,
    );
  } catch (error) {
    if (!(error instanceof DbimgError) || error.code !== 'PERMISSION_DENIED') throw error;
    context.warn({
      code: 'no-oplog',
      message:
        'The oplog may not be read: if the dump takes longer than the server keeps its history, it fails.',
      hint: 'Grant the role backup in admin, or read on local.',
    });
    return undefined;
  }
}

async function canRead(session: Session, object: ObjectName, time: ClusterTime): Promise<boolean> {
  const readConcern = { level: 'snapshot', atClusterTime: toTimestamp(time) };
  const command = { find: object[1], limit: 1, singleBatch: true, projection: { _id: 1 }, readConcern };
  try {
    await session.query(databaseOf(object), command, { what: 'The snapshot was lost', object });
    return true;
  } catch (error) {
    if (isSnapshotGone(error)) return false;
    throw error;
  }
}

function sharded(): DbimgError {
  return new DbimgError(
    'UNSUPPORTED',
    'This is mongos: a sharded cluster has no one moment to be dumped at.',
    {
      hint: 'Stop the balancer and dump each shard by the URL of its replica set.',
    },
  );
}

function standAlone(): DbimgError {
  return new DbimgError(
    'UNSUPPORTED',
    'A stand-alone has no oplog, so its documents cannot be read as of one moment.',
    {
      hint: 'Keep writers out meanwhile with --lock, or accept documents of different moments with --allow fuzzy. A replica set of one member needs neither.',
    },
  );
}

function notHeld(): DbimgError {
  return new DbimgError('SOURCE_CHANGED', 'The snapshot could not be held to the end of the dump.', {
    hint: 'Let the user read the oplog (role backup), or raise minSnapshotHistoryWindowInSeconds.',
  });
}

function cappedWithoutLog(): DbimgError {
  return new DbimgError(
    'PERMISSION_DENIED',
    'Capped collections can be dumped only together with the oplog.',
    {
      hint: 'Let the user read the oplog (role backup), or leave them out with --skip.',
    },
  );
}
