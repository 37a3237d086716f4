/** The objects of a memory database as catalog entries, and entries as objects. */
import type { CatalogEntry, ObjectName } from '../../core/adapter.ts';
import { DbimgError } from '../../core/errors.ts';
import type { State } from './database.ts';
import { decodeRow } from './types.ts';

/** Entries in order: tables, views over them, indexes, counters. */
export function* catalogOf(
  database: string,
  state: State,
  wants: (object: ObjectName) => boolean,
): Generator<CatalogEntry> {
  const ids = new Map<string, number>();
  let id = 0;
  for (const [name, table] of state.tables) {
    const object = [database, name];
    if (!wants(object)) continue;
    ids.set(name, ++id);
    yield { id, kind: 'table', object, of: object, phase: 'pre-data', body: { columns: table.columns } };
  }
  for (const [name, view] of state.views) {
    const after = view.over.map((table) => ids.get(table));
    if (!after.every((needed) => needed !== undefined)) continue;
    yield {
      id: ++id,
      kind: 'view',
      object: [database, name],
      phase: 'pre-data',
      after,
      body: { over: view.over },
    };
  }
  for (const [name, index] of state.indexes) {
    const table = ids.get(index.table);
    if (table === undefined) continue;
    yield {
      id: ++id,
      kind: 'index',
      object: [database, name],
      of: [database, index.table],
      phase: 'post-data',
      after: [table],
      locks: index.unique ? { exclusive: [table] } : { shared: [table] },
      size: state.tables.get(index.table)?.rows.length ?? 0,
      body: { table: index.table, column: index.column, unique: index.unique },
    };
  }
  for (const [name, value] of state.counters) {
    yield { id: ++id, kind: 'counter', object: [database, name], phase: 'finish', body: { value } };
  }
}

/** Makes the object of an entry. */
export function applyEntry(state: State, entry: CatalogEntry): void {
  const name = entry.object.at(-1) as string;
  const body = entry.body as Record<string, never>;
  switch (entry.kind) {
    case 'table':
      state.tables.set(name, { columns: body.columns as unknown as string[], rows: [] });
      return;
    case 'view':
      state.views.set(name, { over: body.over as unknown as string[] });
      return;
    case 'index':
      buildIndex(state, entry, body);
      return;
    case 'counter':
      state.counters.set(name, body.value as unknown as number);
      return;
    default:
      throw new DbimgError('UNSUPPORTED', `The memory adapter has no objects of kind ${entry.kind}.`, {
        object: entry.object,
      });
  }
}

function buildIndex(state: State, entry: CatalogEntry, body: Record<string, never>): void {
  const index = body as unknown as { table: string; column: number; unique: boolean };
  const rows = state.tables.get(index.table)?.rows ?? [];
  if (index.unique) {
    const keys = new Set(rows.map((row) => JSON.stringify(decodeRow(row)[index.column])));
    if (keys.size < rows.length) {
      throw new DbimgError('SERVER_ERROR', 'The unique index cannot be built: keys occur twice.', {
        object: entry.object,
      });
    }
  }
  state.indexes.set(entry.object.at(-1) as string, { ...index });
}
