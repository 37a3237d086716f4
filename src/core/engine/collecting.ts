/** What drivers and zlib leave behind is collected while it is young. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Plain bytes between two collections. After fewer, much would be in use still and grow old; more take memory. */
const INTERVAL = 16 * 1024 * 1024;

type Collect = (options: { readonly type: 'minor' }) => void;

let collect: Collect | undefined;
let bytesSince = 0;

/**
 * Says that so many bytes went through this thread. V8 collects young objects when there are many of them, and buffers
 * are few: only when their memory has become too much it collects, and then marks the whole heap, again and again. A
 * collection of the young ones alone takes some milliseconds.
 */
export function passedThrough(bytes: number): void {
  bytesSince += bytes;
  if (bytesSince < INTERVAL) return;
  bytesSince = 0;
  collect ??= collector();
  collect({ type: 'minor' });
}

/** V8 gives it only to contexts that are made while a flag is set. */
function collector(): Collect {
  setFlagsFromString('--expose-gc');
  const found = runInNewContext('gc') as Collect;
  setFlagsFromString('--no-expose-gc');
  return found;
}
