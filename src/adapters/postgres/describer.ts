/** What an image of PostgreSQL holds, for other engines. */
import type { CatalogEntry, StreamOpen } from '../../core/adapter.ts';
import { BodyDescriber } from '../../core/described.ts';
import { DbimgError } from '../../core/errors.ts';
import type { Describer, Description } from '../../core/relation.ts';
import { USUAL_SCHEMA } from './catalog/described.ts';
import { kindOfWire } from './catalog/value-kinds.ts';
import { isLargeObjects } from './large-objects.ts';

/** Entries that another entry stands for. */
const SAID_ELSEWHERE: ReadonlySet<string> = new Set([
  'check',
  'default',
  'index-partition',
  'sequence-value',
  'shell-type',
  'view-query',
]);

/** Entries that mean something to a server of PostgreSQL alone. */
const LOCAL: ReadonlySet<string> = new Set([
  ...['database', 'database-properties', 'tablespace', 'schema', 'extension'],
  ...['role', 'role-membership', 'role-setting', 'privileges', 'default-privileges', 'user-mapping'],
  ...['index-choice', 'statistics', 'refresh', 'publication', 'publication-table', 'publication-schema'],
]);

export class PostgresDescriber implements Describer {
  readonly #bodies = new BodyDescriber({
    local: LOCAL,
    reason: ({ kind }) => `PostgreSQL's own kind of ${kind}.`,
  });
  /** The first table of an image that was written before tables were described. */
  #undescribed: CatalogEntry | undefined;

  take(entry: CatalogEntry): void {
    if (SAID_ELSEWHERE.has(entry.kind)) return;
    const { relation, adds, beyond } = (entry.body ?? {}) as Record<string, unknown>;
    const old = !relation && !adds && !beyond;
    if (old && (entry.kind === 'table' || entry.kind === 'partitioned-table')) this.#undescribed ??= entry;
    else if (!(old && UNDESCRIBED.has(entry.kind))) this.#bodies.take(entry);
  }

  /** Of older images the streams alone say what columns there are. */
  open(open: StreamOpen): void {
    this.#undescribed = undefined;
    if (this.#bodies.has(open.object) || isLargeObjects(open.object)) return;
    const [, schema = '', name = ''] = open.object;
    const { wire = [] } = (open.details ?? {}) as { readonly wire?: readonly (string | null)[] };
    this.#bodies.add({
      object: open.object,
      ...(schema === USUAL_SCHEMA ? {} : { schema }),
      name,
      columns: (open.columns ?? []).map((column, at) => ({
        ...column,
        value: kindOfWire(wire[at] ?? null, column.type),
        nullable: true,
      })),
    });
  }

  describe(): Description {
    if (this.#undescribed) {
      throw new DbimgError(
        'UNSUPPORTED',
        'This image was written by an older dbimg and does not say what its tables are to other engines.',
        { object: this.#undescribed.object, hint: 'Restore it into PostgreSQL and dump it again.' },
      );
    }
    return this.#bodies.describe();
  }
}

/** Older images say nothing of them. */
const UNDESCRIBED: ReadonlySet<string> = new Set([
  'index',
  'constraint',
  'foreign-key',
  'partition',
  'sequence',
]);
