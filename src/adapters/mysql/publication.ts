/** The moment at which a restore becomes visible: one RENAME TABLE of all tables, and around it what cannot be renamed. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { CatalogEntry, Context } from '../../core/adapter.ts';
import { DbimgError } from '../../core/errors.ts';
import { withoutDatabase } from './connect.ts';
import { describeEntry, EntryApplier } from './entries.ts';
import type { ServerFacts } from './facts.ts';
import { applyWriteSettings } from './load-settings.ts';
import type { Endpoint } from './location.ts';
import { OutsideForeignKeys } from './outside-foreign-keys.ts';
import { identifier, literal } from './quoting.ts';
import { SequenceDefaults } from './sequence-defaults.ts';
import { Session, UNINTERRUPTED } from './session.ts';
import { Shelf } from './shelf.ts';
import { dropSchemas, oldSchema, scratchSchema } from './staging.ts';

export interface PublicationOptions {
  readonly endpoint: Endpoint;
  readonly facts: ServerFacts;
  readonly id: string;
  readonly replace: boolean;
  readonly context: Context;
  /** Name in the image → name on the server. */
  readonly finals: ReadonlyMap<string, string>;
  /** What is made in the final databases, in order: routines, views, triggers, grants, events. */
  entries(): AsyncIterable<CatalogEntry>;
  /** Called when all entries are made. */
  granted(session: Session): Promise<void>;
}

interface Found {
  readonly name: string;
  readonly type: string;
}

const RENAME_TRIES = 3;
const RENAME_PAUSE = 200;

export class Publication {
  readonly #options: PublicationOptions;
  readonly #session: Session;
  /** Made by this restore. */
  readonly #made: string[] = [];

  private constructor(options: PublicationOptions, session: Session) {
    this.#options = options;
    this.#session = session;
  }

  /** If it throws, everything is as it was; what fails after the tables have their names is reported instead. */
  static async run(options: PublicationOptions): Promise<void> {
    await using session = await Session.open(withoutDatabase(options.endpoint), UNINTERRUPTED);
    await applyWriteSettings(session, false);
    const patience = Math.max(1, Math.ceil(options.context.lockTimeout / 1000));
    await session.execute(`SET SESSION lock_wait_timeout = ${patience}`);
    await new Publication(options, session).#run();
  }

