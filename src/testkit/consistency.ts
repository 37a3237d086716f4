/** Whatever others write during a dump, the image is one moment. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { accounts, BALANCE, things } from './data.ts';
import { dumped, restored } from './jobs.ts';
import type { Subject } from './subject.ts';

const ACCOUNTS = 4000;
const ROUNDS = 3;

export function consistency(get: () => Promise<Subject>): void {
  describe('consistency', () => {
    it('never tears a transaction that moves between rows', () => transfers(get, 'process'));
    it('never tears one with lanes in workers', () => transfers(get, 'worker'));
  });
}

async function transfers(get: () => Promise<Subject>, lanes: 'process' | 'worker'): Promise<void> {
  const subject = await get();
  await using source = await subject.create();
  await subject.fill(source.location, [accounts(ACCOUNTS), things(500)]);
  const stop = new AbortController();
  let moved = 0;
  const writers = [1, 2, 3].map(async (writer) => {
    for (let i = writer; !stop.signal.aborted; i = (i * 7919 + writer) % ACCOUNTS) {
      await subject.transfer(source.location, 'accounts', i, ACCOUNTS - 1 - i, 3);
      moved += 1;
      await new Promise((resolve) => setImmediate(resolve));
    }
  });
  try {
    for (let round = 0; round < ROUNDS; round += 1) {
      const before = moved;
      const image = await dumped(subject.adapter, source.location, { lanes });
      assert.ok(moved > before, 'the writers wrote during the dump');
      await using copy = await subject.absent();
      await restored(subject.adapter, image.store, copy.location);
      const rows = (await subject.rows(copy.location, 'accounts')) ?? [];
      assert.equal(rows.length, ACCOUNTS);
      assert.equal(
        rows.reduce((sum, row) => sum + (row[1] as bigint), 0n),
        BALANCE * BigInt(ACCOUNTS),
      );
    }
  } finally {
    stop.abort();
    await Promise.all(writers);
  }
}
