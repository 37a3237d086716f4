/** The objects of databases, and the server's accounts, as ordered catalog entries. */
import type { CatalogEntry, ObjectName, Omission } from '../../core/adapter.ts';
import { accountDrafts } from './catalog/accounts.ts';
import { type CatalogOptions, type Draft, type Drafting, Numbering } from './catalog/draft.ts';
import { eventDrafts, routineDrafts, triggerDrafts } from './catalog/programs.ts';
import { describeTables } from './catalog/relations.ts';
import { statisticsDrafts } from './catalog/statistics.ts';
import { foreignKeyDrafts, sequenceDrafts, type TableDrafts, tableDrafts } from './catalog/tables.ts';
import { viewDrafts } from './catalog/views.ts';
import type { ServerFacts } from './facts.ts';
import { isTable } from './inventory.ts';
import { Privileges } from './privileges.ts';
import { identifier } from './quoting.ts';
import { Session, UNINTERRUPTED } from './session.ts';
import { applySettings, READ_SETTINGS } from './settings.ts';

/**
 * Reads definitions as the server writes them. The body of an entry is `{ statements, bytes?, sqlMode?, characterSet?,
 * collation?, databaseCollation?, timeZone?, definer? }`; statements leave the name of their own database out and are
 * run in it, with sql_mode and time_zone of `VALUE_SETTINGS` where the body says nothing else.
 */
export class CatalogReader {
  readonly #drafting: Drafting;
  readonly #omissions: Omission[] = [];
  readonly #numbering = new Numbering();

  constructor(session: Session, facts: ServerFacts, options: CatalogOptions) {
    const omit = (kind: string, object: ObjectName, reason: string): void => {
      this.#omissions.push({ kind, object, reason });
    };
    this.#drafting = { session, facts, options, omit };
  }

  /** All entries, in the order of their ids: pre-data, post-data, finish. Called once. */
  async *entries(): AsyncGenerator<CatalogEntry> {
    const { databases, listed } = this.#drafting.options;
    const later: Draft[] = [];
    const programs: Draft[] = [];
    const roots = new Map<string, Draft>();
    for (const database of databases) roots.set(database, await this.#database(database));
    for (const database of databases) programs.push(...(await routineDrafts(this.#drafting, database)));
    programs.push(
      ...(await viewDrafts(
        this.#drafting,
        listed.filter(({ type }) => type.includes('VIEW')),
      )),
    );
    for (const database of databases) programs.push(...(await triggerDrafts(this.#drafting, database)));
    for (const database of databases) programs.push(...(await eventDrafts(this.#drafting, database)));
    await this.#blindSpots();
    const { accounts, grants } = await this.#accounts(programs);
    yield* this.#number([...roots.values(), ...accounts]);
    yield* this.#sequences(later, roots);
    yield* this.#tables(later, roots);
    yield* this.#number(later.filter(({ phase }) => phase === 'post-data'));
    yield* this.#number(later.filter(({ phase }) => phase === 'finish'));
    yield* this.#number(programs);
    yield* this.#number(grants);
  }

  /** What the source has and the entries do not. Complete once `entries` has ended. */
  omissions(): readonly Omission[] {
    return this.#omissions;
  }

  *#number(drafts: readonly Draft[]): Generator<CatalogEntry> {
    for (const draft of drafts) yield this.#numbering.entry(draft);
  }

  /** Its properties; the database itself is made by whoever restores it, under whatever name. */
  async #database(database: string): Promise<Draft> {
    const row = await this.#drafting.session.row(`SHOW CREATE DATABASE ${identifier(database)}`, {
      what: `The definition of the database ${database} could not be read`,
    });
    const text = row['Create Database'] ?? '';
    const properties = text.slice(text.indexOf(identifier(database)) + identifier(database).length);
    if (/READ ONLY *= *1/.test(properties)) {
      this.#drafting.omit('read only', [database], 'The database is restored so that it can be written to.');
    }
    const written = properties.replace(/\/\*!\d+ READ ONLY *= *1 *\*\//, '').trim();
    const statements = written === '' ? [] : [`ALTER DATABASE ${written}`];
    return { kind: 'database', object: [database], phase: 'pre-data', body: { statements } };
  }

  async *#sequences(later: Draft[], roots: ReadonlyMap<string, Draft>): AsyncGenerator<CatalogEntry> {
    for (const listed of this.#drafting.options.listed.filter(({ type }) => type === 'SEQUENCE')) {
      const [sequence, value] = await sequenceDrafts(this.#drafting, listed);
      if (sequence) yield this.#numbering.entry(needing(sequence, roots.get(listed.object[0] ?? '')));
      if (value) later.push(value);
    }
  }

  async *#tables(later: Draft[], roots: ReadonlyMap<string, Draft>): AsyncGenerator<CatalogEntry> {
    const { session, facts, options } = this.#drafting;
    const made = new Map<string, TableDrafts>();
    // A table that is made of others comes after them.
    const merged = (engine: string): boolean => /^MRG_/i.test(engine);
    const tables = options.listed.filter(isTable);
    for (const database of options.databases) {
      const described = await describeTables(session, facts, database, options.single);
      const own = tables.filter(({ object }) => object[0] === database);
      for (const listed of [
        ...own.filter((each) => !merged(each.engine)),
        ...own.filter((each) => merged(each.engine)),
      ]) {
        const drafts = await tableDrafts(this.#drafting, listed, described.get(listed.object[1] ?? ''));
        made.set(JSON.stringify(listed.object), drafts);
        yield this.#numbering.entry(needing(drafts.table, roots.get(database)));
      }
    }
    for (const { indexes } of made.values()) later.push(...indexes);
    const find = (object: ObjectName): TableDrafts | undefined => made.get(JSON.stringify(object));
    for (const drafts of made.values()) later.push(...foreignKeyDrafts(drafts, options.databases, find));
    for (const database of options.databases) {
      const own = tables.filter(({ object }) => object[0] === database);
      for (const [name, draft] of await statisticsDrafts(this.#drafting, database, own)) {
        const drafts = made.get(JSON.stringify([database, name]));
        if (drafts) later.push(ofTable(drafts, draft));
      }
    }
  }

  async #accounts(programs: readonly Draft[]): ReturnType<typeof accountDrafts> {
    const definers = new Set(
      programs.flatMap(({ body }) => (typeof body.definer === 'string' ? [body.definer] : [])),
    );
    const { endpoint } = this.#drafting.session;
    await using session = await Session.open(endpoint, UNINTERRUPTED);
    await applySettings(session, READ_SETTINGS);
    return await accountDrafts(this.#drafting, session, definers);
  }

  /** Triggers and events are not even listed to an account without the privilege. */
  async #blindSpots(): Promise<void> {
    const privileges = await Privileges.of(this.#drafting.session);
    for (const database of this.#drafting.options.databases) {
      for (const [privilege, kind] of [
        ['TRIGGER', 'trigger'],
        ['EVENT', 'event'],
      ] as const) {
        if (privileges.on(database, privilege)) continue;
        const reason = `${this.#drafting.facts.account} does not see any: it has no privilege ${privilege} on the database.`;
        this.#drafting.omit(kind, [database], reason);
      }
    }
  }
}

/** The draft itself, since others refer to it. */
function needing(draft: Draft, other: Draft | undefined): Draft {
  return other ? Object.assign(draft, { after: [...(draft.after ?? []), other] }) : draft;
}

/** After the keys of its table. */
function ofTable({ table, indexes }: TableDrafts, draft: Draft): Draft {
  return { ...draft, after: [table, ...indexes], exclusive: [table] };
}
