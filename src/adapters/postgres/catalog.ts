/** A PostgreSQL database's objects as ordered catalog entries. */
import type { CatalogEntry, ObjectName, Omission, Plain } from '../../core/adapter.ts';
import { unaccounted } from './catalog/accounting.ts';
import { buildGraph } from './catalog/build.ts';
import { databaseDraft, databaseFacts, roleSettingDrafts, tablespaceDrafts } from './catalog/database.ts';
import { changedPrivileges } from './catalog/default-privileges.ts';
import type { Draft, Drafting } from './catalog/draft.ts';
import { type EntryPlace, ObjectEntries } from './catalog/entries.ts';
import { extensionConfigSequences, removedFromTemplate } from './catalog/extensions.ts';
import type { ObjectGraph } from './catalog/graph.ts';
import { hiddenSubscriptions } from './catalog/replication.ts';
import { roleDrafts } from './catalog/roles.ts';
import { sequenceValues } from './catalog/sequences.ts';
import { CatalogSession, type Query } from './catalog/session.ts';

export { type ExtensionConfigTable, extensionConfigTables } from './catalog/extensions.ts';
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

/** Sequences that are read together. */
const BATCH = 500;

/**
 * Reads the catalog in the session that holds the snapshot.
 *
 * The session must have an empty search_path and `quote_all_identifiers` off, and keep what it reads from changing.
 * The body of an entry is `{ sql, exists?, … }`: statements, in which `:"dbname"` stands for the quoted name of the
 * database being restored, and a query that gives a row if the object is there already.
 */
/** What `--only` and `--skip` name; everything else comes along if something that was taken may need it. */
const SELECTABLE: ReadonlySet<string> = new Set(['table', 'view', 'materialized-view']);

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
    yield* this.#globals();
    const { graph, closed } = await buildGraph(this.#server, selects);
    const objects = new ObjectEntries(this.#drafting(graph), (draft, place) => this.#entry(draft, place));
    yield* objects.ofPhase(0);
    for (const changed of await changedPrivileges(this.#server)) {
      yield this.#entry({ oid: 0, ...changed }, { kind: 'privileges', phase: 'pre-data' });
    }
    yield* objects.ofPhase(1);
    // Not before, since entries may run blocks of PL/pgSQL.
    yield* this.#removed('extension');
    yield* objects.ofPhase(2);
    yield* this.#sequenceValues(graph);
    for (const draft of [...(await roleSettingDrafts(this.#server)), await databaseDraft(this.#server)]) {
      yield this.#entry(draft, { kind: 'database-properties', phase: 'finish' });
    }
    await this.#account(graph, closed);
  }

  /** What the source has and the entries do not. Complete once `entries` has ended. */
  omissions(): readonly Omission[] {
    return this.#omissions;
  }

  #omit(kind: string, schema: string, name: string, reason: string): void {
    this.#omissions.push({ kind, object: [this.#options.database, schema, name], reason });
  }

  #drafting(graph: ObjectGraph): Drafting {
    return { server: this.#server, graph, omit: (...what) => this.#omit(...what) };
  }

  /** The database, its tablespaces and roles, and what it no longer has of what a new database has. */
  async *#globals(): AsyncGenerator<CatalogEntry> {
    yield {
      id: ++this.#lastId,
      kind: 'database',
      object: [this.#options.database],
      phase: 'pre-data',
      body: { sql: [], create: await databaseFacts(this.#server) },
    };
    const roles = await roleDrafts(this.#server, (...what) => this.#omit(...what));
    for (const draft of [...(await tablespaceDrafts(this.#server)), ...roles]) {
      yield this.#entry(draft, { kind: 'role', phase: 'pre-data' });
    }
    yield* this.#removed('schema');
  }

  /** Takes away what a new database has and this one has not. */
  async *#removed(kind: 'schema' | 'extension'): AsyncGenerator<CatalogEntry> {
    for (const removed of await removedFromTemplate(this.#server)) {
      if (removed.kind !== kind) continue;
      const draft = { oid: 0, kind, schema: '', name: removed.name, sql: [removed.sql] };
      yield this.#entry(draft, { kind, phase: kind === 'schema' ? 'pre-data' : 'finish' });
    }
  }

  async #account(graph: ObjectGraph, closed: readonly number[]): Promise<void> {
    for (const node of closed) {
      const reason = 'It needs something that needs it; restoring it may fail.';
      this.#omit(graph.kind(node), '', String(graph.oid(node)), reason);
    }
    for (const { kind, name } of await unaccounted(this.#server, graph)) {
      this.#omit(kind, '', name, 'dbimg does not know how to carry it.');
    }
    for (const name of await hiddenSubscriptions(this.#server)) {
      this.#omit('subscription', '', name, 'Only a superuser can read it.');
    }
  }

  #entry(draft: Draft, place: EntryPlace): CatalogEntry {
    const { shared = [], exclusive = [], after = [] } = place;
    const body: { [key: string]: Plain } = {
      sql: [...draft.sql, ...(place.adorn ?? []), ...(draft.late ?? [])],
      ...draft.facts,
      ...(draft.described as { readonly [key: string]: Plain } | undefined),
    };
    if (draft.exists !== undefined) body.exists = draft.exists;
    const locks = {
      ...(shared.length > 0 ? { shared } : {}),
      ...(exclusive.length > 0 ? { exclusive } : {}),
    };
    const kind = draft.kind ?? place.kind;
    const of = draft.of ?? (SELECTABLE.has(kind) ? [draft.schema, draft.name] : undefined);
    return {
      id: ++this.#lastId,
      kind,
      object: this.#object(draft),
      ...(of === undefined ? {} : { of: [this.#options.database, ...of] }),
      phase: place.phase,
      ...(after.length > 0 ? { after } : {}),
      ...(Object.keys(locks).length > 0 ? { locks } : {}),
      ...(draft.size === undefined ? {} : { size: draft.size }),
      ...(draft.traits === undefined || draft.traits.length === 0 ? {} : { traits: draft.traits }),
      body,
    };
  }

  #object(draft: Draft): ObjectName {
    if (draft.kind === 'role' || draft.kind === 'role-membership') return ['', '', draft.name];
    return draft.kind === 'database-properties'
      ? [this.#options.database]
      : [this.#options.database, draft.schema, draft.name];
  }

  /** How sequences stand, read after everything else. */
  async *#sequenceValues(graph: ObjectGraph): AsyncGenerator<CatalogEntry> {
    const oids: number[] = [...(await extensionConfigSequences(this.#server))];
    for (let node = 0; node < graph.size; node++) {
      if (graph.kind(node) === 'sequence' && !graph.isDropped(node)) oids.push(graph.oid(node));
    }
    for (let start = 0; start < oids.length; start += BATCH) {
      for (const value of await sequenceValues(this.#server, oids.slice(start, start + BATCH))) {
        if (value.sql === null) {
          this.#omit('sequence-value', value.schema, value.name, 'The user may not read the sequence.');
          continue;
        }
        const { oid, schema, name, of, sql } = value;
        const draft = { oid, schema, name, sql: [sql], ...(of === null ? {} : { of }) };
        yield this.#entry(draft, { kind: 'sequence-value', phase: 'finish' });
      }
    }
  }
}
