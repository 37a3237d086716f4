/** A PostgreSQL database's objects as ordered catalog entries. */
import type { CatalogEntry, ObjectName, Omission, Plain } from '../../core/adapter.ts';
import { Adornments } from './catalog/adornments.ts';
import { buildGraph } from './catalog/build.ts';
import { DESCRIBERS } from './catalog/describers.ts';
import type { Draft, Drafting } from './catalog/draft.ts';
import type { ObjectGraph } from './catalog/graph.ts';
import { CATALOG, type KindName } from './catalog/kinds.ts';
import { phaseNumber, sorted } from './catalog/order.ts';
import { sequenceValues } from './catalog/sequences.ts';
import { CatalogSession, type Query } from './catalog/session.ts';

export type { Query } from './catalog/session.ts';

export interface CatalogOptions {
  /** `server_version_num`: 150018. */
  readonly version: number;
  readonly database: string;
  readonly superuser: boolean;
  readonly noSecrets: boolean;
  /** Asked for tables, views, materialized views and foreign tables, as `[database, schema, name]`. */
  selects(object: ObjectName): boolean;
}

/** Nodes that are described together: a few queries for all of them. */
const BATCH = 500;
const PHASES = ['pre-data', 'post-data', 'finish'] as const;

/**
 * Reads the catalog in the session that holds the snapshot.
 *
 * The session must have an empty search_path and `quote_all_identifiers` off, and keep what it reads from changing.
 * The body of an entry is `{ sql, exists?, … }`: statements, in which `:"dbname"` stands for the quoted name of the
 * database being restored, and a query that gives a row if the object is there already.
 */
export class CatalogReader {
  readonly #server: CatalogSession;
  readonly #options: CatalogOptions;
  readonly #omissions: Omission[] = [];
  #lastId = 0;

  constructor(query: Query, options: CatalogOptions) {
    this.#server = new CatalogSession(query, options);
    this.#options = options;
  }

  /** All entries, in the order of their ids: pre-data, post-data, finish. Called once. */
  async *entries(): AsyncGenerator<CatalogEntry> {
    const selects = (schema: string, name: string): boolean =>
      this.#options.selects([this.#options.database, schema, name]);
    const { graph, closed } = await buildGraph(this.#server, selects);
    yield* this.#objects(graph);
    yield* this.#sequenceValues(graph);
    for (const node of closed) {
      this.#omit(
        graph.kind(node),
        '',
        String(graph.oid(node)),
        'It is part of a circle that could not be opened.',
      );
    }
  }

  /** What the source has and the entries do not. Complete once `entries` has ended. */
  omissions(): readonly Omission[] {
    return this.#omissions;
  }

