/** What an image of MySQL or MariaDB holds, for other engines: its tables' entries say it. */
import type { CatalogEntry, Plain } from '../../core/adapter.ts';
import { BodyDescriber, type DescribedBody } from '../../core/described.ts';
import type { Describer, Relation, RelationColumn } from '../../core/relation.ts';

/** They mean something to a server of these products alone. */
const LOCAL: ReadonlySet<string> = new Set([
  'database',
  'account',
  'role',
  'grant',
  'role grant',
  'default role',
  'sequence value',
]);

export function describer(): Describer {
  return new MysqlDescriber();
}

/** Relations are in the bodies of tables, with all their keys. */
class MysqlDescriber extends BodyDescriber {
  constructor() {
    super({
      local: LOCAL,
      reason: ({ kind }) =>
        kind === 'sequence'
          ? 'Other engines have none of this kind.'
          : 'It is written in the language of MySQL.',
    });
  }

  override take(entry: CatalogEntry): void {
    const body = (entry.body ?? {}) as DescribedBody & { readonly statements?: readonly string[] };
    const definition = body.statements?.[0] ?? '';
    if (/\bENGINE=MRG_/.test(definition)) {
      this.omit('merge-table', entry.object, 'It has no rows of its own but shows those of others.');
      return;
    }
    if (!body.relation || !/\bWITH SYSTEM VERSIONING\b/.test(definition)) {
      super.take(entry);
      return;
    }
    const period = periodOf(definition);
    super.take({ ...entry, body: withHistory(body.relation, period) as unknown as Plain });
    for (const { kind, object, reason } of body.beyond ?? []) {
      if (!period.includes(object.at(-1) as string)) this.omit(kind, object, reason);
    }
    const reason = `Rows of the past are rows like all others: ${period[1]} tells them apart, and keys are not kept.`;
    this.omit('system-versioning', entry.object, reason);
  }
}

/** Names of the columns in which MariaDB keeps when a row was valid. */
function periodOf(definition: string): readonly [string, string] {
  const match = /PERIOD FOR SYSTEM_TIME \(`((?:[^`]|``)+)`, ?`((?:[^`]|``)+)`\)/.exec(definition);
  const [start = 'row_start', end = 'row_end'] = (match?.slice(1) ?? []).map((name) =>
    name.replaceAll('``', '`'),
  );
  return [start, end];
}

/** With the period, and without keys: a row that was changed is there more than once. */
function withHistory(relation: Relation, period: readonly string[]): { readonly relation: Relation } {
  const { primaryKey: _, unique: __, ...rest } = relation;
  const missing = period.filter((name) => !relation.columns.some((column) => column.name === name));
  const columns: RelationColumn[] = missing.map((name) => ({
    name,
    type: 'timestamp(6)',
    value: { kind: 'timestamptz', precision: 6 },
    nullable: false,
  }));
  return { relation: { ...rest, columns: [...relation.columns, ...columns] } };
}
