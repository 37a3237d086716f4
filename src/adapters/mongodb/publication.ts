/** The end of a restore: what has grown beside takes its place. */
import type { Document } from 'mongodb';
import type { ObjectName } from '../../core/adapter.ts';
import { createCommand, createIndexes, createView, dropOtherIndexes, isTemporary } from './creating.ts';
import { serverCode } from './errors.ts';
import { abilitiesOf, insertDocuments } from './inserting.ts';
import { type ListedCollection, takeInventory } from './inventory.ts';
import type { Endpoint } from './location.ts';
import { BUCKETS, databaseOf, FUNCTIONS, namespaceOf } from './names.ts';
import { inParallel } from './parallel.ts';
import { persist } from './persist.ts';
import { isRebuilt } from './place.ts';
import type { Ordered } from './raw-bson.ts';
import { makeSafe } from './safety.ts';
import { documentsIn, Session, UNINTERRUPTED } from './session.ts';

/** A collection that is loaded, or a view that is to be made. */
export interface Made {
  /** Name in the image. */
  object: ObjectName;
  final: ObjectName;
  readonly scratch: ObjectName;
  readonly kind: 'collection' | 'timeseries';
  info: Buffer;
  /** Of the source's collection, hexadecimal. */
  readonly uuid: string | undefined;
  /** Definitions that are to be built when the documents are there. */
  indexes: readonly Buffer[];
  /** What the log changes in them. */
  readonly edits: IndexEdit[];
  /** Whether they have been built. */
  indexed: boolean;
  /** The log drops it. */
  dropped: boolean;
  /** It does not become visible, unless the log gives it another name. */
  temporary: boolean;
}

/** As it is when the collection beside has just been made. */
export function newlyMade(
  collection: Pick<Made, 'object' | 'final' | 'scratch' | 'kind' | 'info' | 'uuid'>,
): Made {
  const temporary = isTemporary(collection.info);
  return { ...collection, indexes: [], edits: [], indexed: false, dropped: false, temporary };
}

export type IndexEdit = (indexes: readonly Buffer[]) => readonly Buffer[];

export interface MadeView {
  readonly final: ObjectName;
  readonly info: Buffer;
}

export interface Published {
  readonly collections: readonly Made[];
  readonly views: readonly MadeView[];
  /** Databases that become what the image says: what else is in them goes. */
  readonly databases: Iterable<string>;
  /** Other names in the definition of a view. */
  renameView(database: string, view: Ordered): void;
  readonly version: string;
}

const WIDTH = 8;
const NAMESPACE_NOT_FOUND = 26;
const BATCH_DOCUMENTS = 1000;

export class Publication implements AsyncDisposable {
  readonly #session: Session;
  readonly #published: Published;

  private constructor(session: Session, published: Published) {
    this.#session = session;
    this.#published = published;
  }

  static async begin(endpoint: Endpoint, published: Published): Promise<Publication> {
    const session = await Session.open(endpoint, { signal: UNINTERRUPTED, connections: WIDTH });
    return new Publication(session, published);
  }

  get session(): Session {
    return this.#session;
  }

  /** What takes long comes first, renaming last. What has begun to become visible is brought to its end. */
  async run(): Promise<void> {
    const { views } = this.#published;
    const collections = this.#published.collections.filter(({ temporary }) => !temporary);
    const there = await persist(() =>
      takeInventory(this.#session, [...this.#published.databases], () => true),
    );
    const existing = new Map(there.collections.map((each) => [namespaceOf(each.object), each]));
    for (const made of collections.filter(({ object, kind }) => isRebuilt(object, kind))) {
      await this.#rebuild(made, existing.get(namespaceOf(made.final)));
    }
    const renamed = collections.filter(({ object, kind }) => !isRebuilt(object, kind));
    await inParallel(renamed, WIDTH, (made) => this.#rename(made, existing.get(namespaceOf(made.final))));
    const kept = new Set(collections.map(({ final }) => namespaceOf(final)));
    const gone = there.collections.filter(({ object }) => !kept.has(namespaceOf(object)));
    await inParallel(gone, WIDTH, ({ object }) => this.#drop(object));
    for (const { final, info } of views) {
      await persist(() =>
        createView(this.#session, final, info, (view) => this.#published.renameView(databaseOf(final), view)),
      );
    }
    for (const { scratch, temporary } of this.#published.collections) {
      if (temporary) await this.#drop(scratch);
    }
    await persist(() => makeSafe(this.#session));
  }

  async #rename(made: Made, old: ListedCollection | undefined): Promise<void> {
    if (old && old.kind !== 'collection') await this.#drop(old.object);
    const { object } = made;
    const doing = { what: `${namespaceOf(made.final)} could not get its name`, object };
    await persist(async (again) => {
      const command: Document = {
        renameCollection: namespaceOf(made.scratch),
        to: namespaceOf(made.final),
        dropTarget: true,
      };
      await this.#session.command('admin', command, doing).catch((error: unknown) => {
        // The first try was carried out, and its answer got lost.
        if (!again || serverCode(error) !== NAMESPACE_NOT_FOUND) throw error;
      });
    });
  }

  async #drop(object: ObjectName): Promise<void> {
    const doing = { what: `${namespaceOf(object)} could not be dropped`, object };
    if (object[1] === FUNCTIONS) {
      // The server lets nobody drop it.
      const command = { delete: FUNCTIONS, deletes: [{ q: {}, limit: 0 }] };
      await persist(() => this.#session.command(databaseOf(object), command, doing));
      return;
    }
    await persist(() =>
      this.#session.command(databaseOf(object), { drop: object[1] }, doing).catch((error: unknown) => {
        if (serverCode(error) !== NAMESPACE_NOT_FOUND) throw error;
      }),
    );
  }

  /** Neither time-series collections nor `system.js` can be renamed. */
  async #rebuild(made: Made, old: ListedCollection | undefined): Promise<void> {
    const { object, final, scratch, kind } = made;
    await persist(async () => {
      if (old) await this.#drop(final);
      const doing = { what: `${namespaceOf(final)} could not be made`, object };
      const name = final[1] as string;
      await this.#drop(final);
      if (name !== FUNCTIONS)
        await this.#session.command(databaseOf(final), createCommand(name, made.info), doing);
      await this.#copy(made);
      if (kind === 'timeseries') await dropOtherIndexes(this.#session, final, object, made.indexes);
      await createIndexes(this.#session, final, object, made.indexes, made.info);
    });
    await this.#drop(scratch);
  }

  async #copy(made: Made): Promise<void> {
    const { object, final, scratch, kind } = made;
    const storage = ([database, name]: ObjectName): ObjectName =>
      kind === 'timeseries'
        ? [database as string, `${BUCKETS}${name}`]
        : [database as string, name as string];
    const destination = {
      object,
      storage: storage(final),
      buckets: kind === 'timeseries',
      writeConcern: this.#session.writeConcern ?? { w: 1 },
      abilities: abilitiesOf(this.#published.version),
    };
    const [database, collection] = storage(scratch) as [string, string];
    const doing = { what: `${namespaceOf(final)} could not be filled`, object };
    await using cursor = this.#session.cursor(database, doing);
    const command = { find: collection, hint: { $natural: 1 }, batchSize: BATCH_DOCUMENTS };
    for (let batch = await cursor.open(command); ; batch = await cursor.more()) {
      const documents = [...documentsIn(batch)];
      if (documents.length > 0) {
        await insertDocuments(this.#session, destination, Buffer.concat(documents), documents.length);
      }
      if (batch.id.isZero()) return;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session[Symbol.asyncDispose]();
  }
}
