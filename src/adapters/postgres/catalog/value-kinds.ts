/** What the values of PostgreSQL's types are to any engine. */
import type { ValueKind } from '../../../core/relation.ts';
import { hasStableForm, innerOf } from '../types.ts';

/** A type, seen through the domains over it. */
export interface TypeFacts {
  readonly name: string;
  /** `b` base, `e` enum, `c` composite, `r` range, `m` multirange, `p` pseudo. */
  readonly type: string;
  /** Made by initdb. */
  readonly system: boolean;
  /** −1 if there is none. */
  readonly modifier: number;
  readonly labels: readonly string[] | null;
  /** Of arrays. */
  readonly element: TypeFacts | null;
}

/** SQL: JSON of {@link TypeFacts} for the column `a` whose type is `t`. */
export const TYPE_FACTS: string = `(WITH RECURSIVE base (oid, modifier) AS (
      SELECT a.atttypid, a.atttypmod
      UNION ALL SELECT d.typbasetype, CASE WHEN base.modifier = -1 THEN d.typtypmod ELSE base.modifier END
        FROM base JOIN pg_type AS d ON d.oid = base.oid WHERE d.typtype = 'd'
    ) SELECT json_build_object(${typeJson('b', 'base.modifier')}, 'element', CASE WHEN e.oid IS NOT NULL THEN
        json_build_object(${typeJson('e', 'base.modifier')}, 'element', NULL) END)
    FROM base JOIN pg_type AS b ON b.oid = base.oid
    LEFT JOIN pg_type AS e ON e.oid = b.typelem AND b.typlen = -1 AND b.typcategory = 'A'
      AND b.typname NOT IN ('int2vector', 'oidvector')
    WHERE b.typtype <> 'd')`;

function typeJson(alias: string, modifier: string): string {
  return `'name', ${alias}.typname, 'type', ${alias}.typtype, 'system', ${alias}.oid < 16384, 'modifier', ${modifier},
    'labels', CASE WHEN ${alias}.typtype = 'e' THEN (SELECT json_agg(l.enumlabel ORDER BY l.enumsortorder)
      FROM pg_enum AS l WHERE l.enumtypid = ${alias}.oid) END`;
}

const FIXED: { readonly [name: string]: ValueKind } = {
  bool: { kind: 'boolean' },
  int2: { kind: 'integer', bits: 16 },
  int4: { kind: 'integer', bits: 32 },
  int8: { kind: 'integer', bits: 64 },
  oid: { kind: 'integer', bits: 32, unsigned: true },
  xid: { kind: 'integer', bits: 32, unsigned: true },
  cid: { kind: 'integer', bits: 32, unsigned: true },
  xid8: { kind: 'integer', bits: 64, unsigned: true },
  float4: { kind: 'float', bits: 32 },
  float8: { kind: 'float', bits: 64 },
  text: { kind: 'text' },
  name: { kind: 'text' },
  char: { kind: 'text' },
  bytea: { kind: 'bytes' },
  json: { kind: 'json' },
  jsonb: { kind: 'json' },
  uuid: { kind: 'uuid' },
  date: { kind: 'date' },
};

/** A modifier of a length counts its own four bytes. */
const MODIFIER_SIZE = 4;

export function valueKindOf({ name, type, system, modifier, labels, element }: TypeFacts): ValueKind {
  if (type === 'e') return { kind: 'enum', ...(labels ? { labels } : {}) };
  if (element) return isDecoded(element) ? { kind: 'list', of: valueKindOf(element) } : { kind: 'other' };
  if (type !== 'b' || !system) return { kind: 'other' };
  const precision = modifier < 0 ? {} : { precision: modifier };
  switch (name) {
    case 'numeric':
      return { kind: 'decimal', ...digitsOf(modifier) };
    case 'varchar':
      return { kind: 'text', ...lengthOf(modifier) };
    case 'bpchar':
      return { kind: 'text', ...lengthOf(modifier), ...(modifier < 0 ? {} : { fixed: true }) };
    case 'time':
    case 'timetz':
      return { kind: 'time', ...precision };
    case 'timestamp':
    case 'timestamptz':
      return { kind: name, ...precision };
    case 'interval':
      return { kind: 'interval' };
    default:
      return FIXED[name] ?? { kind: 'other' };
  }
}

/** Arrays of other types are read as they are written. */
function isDecoded({ name, type, system }: TypeFacts): boolean {
  return system && (type === 'r' || type === 'm' || hasStableForm(name));
}

/** Source: `numeric_typmod_precision` and `numeric_typmod_scale`, `src/backend/utils/adt/numeric.c`. */
function digitsOf(modifier: number): { precision: number; scale: number } | Record<string, never> {
  if (modifier < MODIFIER_SIZE) return {};
  const packed = modifier - MODIFIER_SIZE;
  return { precision: (packed >> 16) & 0xffff, scale: ((packed & 0x7ff) ^ 1024) - 1024 };
}

function lengthOf(modifier: number): { length: number } | Record<string, never> {
  return modifier < MODIFIER_SIZE ? {} : { length: modifier - MODIFIER_SIZE };
}

/**
 * The same from what an OPEN frame says of a column: the form of its values and the name of its type.
 * @param wire null for types that have no form but text.
 */
export function kindOfWire(wire: string | null, type: string): ValueKind {
  if (wire === null) return { kind: 'other' };
  if (wire === 'enum') return { kind: 'enum' };
  if (wire.startsWith('array<')) return { kind: 'list', of: kindOfWire(innerOf(wire), '') };
  const [, first, second = '0'] = /\((\d+)(?:,(-?\d+))?\)/.exec(type) ?? [];
  switch (wire) {
    case 'numeric':
      return first === undefined
        ? { kind: 'decimal' }
        : { kind: 'decimal', precision: Number(first), scale: Number(second) };
    case 'varchar':
    case 'bpchar':
      return { kind: 'text', ...(first === undefined ? {} : { length: Number(first) }) };
    case 'time':
    case 'timetz':
      return { kind: 'time' };
    case 'timestamp':
    case 'timestamptz':
    case 'interval':
      return { kind: wire };
    default:
      return FIXED[wire] ?? { kind: 'other' };
  }
}
