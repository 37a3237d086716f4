/** Images of other engines as SQLite databases: what their relations become. `docs/cross-engine.md`. */
import type { CatalogEntry, ObjectName, Omission } from '../../core/adapter.ts';
import { DbimgError } from '../../core/errors.ts';
import type {
  Description,
  Relation,
  RelationColumn,
  RelationMapping,
  Translation,
  Translator,
} from '../../core/relation.ts';
import { type DatabaseBody, type SchemaBody, UNORDERED } from './catalog.ts';
import { mappingOf, type StorageMapping, storageOf } from './column-mapping.ts';
import { createIndex, createTable } from './definitions.ts';
import { ROW, SCHEMA } from './types.ts';

const DATABASE = 1;
/** SQLite takes no more columns. https://www.sqlite.org/limits.html */
const MAX_COLUMNS = 2000;

const NEW_DATABASE: DatabaseBody = {
  pageSize: 4096,
  reserved: 0,
  encoding: 'UTF-8',
  autoVacuum: 'none',
  journal: 'rollback',
  userVersion: 0,
  applicationId: 0,
};

/** A relation as a table of SQLite. */
export interface TranslatedTable {
  readonly relation: Relation;
  readonly name: string;
  /** How each column is stored. */
  readonly storage: readonly StorageMapping[];
  /** The column that is the rowid: its values may come in any order. */
  readonly rowid: number | undefined;
}

export const translator: Translator = {
  translate(description: Description): Translation {
    const omissions: Omission[] = [];
    const relations = withSoundReferences(description.relations, omissions);
    const tables = tablesOf(relations, omissions);
    return {
      entries: [...entriesOf(tables)],
      mappings: [...tables.values()].map(relationMapping),
      omissions,
    };
  },
};

/** A foreign key to what is no key would make every change of the two tables fail. */
function withSoundReferences(relations: readonly Relation[], omissions: Omission[]): Relation[] {
  const keys = new Map(relations.map((relation) => [JSON.stringify(relation.object), keysOf(relation)]));
  return relations.map((relation) => ({
    ...relation,
    foreignKeys: (relation.foreignKeys ?? []).filter(({ name, columns, references, referenced }) => {
      if (keys.get(JSON.stringify(references))?.has(columnSet(referenced))) return true;
      const object = [...relation.object, name ?? columns.join(', ')];
      omissions.push({ kind: 'foreign-key', object, reason: 'The columns that it refers to are no key.' });
      return false;
    }),
  }));
}

function keysOf({ primaryKey, unique = [], indexes = [] }: Relation): ReadonlySet<string> {
  return new Set([
    ...(primaryKey ? [columnSet(primaryKey.columns)] : []),
    ...unique.map(({ columns }) => columnSet(columns)),
    ...indexes
      .filter((index) => index.unique)
      .map(({ columns }) => columnSet(columns.map(({ name }) => name))),
  ]);
}

function columnSet(columns: readonly string[]): string {
  return JSON.stringify([...columns].sort());
}

/** Tables by the source's name of their relation. */
function tablesOf(relations: readonly Relation[], omissions: Omission[]): Map<string, TranslatedTable> {
  const tables = new Map<string, TranslatedTable>();
  const names = new Map<string, ObjectName>();
  const doubles: SameName[] = [];
  for (const relation of relations) {
    const reason = refusal(relation);
    if (reason !== undefined) {
      omissions.push({ kind: 'table', object: relation.object, reason });
      continue;
    }
    const name = tableName(relation);
    const other = names.get(name.toLowerCase());
    if (other) {
      doubles.push({ name, first: other, second: relation.object });
      continue;
    }
    names.set(name.toLowerCase(), relation.object);
    tables.set(JSON.stringify(relation.object), translated(relation, name));
  }
  if (doubles.length > 0) throw sameNames(doubles);
  return tables;
}

/** Two relations that would be one table. */
interface SameName {
  readonly name: string;
  readonly first: ObjectName;
  readonly second: ObjectName;
}

/** `artist`; `sales.artist` for what lies in another schema than the usual one. */
export function tableName({ schema, name }: Relation): string {
  return schema === undefined ? name : `${schema}.${name}`;
}

export function translated(relation: Relation, name: string): TranslatedTable {
  const key = relation.primaryKey?.columns ?? [];
  const alone = key.length === 1 ? relation.columns.findIndex((column) => column.name === key[0]) : -1;
  const storage = relation.columns.map((column, at) =>
    storageOf(column, at === alone && column.counted === true),
  );
  const rowid = alone >= 0 && isInteger(relation.columns[alone], storage[alone]) ? alone : undefined;
  return { relation, name, storage, rowid };
}

