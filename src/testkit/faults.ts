/** A job that fails or is stopped, at whatever step, leaves nothing that could be taken for a whole. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DbimgError, MemoryStore, verify } from '../index.ts';
import { accounts, things } from './data.ts';
import { dumped, rejects, restored } from './jobs.ts';
import type { Subject } from './subject.ts';
import { tapped } from './tap.ts';

type Way = 'error' | 'abort';

export function faults(get: () => Promise<Subject>): void {
  describe('faults', () => {
    for (const way of ['error', 'abort'] as const) {
      it(`a dump that ends by ${way} at any step leaves no image and no trace`, () => dumps(get, way));
      it(`a restore that ends by ${way} at any step leaves no database and no trace`, () =>
        restores(get, way));
      it(`a replacement that ends by ${way} at any step keeps the old data`, () => replacements(get, way));
    }
  });
}

/** Runs `job` once to count its steps, then again for each step, ended there. */
async function atEveryStep(
  subject: Subject,
  way: Way,
  job: (adapter: Subject['adapter'], signal: AbortSignal) => Promise<unknown>,
  afterwards: (step: string) => Promise<void>,
): Promise<void> {
  const steps: string[] = [];
  await job(
    tapped(subject.adapter, (what) => void steps.push(what)),
    new AbortController().signal,
  );
  for (let fatal = 0; fatal < steps.length; fatal += subject.faultStride) {
    const controller = new AbortController();
    let step = 0;
    let reached: string | undefined;
    const adapter = tapped(subject.adapter, (what) => {
      if (step++ !== fatal) return;
      reached = what;
      if (way === 'error') throw new DbimgError('SERVER_ERROR', `ended at ${what}`);
      controller.abort();
    });
    const last = `step ${fatal} of ${steps.length}, ${steps[fatal]}`;
    const outcome = await job(adapter, controller.signal).then(
      () => 'success' as const,
      (error: unknown) => error,
    );
    if (reached === undefined) continue;
    // Once the new state has begun to become visible, an abort comes too late and the job ends well.
    if (outcome === 'success' && way === 'abort' && reached === 'target.publish') continue;
    assert.ok(
      outcome instanceof DbimgError,
      `${last}: ${outcome instanceof Error ? outcome.stack : outcome}`,
    );
    assert.ok(
      ['SERVER_ERROR', 'CANCELLED'].includes(outcome.code),
      `${last}: ${outcome.code} ${outcome.message}`,
    );
    await afterwards(last);
  }
}

async function dumps(get: () => Promise<Subject>, way: Way): Promise<void> {
  const subject = await get();
  await using source = await subject.create();
  await subject.fill(source.location, [things(2500), accounts(10)]);
  let store = new MemoryStore();
  await atEveryStep(
    subject,
    way,
    async (adapter, signal) => {
      store = new MemoryStore();
      return await dumped(adapter, source.location, { image: store, signal });
    },
    async (step) => {
      await rejects(verify({ image: store }), 'STORE_NOT_FOUND');
      assert.deepEqual(await subject.traces(source.location), [], step);
    },
  );
  await subject.transfer(source.location, 'accounts', 1, 2, 1);
}

async function restores(get: () => Promise<Subject>, way: Way): Promise<void> {
  const subject = await get();
  await using source = await subject.create();
  await subject.fill(source.location, [things(2500), accounts(10)]);
  const { store } = await dumped(subject.adapter, source.location);
  await using target = await subject.absent();
  let first = true;
  await atEveryStep(
    subject,
    way,
    async (adapter, signal) => {
      // The first run counts the steps and succeeds: elsewhere, so that the target stays absent.
      await using elsewhere = first ? await subject.absent() : undefined;
      first = false;
      return await restored(adapter, store, elsewhere?.location ?? target.location, { signal });
    },
    async (step) => {
      assert.equal(await subject.rows(target.location, 'accounts'), undefined, step);
      assert.deepEqual(await subject.traces(target.location), [], step);
    },
  );
}

async function replacements(get: () => Promise<Subject>, way: Way): Promise<void> {
  const subject = await get();
  if (!subject.adapter.capabilities.replace) return;
  await using source = await subject.create();
  await subject.fill(source.location, [things(200)]);
  const { store } = await dumped(subject.adapter, source.location);
  await using target = await subject.create();
  await subject.fill(target.location, [accounts(10)]);
  let first = true;
  await atEveryStep(
    subject,
    way,
    async (adapter, signal) => {
      await using elsewhere = first ? await subject.create() : undefined;
      first = false;
      return await restored(adapter, store, elsewhere?.location ?? target.location, {
        replace: true,
        signal,
      });
    },
    async (step) => {
      assert.equal((await subject.rows(target.location, 'accounts'))?.length, 10, step);
      assert.equal(await subject.rows(target.location, 'things'), undefined, step);
      assert.deepEqual(await subject.traces(target.location), [], step);
    },
  );
}
