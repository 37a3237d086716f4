/** Keys, foreign keys and indexes as what they add to their tables, for restores elsewhere. */
import type { DescribedBody } from '../../../core/described.ts';
import type { ReferentialAction } from '../../../core/relation.ts';
import type { CatalogSession } from './session.ts';

export interface KeyFacts {
  readonly schema: string;
  readonly name: string;
  /** `p`, `u`, `f`, `x`, `c`, `n`, `t`. */
  readonly type: string;
  readonly definition: string;
  readonly tableSchema: string;
  readonly tableName: string;
  readonly ofPartition: boolean;
  readonly period: boolean;
  readonly columns: readonly string[];
  readonly referencedSchema: string | null;
  readonly referencedName: string | null;
  readonly referencedColumns: readonly string[];
  readonly onUpdate: string;
  readonly onDelete: string;
  readonly deferred: boolean;
  readonly enforced: boolean;
}

/** SQL: the further columns of {@link KeyFacts} for constraint `k` on table `t`. */
export const keyFacts = (server: CatalogSession): string => `t.relispartition AS "ofPartition",
  ${columnNames('k.conrelid', 'k.conkey')} AS columns, ${columnNames('k.confrelid', 'k.confkey')} AS "referencedColumns",
  (SELECT rn.nspname FROM pg_class AS rt JOIN pg_namespace AS rn ON rn.oid = rt.relnamespace WHERE rt.oid = k.confrelid)
    AS "referencedSchema",
  (SELECT rt.relname FROM pg_class AS rt WHERE rt.oid = k.confrelid) AS "referencedName",
  k.confupdtype AS "onUpdate", k.confdeltype AS "onDelete", k.condeferred AS deferred,
  ${server.pick(18, 'k.conenforced', 'true')} AS enforced`;

function columnNames(relation: string, numbers: string): string {
  return `coalesce((SELECT json_agg(ka.attname ORDER BY kn.place) FROM unnest(${numbers}) WITH ORDINALITY AS kn (number, place)
    JOIN pg_attribute AS ka ON ka.attrelid = ${relation} AND ka.attnum = kn.number), '[]'::json)`;
}

const ACTIONS: { readonly [letter: string]: ReferentialAction } = {
  r: 'restrict',
  c: 'cascade',
  n: 'set null',
  d: 'set default',
};

const KINDS: { readonly [letter: string]: string } = {
  x: 'exclusion-constraint',
  c: 'check',
  f: 'foreign-key',
};

export function describedKey(key: KeyFacts, database: string): DescribedBody {
  const { type, name, columns } = key;
  if (key.ofPartition || type === 'n') return { adds: {} };
  if (type === 'f' && !key.period && key.enforced) return { adds: { foreignKey: foreignKey(key, database) } };
  if ((type === 'p' || type === 'u') && !key.period) {
    return { adds: type === 'p' ? { primaryKey: { name, columns } } : { unique: { name, columns } } };
  }
  const object = [database, key.tableSchema, key.tableName, name];
  return {
    beyond: [{ kind: KINDS[type] ?? 'constraint', object, reason: `PostgreSQL's own: ${key.definition}` }],
  };
}

function foreignKey(
  key: KeyFacts,
  database: string,
): NonNullable<NonNullable<DescribedBody['adds']>['foreignKey']> {
  const onUpdate = ACTIONS[key.onUpdate];
  const onDelete = ACTIONS[key.onDelete];
  return {
    name: key.name,
    columns: key.columns,
    references: [database, key.referencedSchema ?? '', key.referencedName ?? ''],
    referenced: key.referencedColumns,
    ...(onUpdate ? { onUpdate } : {}),
    ...(onDelete ? { onDelete } : {}),
    ...(key.deferred ? { deferred: true } : {}),
  };
}

export interface IndexFacts {
  readonly schema: string;
  readonly name: string;
  readonly tableSchema: string;
  readonly tableName: string;
  readonly definition: string;
  /** Oid of the constraint that takes it over. */
  readonly constraint: number | null;
  readonly ofPartition: boolean;
  readonly attached: boolean;
  readonly method: string;
  readonly unique: boolean;
  readonly partial: boolean;
  /** Null for an expression. */
  readonly keys: readonly { readonly name: string | null; readonly descending: boolean }[];
}

/** SQL: the further columns of {@link IndexFacts} for index `c` (`i` in `pg_index`) on table `t`. */
export const INDEX_FACTS: string = `t.relispartition AS "ofPartition",
  EXISTS (SELECT 1 FROM pg_inherits AS ih WHERE ih.inhrelid = c.oid) AS attached,
  (SELECT am.amname FROM pg_am AS am WHERE am.oid = c.relam) AS method, i.indisunique AS "unique",
  i.indpred IS NOT NULL AS partial,
  coalesce((SELECT json_agg(json_build_object('name', ia.attname, 'descending', i.indoption[ik.place - 1] & 1 = 1)
      ORDER BY ik.place)
    FROM unnest(i.indkey) WITH ORDINALITY AS ik (number, place)
    LEFT JOIN pg_attribute AS ia ON ia.attrelid = i.indrelid AND ia.attnum = ik.number AND ik.number <> 0
    WHERE ik.place <= i.indnkeyatts), '[]'::json) AS keys`;

/** Methods whose indexes any engine's own kind of index stands for. */
const USUAL_METHODS: ReadonlySet<string> = new Set(['btree', 'hash']);

export function describedIndex(index: IndexFacts, database: string): DescribedBody {
  if (index.constraint !== null || (index.ofPartition && index.attached)) return { adds: {} };
  const columns = index.keys.flatMap(({ name, descending }) =>
    name === null ? [] : [{ name, ...(descending ? { descending } : {}) }],
  );
  const plain = columns.length === index.keys.length && !index.partial && USUAL_METHODS.has(index.method);
  if (plain && !index.ofPartition) {
    return { adds: { index: { name: index.name, unique: index.unique, columns } } };
  }
  const object = [database, index.schema, index.name];
  return { beyond: [{ kind: 'index', object, reason: `Made of more than columns: ${index.definition}` }] };
}
