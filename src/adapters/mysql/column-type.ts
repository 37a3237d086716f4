/** Types of columns as `SHOW COLUMNS` writes them. */
import type { ValueKind } from '../../core/relation.ts';

export interface ColumnType {
  /** In lower case, without what follows it: `int`, `varchar`, `enum`, `point`. */
  readonly name: string;
  /** What stands in parentheses: `decimal(10,2)` → 10, 2. */
  readonly sizes: readonly number[];
  /** Of `enum` and `set`. */
  readonly labels: readonly string[];
  readonly unsigned: boolean;
}

export const SPATIAL: ReadonlySet<string> = new Set(
  'geometry point linestring polygon multipoint multilinestring multipolygon geomcollection geometrycollection'.split(
    ' ',
  ),
);

export function parseColumnType(text: string): ColumnType {
  const match = /^\s*([a-z0-9_]+(?: precision)?)\s*(?:\((.*)\))?(.*)$/is.exec(text);
  const name = (match?.[1] ?? text).toLowerCase();
  const inside = match?.[2] ?? '';
  const labelled = name === 'enum' || name === 'set';
  return {
    name,
    sizes: labelled || inside === '' ? [] : inside.split(',').map(Number),
    labels: labelled ? labelsIn(inside) : [],
    unsigned: /\bunsigned\b/i.test(match?.[3] ?? ''),
  };
}

/** `'a','it''s','back\\\\slash'` → `a`, `it's`, `back\\slash`. Source: `append_unescaped` in the servers' `sql/`. */
function labelsIn(text: string): string[] {
  return [...text.matchAll(/'((?:[^']|'')*)'/g)].map((match) =>
    (match[1] as string)
      .replaceAll("''", "'")
      .replace(/\\(.)/g, (_, escaped: string) => ESCAPED[escaped] ?? escaped),
  );
}

const ESCAPED: Readonly<Record<string, string>> = { 0: '\0', n: '\n', r: '\r' };

const INTEGER_BITS: Readonly<Record<string, 8 | 16 | 24 | 32 | 64>> = {
  tinyint: 8,
  smallint: 16,
  mediumint: 24,
  int: 32,
  bigint: 64,
  year: 16,
};

export function isInteger({ name }: ColumnType): boolean {
  return INTEGER_BITS[name] !== undefined && name !== 'year';
}

/** What the values of a column are to other engines. */
export function valueKindOf(type: ColumnType, characterSet: string | null): ValueKind {
  const [first, second] = type.sizes;
  const bits = INTEGER_BITS[type.name];
  if (bits !== undefined) return { kind: 'integer', bits, ...(type.unsigned ? { unsigned: true } : {}) };
  const length = first === undefined ? {} : { length: first };
  const precision = first === undefined ? {} : { precision: first };
  switch (type.name) {
    case 'bit':
      return { kind: 'integer', bits: 64, unsigned: true };
    case 'float':
      return { kind: 'float', bits: 32 };
    case 'double':
      return { kind: 'float', bits: 64 };
    case 'decimal':
      return { kind: 'decimal', precision: first ?? 10, scale: second ?? 0 };
    case 'date':
      return { kind: 'date' };
    case 'time':
      return { kind: 'time', ...precision };
    case 'datetime':
      return { kind: 'timestamp', ...precision };
    case 'timestamp':
      return { kind: 'timestamptz', ...precision };
    case 'json':
      return { kind: 'json' };
    case 'enum':
      return { kind: 'enum', labels: type.labels };
    case 'uuid':
      return { kind: 'uuid' };
    case 'vector':
      return { kind: 'list', of: { kind: 'float', bits: 32 } };
    case 'set':
    case 'inet4':
    case 'inet6':
      return { kind: 'text' };
    case 'char':
    case 'varchar':
      return characterSet === null ? { kind: 'bytes', ...length } : { kind: 'text', ...length };
    case 'binary':
    case 'varbinary':
      return { kind: 'bytes', ...length };
    default:
      return characterSet === null ? { kind: 'bytes' } : { kind: 'text' };
  }
}
