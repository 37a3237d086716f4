/**
 * The describer for adapters that write relations into their catalog while they dump: the body of an entry then says,
 * besides the statements that make the object in its own engine, what it is to any engine.
 */
import type { CatalogEntry, ObjectName, Omission } from './adapter.ts';
import type { Describer, Description, ForeignKey, Relation, RelationIndex, RelationKey } from './relation.ts';

/** What a body may hold beside the adapter's own properties. All of it is plain data. */
export interface DescribedBody {
  /** Of a table or collection. What other entries make of it (keys, indexes) they add as `adds`. */
  readonly relation?: Relation;
  /** Of an entry that belongs to the table `of`. `{}` if the relation says it already. */
  readonly adds?: RelationAddition;
  /** What the object has and relations cannot say: omissions of a restore elsewhere. */
  readonly beyond?: readonly Omission[];
}

export interface RelationAddition {
  /** The object of the relation, if that is not the entry's `of`. */
  readonly to?: ObjectName;
  readonly primaryKey?: RelationKey;
  readonly unique?: RelationKey;
  readonly index?: RelationIndex;
  readonly foreignKey?: ForeignKey;
  /** Rows of this object are rows of the relation: a partition. */
  readonly source?: ObjectName;
}

export interface DescriberOptions {
  /** Kinds of entries that mean something to their own server alone: `role`, `grant`, `tablespace`. */
  readonly local: ReadonlySet<string>;
  /** Why an entry without relation or addition stays behind: `It is written in PostgreSQL's own language.` */
  reason(entry: CatalogEntry): string;
}

interface Draft {
  readonly relation: Relation;
  readonly sources: ObjectName[];
  primaryKey: RelationKey | undefined;
  readonly unique: RelationKey[];
  readonly indexes: RelationIndex[];
  readonly foreignKeys: ForeignKey[];
}

export class BodyDescriber implements Describer {
  readonly #options: DescriberOptions;
  readonly #drafts = new Map<string, Draft>();
  readonly #omissions: Omission[] = [];
  readonly #local: Record<string, number> = {};

  constructor(options: DescriberOptions) {
    this.#options = options;
  }

  take(entry: CatalogEntry): void {
    const { relation, adds, beyond } = (entry.body ?? {}) as DescribedBody;
    for (const omission of beyond ?? []) this.#omissions.push(omission);
    if (relation) this.add(relation);
    else if (adds) this.#add(entry, adds);
    else if (this.#options.local.has(entry.kind))
      this.#local[entry.kind] = (this.#local[entry.kind] ?? 0) + 1;
    else if (!beyond) this.omit(entry.kind, entry.object, this.#options.reason(entry));
  }

  /** For adapters that find out by other means. */
  add(relation: Relation): void {
    this.#drafts.set(JSON.stringify(relation.object), {
      relation,
      sources: [...(relation.sources ?? [])],
      primaryKey: relation.primaryKey,
      unique: [...(relation.unique ?? [])],
      indexes: [...(relation.indexes ?? [])],
      foreignKeys: [...(relation.foreignKeys ?? [])],
    });
  }

  has(object: ObjectName): boolean {
    return this.#drafts.has(JSON.stringify(object));
  }

  omit(kind: string, object: ObjectName, reason: string): void {
    this.#omissions.push({ kind, object, reason });
  }

  describe(): Description {
    const relations = [...this.#drafts.values()].map(
      ({ relation, sources, primaryKey, unique, indexes, foreignKeys }): Relation => ({
        ...relation,
        ...(sources.length > 0 ? { sources } : {}),
        ...(primaryKey ? { primaryKey } : {}),
        unique,
        indexes,
        // A table that was not selected leaves nothing to refer to.
        foreignKeys: foreignKeys.filter(({ references }) => this.has(references)),
      }),
    );
    return { relations, omissions: this.#omissions, local: this.#local };
  }

  #add(entry: CatalogEntry, adds: RelationAddition): void {
    if (Object.keys(adds).length === 0) return;
    const draft = this.#drafts.get(JSON.stringify(adds.to ?? entry.of));
    // What it belongs to stays behind and is named: a materialized view, for example.
    if (!draft) return;
    if (adds.primaryKey) draft.primaryKey = adds.primaryKey;
    if (adds.unique) draft.unique.push(adds.unique);
    if (adds.index) draft.indexes.push(adds.index);
    if (adds.foreignKey) draft.foreignKeys.push(adds.foreignKey);
    if (adds.source) draft.sources.push(adds.source);
  }
}
