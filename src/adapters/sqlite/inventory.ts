/** Everything that a held state contains: its schema, and what its tables look like. */
import { setImmediate as turn } from 'node:timers/promises';
import type { Omission } from '../../core/adapter.ts';
import { damageError, type PageDamage } from './pages/damage.ts';
import type { TextEncoding } from './pages/header.ts';
import { PageSource } from './pages/source.ts';
import type { Content } from './pin.ts';
import { readSchema, type SchemaRow } from './schema.ts';
import { ShapeReader, type TableShape } from './shape.ts';
import { SCHEMA } from './types.ts';

/** A table with rows of its own. */
export interface DataTable {
  readonly name: string;
  readonly root: number;
  readonly shape: TableShape;
  /** The virtual table that keeps its content here. */
  readonly owner: string | undefined;
}

export interface Inventory {
  readonly rows: readonly SchemaRow[];
  readonly tables: readonly DataTable[];
  readonly omissions: readonly Omission[];
}

/** Then others get their turn. */
const TABLES_AT_ONCE = 100;

export const EMPTY: Inventory = { rows: [], tables: [], omissions: [] };

/** With `salvage`, what cannot be read of the schema is omitted; else it is `SOURCE_DAMAGED`. */
export async function takeInventory(
  content: Content,
  salvage: boolean,
  signal: AbortSignal,
): Promise<Inventory> {
  const omissions: Omission[] = [];
  const onDamage = (damage: PageDamage): void => {
    omissions.push({ kind: 'damaged', object: [SCHEMA, 'sqlite_schema'], reason: damage.message });
  };
  const source = new PageSource(content.layout);
  const rows = schemaRows(source, content.header.encoding, salvage ? onDamage : undefined);
  const tables: DataTable[] = [];
  const virtual = new Map(rows.filter(isVirtual).map(({ name }) => [name.toLowerCase(), name]));
  const indexes = Map.groupBy(
    rows.filter(({ type, sql }) => type === 'index' && sql !== undefined),
    ({ table }) => table.toLowerCase(),
  );
  using shapes = new ShapeReader();
  for (const [nth, row] of rows.entries()) {
    if (nth % TABLES_AT_ONCE === 0) await turn();
    signal.throwIfAborted();
    if (row.type !== 'table' || isVirtual(row)) continue;
    const shape = row.sql === undefined ? undefined : shapes.read(row.name, row.sql);
    if (!shape) {
      omissions.push(unknownTable(row.name));
      continue;
    }
    tables.push({ name: row.name, root: row.root, shape, owner: ownerOf(row.name, virtual) });
    for (const index of indexes.get(row.name.toLowerCase()) ?? []) {
      const missing = shapes.missing(index.sql as string);
      if (missing !== undefined) omissions.push(foreignIndex(index.name, missing));
    }
  }
  return { rows, tables, omissions };
}

export function isVirtual(row: SchemaRow): boolean {
  return row.type === 'table' && row.root === 0 && /^create\s+virtual\s/i.test(row.sql ?? '');
}

function schemaRows(
  source: PageSource,
  encoding: TextEncoding,
  onDamage: ((damage: PageDamage) => void) | undefined,
): SchemaRow[] {
  try {
    return readSchema(source, encoding, onDamage);
  } catch (error) {
    throw damageError(error, [SCHEMA, 'sqlite_schema']);
  }
}

function unknownTable(name: string): Omission {
  const reason = `SQLite ${process.versions.sqlite} does not understand its definition`;
  return { kind: 'table', object: [SCHEMA, name], reason };
}

/** Its entries cannot be put in order without the program: neither here nor where it is restored. */
function foreignIndex(name: string, missing: string): Omission {
  return {
    ...{ kind: 'index', object: [SCHEMA, name] },
    reason: `it needs what only the program has that uses the database (${missing}); a physical image has it`,
  };
}

/** What the modules that come with SQLite put after the name of a virtual table. */
const SHADOWS = new Set('config content data docsize idx node parent rowid segdir segments stat'.split(' '));

function ownerOf(name: string, virtual: ReadonlyMap<string, string>): string | undefined {
  const cut = name.lastIndexOf('_');
  if (cut < 0 || !SHADOWS.has(name.slice(cut + 1))) return undefined;
  return virtual.get(name.slice(0, cut).toLowerCase());
}
