/** Objects of a database as catalog entries. */
import type { CatalogEntry, ObjectName } from '../../core/adapter.ts';
import { type Inventory, isVirtual } from './inventory.ts';
import type { Content } from './pin.ts';
import type { SchemaRow } from './schema.ts';
import { SCHEMA } from './types.ts';

/** Body of the entry of kind `database`: what a new file must be made with, and what is set in it at the end. */
export interface DatabaseBody {
  readonly [key: string]: string | number;
  readonly pageSize: number;
  /** Bytes at the end of each page that are left to extensions. */
  readonly reserved: number;
  readonly encoding: string;
  readonly autoVacuum: string;
  readonly journal: 'wal' | 'rollback';
  readonly userVersion: number;
  readonly applicationId: number;
}

/** Body of every other entry: the row of `sqlite_schema`, without its page. `sql` is exactly what is stored there. */
export interface SchemaBody {
  readonly [key: string]: string | readonly string[] | undefined;
  readonly type: string;
  readonly name: string;
  readonly table: string;
  readonly sql: readonly string[];
  /** How the rows come, if not by ascending rowid: only in translated images. */
  readonly rows?: typeof UNORDERED;
}

export const UNORDERED = 'unordered';

/** The database itself first, then tables, then what is built after the rows, each in order of creation. */
export function* catalogOf(
  inventory: Inventory,
  content: Content | undefined,
  wants: (object: ObjectName) => boolean,
): Generator<CatalogEntry> {
  const database = 1;
  if (content) {
    yield {
      id: database,
      kind: 'database',
      object: [SCHEMA],
      phase: 'pre-data',
      body: databaseBody(content),
    };
  }
  const left = new Set(inventory.omissions.map(({ object }) => object.at(-1)));
  const rows = inventory.rows.filter((row) => row.sql !== undefined);
  // Content of a virtual table goes where the virtual table goes.
  const owners = new Map(inventory.tables.map(({ name, owner }) => [name, owner ?? name]));
  const wanted = (name: string): boolean => !left.has(name) && wants([SCHEMA, owners.get(name) ?? name]);
  const ids = new Map<string, number>();
  let id = database;
  for (const row of rows.filter(({ type, name }) => type === 'table' && wanted(name))) {
    ids.set(row.name.toLowerCase(), ++id);
    const object = [SCHEMA, row.name];
    const of = [SCHEMA, owners.get(row.name) ?? row.name];
    const kind = isVirtual(row) ? 'virtual table' : 'table';
    yield { id, kind, object, of, phase: 'pre-data', body: schemaBody(row) };
  }
  for (const row of rows.filter(({ type }) => type !== 'table')) {
    const of = row.type === 'view' ? row.name : row.table;
    if (!wanted(of) || left.has(row.name)) continue;
    const after = ids.get(row.table.toLowerCase());
    id += 1;
    if (row.type === 'view') ids.set(row.name.toLowerCase(), id);
    yield {
      id,
      kind: row.type,
      object: [SCHEMA, row.name],
      of: [SCHEMA, owners.get(of) ?? of],
      phase: 'post-data',
      ...(after === undefined ? {} : { after: [after] }),
      // A file has one writer.
      locks: { exclusive: [database] },
      body: schemaBody(row),
    };
  }
}

export function databaseBody({ header }: Content): DatabaseBody {
  const { pageSize, usable, encoding, autoVacuum, userVersion, applicationId } = header;
  const journal: DatabaseBody['journal'] = header.readVersion === 2 ? 'wal' : 'rollback';
  return { pageSize, reserved: pageSize - usable, encoding, autoVacuum, journal, userVersion, applicationId };
}

function schemaBody({ type, name, table, sql = '' }: SchemaRow): SchemaBody {
  return { type, name, table, sql: [sql] };
}
