/** The "server" of the memory adapter: databases that live in this process under a name. */
import { setTimeout as sleep } from 'node:timers/promises';
import { DbimgError } from '../../core/errors.ts';

export type Cell = string | number | boolean | null;

export interface Table {
  readonly columns: readonly string[];
  /** Each row is the JSON array of its cells, as UTF-8. */
  readonly rows: Uint8Array[];
}

/** Everything that one database holds. */
export interface State {
  readonly tables: Map<string, Table>;
  /** Named selections over tables: they depend on other objects. */
  readonly views: Map<string, { readonly over: readonly string[] }>;
  /** Columns by which a table is indexed; unique ones are checked when they are built. */
  readonly indexes: Map<
    string,
    { readonly table: string; readonly column: number; readonly unique: boolean }
  >;
  readonly counters: Map<string, number>;
  readonly files: Map<string, Uint8Array>;
}

export function emptyState(): State {
  return { tables: new Map(), views: new Map(), indexes: new Map(), counters: new Map(), files: new Map() };
}

export class MemoryDatabase {
  state: State = emptyState();
  /** Rises with every change: the position. */
  clock = 0;
  /** Sessions and locks that somebody holds; empty when nobody is connected. */
  readonly sessions: Set<string> = new Set();
  #locked: string | undefined;
  /** Rows as they were added by `insert`: a log. */
  readonly log: { readonly clock: number; readonly table: string; readonly row: Uint8Array }[] = [];

  /** Changes state in one step. Waits while somebody holds the lock. */
  async change(edit: (state: State) => void): Promise<void> {
    while (this.#locked !== undefined) await sleep(1);
    edit(this.state);
    this.clock += 1;
  }

  /** Adds a row, and says so in the log. */
  async insert(table: string, row: Uint8Array): Promise<void> {
    await this.change((state) => state.tables.get(table)?.rows.push(row));
    this.log.push({ clock: this.clock, table, row });
  }

  /** Keeps writers out until `unlock`. */
  async lock(holder: string, timeout: number, signal: AbortSignal): Promise<void> {
    const deadline = performance.now() + timeout;
    while (this.#locked !== undefined) {
      signal.throwIfAborted();
      if (performance.now() >= deadline) {
        throw new DbimgError('LOCK_TIMEOUT', `The database is locked by ${this.#locked}.`, {
          hint: 'Wait for it to end, or give a longer --lock-timeout.',
        });
      }
      await sleep(1);
    }
    this.#locked = holder;
    this.sessions.add(`lock ${holder}`);
  }

  unlock(holder: string): void {
    if (this.#locked !== holder) return;
    this.#locked = undefined;
    this.sessions.delete(`lock ${holder}`);
  }
}

/** All databases of this process. A name that begins with `.` is a restore that is not published yet. */
export const databases: Map<string, MemoryDatabase> = new Map();

export function isEmpty(state: State): boolean {
  return state.tables.size + state.views.size + state.counters.size + state.files.size === 0;
}
