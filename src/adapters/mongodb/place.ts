/** Where the objects of an image go: their names at the target, and the names under which they grow beside. */
import type { ObjectName, RenameRule } from '../../core/adapter.ts';
import { renamed } from '../../core/engine/rename.ts';
import { BUCKETS, collectionOf, databaseOf, FUNCTIONS, scratchName } from './names.ts';

/** Plain data: lanes work it out for themselves. */
export interface Placing {
  /** Of this restore. */
  readonly run: string;
  /** The database that the target's URL names: everything goes there. */
  readonly database?: string;
  readonly rename: readonly RenameRule[];
}

export class Places {
  readonly #placing: Placing;

  constructor(placing: Placing) {
    this.#placing = placing;
  }

  /** The name that an object of the image will have. */
  final(object: ObjectName): ObjectName {
    const [database, collection] = renamed(this.#placing.rename, object) as [string, string];
    return [this.#placing.database ?? database, collection];
  }

  /** The name of a database, by which users and roles belong to it. */
  finalDatabase(database: string): string {
    return this.final([database, 'x'])[0] as string;
  }

  /** The collection beside that will take the object's place. */
  scratch(object: ObjectName): ObjectName {
    return [databaseOf(this.final(object)), scratchName(this.#placing.run, object)];
  }

  /** Where documents of the object are inserted meanwhile. */
  storage(object: ObjectName, kind: 'collection' | 'timeseries'): ObjectName {
    return storageOf({ scratch: this.scratch(object), kind });
  }
}

/** Where the documents of a collection lie that grows beside. */
export function storageOf({
  scratch,
  kind,
}: {
  readonly scratch: ObjectName;
  readonly kind: string;
}): ObjectName {
  const [database, name] = scratch as [string, string];
  return [database, kind === 'timeseries' ? `${BUCKETS}${name}` : name];
}

/** Whether a collection cannot get its name by renaming, and is filled anew when all else is ready. */
export function isRebuilt(object: ObjectName, kind: string): boolean {
  return kind === 'timeseries' || collectionOf(object) === FUNCTIONS;
}
