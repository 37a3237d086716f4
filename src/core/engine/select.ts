/** `--only` and `--skip`: which objects a job is about. */
import type { ObjectName } from '../adapter.ts';

export interface Selection {
  readonly only?: readonly string[] | undefined;
  readonly skip?: readonly string[] | undefined;
}

/**
 * A predicate over object names. A pattern has as many dot-separated segments as it wants to compare, counted from the
 * end of the name: `artist` is every object of that name, `public.artist` the one in that schema. Where names hold dots
 * themselves, a segment may be several: `orders.old` is also the collection of that name. `*` stands for any run of
 * characters within a segment, `?` for one. Undefined if everything is selected.
 */
export function selector(selection: Selection): ((object: ObjectName) => boolean) | undefined {
  const only = (selection.only ?? []).map(pattern);
  const skip = (selection.skip ?? []).map(pattern);
  if (only.length === 0 && skip.length === 0) return undefined;
  return (object) =>
    (only.length === 0 || only.some((matches) => matches(object))) &&
    !skip.some((matches) => matches(object));
}

/** Stands between the parts of a name; no name holds it. */
const BETWEEN = '\0';

function pattern(glob: string): (object: ObjectName) => boolean {
  const segments = glob.split('.').map((segment) =>
    segment
      .replace(/[\\^$.|+()[\]{}]/g, '\\$&')
      .replaceAll('*', '[^\0]*')
      .replaceAll('?', '[^\0]'),
  );
  const regex = new RegExp(`^${segments.join('[.\0]')}$`, 'su');
  return (object) => object.some((_, first) => regex.test(object.slice(first).join(BETWEEN)));
}
