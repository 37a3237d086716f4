/** A restore into another engine: the image's catalog becomes the target's, and every stream gets its place there. */
import type { Adapter, CatalogEntry, ImageSummary, ObjectName, Omission, StreamOpen } from '../adapter.ts';
import { DbimgError } from '../errors.ts';
import type { Describer, Relation, RelationMapping, Translation } from '../relation.ts';
import type { Foreign } from './transcoder.ts';

/** What became of an image in another engine. */
export interface CrossingReport {
  /** Names of the adapters. */
  readonly from: string;
  readonly to: string;
  readonly tables: readonly Pick<RelationMapping, 'source' | 'target' | 'columns'>[];
  /** Entries that mean something to the source's own server alone: kind → how many. */
  readonly local: { readonly [kind: string]: number };
}

/** Where the rows of a stream go. */
interface Route {
  readonly relation: Relation;
  readonly target: StreamOpen;
  /** Streams that have gone there: parts are numbered anew. */
  parts: number;
  /** Records that have gone there. */
  records: number;
}

/** A stream on its way: `part` is how the target knows it. */
export interface Crossed {
  readonly open: StreamOpen;
  /** What the lanes must know of the next so many records. */
  take(records: number): Foreign;
}

export class Crossing {
  readonly source: Adapter;
  readonly target: Adapter;
  readonly #image: ImageSummary;
  readonly #describer: Describer;
  readonly #routes = new Map<string, Route>();
  readonly #omissions: Omission[] = [];
  #translation: Translation | undefined;
  #local: { readonly [kind: string]: number } = {};

  /** @throws DbimgError `UNSUPPORTED` if one of the two engines has no way to the other. */
  constructor(source: Adapter, target: Adapter, image: ImageSummary) {
    const describer = image.kind === 'logical' ? source.describer?.(image) : undefined;
    if (!describer || !target.translator || !target.encoder) throw noWay(source, target, image);
    this.source = source;
    this.target = target;
    this.#image = image;
    this.#describer = describer;
  }

  /** Every entry of the catalog that is wanted. */
  take(entry: CatalogEntry): void {
    this.#describer.take(entry);
  }

  /** After the last entry: the target's catalog. */
  translate(): readonly CatalogEntry[] {
    const description = this.#describer.describe();
    const translation = (this.target.translator as NonNullable<Adapter['translator']>).translate(
      description,
      this.#image,
    );
    this.#translation = translation;
    this.#local = description.local;
    this.#omissions.push(...description.omissions, ...translation.omissions, ...losses(translation));
    const relations = new Map(description.relations.map((relation) => [key(relation.object), relation]));
    for (const { source, open } of translation.mappings) {
      const relation = relations.get(key(source));
      if (!relation) throw new DbimgError('BUG', 'A translator made a table of nothing.', { object: source });
      const route: Route = { relation, target: open, parts: 0, records: 0 };
      for (const object of relation.sources ?? [source]) this.#routes.set(key(object), route);
    }
    return translation.entries;
  }

  /** Undefined if the stream has no place in the target. */
  route(open: StreamOpen): Crossed | undefined {
    const route = this.#routes.get(key(open.object));
    if (!route) return undefined;
    const { relation, target } = route;
    const part = route.parts++;
    return {
      open: { ...target, part },
      take: (records) => {
        const first = route.records;
        route.records += records;
        return { open, relation, first };
      },
    };
  }

  /** The stream had rows and no place for them. */
  miss(object: ObjectName): void {
    if (this.#omissions.some((omission) => key(omission.object) === key(object))) return;
    const reason = `Its rows have no table in ${this.target.name}.`;
    this.#omissions.push({ kind: 'rows', object, reason });
  }

  /** Kinds are one word, so that they can be given to `--allow`. */
  get omissions(): readonly Omission[] {
    return this.#omissions.map((omission) => ({ ...omission, kind: omission.kind.replaceAll(' ', '-') }));
  }

  report(): CrossingReport {
    return {
      from: this.source.name,
      to: this.target.name,
      tables: (this.#translation?.mappings ?? []).map(({ source, target, columns }) => ({
        source,
        target,
        columns,
      })),
      local: this.#local,
    };
  }
}

function losses({ mappings }: Translation): Omission[] {
  return mappings.flatMap(({ source, columns }) =>
    columns
      .filter(({ fidelity }) => fidelity === 'lossy')
      .map(({ column, from, to, note }) => ({
        kind: 'lossy',
        object: [...source, column],
        reason: `${from} becomes ${to}${note === undefined ? '' : `: ${note}`}`,
      })),
  );
}

function noWay(source: Adapter, target: Adapter, { kind }: ImageSummary): DbimgError {
  const what =
    kind === 'logical'
      ? `This image is of ${source.name} and cannot be restored into ${target.name} yet.`
      : `This ${kind} image of ${source.name} is made of its own files: ${target.name} cannot take them.`;
  return new DbimgError('UNSUPPORTED', what, {
    hint: `Give a target that begins with ${source.schemes.join(' or ')}`,
  });
}

function key(object: ObjectName): string {
  return JSON.stringify(object);
}
