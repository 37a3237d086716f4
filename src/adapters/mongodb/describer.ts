/** What an image of MongoDB holds, for other engines: each collection is a table of ids and documents. */
import type { CatalogEntry, ObjectName } from '../../core/adapter.ts';
import { BodyDescriber } from '../../core/described.ts';
import type { Describer, Description, Relation } from '../../core/relation.ts';
import { indexesOf } from './catalog.ts';
import { fieldOf, textOf } from './raw-bson.ts';

/** They mean something to a deployment of MongoDB alone. */
const LOCAL: ReadonlySet<string> = new Set(['user', 'role']);

const REASONS: { readonly [kind: string]: string } = {
  view: 'It is a pipeline of MongoDB.',
  timeseries: 'Its documents are buckets that only MongoDB opens.',
};

/** The index that every collection has, and that the primary key stands for. */
const ID_INDEX = '_id_';

export function describer(): Describer {
  return new MongoDescriber();
}

class MongoDescriber implements Describer {
  readonly #bodies = new BodyDescriber({
    local: LOCAL,
    reason: ({ kind }) => REASONS[kind] ?? `It is MongoDB's own kind of ${kind}.`,
  });
  readonly #collections: ObjectName[] = [];

  take(entry: CatalogEntry): void {
    if (entry.kind === 'collection') this.#collections.push(entry.object);
    else if (entry.kind === 'indexes') this.#omitIndexes(entry);
    else this.#bodies.take(entry);
  }

  describe(): Description {
    const databases = new Set(this.#collections.map(([database]) => database));
    for (const object of this.#collections) this.#bodies.add(relationOf(object, databases.size > 1));
    return this.#bodies.describe();
  }

  /** They are over fields, and fields are no columns. */
  #omitIndexes(entry: CatalogEntry): void {
    for (const index of indexesOf(entry)) {
      const name = textOf(fieldOf(index, 'name')) ?? '';
      if (name === ID_INDEX) continue;
      this.#bodies.omit('index', [...entry.object, name], 'It is over fields of documents.');
    }
  }
}

export const ID = '_id';
export const DOCUMENT = 'document';

function relationOf(object: ObjectName, qualified: boolean): Relation {
  const [database = '', name = ''] = object;
  return {
    object,
    ...(qualified ? { schema: database } : {}),
    name,
    columns: [
      { name: ID, type: 'any', value: { kind: 'any' }, nullable: true },
      { name: DOCUMENT, type: 'document', value: { kind: 'json' }, nullable: false },
    ],
    primaryKey: { columns: [ID] },
  };
}
