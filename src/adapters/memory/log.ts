/** The log of a memory database: rows that were added, as JSON lines. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ChangeBatch, ChangeFeed, ChangeSource, Position } from '../../core/adapter.ts';
import type { MemoryDatabase } from './database.ts';

const PAUSE = 1;

export function positionOf(database: MemoryDatabase): Position {
  return { type: 'memory', value: database.clock, time: new Date().toISOString(), exact: true };
}

export class MemoryLog implements ChangeFeed {
  readonly encoding: string = 'memory.log';
  readonly from: Position;
  readonly #database: MemoryDatabase;
  readonly #signal: AbortSignal;
  #end: number | undefined;

  constructor(database: MemoryDatabase, from: Position, signal: AbortSignal) {
    this.#signal = signal;
    this.#database = database;
    this.from = from;
  }

  async *batches(): AsyncGenerator<ChangeBatch> {
    let from = this.from;
    for (let at = 0; ; at += 1) {
      while (at >= this.#database.log.length) {
        if (this.#end !== undefined) return;
        await sleep(PAUSE, undefined, { signal: this.#signal });
      }
      const change = this.#database.log[at];
      if (!change || change.clock <= (from.value as number)) continue;
      if (this.#end !== undefined && change.clock > this.#end) return;
      const to = { ...from, value: change.clock };
      const { clock, table, row } = change;
      const line = JSON.stringify({ clock, table, row: Buffer.from(row).toString('base64') });
      yield { from, to, records: 1, bytes: Buffer.from(`${line}\n`) };
      from = to;
    }
  }

  acknowledge(): void {}

  stop(at: Position): void {
    this.#end = at.value as number;
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

/** Adds the rows of a log that were added until `clock`. */
export async function replay(database: MemoryDatabase, changes: ChangeSource, clock: number): Promise<void> {
  for await (const { bytes } of changes.batches()) {
    for (const line of Buffer.from(bytes).toString().trimEnd().split('\n')) {
      const change = JSON.parse(line) as { clock: number; table: string; row: string };
      if (change.clock > clock) return;
      await database.change((state) =>
        state.tables.get(change.table)?.rows.push(Buffer.from(change.row, 'base64')),
      );
    }
  }
}
