/** One random database, read and compared with what SQLite says. */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { assertReadAsSqliteDoes } from './compare.ts';
import { copyByInsert } from './insert-copy.ts';
import { makeRandomDatabase } from './random-database.ts';
import { type ReadDatabase, readDatabase } from './reading.ts';

export async function checkRandomDatabase(t: TestContext, path: string, seed: number): Promise<void> {
  t.diagnostic(JSON.stringify({ seed, ...makeRandomDatabase(path, seed) }));
  const read = await readDatabase(path);
  assert.deepEqual(read.snapshot.omissions, []);
  assertReadAsSqliteDoes(path, read);
  await assertSameRecordsAsCopy(path, read);
}

/** Rows that are older than a column, or of an old format, must have the records that a copy has. */
export async function assertSameRecordsAsCopy(path: string, read: ReadDatabase): Promise<void> {
  const names = copyByInsert(path, `${path}.copy`);
  const copy = await readDatabase(`${path}.copy`);
  for (const name of names)
    assert.deepEqual(copy.tables.get(name)?.digest, read.tables.get(name)?.digest, name);
}
