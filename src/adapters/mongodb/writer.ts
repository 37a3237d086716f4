/** Lanes that load chunks: a chunk is the body of an insert command as it is. */
import type { Document } from 'mongodb';
import type { CatalogEntry, Chunk, Context, Invitation, StreamOpen, WriteLane } from '../../core/adapter.ts';
import { DbimgError } from '../../core/errors.ts';
import { abilitiesOf, insertDocuments, type ServerAbilities } from './inserting.ts';
import type { Endpoint } from './location.ts';
import { ENCODING } from './parts.ts';
import { Places, type Placing } from './place.ts';
import { Session } from './session.ts';

/** A target as its lanes know it. */
export interface TargetInvitation {
  readonly endpoint: Endpoint;
  readonly placing: Placing;
  /** Of the server. */
  readonly version: string;
  /** `w: 1` unless the URL says otherwise: what is loaded is made safe when it is published. */
  readonly writeConcern: { readonly [name: string]: number | string | boolean };
}

export class MongoWriteLane implements WriteLane {
  readonly #session: Session;
  readonly #places: Places;
  readonly #abilities: ServerAbilities;
  readonly #writeConcern: Document;

  private constructor(session: Session, invitation: TargetInvitation) {
    this.#session = session;
    this.#places = new Places(invitation.placing);
    this.#abilities = abilitiesOf(invitation.version);
    this.#writeConcern = invitation.writeConcern;
  }

  static async join(invitation: Invitation, context: Context): Promise<MongoWriteLane> {
    const known = invitation as unknown as TargetInvitation;
    return new MongoWriteLane(await Session.open(known.endpoint, context), known);
  }

  async load(open: StreamOpen, chunk: Chunk): Promise<number> {
    const { object } = open;
    if (open.encoding !== ENCODING) {
      throw new DbimgError('UNSUPPORTED', `Records of ${open.encoding} are no documents.`, { object });
    }
    const pieces: Uint8Array[] = [];
    for await (const piece of chunk.pieces) pieces.push(piece);
    const bytes = pieces.length === 1 ? (pieces[0] as Uint8Array) : Buffer.concat(pieces);
    const buckets = isBuckets(open);
    return await insertDocuments(
      this.#session,
      {
        object,
        storage: this.#places.storage(object, buckets ? 'timeseries' : 'collection'),
        buckets,
        writeConcern: this.#writeConcern,
        abilities: this.#abilities,
      },
      bytes,
      chunk.records,
    );
  }

  /** Indexes are built by the server, many at once, when the target asks it to: nothing is left for lanes. */
  async apply(entry: CatalogEntry): Promise<void> {
    throw new DbimgError('IMAGE_DAMAGED', `MongoDB has no post-data of kind ${entry.kind}.`, {
      object: entry.object,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session[Symbol.asyncDispose]();
  }
}

export function isBuckets(open: StreamOpen): boolean {
  const { details } = open;
  return typeof details === 'object' && details !== null && 'buckets' in details && details.buckets === true;
}