  async #run(): Promise<void> {
    const finals = [...this.#options.finals.values()];
    const shelf = new Shelf(this.#session);
    const outside = await OutsideForeignKeys.find(this.#session, finals, this.#ownSchemas());
    const defaults = new SequenceDefaults(this.#session);
    const replaced = new Map<string, readonly Found[]>();
    try {
      for (const [image, final] of this.#options.finals) {
        const there = await this.#prepare(image, final);
        replaced.set(image, there);
        await this.#clear(shelf, image, final, there);
        if (this.#options.facts.product === 'MariaDB') await defaults.detach(this.#scratch(image), final);
      }
      await outside.assertKept((final) => this.#scratch(this.#imageOf(final)));
      await this.#rename(replaced);
    } catch (error) {
      await shelf.putBack(this.#options.context);
      await this.#unmake();
      throw error;
    }
    await this.#attempt('The foreign keys of other databases', () => outside.repoint());
    await this.#attempt('Defaults that number rows', () => defaults.attach());
    for (const [image, final] of this.#options.finals) {
      await this.#attempt(`The properties of ${final}`, () => this.#copyProperties(image, final));
      if (this.#options.replace) {
        await this.#attempt(`What was in ${final}`, () => this.#dropOthers(final, replaced.get(image) ?? []));
      }
    }
    await this.#applyEntries();
    await this.#attempt('Roles', () => this.#options.granted(this.#session));
    await this.#attempt('The schemas of the restore', () => dropSchemas(this.#session, this.#options.id));
  }

  #scratch(image: string): string {
    return scratchSchema(this.#options.id, image);
  }

  #old(image: string): string {
    return oldSchema(this.#options.id, image);
  }

  #ownSchemas(): string[] {
    return [...this.#options.finals.keys()].flatMap((image) => [this.#scratch(image), this.#old(image)]);
  }

  #imageOf(final: string): string {
    for (const [image, name] of this.#options.finals) if (name === final) return image;
    return final;
  }

  /** Makes the databases that are missing, and says what is in the final one now. */
  async #prepare(image: string, final: string): Promise<readonly Found[]> {
    if (!(await schemaExists(this.#session, final))) {
      await this.#session.execute(`CREATE DATABASE ${identifier(final)}`);
      this.#made.push(final);
      return [];
    }
    const there = await this.#tables(final);
    if (!this.#options.replace && there.length > 0) {
      throw new DbimgError('TARGET_NOT_EMPTY', `Somebody filled ${final} during the restore.`, {
        hint: 'Use --replace to replace it.',
      });
    }
    if (there.some(isTable)) {
      await this.#session.execute(`CREATE DATABASE IF NOT EXISTS ${identifier(this.#old(image))}`);
    }
    return there;
  }

  /** Takes away what would hinder the renaming: triggers of both, and views where there will be tables. */
  async #clear(shelf: Shelf, image: string, final: string, there: readonly Found[]): Promise<void> {
    const scratch = this.#scratch(image);
    for (const name of await this.#triggers(scratch)) {
      await this.#session.execute(`DROP TRIGGER IF EXISTS ${identifier(scratch)}.${identifier(name)}`);
    }
    if (!this.#options.replace) return;
    await shelf.triggers(final);
    await shelf.events(final);
    const coming = new Set(
      (await this.#tables(scratch)).filter(isTable).map(({ name }) => name.toLowerCase()),
    );
    for (const view of there.filter((found) => !isTable(found) && coming.has(found.name.toLowerCase()))) {
      await shelf.view(final, view.name);
    }
  }

  async #rename(replaced: ReadonlyMap<string, readonly Found[]>): Promise<void> {
    const pairs: string[] = [];
    const move = (from: string, to: string, names: readonly Found[]): void => {
      for (const { name } of names.filter(isTable)) {
        const table = identifier(name);
        pairs.push(`${identifier(from)}.${table} TO ${identifier(to)}.${table}`);
      }
    };
    for (const [image, final] of this.#options.finals)
      move(final, this.#old(image), replaced.get(image) ?? []);
    for (const [image, final] of this.#options.finals) {
      move(this.#scratch(image), final, await this.#tables(this.#scratch(image)));
    }
    if (pairs.length === 0) return;
    const doing = { what: 'The restored tables could not take their names' };
    for (let tries = 1; ; tries += 1) {
      try {
        await this.#session.execute(`RENAME TABLE ${pairs.join(', ')}`, doing);
        return;
      } catch (error) {
        const locked = error instanceof DbimgError && error.code === 'LOCK_TIMEOUT';
        if (!locked || tries === RENAME_TRIES) throw error;
        this.#options.context.warn({
          code: 'lock-retry',
          message: 'Somebody holds locks on the tables that are to be replaced: trying again.',
        });
        await sleep(RENAME_PAUSE);
      }
    }
  }

  /** Character set, collation and what else belongs to a database itself. */
  async #copyProperties(image: string, final: string): Promise<void> {
    const properties = async (name: string): Promise<string> => {
      const row = await this.#session.row(`SHOW CREATE DATABASE ${identifier(name)}`);
      const text = row['Create Database'] ?? '';
      // After the name come the properties, in comments that the server reads.
      return text.slice(text.indexOf(identifier(name)) + identifier(name).length).trim();
    };
    const wanted = await properties(this.#scratch(image));
    if (wanted !== '' && wanted !== (await properties(final))) {
      await this.#session.execute(`ALTER DATABASE ${identifier(final)} ${wanted}`);
    }
  }

  /** What a replaced database has besides tables. */
  async #dropOthers(final: string, there: readonly Found[]): Promise<void> {
    for (const { name } of there.filter((found) => !isTable(found))) {
      await this.#session.execute(`DROP VIEW IF EXISTS ${identifier(final)}.${identifier(name)}`);
    }
    const rows = await this.#session.query(
      `SELECT ROUTINE_NAME AS name, ROUTINE_TYPE AS type FROM information_schema.ROUTINES
        WHERE ROUTINE_SCHEMA = ${literal(final)} AND ROUTINE_TYPE IN ('PROCEDURE', 'FUNCTION', 'PACKAGE')`,
    );
    for (const { name, type } of rows) {
      await this.#session.execute(`DROP ${type} IF EXISTS ${identifier(final)}.${identifier(String(name))}`);
    }
  }

  async #applyEntries(): Promise<void> {
    const applier = new EntryApplier(this.#session);
    for await (const entry of this.#options.entries()) {
      const schema = this.#options.finals.get(entry.object[0] ?? '') ?? [...this.#options.finals.values()][0];
      await this.#attempt(`The ${describeEntry(entry)}`, () => applier.apply(entry, schema));
    }
    await applier.reset();
  }

  /** The tables are there: what fails now is told, and does not take them away again. */
  async #attempt(what: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#options.context.warn({
        code: 'not-restored',
        message: `${what} could not be completed: ${error instanceof Error ? error.message : String(error)}`,
      });
    }
  }

  async #unmake(): Promise<void> {
    for (const name of this.#made) {
      await this.#session.execute(`DROP DATABASE IF EXISTS ${identifier(name)}`).catch(() => {});
    }
  }

  async #tables(schema: string): Promise<Found[]> {
    const rows = await this.#session.query(
      `SELECT TABLE_NAME AS name, TABLE_TYPE AS type FROM information_schema.TABLES
        WHERE TABLE_SCHEMA = ${literal(schema)} AND TABLE_TYPE <> 'TEMPORARY' ORDER BY TABLE_NAME`,
    );
    return rows.map(({ name, type }) => ({ name: String(name), type: String(type) }));
  }

  async #triggers(schema: string): Promise<string[]> {
    const rows = await this.#session.query(
      `SELECT TRIGGER_NAME AS name FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = ${literal(schema)}`,
    );
    return rows.map(({ name }) => String(name));
  }
}

function isTable({ type }: Found): boolean {
  return !type.includes('VIEW');
}

export async function schemaExists(session: Session, name: string): Promise<boolean> {
  const rows = await session.query(
    `SELECT 1 AS one FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = ${literal(name)}`,
  );
  return rows.length > 0;
}
