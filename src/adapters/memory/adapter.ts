/** The reference adapter: databases in this process's memory, logical and physical. For tests of the engine. */
import { randomUUID } from 'node:crypto';
import type {
  Adapter,
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
import { databases } from './database.ts';
import { MemoryReadLane } from './reader.ts';
import { MemorySnapshot } from './snapshot.ts';
import { MemoryTarget } from './target.ts';
import { decoder } from './types.ts';
import { MemoryWriteLane } from './writer.ts';

const SCHEME = 'memory:';

export const adapter: Adapter = {
  name: 'memory',
  schemes: [SCHEME],
  module: import.meta.url,
  capabilities: { kinds: ['logical', 'physical'], synchronous: false, replace: true, changes: false },
  redact: (location) => location,
  connect: async (location, context) => new MemoryConnection(location.slice(SCHEME.length), context),
  joinLane: (invitation, context) => MemoryReadLane.join(invitation, context),
  joinWriteLane: (invitation, context) => MemoryWriteLane.join(invitation, context),
  decoder,
};

class MemoryConnection implements Database {
  readonly server: ServerInfo = { product: 'memory', version: '1', settings: {} };
  readonly #name: string;
  readonly #context: Context;
  readonly #session: string = `session ${randomUUID()}`;

  constructor(name: string, context: Context) {
    context.signal.throwIfAborted();
    this.#name = name;
    this.#context = context;
    databases.get(name)?.sessions.add(this.#session);
  }

  async snapshot(options: SnapshotOptions): Promise<Snapshot> {
    const database = databases.get(this.#name);
    if (database) return await MemorySnapshot.take(this.#name, database, options, this.#context);
    throw new DbimgError('DATABASE_UNKNOWN', `There is no memory database ${this.#name}.`, {
      hint: 'Memory databases live in the process that made them.',
    });
  }

  async target(options: TargetOptions): Promise<Target> {
    return new MemoryTarget(this.#name, options, this.#context);
  }

  async *examine(): AsyncGenerator<Finding> {
    yield databases.has(this.#name)
      ? { level: 'ok', what: `The memory database ${this.#name} is there.` }
      : { level: 'obstacle', code: 'DATABASE_UNKNOWN', what: `There is no memory database ${this.#name}.` };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    databases.get(this.#name)?.sessions.delete(this.#session);
  }
}
