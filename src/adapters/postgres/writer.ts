/** Lanes that load chunks and build what comes after the rows. */
import type { CatalogEntry, Chunk, Context, Invitation, StreamOpen, WriteLane } from '../../core/adapter.ts';
import { identifier } from './catalog/quoting.ts';
import { copyChunk } from './copy-chunk.ts';
import { EntryApplier } from './entries.ts';
import { LargeObjectLoader } from './large-object-loader.ts';
import { isLargeObjects } from './large-objects.ts';
import type { Endpoint } from './location.ts';
import { relationOf } from './names.ts';
import { Session } from './session.ts';
import { settingStatement, WRITE_SETTINGS } from './settings.ts';

/** A target as its lanes know it. */
export interface TargetInvitation {
  /** Names the database that is being filled. */
  readonly endpoint: Endpoint;
  readonly trust: boolean;
  readonly noSecrets: boolean;
}

/** More than the server's own setting gives an index build, less than would hurt: in kilobytes. */
const LEAST_INDEX_MEMORY = 256 * 1024;
const MOST_INDEX_MEMORY = 1024 * 1024;

export class PostgresWriteLane implements WriteLane {
  readonly #invitation: TargetInvitation;
  readonly #context: Context;
  /** The database may not be there yet when lanes join. */
  #session: Session | undefined;
  #applier: EntryApplier | undefined;
  #largeObjects: LargeObjectLoader | undefined;

  constructor(invitation: Invitation, context: Context) {
    this.#invitation = invitation as unknown as TargetInvitation;
    this.#context = context;
  }

  async load(open: StreamOpen, chunk: Chunk): Promise<number> {
    const session = await this.#open();
    if (isLargeObjects(open.object)) {
      this.#largeObjects ??= new LargeObjectLoader(session);
      return await this.#largeObjects.load(open, chunk);
    }
    const columns = (open.columns ?? []).map(({ name }) => identifier(name)).join(', ');
    const table = `${relationOf(open.object)}${columns === '' ? '' : ` (${columns})`}`;
    return await copyChunk(session, table, open, chunk);
  }

  async apply(entry: CatalogEntry): Promise<void> {
    const session = await this.#open();
    if (!this.#applier) {
      await session.query(INDEX_MEMORY);
      const { endpoint, trust, noSecrets } = this.#invitation;
      this.#applier = new EntryApplier(session, { database: endpoint.database, trust, noSecrets });
    }
    await this.#applier.apply([entry]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session?.[Symbol.asyncDispose]();
  }

  async #open(): Promise<Session> {
    if (this.#session) return this.#session;
    const session = await Session.open(this.#invitation.endpoint, this.#context);
    this.#session = session;
    await session.query(settingStatement(WRITE_SETTINGS, false));
    return session;
  }
}

const INDEX_MEMORY = `
SELECT pg_catalog.set_config('maintenance_work_mem', greatest(
    (SELECT setting::int8 FROM pg_catalog.pg_settings WHERE name = 'maintenance_work_mem'),
    (SELECT least(greatest(setting::int8 * 8 / 4, ${LEAST_INDEX_MEMORY}), ${MOST_INDEX_MEMORY})
       FROM pg_catalog.pg_settings WHERE name = 'shared_buffers'))::text, false)`;
