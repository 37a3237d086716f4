/** What objects looked like, to be compared with what they look like later. */
import type { ObjectName } from '../../core/adapter.ts';
import { DbimgError } from '../../core/errors.ts';
import { displayName } from './quoting.ts';

/** By `keyOf`. An object that may go by itself, as an event that was due, begins with {@link FLEETING}. */
export type Fingerprints = ReadonlyMap<string, string>;

export const FLEETING = 'fleeting ';

/** @param kind the word for it in messages; empty for tables and views. */
export function keyOf(kind: string, object: ObjectName): string {
  return JSON.stringify([kind, ...object]);
}

/** @throws DbimgError `SOURCE_CHANGED` naming the first object that is not what it was. */
export function differences(before: Fingerprints, now: Fingerprints): void {
  for (const [key, was] of before) {
    const is = now.get(key);
    if (is === undefined && !was.startsWith(FLEETING)) throw changed(key, 'was dropped or renamed');
    if (is !== undefined && is !== was) throw changed(key, 'was altered or made anew');
  }
  for (const key of now.keys()) if (!before.has(key)) throw changed(key, 'appeared');
}

function changed(key: string, how: string): DbimgError {
  const [kind, ...object] = JSON.parse(key) as [string, ...string[]];
  const name = kind === '' ? displayName(object) : `The ${kind} ${displayName(object)}`;
  return new DbimgError('SOURCE_CHANGED', `${name} ${how} during the dump.`, {
    object,
    hint: 'Try again when no schema changes are under way.',
  });
}
