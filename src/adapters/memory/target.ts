/** Restoring into memory: a hidden database beside, and one assignment that makes it visible. */
import { randomUUID } from 'node:crypto';
import type {
  CatalogEntry,
  ChangeSource,
  Check,
  Context,
  Finding,
  ImageSummary,
  Invitation,
  Plan,
  Position,
  Snapshot,
  Target,
  TargetOptions,
  Until,
} from '../../core/adapter.ts';
import { DbimgError } from '../../core/errors.ts';
import { applyEntry } from './catalog.ts';
import { databases, isEmpty, MemoryDatabase } from './database.ts';
import { replay } from './log.ts';
import { MemorySnapshot } from './snapshot.ts';
import { listen } from './wire.ts';

export class MemoryTarget implements Target {
  readonly invitation: Invitation;
  readonly #name: string;
  readonly #staging: string = `.dbimg-${randomUUID()}`;
  readonly #options: TargetOptions;
  readonly #context: Context;
  #image: ImageSummary | undefined;

  constructor(name: string, options: TargetOptions, context: Context) {
    this.#name = name;
    this.#options = options;
    this.#context = context;
    this.invitation = { database: this.#staging };
    listen();
  }

  async plan(image: ImageSummary): Promise<Plan> {
    const obstacle = this.#obstacle();
    const steps = [`load the ${image.kind} image beside ${this.#name}`, `make it visible as ${this.#name}`];
    const obstacles: Finding[] = obstacle
      ? [
          {
            level: 'obstacle',
            what: obstacle.message,
            ...(obstacle.hint ? { hint: obstacle.hint } : {}),
            code: obstacle.code,
          },
        ]
      : [];
    return { steps, obstacles };
  }

  async prepare(image: ImageSummary): Promise<void> {
    const obstacle = this.#obstacle();
    if (obstacle) throw obstacle;
    this.#image = image;
    databases.set(this.#staging, new MemoryDatabase());
  }

  async apply(entries: readonly CatalogEntry[]): Promise<void> {
    this.#context.signal.throwIfAborted();
    await this.#database().change((state) => {
      for (const entry of entries) applyEntry(state, entry);
    });
  }

  async replay(changes: ChangeSource, until: Until): Promise<Position> {
    if (until.type !== 'position')
      throw new DbimgError('UNSUPPORTED', 'A memory log is replayed to a position.');
    await replay(this.#database(), changes, until.position.value as number);
    return until.position;
  }

  async check(): Promise<readonly Check[]> {
    const { state } = this.#database();
    const dangling = [...state.views].find(
      ([, view]) => !view.over.every((table) => state.tables.has(table)),
    );
    return [
      {
        name: 'views find their tables',
        passed: dangling === undefined,
        ...(dangling ? { detail: dangling[0] } : {}),
      },
    ];
  }

  async reread(): Promise<Snapshot> {
    const kind = this.#image?.kind ?? 'logical';
    return await MemorySnapshot.take(this.#staging, this.#database(), { kind, lanes: 1 }, this.#context);
  }

  async publish(): Promise<void> {
    const database = this.#database();
    databases.set(this.#name, database);
    databases.delete(this.#staging);
  }

  async abandon(): Promise<void> {
    databases.delete(this.#staging);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    databases.delete(this.#staging);
  }

  #database(): MemoryDatabase {
    const database = databases.get(this.#staging);
    if (!database) throw new DbimgError('BUG', 'A memory target was used before prepare or after its end.');
    return database;
  }

  #obstacle(): DbimgError | undefined {
    const there = databases.get(this.#name);
    if (!there) {
      if (this.#options.create) return undefined;
      return new DbimgError('DATABASE_UNKNOWN', `There is no memory database ${this.#name}.`, {
        hint: 'Add --create.',
      });
    }
    if (this.#options.replace || isEmpty(there.state)) return undefined;
    return new DbimgError('TARGET_NOT_EMPTY', `The memory database ${this.#name} is not empty.`, {
      hint: 'Add --replace, or name another database.',
    });
  }
}
