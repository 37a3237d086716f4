/** Lanes that read parts of a snapshot. */
import type { Context, Invitation, Part, ReadLane, RecordSink } from '../../core/adapter.ts';
import { DbimgError } from '../../core/errors.ts';
import { LanePool } from './lane-pool.ts';
import { scopeOf } from './parts.ts';
import { displayName } from './quoting.ts';
import { RelayedLane } from './relay.ts';
import type { Session } from './session.ts';
import type { SnapshotInvitation } from './snapshot.ts';
import { unspool } from './spool.ts';
import { ENCODING } from './types.ts';

/** Joins a snapshot: in its own thread by taking one of its sessions, in another through its relay. */
export async function joinLane(invitation: Invitation, context: Context): Promise<ReadLane> {
  const { pool, relay } = invitation as unknown as SnapshotInvitation;
  const here = LanePool.named(pool);
  return here ? new MysqlReadLane(here) : await RelayedLane.join(relay, context);
}

export class MysqlReadLane implements ReadLane {
  readonly #pool: LanePool;
  readonly #session: Session;
  #done = false;

  constructor(pool: LanePool) {
    this.#pool = pool;
    this.#session = pool.take();
  }

  async read(part: Part, sink: RecordSink): Promise<void> {
    await readPart(part, sink, async (query, into) => {
      const doing = readingOf(part);
      await this.#session.execute('SAVEPOINT dbimg', doing);
      await this.#session.rows(query, into, doing);
      // Lets go of the table: whoever wants to alter it need not wait for the end of the dump.
      await this.#session.execute('ROLLBACK TO SAVEPOINT dbimg', doing);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#done) return;
    this.#done = true;
    this.#pool.give(this.#session);
  }
}

export const readingOf = ({ open }: Part): { what: string; object: readonly string[] } => ({
  what: `${displayName(open.object)} could not be read`,
  object: open.object,
});

/** Rows from the spool, or from a query. */
export async function readPart(
  part: Part,
  sink: RecordSink,
  select: (query: string, sink: RecordSink) => Promise<void>,
): Promise<void> {
  if (part.open.encoding !== ENCODING) {
    throw new DbimgError('UNSUPPORTED', `MySQL gives no records as ${part.open.encoding}.`);
  }
  const { query, spooled } = scopeOf(part);
  if (spooled) await unspool(spooled, sink);
  else await select(query, sink);
}
