/** What cannot be renamed into another database is made there when the restore is published; before that, on trial. */
import type { CatalogEntry } from '../../core/adapter.ts';
import type { EntryApplier } from './entries.ts';
import { errorNumber } from './errors.ts';

/** Kinds that are made in the final database, in this order. */
const FINAL = [
  'dangling foreign key',
  'function',
  'procedure',
  'package',
  'package body',
  'view',
  'trigger',
  'grant',
  'role grant',
  'default role',
  'event',
] as const;

/** Of these no trial is worth anything: they are about names outside of the database. */
const NO_TRIAL: ReadonlySet<string> = new Set([
  'dangling foreign key',
  'grant',
  'role grant',
  'default role',
  'event',
]);

/** Whatever is missing beside (a table, a database, a routine, a column) may be there in the end. */
const MISSING: ReadonlySet<number> = new Set([1049, 1146, 1305, 1356, 1054, 1109, 4031]);

export function isFinal(entry: CatalogEntry): boolean {
  return finalRank(entry) >= 0;
}

/** Order in which kinds are made; negative for those that grow beside. */
export function finalRank(entry: CatalogEntry): number {
  return (FINAL as readonly string[]).indexOf(entry.kind);
}

/** Makes it beside, to see that it can be made at all. */
export async function applyForTrial(
  applier: EntryApplier,
  entry: CatalogEntry,
  schema: string,
): Promise<void> {
  if (NO_TRIAL.has(entry.kind)) return;
  try {
    await applier.apply(entry, schema);
  } catch (error) {
    if (!MISSING.has(errorNumber(error) ?? 0)) throw error;
  }
}
