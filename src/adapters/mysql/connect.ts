/** Connecting: the server that answers, and what can be done with it. */
import type {
  Context,
  Database,
  Finding,
  ServerInfo,
  Snapshot,
  SnapshotOptions,
  Target,
  TargetOptions,
} from '../../core/adapter.ts';
import { DbimgError } from '../../core/errors.ts';
import { examine } from './examine.ts';
import { readFacts, type ServerFacts } from './facts.ts';
import { type Endpoint, endpointOf } from './location.ts';
import { Session } from './session.ts';
import { MysqlSnapshot } from './snapshot.ts';
import { MysqlTarget } from './target.ts';

/**
 * Reaches the server. A database that does not exist is no failure yet: a restore may make it.
 *
 * @throws DbimgError `CONNECT_FAILED`, `LOGIN_FAILED`, `SERVER_UNSUPPORTED`.
 */
export async function connect(location: string, context: Context): Promise<MysqlDatabase> {
  const endpoint = await endpointOf(location, process.env);
  try {
    await using session = await Session.open(endpoint, context);
    return new MysqlDatabase(endpoint, await readFacts(session), undefined, context);
  } catch (error) {
    if (!(error instanceof DbimgError) || error.code !== 'DATABASE_UNKNOWN') throw error;
    await using session = await Session.open(withoutDatabase(endpoint), context);
    return new MysqlDatabase(endpoint, await readFacts(session), error, context);
  }
}

/** The same server, no database chosen. */
export function withoutDatabase(endpoint: Endpoint): Endpoint {
  const { database: _, ...rest } = endpoint;
  return rest;
}

export class MysqlDatabase implements Database {
  readonly server: ServerInfo;
  readonly #endpoint: Endpoint;
  readonly #facts: ServerFacts;
  /** Why there is no such database. */
  readonly #missing: DbimgError | undefined;
  readonly #context: Context;

  constructor(endpoint: Endpoint, facts: ServerFacts, missing: DbimgError | undefined, context: Context) {
    this.server = facts.info;
    this.#endpoint = endpoint;
    this.#facts = facts;
    this.#missing = missing;
    this.#context = context;
  }

  async snapshot(options: SnapshotOptions): Promise<Snapshot> {
    if (this.#missing) throw this.#missing;
    return await MysqlSnapshot.take(this.#endpoint, this.#facts, options, this.#context);
  }

  async target(options: TargetOptions): Promise<Target> {
    return await MysqlTarget.open(this.#endpoint, this.#facts, options, this.#context);
  }

  async *examine(): AsyncGenerator<Finding> {
    if (this.#missing) {
      const what = `There is no database ${this.#endpoint.database ?? ''}.`;
      yield { level: 'obstacle', code: 'DATABASE_UNKNOWN', what };
      return;
    }
    yield* examine(this.#endpoint, this.#facts, this.#context);
  }

  /** Sessions belong to snapshots and targets. */
  async [Symbol.asyncDispose](): Promise<void> {}
}
