import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { blockRanges, keyRanges, type Range, rangeCondition } from '../../src/adapters/postgres/ranges.ts';

const MIB = 1024 * 1024;

function assertCovers<T>(ranges: readonly Range<T>[]): void {
  assert.equal(ranges[0]?.from, undefined);
  assert.equal(ranges.at(-1)?.to, undefined);
  for (const [index, range] of ranges.slice(1).entries()) assert.equal(range.from, ranges[index]?.to);
  const shares = ranges.reduce((sum, range) => sum + range.share, 0);
  assert.ok(Math.abs(shares - 1) < 1e-9, String(shares));
}

describe('ranges of blocks', () => {
  it('are one for a small table', () => {
    for (const blocks of [0, 1, 8192]) assert.equal(blockRanges(blocks, blocks * 8192).length, 1);
  });

  it('cover a large one, at multiples of 64 MiB', () => {
    const ranges = blockRanges(20_000, 20_000 * 8192);
    assertCovers(ranges);
    assert.deepEqual(
      ranges.map(({ to }) => to),
      [8192, 16_384, undefined],
    );
  });

  it('stay where they are while the table grows', () => {
    const ends = (blocks: number): (number | undefined)[] =>
      blockRanges(blocks, blocks * 8192).map(({ to }) => to);
    assert.deepEqual(ends(100_000).slice(0, 5), ends(50_000).slice(0, 5));
  });

  it('are smaller where the rows are in TOAST', () => {
    const ranges = blockRanges(2000, 2000 * MIB);
    assertCovers(ranges);
    assert.ok(ranges.length >= 16, String(ranges.length));
  });
});

describe('ranges of a key', () => {
  it('cover every integer, also negative ones, at multiples of a power of two', () => {
    for (const [low, high] of [
      [-1000n, 1000n],
      [5n, 5n],
      [-(2n ** 63n), 2n ** 63n - 1n],
    ] as const) {
      const ranges = keyRanges(low, high, 300 * MIB);
      assertCovers(ranges);
      assert.ok(ranges.length <= 7, String(ranges.length));
    }
    assert.deepEqual(
      keyRanges(-5n, 1020n, 128 * MIB).map(({ to }) => to),
      [0n, undefined],
    );
  });
});

describe('the condition of a range', () => {
  it('is open where the range is', () => {
    const sql = (range: Range<number>): string | undefined => rangeCondition(range, 'x', String);
    assert.equal(sql({ share: 1 }), undefined);
    assert.equal(sql({ from: 1, share: 1 }), 'x >= 1');
    assert.equal(sql({ from: 1, to: 2, share: 1 }), 'x >= 1 AND x < 2');
  });
});
