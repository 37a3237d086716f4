/** What must leave its database before tables can be renamed: dropped with all that is needed to make it again. */
import type { CatalogEntry, Context } from '../../core/adapter.ts';
import { EntryApplier } from './entries.ts';
import { identifier, literal } from './quoting.ts';
import type { Row, Session } from './session.ts';

interface Shelved {
  readonly schema: string;
  readonly entry: CatalogEntry;
}

const SHOWN: Readonly<Record<string, string>> = {
  TRIGGER: 'SQL Original Statement',
  EVENT: 'Create Event',
  VIEW: 'Create View',
};

export class Shelf {
  readonly #session: Session;
  readonly #shelved: Shelved[] = [];

  constructor(session: Session) {
    this.#session = session;
  }

  /** Triggers tie a table to its database. Latest first, so that they can be made again in order. */
  async triggers(schema: string): Promise<void> {
    const rows = await this.#session.query(
      `SELECT TRIGGER_NAME AS name, EVENT_OBJECT_TABLE AS owner FROM information_schema.TRIGGERS
        WHERE TRIGGER_SCHEMA = ${literal(schema)}
        ORDER BY EVENT_OBJECT_TABLE, ACTION_TIMING, EVENT_MANIPULATION, ACTION_ORDER`,
    );
    for (const { name } of rows) await this.#drop('TRIGGER', schema, String(name));
  }

  async events(schema: string): Promise<void> {
    const rows = await this.#session.query(
      `SELECT EVENT_NAME AS name FROM information_schema.EVENTS WHERE EVENT_SCHEMA = ${literal(schema)}`,
    );
    for (const { name } of rows) await this.#drop('EVENT', schema, String(name));
  }

  async view(schema: string, name: string): Promise<void> {
    await this.#drop('VIEW', schema, name);
  }

  /** Makes everything again. Never throws; what it could not make it reports. */
  async putBack(context: Context): Promise<void> {
    const applier = new EntryApplier(this.#session);
    for (const { schema, entry } of this.#shelved) {
      await applier.apply(entry, schema).catch((error: unknown) => {
        context.warn({
          code: 'left-behind',
          message: `The ${entry.kind} ${entry.object.join('.')} could not be made again: ${String(error)}`,
        });
      });
    }
    await applier.reset().catch(() => {});
  }

  async #drop(kind: 'TRIGGER' | 'EVENT' | 'VIEW', schema: string, name: string): Promise<void> {
    const full = `${identifier(schema)}.${identifier(name)}`;
    await this.#session.execute(`USE ${identifier(schema)}`);
    const row = await this.#session.row(`SHOW CREATE ${kind} ${full}`);
    this.#shelved.push({ schema, entry: entryOf(kind, [schema, name], row) });
    await this.#session.execute(`DROP ${kind} IF EXISTS ${full}`);
  }
}

function entryOf(kind: string, object: readonly string[], row: Row): CatalogEntry {
  const optional = (name: string, column: string): Record<string, string> => {
    const value = row[column];
    return value == null ? {} : { [name]: value };
  };
  return {
    id: 1,
    kind: kind.toLowerCase(),
    object,
    phase: 'finish',
    body: {
      statements: [row[SHOWN[kind] ?? ''] ?? ''],
      ...optional('sqlMode', 'sql_mode'),
      ...optional('characterSet', 'character_set_client'),
      ...optional('collation', 'collation_connection'),
      ...optional('databaseCollation', 'Database Collation'),
      ...optional('timeZone', 'time_zone'),
    },
  };
}
