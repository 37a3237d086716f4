/** A target that looks at the whole catalog first: what it says, and that nothing is made before. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CatalogEntry, Finding, Target } from '../../src/core/adapter.ts';
import { Review } from '../../src/core/engine/review.ts';
import { DbimgError } from '../../src/core/errors.ts';

const entries: CatalogEntry[] = Array.from({ length: 450 }, (_, index) => ({
  id: index + 1,
  kind: 'table',
  object: [`t${index}`],
  phase: index % 3 === 0 ? 'pre-data' : 'finish',
  body: null,
}));

function target(judge: (entry: CatalogEntry) => Finding | undefined, seen: number[] = []): Target {
  const review: Target['review'] = async (batch) => {
    seen.push(...batch.map(({ id }) => id));
    return batch.flatMap((entry) => judge(entry) ?? []);
  };
  return { review } as Target;
}

describe('Review', () => {
  it('shows every entry in order and keeps pre-data until then', async () => {
    const seen: number[] = [];
    await using review = new Review(
      target(() => undefined, seen),
      undefined,
    );
    for (const entry of entries) await review.add(entry);
    await review.end();
    review.assertFits();
    assert.deepEqual(
      seen,
      entries.map(({ id }) => id),
    );
    const preData = await Array.fromAsync(review.preData());
    assert.deepEqual(
      preData,
      entries.filter(({ phase }) => phase === 'pre-data'),
    );
  });

  it('tells all obstacles at once, with the code of the first', async () => {
    await using review = new Review(
      target(({ id }) =>
        id % 200 === 0
          ? { level: 'obstacle', what: `t${id} does not fit`, code: 'SERVER_UNSUPPORTED' }
          : { level: 'warning', what: 'odd' },
      ),
      undefined,
    );
    for (const entry of entries) await review.add(entry);
    await review.end();
    assert.throws(
      () => review.assertFits(),
      (error) =>
        error instanceof DbimgError &&
        error.code === 'SERVER_UNSUPPORTED' &&
        /2 respects:\n- t200 does not fit\n- t400 does not fit$/.test(error.message),
    );
  });
});
