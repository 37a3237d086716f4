/** `--only` and `--skip`: which objects a job is about. */
import type { CatalogEntry, ObjectName, StreamOpen } from '../adapter.ts';

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

/** What of an image is wanted: by its name, and without whatever needs something that is left out. */
export class Wanted {
  readonly #selects: ((object: ObjectName) => boolean) | undefined;
  /** Ids of entries that are left out. */
  readonly #dropped = new Set<number>();
  /** Names of the objects that are left out, also of those that needed something left out. */
  readonly #without = new Set<string>();

  constructor(selection: Selection) {
    this.#selects = selector(selection);
  }

  /** Asked of every entry, in the order of the catalog. */
  entry({ id, of, after }: CatalogEntry): boolean {
    if (!this.#selects) return true;
    const wanted = of === undefined || this.#selects(of);
    if (wanted && !after?.some((needed) => this.#dropped.has(needed))) return true;
    this.#dropped.add(id);
    if (of) this.#without.add(JSON.stringify(of));
    return false;
  }

  /** Asked once all entries have been. */
  stream({ object, of = object }: Pick<StreamOpen, 'object' | 'of'>): boolean {
    return this.object(of) && !this.#without.has(JSON.stringify(of));
  }

  object(object: ObjectName): boolean {
    return this.#selects?.(object) ?? true;
  }
}