/** Only what is declared as INTEGER, and as a number, is the rowid. */
function isInteger(column: RelationColumn | undefined, storage: StorageMapping | undefined): boolean {
  return column?.value.kind === 'integer' && storage?.storage === 'INTEGER';
}

function refusal({ columns, name }: Relation): string | undefined {
  if (columns.length === 0) return 'SQLite has no tables without columns.';
  if (columns.length > MAX_COLUMNS) return `SQLite has no tables of more than ${MAX_COLUMNS} columns.`;
  if (/^sqlite_/i.test(name)) return 'SQLite keeps names that begin with sqlite_ for itself.';
  const seen = new Set<string>();
  for (const column of columns) {
    const lower = column.name.toLowerCase();
    if (seen.has(lower))
      return `SQLite does not tell column ${column.name} from one that differs in its case.`;
    seen.add(lower);
  }
  return undefined;
}

/** How many are told of. */
const LISTED = 10;

function sameNames(doubles: readonly SameName[]): DbimgError {
  const pairs = doubles
    .slice(0, LISTED)
    .map(
      ({ name, first, second }) => `${first.join('.')} and ${second.join('.')} would both be table ${name}`,
    );
  const more = doubles.length > LISTED ? `, and ${doubles.length - LISTED} more` : '';
  const skips = doubles.slice(0, LISTED).map(({ second }) => `--skip '${second.slice(-2).join('.')}'`);
  return new DbimgError('UNSUPPORTED', `SQLite cannot tell some tables apart: ${pairs.join('; ')}${more}.`, {
    ...(doubles[0] ? { object: doubles[0].second } : {}),
    hint: `Restore one of each: leave the others out with ${skips.join(' ')}`,
  });
}

function* entriesOf(tables: ReadonlyMap<string, TranslatedTable>): Generator<CatalogEntry> {
  yield { id: DATABASE, kind: 'database', object: [SCHEMA], phase: 'pre-data', body: { ...NEW_DATABASE } };
  let id = DATABASE;
  const ids = new Map<TranslatedTable, number>();
  const names = new Set([...tables.values()].map(({ name }) => name.toLowerCase()));
  for (const table of tables.values()) {
    ids.set(table, ++id);
    const object = [SCHEMA, table.name];
    const sql = createTable(table, (referenced) => tables.get(JSON.stringify(referenced))?.name);
    const body: SchemaBody = {
      ...{ type: 'table', name: table.name, table: table.name, sql: [sql] },
      ...(table.rowid === undefined ? {} : { rows: UNORDERED }),
    };
    yield { id, kind: 'table', object, of: object, phase: 'pre-data', body };
  }
  for (const table of tables.values()) {
    for (const index of table.relation.indexes ?? []) {
      const name = freeName(index.name, table.name, names);
      const body: SchemaBody = {
        type: 'index',
        name,
        table: table.name,
        sql: [createIndex(name, table.name, index)],
      };
      yield {
        id: ++id,
        kind: 'index',
        object: [SCHEMA, name],
        of: [SCHEMA, table.name],
        phase: 'post-data',
        after: [ids.get(table) as number],
        locks: { exclusive: [DATABASE] },
        body,
      };
    }
  }
}

/** Indexes share their names with tables, and all of a database's have different ones. */
function freeName(wanted: string, table: string, taken: Set<string>): string {
  const reserved = /^sqlite_/i.test(wanted);
  const candidates = [...(reserved ? [] : [wanted]), `${table}_${wanted}`];
  let name = candidates.find((candidate) => !taken.has(candidate.toLowerCase()));
  for (let number = 2; name === undefined; number += 1) {
    const candidate = `${table}_${wanted}_${number}`;
    if (!taken.has(candidate.toLowerCase())) name = candidate;
  }
  taken.add(name.toLowerCase());
  return name;
}

function relationMapping({ relation, name, storage, rowid }: TranslatedTable): RelationMapping {
  const target = [SCHEMA, name];
  return {
    source: relation.object,
    target,
    open: {
      object: target,
      part: 0,
      encoding: ROW,
      columns: relation.columns.map((column, at) => ({
        name: column.name,
        type: (storage[at] as StorageMapping).storage,
      })),
      settings: { encoding: NEW_DATABASE.encoding },
      details: { withoutRowid: false, rowidColumn: rowid ?? null },
    },
    columns: relation.columns.map((column, at) => mappingOf(column, storage[at] as StorageMapping)),
  };
}
