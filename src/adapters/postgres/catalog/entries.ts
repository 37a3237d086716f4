/** From sorted nodes to entries: describes them batch by batch and numbers them on the way out. */
import type { CatalogEntry } from '../../../core/adapter.ts';
import { Adornments } from './adornments.ts';
import { DESCRIBERS } from './describers.ts';
import type { Draft, Drafting } from './draft.ts';
import type { Adjacency, ObjectGraph } from './graph.ts';
import { CATALOG, type KindName } from './kinds.ts';
import { phaseNumber, sorted } from './order.ts';
import type { Oid } from './session.ts';

/** Nodes that are described together: a few queries for all of them. */
const BATCH = 500;
const PHASES = ['pre-data', 'post-data', 'finish'] as const;

/** Where a draft stands among the entries. */
export interface EntryPlace {
  /** Unless the draft says otherwise. */
  readonly kind: string;
  readonly phase: CatalogEntry['phase'];
  /** Owner, privileges, comments and labels. */
  readonly adorn?: readonly string[];
  readonly after?: readonly number[];
  readonly shared?: readonly number[];
  readonly exclusive?: readonly number[];
}

/** The entries of the graph's nodes. Phases must be asked for in order, each once. */
export class ObjectEntries {
  readonly #drafting: Drafting;
  readonly #graph: ObjectGraph;
  readonly #entry: (draft: Draft, place: EntryPlace) => CatalogEntry;
  readonly #order: Uint32Array;
  readonly #needs: Adjacency;
  readonly #ids: Uint32Array;
  /** Nodes without an entry of their own pass on what they come after. */
  readonly #passed = new Map<number, readonly number[]>();

  constructor(drafting: Drafting, entry: (draft: Draft, place: EntryPlace) => CatalogEntry) {
    this.#drafting = drafting;
    this.#graph = drafting.graph;
    this.#entry = entry;
    this.#order = sorted(drafting.graph);
    this.#needs = drafting.graph.adjacency(false);
    this.#ids = new Uint32Array(drafting.graph.size);
  }

  /** 0 before the data, 1 after it, 2 at the end. */
  async *ofPhase(number: 0 | 1 | 2): AsyncGenerator<CatalogEntry> {
    const nodes = this.#order.filter((node) => phaseNumber(this.#graph, node) === number);
    for (let start = 0; start < nodes.length; start += BATCH) {
      const batch = nodes.subarray(start, start + BATCH);
      const drafts = await this.#describe(batch);
      const adornments = await Adornments.read(this.#drafting.server, [...drafts.values()]);
      for (const node of batch) yield* this.#entriesOf(node, number, drafts.get(node), adornments);
    }
  }

  *#entriesOf(
    node: number,
    number: 0 | 1 | 2,
    draft: Draft | undefined,
    adornments: Adornments,
  ): Generator<CatalogEntry> {
    const after = this.#after(node, number);
    if (draft === undefined) {
      this.#passed.set(node, after);
      return;
    }
    const phase = PHASES[number];
    const make = (one: Draft, needed: readonly number[]): CatalogEntry =>
      this.#entry(one, {
        kind: this.#graph.kind(node),
        phase,
        adorn: (one.adorned ?? []).flatMap((adorned) => adornments.statements(adorned)),
        after: needed,
        ...(number === 1
          ? { shared: this.#relations(one.shared), exclusive: this.#relations(one.exclusive) }
          : {}),
      });
    const entry = make(draft, after);
    this.#ids[node] = entry.id;
    yield entry;
    for (const follower of draft.followers ?? []) yield make(follower, [entry.id]);
  }

  /** Drafts of a batch; parts that stand inside their whole, and what was left out, have none. */
  async #describe(nodes: Uint32Array): Promise<ReadonlyMap<number, Draft>> {
    const graph = this.#graph;
    const byKind = new Map<KindName, Map<Oid, number>>();
    for (const node of nodes) {
      if (graph.isDropped(node) || (graph.whole(node) >= 0 && !graph.isSeparate(node))) continue;
      const kind = graph.kind(node);
      const members = byKind.get(kind) ?? new Map<Oid, number>();
      byKind.set(kind, members.set(graph.oid(node), node));
    }
    const drafts = new Map<number, Draft>();
    for (const [kind, members] of byKind) {
      for (const draft of await DESCRIBERS[kind](this.#drafting, [...members.keys()])) {
        drafts.set(members.get(draft.oid) as number, draft);
      }
    }
    return drafts;
  }

  /** Ids of the entries that must come before this node's: what is left out with one of them follows from it. */
  #after(node: number, phase: number): readonly number[] {
    const ids = new Set<number>();
    const { start, to } = this.#needs;
    for (const needed of to.subarray(start[node], start[node + 1])) {
      if (phaseNumber(this.#graph, needed) > phase) continue;
      const id = this.#ids[needed] as number;
      if (id !== 0) ids.add(id);
      else for (const passed of this.#passed.get(needed) ?? []) ids.add(passed);
    }
    return [...ids].sort((a, b) => a - b);
  }

  /** Ids of the entries that made these relations; those of extensions' tables have none. */
  #relations(oids: readonly Oid[] | undefined): readonly number[] {
    const ids = (oids ?? [])
      .map((oid) => this.#graph.find(CATALOG.pg_class, oid))
      .map((node) => (node < 0 ? 0 : (this.#ids[node] as number)))
      .filter((id) => id !== 0);
    return [...new Set(ids)].sort((a, b) => a - b);
  }
}