  #omit(kind: string, schema: string, name: string, reason: string): void {
    this.#omissions.push({ kind, object: [this.#options.database, schema, name], reason });
  }

  async *#objects(graph: ObjectGraph): AsyncGenerator<CatalogEntry> {
    const order = sorted(graph);
    const needs = graph.adjacency(false);
    const numbering = new Numbering(graph, (node) =>
      needs.to.subarray(needs.start[node], needs.start[node + 1]),
    );
    const drafting: Drafting = {
      server: this.#server,
      graph,
      omit: (kind, schema, name, reason) => this.#omit(kind, schema, name, reason),
    };
    for (let start = 0; start < order.length; start += BATCH) {
      const nodes = order.subarray(start, start + BATCH);
      const drafts = await describeBatch(drafting, nodes);
      const adornments = await Adornments.read(this.#server, [...drafts.values()]);
      for (const node of nodes) {
        const draft = drafts.get(node);
        if (draft === undefined) {
          numbering.skip(node);
          continue;
        }
        const phase = PHASES[phaseNumber(graph, node)] as CatalogEntry['phase'];
        const entry = this.#entry(
          draft,
          graph.kind(node),
          phase,
          adornments,
          numbering,
          numbering.after(node),
        );
        numbering.number(node, entry.id);
        yield entry;
        for (const follower of draft.followers ?? []) {
          yield this.#entry(follower, graph.kind(node), phase, adornments, numbering, [entry.id]);
        }
      }
    }
  }

  #entry(
    draft: Draft,
    kind: string,
    phase: CatalogEntry['phase'],
    adornments: Adornments,
    numbering: Numbering,
    after: readonly number[],
  ): CatalogEntry {
    const shared = numbering.relations(draft.shared);
    const exclusive = numbering.relations(draft.exclusive);
    const sql = [
      ...draft.sql,
      ...(draft.adorned ?? []).flatMap((adorned) => adornments.statements(adorned)),
      ...(draft.late ?? []),
    ];
    const body: { [key: string]: Plain } = { sql, ...draft.facts };
    if (draft.exists !== undefined) body['exists'] = draft.exists;
    const locked = shared.length > 0 || exclusive.length > 0;
    return {
      id: ++this.#lastId,
      kind: draft.kind ?? kind,
      object: [this.#options.database, draft.schema, draft.name],
      ...(draft.of === undefined ? {} : { of: [this.#options.database, ...draft.of] }),
      phase,
      ...(phase === 'post-data' && after.length > 0 ? { after } : {}),
      ...(locked && phase === 'post-data'
        ? {
            locks: {
              ...(shared.length > 0 ? { shared } : {}),
              ...(exclusive.length > 0 ? { exclusive } : {}),
            },
          }
        : {}),
      ...(draft.size === undefined ? {} : { size: draft.size }),
      ...(draft.traits === undefined ? {} : { traits: draft.traits }),
      body,
    };
  }

  /** How sequences stand, read after everything else. */
  async *#sequenceValues(graph: ObjectGraph): AsyncGenerator<CatalogEntry> {
    const oids: number[] = [];
    for (let node = 0; node < graph.size; node++) {
      if (graph.kind(node) === 'sequence' && !graph.isDropped(node)) oids.push(graph.oid(node));
    }
    for (let start = 0; start < oids.length; start += BATCH) {
      for (const value of await sequenceValues(this.#server, oids.slice(start, start + BATCH))) {
        if (value.sql === null) {
          this.#omit('sequence-value', value.schema, value.name, 'The user may not read the sequence.');
          continue;
        }
        yield {
          id: ++this.#lastId,
          kind: 'sequence-value',
          object: [this.#options.database, value.schema, value.name],
          ...(value.of === null ? {} : { of: [this.#options.database, ...value.of] }),
          phase: 'finish',
          body: { sql: [value.sql] },
        };
      }
    }
  }
}

/** Drafts of a run of nodes; parts that stand inside their whole, and what was left out, have none. */
async function describeBatch(drafting: Drafting, nodes: Uint32Array): Promise<ReadonlyMap<number, Draft>> {
  const { graph } = drafting;
  const byKind = new Map<KindName, Map<number, number>>();
  for (const node of nodes) {
    if (graph.isDropped(node) || (graph.whole(node) >= 0 && !graph.isSeparate(node))) continue;
    const kind = graph.kind(node);
    const members = byKind.get(kind) ?? new Map<number, number>();
    byKind.set(kind, members.set(graph.oid(node), node));
  }
  const drafts = new Map<number, Draft>();
  for (const [kind, members] of byKind) {
    for (const draft of await DESCRIBERS[kind](drafting, [...members.keys()])) {
      drafts.set(members.get(draft.oid) as number, draft);
    }
  }
  return drafts;
}

/** Which number each node's entry has, and what that means for the numbers of those after it. */
class Numbering {
  readonly #graph: ObjectGraph;
  readonly #needs: (node: number) => Uint32Array;
  readonly #ids: Uint32Array;
  /** Nodes without an entry pass on what they come after. */
  readonly #passed = new Map<number, readonly number[]>();

  constructor(graph: ObjectGraph, needs: (node: number) => Uint32Array) {
    this.#graph = graph;
    this.#needs = needs;
    this.#ids = new Uint32Array(graph.size);
  }

  number(node: number, id: number): void {
    this.#ids[node] = id;
  }

  skip(node: number): void {
    if (phaseNumber(this.#graph, node) === 1) this.#passed.set(node, this.after(node));
  }

  /** Ids of the post-data entries that must come before this node's. */
  after(node: number): readonly number[] {
    if (phaseNumber(this.#graph, node) !== 1) return [];
    const ids = new Set<number>();
    for (const needed of this.#needs(node)) {
      if (phaseNumber(this.#graph, needed) !== 1) continue;
      const id = this.#ids[needed] as number;
      if (id !== 0) ids.add(id);
      else for (const passed of this.#passed.get(needed) ?? []) ids.add(passed);
    }
    return [...ids].sort((a, b) => a - b);
  }

  /** Ids of the entries that made these relations; those of extensions' tables have none. */
  relations(oids: readonly number[] | undefined): readonly number[] {
    const ids = (oids ?? [])
      .map((oid) => this.#graph.find(CATALOG.pg_class, oid))
      .filter((node) => node >= 0)
      .map((node) => this.#ids[node] as number)
      .filter((id) => id !== 0);
    return [...new Set(ids)].sort((a, b) => a - b);
  }
}
