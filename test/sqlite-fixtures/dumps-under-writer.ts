/** Dumps of a database that another process writes to without a pause. */
import assert from 'node:assert/strict';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import type { TestContext } from 'node:test';
import { adapter } from '../../src/adapters/sqlite/adapter.ts';
import { decodeFileRecords } from '../../src/core/records/file.ts';
import { context, readBytes, readDatabase } from './reading.ts';
import { EXPECTED, makeAccounts, startWriter, sumOf } from './writers.ts';

/** Every logical and every physical snapshot must be one committed state. */
export async function dumpUnderWriter(
  t: TestContext,
  path: string,
  journal: string,
  dumps: number,
  seed: number,
): Promise<void> {
  t.diagnostic(`seed ${seed}`);
  makeAccounts(path, journal);
  const writer = await startWriter(path, seed);
  const positions = new Set<string>();
  try {
    for (let dump = 0; dump < dumps; dump += 1) {
      const logical = await readDatabase(path);
      assert.deepEqual(sumOf(logical.tables.get('accounts')?.rows ?? []), EXPECTED, `dump ${dump}`);
      positions.add(JSON.stringify(logical.snapshot.position.value));
      await assertSoundCopy(path, `${path}.copy`, `dump ${dump}`);
    }
  } finally {
    t.diagnostic(`${await writer.stop()} transactions`);
  }
  // The writer was not kept from writing between the dumps.
  assert.ok(positions.size > 1, `${positions.size} positions`);
  assert.equal(existsSync(`${path}-journal`), false);
}

/** The pages make a database that SQLite finds nothing wrong with, also in its indexes and free pages. */
async function assertSoundCopy(path: string, copy: string, what: string): Promise<void> {
  await using database = await adapter.connect(`sqlite:${path}`, context());
  const pages: Uint8Array[] = [];
  {
    await using snapshot = await database.snapshot({ kind: 'physical', lanes: 1 });
    for await (const part of snapshot.parts()) {
      const { bytes } = await readBytes(snapshot, part);
      for (const piece of decodeFileRecords(bytes)) pages[piece.offset / 65536] = piece.bytes;
    }
  }
  for (const leftover of ['', '-wal', '-shm']) rmSync(`${copy}${leftover}`, { force: true });
  writeFileSync(copy, Buffer.concat(pages));
  const copied = new DatabaseSync(copy);
  try {
    assert.deepEqual({ ...copied.prepare('PRAGMA integrity_check').get() }, { integrity_check: 'ok' }, what);
    const { sum } = copied.prepare('SELECT sum(balance) AS sum FROM accounts').get() as { sum: number };
    assert.equal(BigInt(sum), EXPECTED.sum, what);
  } finally {
    copied.close();
  }
}
