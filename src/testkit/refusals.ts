/** What an adapter must not do, and what it must say instead. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pipe } from '../core/store/pipe.ts';
import { DbimgError, MemoryStore, restore, verify } from '../index.ts';
import { accounts, things } from './data.ts';
import { dumped, only, rejects, restored } from './jobs.ts';
import type { Subject } from './subject.ts';

export function refusals(get: () => Promise<Subject>): void {
  describe('refusals', () => {
    it('refuses a target that is not empty, and leaves it as it was', () => notEmpty(get));
    it('replaces a target only when asked to', () => replaces(get));
    it('makes a database only when asked, or where an absent one is empty', () => absent(get));
    it('plans without changing anything', () => plans(get));
    it('refuses a damaged image and leaves nothing', () => damaged(get));
    it('refuses a pipe that ends early and leaves nothing', () => cutPipe(get));
    it('never shows a password', async () => {
      const { secret, adapter } = await get();
      if (!secret) return;
      assert.ok(!adapter.redact(secret.location).includes(secret.password));
      const error = await rejects(
        dumped(adapter, secret.location),
        'LOGIN_FAILED',
        'CONNECT_FAILED',
        'DATABASE_UNKNOWN',
      );
      assert.ok(!JSON.stringify(error).includes(secret.password));
      assert.ok(!String(error.stack).includes(secret.password));
    });
  });
}

async function notEmpty(get: () => Promise<Subject>): Promise<void> {
  const subject = await get();
  await using source = await subject.create();
  await using target = await subject.create();
  await subject.fill(source.location, [things(50)]);
  await subject.fill(target.location, [accounts(5)]);
  const { store } = await dumped(subject.adapter, source.location);
  const error = await rejects(restored(subject.adapter, store, target.location), 'TARGET_NOT_EMPTY');
  assert.equal(error.exit, 8);
  assert.match(error.hint ?? '', /--replace/);
  assert.equal((await subject.rows(target.location, 'accounts'))?.length, 5);
  assert.equal(await subject.rows(target.location, 'things'), undefined);
  assert.deepEqual(await subject.traces(target.location), []);
}

async function replaces(get: () => Promise<Subject>): Promise<void> {
  const subject = await get();
  if (!subject.adapter.capabilities.replace) return;
  await using source = await subject.create();
  await using target = await subject.create();
  await subject.fill(source.location, [things(50)]);
  await subject.fill(target.location, [accounts(5)]);
  const { store } = await dumped(subject.adapter, source.location);
  await restored(subject.adapter, store, target.location, { replace: true, create: false });
  assert.equal(await subject.rows(target.location, 'accounts'), undefined);
  assert.deepEqual(await subject.compare(source.location, target.location), []);
  assert.deepEqual(await subject.traces(target.location), []);
}

async function absent(get: () => Promise<Subject>): Promise<void> {
  const subject = await get();
  await using source = await subject.create();
  await subject.fill(source.location, [accounts(5)]);
  await using target = await subject.absent();
  const { store } = await dumped(subject.adapter, source.location);
  const restoring = (): Promise<unknown> =>
    restored(subject.adapter, store, target.location, { create: false });
  if (subject.absentIsEmpty) {
    await restoring();
    assert.equal((await subject.rows(target.location, 'accounts'))?.length, 5);
    return;
  }
  const error = await rejects(restoring(), 'DATABASE_UNKNOWN');
  assert.match(error.hint ?? '', /--create/);
  assert.equal(await subject.rows(target.location, 'accounts'), undefined);
}

async function plans(get: () => Promise<Subject>): Promise<void> {
  const subject = await get();
  await using source = await subject.create();
  await subject.fill(source.location, [accounts(5)]);
  await using target = await subject.absent();
  const { store } = await dumped(subject.adapter, source.location);
  const { plan } = await restored(subject.adapter, store, target.location, { dryRun: true });
  assert.ok(plan && plan.steps.length > 0);
  assert.deepEqual(
    plan.obstacles.filter((finding) => finding.level === 'obstacle'),
    [],
  );
  assert.equal(await subject.rows(target.location, 'accounts'), undefined);
  const blocked = await restored(subject.adapter, store, source.location, { dryRun: true });
  assert.ok(blocked.plan?.obstacles.some((finding) => finding.code === 'TARGET_NOT_EMPTY'));
}

async function damaged(get: () => Promise<Subject>): Promise<void> {
  const subject = await get();
  await using source = await subject.create();
  await subject.fill(source.location, [things(3000)]);
  await using target = await subject.absent();
  const { store } = await dumped(subject.adapter, source.location);
  for (const share of [0.2, 0.5, 0.8, 0.99]) {
    const bytes = (store.bytes as Uint8Array<ArrayBuffer>).slice();
    const at = Math.floor(bytes.length * share);
    bytes[at] = (bytes[at] as number) ^ 4;
    const copy = new MemoryStore(bytes);
    const error = await rejects(
      restored(subject.adapter, copy, target.location),
      'IMAGE_DAMAGED',
      'IMAGE_INCOMPLETE',
      'FORMAT_UNSUPPORTED',
    );
    assert.ok(error instanceof DbimgError);
    await rejects(verify({ image: copy }), 'IMAGE_DAMAGED', 'IMAGE_INCOMPLETE', 'FORMAT_UNSUPPORTED');
    assert.equal(await subject.rows(target.location, 'things'), undefined, `damage at ${share}`);
    assert.deepEqual(await subject.traces(target.location), []);
  }
}

async function cutPipe(get: () => Promise<Subject>): Promise<void> {
  const subject = await get();
  await using source = await subject.create();
  await subject.fill(source.location, [things(3000)]);
  await using target = await subject.absent();
  const whole = (await dumped(subject.adapter, source.location)).stored;
  for (const share of [0.01, 0.5, 0.999]) {
    const image = pipe(Math.floor(whole * share));
    const [, result] = await Promise.allSettled([
      dumped(subject.adapter, source.location, { image }),
      restore({
        image,
        target: target.location,
        create: true,
        registry: only(subject.adapter),
      }),
    ]);
    assert.equal(result.status, 'rejected');
    const error = (result as PromiseRejectedResult).reason as DbimgError;
    assert.equal(error.exit, 4, `${error.code}: ${error.message}`);
    assert.equal(await subject.rows(target.location, 'things'), undefined);
    assert.deepEqual(await subject.traces(target.location), []);
  }
}
