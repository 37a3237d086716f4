/** A database file, dumped and restored beside, judged by SQLite. */
import assert from 'node:assert/strict';
import { readFileSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { type DumpOptions, dump, MemoryStore, type RestoreOptions, restore } from '../../src/index.ts';
import { compareDatabases } from '../oracle/sqlite.ts';

export interface RoundTrip {
  readonly dump?: Partial<DumpOptions>;
  readonly restore?: Partial<RestoreOptions>;
  /** Leave the copy for the test to look at. */
  readonly keep?: boolean;
}

/** Fails unless the copy is equal, and proven so by digest. Returns the path of the copy. */
export async function assertRoundTrip(path: string, options: RoundTrip = {}): Promise<string> {
  const copy = `${path}.restored`;
  const store = new MemoryStore();
  const { omissions } = await dump({ source: `sqlite:${path}`, image: store, jobs: 2, ...options.dump });
  assert.deepEqual(omissions, []);
  await restore({
    image: store,
    target: `sqlite:${copy}`,
    create: true,
    jobs: 2,
    prove: true,
    ...options.restore,
  });
  assert.deepEqual(compareDatabases(path, copy), []);
  if (!options.keep) rmSync(copy);
  return copy;
}

/** The same with a physical image, page by page. Nobody may have the database open. */
export async function assertPhysicalRoundTrip(path: string): Promise<void> {
  const copy = await assertRoundTrip(path, { dump: { kind: 'physical' }, keep: true });
  assert.ok(readFileSync(path).equals(readFileSync(copy)), 'equal byte by byte');
  rmSync(copy);
}

/** Makes a database by statements. */
export function makeDatabase(path: string, sql: string): void {
  const database = new DatabaseSync(path);
  try {
    // Some change what SQLite protects, to be as other programs left them.
    database.enableDefensive(false);
    database.exec(sql);
  } finally {
    database.close();
  }
}
