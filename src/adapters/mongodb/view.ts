/** Definitions of views when collections get other names. */
import type { Ordered } from './raw-bson.ts';

/** Stages of a pipeline that name a collection of the same database, and the field that does; '' if it is the whole value. */
const NAMING: ReadonlyMap<string, readonly string[]> = new Map([
  ['$lookup', ['from']],
  ['$graphLookup', ['from']],
  ['$unionWith', ['', 'coll']],
]);

/** Changes the definition in place. */
export function renameInView(view: Ordered, rename: (collection: string) => string): void {
  const on = view.get('viewOn');
  if (typeof on === 'string') view.set('viewOn', rename(on));
  renameInValue(view.get('pipeline'), rename);
}

function renameInValue(value: unknown, rename: (collection: string) => string): void {
  if (Array.isArray(value)) for (const item of value) renameInValue(item, rename);
  if (!(value instanceof Map)) return;
  for (const [key, inner] of value) {
    const names = NAMING.get(key) ?? [];
    if (names.includes('') && typeof inner === 'string') value.set(key, rename(inner));
    else if (inner instanceof Map) {
      for (const name of names) {
        const collection = inner.get(name);
        if (typeof collection === 'string') inner.set(name, rename(collection));
      }
    }
    renameInValue(inner, rename);
  }
}
