/** What was loaded and is not yet visible, as a snapshot to be read back and compared. */
import type {
  CatalogEntry,
  Context,
  Finish,
  Invitation,
  Omission,
  Part,
  Position,
  Snapshot,
  StreamOpen,
} from '../../core/adapter.ts';
import type { Endpoint } from './location.ts';
import { databaseOf } from './names.ts';
import { type Divisible, openOf, partsOf } from './parts.ts';
import type { Places } from './place.ts';
import type { Made } from './publication.ts';
import type { SnapshotInvitation } from './reader.ts';
import { Session } from './session.ts';

export class RestoredSnapshot implements Snapshot {
  readonly kind = 'logical';
  readonly position: Position = {
    type: 'mongo.time',
    value: null,
    time: new Date().toISOString(),
    exact: false,
  };
  readonly invitation: Invitation;
  readonly #session: Session;
  readonly #places: Places;
  readonly #made: ReadonlyMap<string, Made>;
  readonly #lanes: number;

  private constructor(
    session: Session,
    endpoint: Endpoint,
    places: Places,
    made: readonly Made[],
    lanes: number,
  ) {
    this.#session = session;
    this.#places = places;
    this.#made = new Map(made.map((each) => [JSON.stringify(each.object), each]));
    this.#lanes = lanes;
    const invitation: SnapshotInvitation = { endpoint, resumable: true, late: false, readConcern: 'local' };
    this.invitation = { ...invitation } as unknown as Invitation;
  }

  static async of(
    endpoint: Endpoint,
    places: Places,
    made: readonly Made[],
    lanes: number,
    context: Context,
  ): Promise<RestoredSnapshot> {
    const session = await Session.open(endpoint, context);
    return new RestoredSnapshot(session, endpoint, places, made, lanes);
  }

  async *catalog(): AsyncGenerator<CatalogEntry> {}

  omissions(): readonly Omission[] {
    return [];
  }

  async *parts(): AsyncGenerator<Part> {
    for (const made of this.#made.values()) yield* this.#partsOf(made);
  }

  async *partsOf(open: StreamOpen): AsyncGenerator<Part> {
    const made = this.#made.get(JSON.stringify(open.object));
    if (made) yield* this.#partsOf(made);
  }

  async finish(): Promise<Finish> {
    return { position: this.position };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session[Symbol.asyncDispose]();
  }

  async *#partsOf(made: Made): AsyncGenerator<Part> {
    const { object, kind } = made;
    const storage = this.#places.storage(object, kind);
    const doing = { what: 'The size of what was loaded could not be read', object };
    const database = databaseOf(storage);
    const stats = await this.#session.command(database, { collStats: storage[1] }, doing);
    const divisible: Divisible = {
      object: storage,
      kind,
      storage: storage[1] as string,
      capped: stats.capped === true,
      clustered: stats.clustered === true,
      size: { bytes: Number(stats.size), records: Number(stats.count) },
      open: openOf(object, kind),
    };
    yield* partsOf(this.#session, divisible, this.#lanes);
  }
}
