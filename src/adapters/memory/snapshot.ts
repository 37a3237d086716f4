/** A frozen copy of a memory database's state, read by lanes under its id. */
import { randomUUID } from 'node:crypto';
import type {
  CatalogEntry,
  ChangeFeed,
  Context,
  Finish,
  ImageKind,
  Invitation,
  Omission,
  Part,
  Position,
  Snapshot,
  SnapshotOptions,
  StreamOpen,
} from '../../core/adapter.ts';
import { catalogOf } from './catalog.ts';
import type { MemoryDatabase, State } from './database.ts';
import { MemoryLog, positionOf } from './log.ts';
import { FILE, ROW } from './types.ts';
import { listen, serve } from './wire.ts';

/** Rows of a table that are one part. Small, so that tests meet tables of many parts. */
const PART_ROWS = 1000;
/** Bytes of a file that are one part. */
const PART_BYTES = 1024 * 1024;

/** What `allow` must name for a snapshot whose moment is that of its end, by a log. */
const FUZZY = 'fuzzy';

const snapshots = new Map<string, State>();

serve('rows', (id: string, table: string, from: number, to: number) => {
  return snapshots.get(id)?.tables.get(table)?.rows.slice(from, to);
});
serve('bytes', (id: string, path: string, from: number, to: number) => {
  return snapshots.get(id)?.files.get(path)?.slice(from, to);
});

export class MemorySnapshot implements Snapshot {
  readonly kind: ImageKind;
  readonly position: Position;
  readonly invitation: Invitation;
  readonly log?: ChangeFeed;
  readonly #id: string = randomUUID();
  readonly #name: string;
  readonly #state: State;
  readonly #selects: SnapshotOptions['selects'];
  readonly #database: MemoryDatabase;

  private constructor(name: string, database: MemoryDatabase, options: SnapshotOptions, signal: AbortSignal) {
    this.kind = options.kind;
    this.#name = name;
    this.#selects = options.selects;
    this.#state = frozen(database.state);
    this.position = positionOf(database);
    this.invitation = { snapshot: this.#id, database: name };
    snapshots.set(this.#id, this.#state);
    this.#database = database;
    if (options.allow?.includes(FUZZY)) this.log = new MemoryLog(database, this.position, signal);
    listen();
  }

  /** Copies the state under the lock, which is not held any longer. */
  static async take(
    name: string,
    database: MemoryDatabase,
    options: SnapshotOptions,
    context: Context,
  ): Promise<MemorySnapshot> {
    const holder = randomUUID();
    await database.lock(holder, context.lockTimeout, context.signal);
    try {
      return new MemorySnapshot(name, database, options, context.signal);
    } finally {
      database.unlock(holder);
    }
  }

  async *catalog(): AsyncGenerator<CatalogEntry> {
    if (this.kind === 'logical') yield* catalogOf(this.#name, this.#state, (object) => this.#wants(object));
  }

  omissions(): readonly Omission[] {
    return [];
  }

  async *parts(): AsyncGenerator<Part> {
    if (this.kind === 'physical') {
      for (const path of this.#state.files.keys()) yield* this.#fileParts(path);
      return;
    }
    for (const table of this.#state.tables.keys()) {
      if (this.#wants([this.#name, table])) yield* this.#tableParts(table);
    }
  }

  async *partsOf(open: StreamOpen): AsyncGenerator<Part> {
    const name = open.object.at(-1) as string;
    if (open.encoding === FILE) yield* this.#fileParts(name);
    else yield* this.#tableParts(name);
  }

  async finish(): Promise<Finish> {
    return { position: this.log ? positionOf(this.#database) : this.position };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    snapshots.delete(this.#id);
  }

  #wants(object: readonly string[]): boolean {
    return this.#selects?.(object) ?? true;
  }

  *#tableParts(name: string): Generator<Part> {
    const table = this.#state.tables.get(name);
    if (!table) return;
    const columns = table.columns.map((column) => ({ name: column, type: 'json' }));
    for (let part = 0, from = 0; part === 0 || from < table.rows.length; part += 1, from += PART_ROWS) {
      const to = Math.min(from + PART_ROWS, table.rows.length);
      yield {
        open: { object: [this.#name, name], part, encoding: ROW, columns },
        estimate: { bytes: (to - from) * 20, records: to - from },
        scope: { table: name, from, to },
      };
    }
  }

  *#fileParts(path: string): Generator<Part> {
    const size = this.#state.files.get(path)?.length;
    if (size === undefined) return;
    for (let part = 0, from = 0; part === 0 || from < size; part += 1, from += PART_BYTES) {
      const to = Math.min(from + PART_BYTES, size);
      yield {
        open: { object: [this.#name, path], part, encoding: FILE },
        estimate: { bytes: to - from, records: 1 },
        scope: { path, from, to },
      };
    }
  }
}

/** Rows are replaced, never changed in place, so copying the lists is enough. */
function frozen(state: State): State {
  return {
    tables: new Map([...state.tables].map(([name, table]) => [name, { ...table, rows: [...table.rows] }])),
    views: new Map(state.views),
    indexes: new Map(state.indexes),
    counters: new Map(state.counters),
    files: new Map(state.files),
  };
}
