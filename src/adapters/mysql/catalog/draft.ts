/** Catalog entries before they have a number. */
import type { CatalogEntry, ObjectName, Phase, Plain } from '../../../core/adapter.ts';
import type { ServerFacts } from '../facts.ts';
import type { Listed } from '../inventory.ts';
import type { Row, Session } from '../session.ts';

export interface Draft {
  readonly kind: string;
  readonly object: ObjectName;
  readonly of?: ObjectName;
  readonly phase: Phase;
  readonly body: { readonly [key: string]: Plain | undefined };
  readonly traits?: readonly ('superuser' | 'secret')[];
  readonly size?: number;
  /** Drafts that it needs. */
  readonly after?: readonly Draft[];
  /** Drafts of tables that it locks. */
  readonly exclusive?: readonly Draft[];
}

export interface CatalogOptions {
  readonly databases: readonly string[];
  /** The location names one database: the image is of that alone. */
  readonly single: boolean;
  /** Tables and views that were chosen, as at the moment of the snapshot. */
  readonly listed: readonly Listed[];
  readonly noSecrets: boolean;
  selects(object: ObjectName): boolean;
}

/** What every part of the catalog reader works with. */
export interface Drafting {
  /** In no transaction; results in utf8mb4. */
  readonly session: Session;
  readonly facts: ServerFacts;
  readonly options: CatalogOptions;
  omit(kind: string, object: ObjectName, reason: string): void;
}

/** Gives drafts their numbers, in the order in which they are asked for. */
export class Numbering {
  readonly #ids = new Map<Draft, number>();

  entry(draft: Draft): CatalogEntry {
    const id = this.#ids.size + 1;
    const numbers = (drafts: readonly Draft[] | undefined): number[] =>
      [...new Set((drafts ?? []).flatMap((each) => this.#ids.get(each) ?? []))].toSorted((a, b) => a - b);
    const after = numbers(draft.after);
    const exclusive = numbers(draft.exclusive);
    this.#ids.set(draft, id);
    const { kind, object, of, phase, traits, size, body } = draft;
    return {
      ...{ id, kind, object, phase },
      ...(of ? { of } : {}),
      ...(after.length > 0 ? { after } : {}),
      ...(exclusive.length > 0 ? { locks: { exclusive } } : {}),
      ...(size === undefined ? {} : { size }),
      ...(traits && traits.length > 0 ? { traits } : {}),
      body,
    };
  }
}

/** Settings under which an object was made, as `SHOW CREATE …` says them. */
export function madeUnder(row: Row): Record<string, string> {
  const settings: Record<string, string> = {};
  const take = (name: string, value: string | null | undefined): void => {
    if (value != null) settings[name] = value;
  };
  take('sqlMode', row.sql_mode);
  take('characterSet', row.character_set_client);
  take('collation', row.collation_connection);
  take('databaseCollation', row['Database Collation']);
  take('timeZone', row.time_zone);
  return settings;
}
