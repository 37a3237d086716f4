/** Connecting: the deployment that answers, and what can be done with it. */
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
import { type Facts, readFacts } from './facts.ts';
import { type Endpoint, endpointOf } from './location.ts';
import { Session } from './session.ts';
import { MongoSnapshot } from './snapshot.ts';
import { MongoTarget } from './target.ts';

/**
 * Finds the servers and logs in. A database that does not exist is no failure yet: a restore may make it.
 *
 * @throws DbimgError `CONNECT_FAILED`, `LOGIN_FAILED`, `SERVER_UNSUPPORTED`, `USAGE`.
 */
export async function connect(location: string, context: Context): Promise<MongoDatabase> {
  const endpoint = endpointOf(location, process.env);
  await using session = await Session.open(endpoint, context);
  return new MongoDatabase(endpoint, await readFacts(session, endpoint), context);
}

export class MongoDatabase implements Database {
  readonly server: ServerInfo;
  readonly #endpoint: Endpoint;
  readonly #facts: Facts;
  readonly #context: Context;

  constructor(endpoint: Endpoint, facts: Facts, context: Context) {
    this.server = facts.info;
    this.#endpoint = endpoint;
    this.#facts = facts;
    this.#context = context;
  }

  async snapshot(options: SnapshotOptions): Promise<Snapshot> {
    if (options.kind !== 'logical') {
      throw new DbimgError('UNSUPPORTED', `This dbimg makes no ${options.kind} images of MongoDB.`);
    }
    return await MongoSnapshot.take(this.#endpoint, this.#facts, options, this.#context);
  }

  async target(options: TargetOptions): Promise<Target> {
    return await MongoTarget.open(this.#endpoint, this.#facts, options, this.#context);
  }

  examine(): AsyncIterable<Finding> {
    return examine(this.#endpoint, this.#facts, this.#context);
  }

  /** Sessions belong to snapshots and targets. */
  async [Symbol.asyncDispose](): Promise<void> {}
}
