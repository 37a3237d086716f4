/** Sees every call that the engine makes of an adapter, and may fail it: how the suite kills jobs at every step. */
import type { Adapter } from '../core/adapter.ts';

/** Called before each contract call and before each item of its sequences. What it throws, the call throws. */
export type OnCall = (what: string) => void;

const SEQUENCES = new Set(['catalog', 'parts', 'partsOf', 'batches']);
const ROLES = new Set(['connect', 'joinLane', 'joinWriteLane', 'snapshot', 'target', 'reread']);
/** Released under all circumstances: the contract forbids these to fail. */
const NEVER_FAIL = new Set<string | symbol>(['abandon', Symbol.asyncDispose]);

/** The adapter with a tap on all its roles. Lanes in workers import the adapter anew and are not tapped. */
export function tapped(adapter: Adapter, onCall: OnCall): Adapter {
  return tap(adapter, 'adapter', onCall);
}

function tap<T extends object>(role: T, name: string, onCall: OnCall): T {
  return new Proxy(role, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key, target);
      if (typeof value !== 'function' || typeof key === 'symbol' || NEVER_FAIL.has(key)) {
        return typeof value === 'function' ? value.bind(target) : value;
      }
      const what = `${name}.${key}`;
      if (SEQUENCES.has(key)) return (...args: unknown[]) => sequence(value.apply(target, args), what, onCall);
      const synchronous = key === 'redact' || key === 'decoder' || key === 'encoder' || key === 'omissions';
      if (synchronous) return value.bind(target);
      return async (...args: unknown[]) => {
        onCall(what);
        const result: unknown = await value.apply(target, args);
        return ROLES.has(key) ? tap(result as object, key, onCall) : result;
      };
    },
  });
}

async function* sequence(items: AsyncIterable<unknown>, what: string, onCall: OnCall): AsyncGenerator<unknown> {
  onCall(what);
  for await (const item of items) {
    yield item;
    onCall(what);
  }
}
