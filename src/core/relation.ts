/**
 * What an image holds, in words that every engine understands: the way from one engine to another.
 *
 * The image's own adapter describes it as {@link Relation}s ({@link Describer}), the target's adapter says what each of
 * them becomes ({@link Translator}). Rows go from the one's decoder to the other's encoder as `Value`s. Neither knows
 * the other. `docs/writing-an-adapter.md`, section "Images of other engines".
 */
import type { CatalogEntry, Column, ImageSummary, ObjectName, Omission, StreamOpen } from './adapter.ts';

/** What the values of a column are, whatever the engine calls it: it tells which `Value`s the decoder gives. */
export type ValueKind =
  | { readonly kind: 'boolean' }
  | { readonly kind: 'integer'; readonly bits: 8 | 16 | 24 | 32 | 64; readonly unsigned?: boolean }
  /** `float` values. With 32 bits they are the shortest decimals that mean the stored number. */
  | { readonly kind: 'float'; readonly bits: 32 | 64 }
  /** Without `precision` any number of digits. `scale` digits after the point; with `precision` alone, none. */
  | { readonly kind: 'decimal'; readonly precision?: number; readonly scale?: number }
  /** `length` in characters; `fixed` if shorter values are filled with spaces. */
  | { readonly kind: 'text'; readonly length?: number; readonly fixed?: boolean }
  | { readonly kind: 'enum'; readonly labels?: readonly string[] }
  | { readonly kind: 'bytes'; readonly length?: number }
  /** `precision` is digits of a second. */
  | {
      readonly kind: 'date' | 'time' | 'timestamp' | 'timestamptz' | 'interval';
      readonly precision?: number;
    }
  | { readonly kind: 'uuid' }
  | { readonly kind: 'json' }
  | { readonly kind: 'list'; readonly of: ValueKind }
  | { readonly kind: 'document' }
  /** A type that no other engine has; the decoder gives its text form (`other`, or `text`). */
  | { readonly kind: 'other' }
  /** Values of any kind, one row this, the next row that. */
  | { readonly kind: 'any' };

/** A default that means the same everywhere. Expressions of one engine are none: the describer names them as omissions. */
export type PortableDefault =
  | { readonly type: 'boolean'; readonly value: boolean }
  /** Digits as they are written. */
  | { readonly type: 'number'; readonly value: string }
  | { readonly type: 'text'; readonly value: string }
  | { readonly type: 'now'; readonly as: 'date' | 'time' | 'timestamp' };

export interface RelationColumn extends Column {
  readonly value: ValueKind;
  readonly nullable: boolean;
  readonly default?: PortableDefault;
  /** The database numbers new rows in it: serial, identity, AUTO_INCREMENT. */
  readonly counted?: boolean;
  readonly comment?: string;
}

/** A primary key or unique constraint: names of columns, in its order. */
export interface RelationKey {
  readonly name?: string;
  readonly columns: readonly string[];
}

/** An index over columns. Expressions, conditions and special methods are none: they are omissions. */
export interface RelationIndex {
  readonly name: string;
  readonly unique: boolean;
  readonly columns: readonly { readonly name: string; readonly descending?: boolean }[];
}

export type ReferentialAction = 'no action' | 'restrict' | 'cascade' | 'set null' | 'set default';

export interface ForeignKey {
  readonly name?: string;
  readonly columns: readonly string[];
  /** The relation it points to, and its columns in the same order. */
  readonly references: ObjectName;
  readonly referenced: readonly string[];
  readonly onUpdate?: ReferentialAction;
  readonly onDelete?: ReferentialAction;
  /** Checked at the end of the transaction. */
  readonly deferred?: boolean;
}

/** A table, or a collection, with rows. Plain data: a describer may find it ready in the body of a catalog entry. */
export interface Relation {
  /** The object of its streams. */
  readonly object: ObjectName;
  /** Objects whose streams hold its rows, instead of `object`: the partitions of a partitioned table. */
  readonly sources?: readonly ObjectName[];
  /**
   * The schema by which others tell it apart. Undefined where users leave it out: PostgreSQL's `public`, SQLite's
   * `main`, the one database of a MySQL or MongoDB image.
   */
  readonly schema?: string;
  readonly name: string;
  /** Columns that have values in the streams: generated ones have none and are omissions. */
  readonly columns: readonly RelationColumn[];
  readonly primaryKey?: RelationKey;
  readonly unique?: readonly RelationKey[];
  readonly indexes?: readonly RelationIndex[];
  readonly foreignKeys?: readonly ForeignKey[];
  readonly comment?: string;
}

export interface Description {
  readonly relations: readonly Relation[];
  /**
   * What the image has and relations cannot say: views, functions, triggers, checks, expressions … With a kind by which
   * `--allow KIND` accepts it. Complete: whatever is neither here nor in `relations` nor in `local` is a bug.
   */
  readonly omissions: readonly Omission[];
  /** Catalog entries that mean something to their own server alone (roles, privileges, storage): kind → how many. */
  readonly local: { readonly [kind: string]: number };
}

/** The source's side. One for each image that is read; keeps of the catalog what it needs. */
export interface Describer {
  /** Every entry of the catalog that is to be restored, in order. */
  take(entry: CatalogEntry): void;
  /**
   * Perhaps the OPEN frames of streams, after the catalog: only where the image can be read in any order (`query`). For
   * images whose catalog does not say what columns there are.
   */
  open?(open: StreamOpen): void;
  /** @throws DbimgError `UNSUPPORTED` if the image does not say enough, with what to do. */
  describe(): Description;
}

/** How much of a column's values is left: all as they are; all of them in another form; not always all. */
export type Fidelity = 'exact' | 'form' | 'lossy';

/** What one column becomes. */
export interface ColumnMapping {
  readonly column: string;
  /** The source's name of the type. */
  readonly from: string;
  /** The target's name of the type. */
  readonly to: string;
  readonly fidelity: Fidelity;
  /** How values are written, or what is lost. */
  readonly note?: string;
}

/** What one relation becomes. */
export interface RelationMapping {
  readonly source: ObjectName;
  readonly target: ObjectName;
  /**
   * How its rows are encoded and loaded: this engine's own stream, as its encoder and its `WriteLane` understand it.
   * Its columns are those of `columns`, in this order. Plain data.
   */
  readonly open: StreamOpen;
  readonly columns: readonly ColumnMapping[];
}

export interface Translation {
  /** This engine's own catalog, as though it had dumped it. */
  readonly entries: readonly CatalogEntry[];
  /** One for each relation. */
  readonly mappings: readonly RelationMapping[];
  /** What relations say and this engine cannot do: named, not dropped. */
  readonly omissions: readonly Omission[];
}

/** The target's side. Pure: it asks no server, so that `--dry-run` can print the mapping. */
export interface Translator {
  /** @throws DbimgError `UNSUPPORTED` if two relations would have the same name, naming both. */
  translate(description: Description, image: ImageSummary): Translation;
}
