/** What tables are to any engine: written beside the statements that make them, for restores elsewhere. */
import type { ObjectName, Omission } from '../../../core/adapter.ts';
import type { DescribedBody } from '../../../core/described.ts';
import type { RelationColumn } from '../../../core/relation.ts';
import { portableDefault } from './portable-defaults.ts';
import { type TypeFacts, valueKindOf } from './value-kinds.ts';

/** What must be known of a column besides its clause. */
export interface DescribedColumn {
  readonly plain: string;
  readonly type: string;
  readonly facts: TypeFacts;
  readonly notNull: boolean;
  readonly notNullValid: boolean;
  readonly identity: boolean;
  readonly generated: string;
  readonly defaultText: string | null;
  readonly comment: string | null;
}

export interface DescribedTable {
  readonly schema: string;
  readonly name: string;
  readonly relkind: 'r' | 'p' | 'f';
  readonly partition: boolean;
  readonly parents: readonly string[];
  readonly comment: string | null;
  readonly columns: readonly DescribedColumn[];
  readonly checks: readonly { readonly name: string; readonly definition: string }[];
}

/** The schema that users leave out. */
export const USUAL_SCHEMA = 'public';

/** Rows of partitions are rows of the table that was partitioned, and what it has they have. */
export function describedTable(table: DescribedTable, database: string): DescribedBody | undefined {
  if (table.relkind === 'f') return undefined;
  if (table.partition) return { adds: {} };
  const object: ObjectName = [database, table.schema, table.name];
  const beyond: Omission[] = [];
  const columns: RelationColumn[] = [];
  for (const column of table.columns) {
    const { described, omission } = describedColumn(column, object);
    if (described) columns.push(described);
    if (omission) beyond.push(omission);
  }
  for (const check of table.checks) {
    beyond.push({
      kind: 'check',
      object: [...object, check.name],
      reason: `An expression: ${check.definition}`,
    });
  }
  if (table.parents.length > 0) {
    const reason = `Its rows are no longer seen in ${table.parents.join(', ')}.`;
    beyond.push({ kind: 'inheritance', object, reason });
  }
  return {
    relation: {
      object,
      // All its rows lie in its partitions.
      ...(table.relkind === 'p' ? { sources: [object] } : {}),
      ...(table.schema === USUAL_SCHEMA ? {} : { schema: table.schema }),
      name: table.name,
      columns,
      ...(table.comment === null ? {} : { comment: table.comment }),
    },
    ...(beyond.length > 0 ? { beyond } : {}),
  };
}

function describedColumn(
  column: DescribedColumn,
  table: ObjectName,
): { described?: RelationColumn; omission?: Omission } {
  const object = [...table, column.plain];
  const text = column.defaultText;
  if (column.generated !== '') {
    return { omission: { kind: 'generated-column', object, reason: `Computed by an expression: ${text}` } };
  }
  const value = valueKindOf(column.facts);
  const counted = column.identity || (text !== null && /^nextval\(/.test(text));
  const portable = text === null || counted ? undefined : portableDefault(text, value);
  const lost = text !== null && !counted && portable === undefined && !/^NULL(::|$)/.test(text);
  return {
    described: {
      name: column.plain,
      type: column.type,
      value,
      nullable: !(column.notNull && column.notNullValid),
      ...(portable ? { default: portable } : {}),
      ...(counted ? { counted: true } : {}),
      ...(column.comment === null ? {} : { comment: column.comment }),
    },
    ...(lost ? { omission: { kind: 'default', object, reason: `An expression: ${text}` } } : {}),
  };
}
