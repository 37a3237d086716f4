/** Sees every call that the engine makes of an adapter, and may fail it: how the suite kills jobs at every step. */
import type { Adapter } from '../core/adapter.ts';

/** Called before each contract call and before each item of its sequences. What it throws, the call throws. */
export type OnCall = (what: string) => void;

const SEQUENCES = new Set(['catalog', 'parts', 'partsOf', 'batches']);
const ROLES = new Set(['connect', 'joinLane', 'joinWriteLane', 'snapshot', 'target', 'reread']);
/** `abandon` is forbidden to fail, the others are synchronous and reach no server. */
const UNTAPPED = new Set([
  'abandon',
  'redact',
  'decoder',
  'encoder',
  'omissions',
  'warn',
  'acknowledge',
  'stop',
]);

/** The adapter with a tap on all its roles. Lanes in workers import the adapter anew and are not tapped. */
export function tapped(adapter: Adapter, onCall: OnCall): Adapter {
  return tap(adapter, 'adapter', onCall);
}

function tap<T extends object>(role: T, name: string, onCall: OnCall): T {
  return new Proxy(role, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key, target);
      if (typeof value !== 'function') return value;
      // Not `bind`: V8 does not take a bound function for the disposal of `await using`.
      const call = (...args: unknown[]): unknown => value.apply(target, args);
      if (typeof key === 'symbol' || UNTAPPED.has(key)) return call;
      const what = `${name}.${key}`;
      if (SEQUENCES.has(key)) {
        return (...args: unknown[]) => sequence(call(...args) as AsyncIterable<unknown>, what, onCall);
      }
      return async (...args: unknown[]) => {
        onCall(what);
        const result: unknown = await call(...args);
        return ROLES.has(key) ? tap(result as object, key, onCall) : result;
      };
    },
  });
}

async function* sequence(
  items: AsyncIterable<unknown>,
  what: string,
  onCall: OnCall,
): AsyncGenerator<unknown> {
  onCall(what);
  for await (const item of items) {
    yield item;
    onCall(what);
  }
}
