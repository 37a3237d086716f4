/** The library as the suite calls it: with the subject's adapter and images in memory. */
import assert from 'node:assert/strict';
import type { Adapter } from '../core/adapter.ts';
import { DbimgError, type ErrorCode } from '../core/errors.ts';
import {
  type DumpOptions,
  type DumpResult,
  dump,
  MemoryStore,
  Registry,
  type RestoreOptions,
  type RestoreResult,
  restore,
} from '../index.ts';

export function only(adapter: Adapter): Registry {
  return new Registry([{ name: adapter.name, schemes: adapter.schemes, load: async () => adapter }]);
}

export interface MemoryDump extends DumpResult {
  readonly store: MemoryStore;
}

/** Dumps into memory. */
export async function dumped(
  adapter: Adapter,
  source: string,
  options: Partial<DumpOptions> = {},
): Promise<MemoryDump> {
  const store = new MemoryStore();
  const result = await dump({ source, image: store, jobs: 3, registry: only(adapter), ...options });
  return { ...result, store };
}

export async function restored(
  adapter: Adapter,
  image: RestoreOptions['image'],
  target: string,
  options: Partial<RestoreOptions> = {},
): Promise<RestoreResult> {
  return await restore({
    image,
    target,
    jobs: 2,
    create: true,
    prove: true,
    registry: only(adapter),
    ...options,
  });
}

/** Asserts that the work fails with one of the codes, and gives the error. */
export async function rejects(work: Promise<unknown>, ...codes: readonly ErrorCode[]): Promise<DbimgError> {
  try {
    await work;
  } catch (error) {
    assert.ok(
      error instanceof DbimgError,
      `not a DbimgError: ${error instanceof Error ? error.stack : error}`,
    );
    assert.ok(
      codes.includes(error.code),
      `${error.code}: ${error.message}, instead of ${codes.join(' or ')}`,
    );
    return error;
  }
  throw new assert.AssertionError({ message: `no error, instead of ${codes.join(' or ')}` });
}
