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
import { type Endpoint, endpointsOf } from './location.ts';
import { Session } from './session.ts';
import { openMaintenance } from './situation.ts';
import { PostgresSnapshot } from './snapshot.ts';
import { PostgresTarget } from './target.ts';

/**
 * Finds the first of the hosts that answers. A database that does not exist is no failure yet: a restore may make it.
 *
 * @throws DbimgError `CONNECT_FAILED`, `LOGIN_FAILED`, `SERVER_UNSUPPORTED`.
 */
export async function connect(location: string, context: Context): Promise<PostgresDatabase> {
  const endpoints = await endpointsOf(location, process.env);
  for (const [index, endpoint] of endpoints.entries()) {
    try {
      return await reach(endpoint, context);
    } catch (error) {
      const unreachable = error instanceof DbimgError && error.code === 'CONNECT_FAILED';
      if (!unreachable || index === endpoints.length - 1) throw error;
    }
  }
  throw new DbimgError('USAGE', 'The URL names no host.');
}

async function reach(endpoint: Endpoint, context: Context): Promise<PostgresDatabase> {
  try {
    await using session = await Session.open(endpoint, context);
    return new PostgresDatabase(session.endpoint, await readFacts(session), undefined, context);
  } catch (error) {
    if (!(error instanceof DbimgError) || error.code !== 'DATABASE_UNKNOWN') throw error;
    await using session = await openMaintenance(endpoint, context).catch(() => {
      throw error;
    });
    const reached = { ...session.endpoint, database: endpoint.database };
    return new PostgresDatabase(reached, await readFacts(session), error, context);
  }
}

export class PostgresDatabase implements Database {
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
    return await PostgresSnapshot.take(this.#endpoint, this.#facts, options, this.#context);
  }

  async target(options: TargetOptions): Promise<Target> {
    return await PostgresTarget.open(this.#endpoint, options, this.#context);
  }

  async *examine(): AsyncGenerator<Finding> {
    if (this.#missing) {
      yield {
        level: 'obstacle',
        code: 'DATABASE_UNKNOWN',
        what: `There is no database ${this.#endpoint.database}.`,
      };
      return;
    }
    yield* examine(this.#endpoint, this.#facts, this.#context);
  }

  /** Sessions belong to snapshots and targets. */
  async [Symbol.asyncDispose](): Promise<void> {}
}
