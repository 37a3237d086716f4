/** The order of post-data: dependencies first, no two entries at once that lock each other out, largest first. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Schedule, type Scheduled } from '../../src/core/engine/schedule.ts';

function entry(id: number, more: Partial<Scheduled> = {}): Scheduled {
  return { id, size: 0, after: [], shared: [], exclusive: [], ...more };
}

function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

describe('Schedule', () => {
  it('gives the largest first, and equal ones in the order of their ids', () => {
    const schedule = new Schedule([entry(1, { size: 5 }), entry(2, { size: 9 }), entry(3, { size: 5 })]);
    assert.deepEqual(
      [schedule.take(), schedule.take(), schedule.take()].map((taken) => taken?.id),
      [2, 1, 3],
    );
    assert.equal(schedule.take(), undefined);
  });

  it('lets entries that share a lock run together, and an exclusive one alone', () => {
    const schedule = new Schedule([
      entry(1, { size: 3, shared: [7] }),
      entry(2, { size: 2, shared: [7] }),
      entry(3, { size: 1, exclusive: [7] }),
    ]);
    const first = schedule.take() as Scheduled;
    const second = schedule.take() as Scheduled;
    assert.equal(schedule.take(), undefined);
    schedule.done(first);
    assert.equal(schedule.take(), undefined);
    schedule.done(second);
    assert.equal(schedule.take()?.id, 3);
  });

  it('takes dependencies that are not in the list as met', () => {
    assert.equal(new Schedule([entry(5, { after: [1] })]).take()?.id, 5);
  });

  it('runs everything once, whatever the dependencies and locks', () => {
    const seed = Number(process.env.DBIMG_TEST_SEED ?? Date.now() % 2 ** 31);
    console.log(`seed ${seed}`);
    const next = random(seed);
    const below = (n: number): number => Math.floor(next() * n);
    for (let round = 0; round < 200; round += 1) {
      const entries = Array.from({ length: 1 + below(60) }, (_, i) =>
        entry(i + 1, {
          size: below(4),
          after: Array.from({ length: i === 0 ? 0 : below(3) }, () => 1 + below(i)),
          shared: Array.from({ length: below(3) }, () => 100 + below(5)),
          exclusive: below(3) === 0 ? [200 + below(3)] : [],
        }),
      );
      runAll(entries, 1 + below(5), below);
    }
  });
});

function runAll(entries: readonly Scheduled[], lanes: number, below: (n: number) => number): void {
  const schedule = new Schedule(entries);
  const running: Scheduled[] = [];
  const done = new Set<number>();
  while (!schedule.finished) {
    const taken = running.length < lanes ? schedule.take() : undefined;
    if (taken) {
      for (const id of taken.after) assert.ok(done.has(id), `${taken.id} needs ${id}`);
      for (const other of running) {
        assert.ok(!taken.exclusive.some((id) => other.exclusive.includes(id) || other.shared.includes(id)));
      }
      running.push(taken);
      continue;
    }
    assert.ok(running.length > 0, 'nothing runs and nothing can');
    const [ended] = running.splice(below(running.length), 1);
    if (!ended) continue;
    assert.ok(!done.has(ended.id));
    done.add(ended.id);
    schedule.done(ended);
  }
  assert.equal(done.size, entries.length);
}
