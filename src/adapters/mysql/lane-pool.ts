/** The sessions of a snapshot: opened while nobody can commit, and handed to lanes later. */
import { randomUUID } from 'node:crypto';
import { DbimgError } from '../../core/errors.ts';
import type { Endpoint } from './location.ts';
import { type Patience, Session } from './session.ts';
import { applySettings, READ_SETTINGS } from './settings.ts';

/**
 * MySQL exports no snapshots, so a lane cannot join one: all sessions begin theirs together. Lanes of this process find
 * the pool by its id. Lanes beyond the number that was asked for share sessions, whose statements then take turns.
 */
export class LanePool implements AsyncDisposable {
  static readonly #pools = new Map<string, LanePool>();

  readonly id: string = randomUUID();
  readonly sessions: readonly Session[];
  /** How many lanes use each. */
  readonly #users: number[];

  private constructor(sessions: readonly Session[]) {
    this.sessions = sessions;
    this.#users = sessions.map(() => 0);
    LanePool.#pools.set(this.id, this);
  }

  /** Logged in and set up, before anything is locked. */
  static async open(endpoint: Endpoint, lanes: number, patience: Patience): Promise<LanePool> {
    const opened = await Promise.allSettled(
      Array.from({ length: Math.max(1, lanes) }, () => openReader(endpoint, patience)),
    );
    const sessions = opened.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    const failed = opened.find((result) => result.status === 'rejected');
    if (!failed) return new LanePool(sessions);
    await Promise.all(sessions.map((session) => session[Symbol.asyncDispose]()));
    throw failed.reason;
  }

  static named(id: string): LanePool | undefined {
    return LanePool.#pools.get(id);
  }

  /** Begins a transaction with its snapshot on every session. Nobody may commit meanwhile. */
  async begin(): Promise<void> {
    await Promise.all(
      this.sessions.map((session) =>
        session.execute('START TRANSACTION /*!40100 WITH CONSISTENT SNAPSHOT */, READ ONLY', {
          what: 'The snapshot could not be taken',
        }),
      ),
    );
  }

  /** The session with the fewest users. */
  take(): Session {
    const fewest = Math.min(...this.#users);
    const index = this.#users.indexOf(fewest);
    const session = this.sessions[index];
    if (!session) throw new DbimgError('BUG', 'A pool without sessions.');
    this.#users[index] = fewest + 1;
    return session;
  }

  give(session: Session): void {
    const index = this.sessions.indexOf(session);
    if (index >= 0) this.#users[index] = Math.max(0, (this.#users[index] ?? 0) - 1);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    LanePool.#pools.delete(this.id);
    await Promise.all(this.sessions.map((session) => session[Symbol.asyncDispose]()));
  }
}

/** A session that reads rows as columns have them. */
async function openReader(endpoint: Endpoint, patience: Patience): Promise<Session> {
  const session = await Session.open(endpoint, patience);
  try {
    await applySettings(session, READ_SETTINGS, 'NULL');
    return session;
  } catch (error) {
    await session[Symbol.asyncDispose]();
    throw error;
  }
}
