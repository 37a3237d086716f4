/** Where the history of a replica set stands. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Timestamp } from 'mongodb';
import type { Context } from '../../core/adapter.ts';
import { DbimgError } from '../../core/errors.ts';
import { timeOfEntry } from './oplog-entry.ts';
import { fieldOf, timestampOf } from './raw-bson.ts';
import type { Session } from './session.ts';

/** How long a majority may lag behind the primary before its state is taken instead, in milliseconds. */
const MAJORITY_PATIENCE = 5000;
const PAUSE = 20;

const OPLOG = { what: 'The oplog could not be read', object: ['local', 'oplog.rs'] };

export class History {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  /** Time of the newest entry of the oplog. Needs no right but to connect. */
  async newest(): Promise<bigint> {
    return (await this.#lastWrite()).applied;
  }

  /**
   * Time of the newest write that no election can undo, and that is not older than what was written when this was
   * called: a client that was told of its write finds it in the dump.
   */
  async committed(context: Context): Promise<bigint> {
    const deadline = performance.now() + MAJORITY_PATIENCE;
    const { applied: wanted } = await this.#lastWrite();
    for (;;) {
      const { committed } = await this.#lastWrite();
      if (committed >= wanted) return committed;
      if (performance.now() > deadline) {
        context.warn({
          code: 'majority-lag',
          message: 'The members of the replica set lag behind: the dump is of what a majority of them has.',
        });
        return committed;
      }
      await sleep(PAUSE, undefined, { signal: context.signal });
    }
  }

  /**
   * Where a log must begin so that it holds every transaction that is open now, as a whole.
   *
   * @throws DbimgError `PERMISSION_DENIED`
   */
  async start(): Promise<bigint> {
    const [newest] = await this.#documents('local', {
      find: 'oplog.rs',
      sort: { $natural: -1 },
      limit: 1,
    });
    if (!newest) throw new DbimgError('UNSUPPORTED', 'The oplog is empty.');
    const open = await this.#documents('config', {
      find: 'transactions',
      filter: { state: { $in: ['prepared', 'inProgress'] } },
    });
    let oldest = timeOfEntry(newest);
    for (const transaction of open) {
      const start = fieldOf(transaction, 'startOpTime');
      const time = start && timestampOf(fieldOf(start.value, 'ts'));
      if (time !== undefined && time < oldest) oldest = time;
    }
    return oldest;
  }

  async #documents(database: string, command: { readonly [name: string]: unknown }): Promise<Buffer[]> {
    const found: Buffer[] = [];
    for await (const document of this.#session.documents(database, command, OPLOG)) {
      found.push(Buffer.from(document));
    }
    return found;
  }

  async #lastWrite(): Promise<{ applied: bigint; committed: bigint }> {
    const { lastWrite } = await this.#session.query('admin', { hello: 1 }, { what: 'The server was lost' });
    const at = (time: { ts: Timestamp } | undefined): bigint => time?.ts.toBigInt() ?? 0n;
    return { applied: at(lastWrite?.opTime), committed: at(lastWrite?.majorityOpTime) };
  }
}
