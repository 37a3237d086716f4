/** What an image of SQLite holds, for other engines. SQLite itself reads the definitions, in a database of its own. */
import { randomUUID } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import type { CatalogEntry, ObjectName, Omission } from '../../core/adapter.ts';
import { BodyDescriber } from '../../core/described.ts';
import type {
  Describer,
  Description,
  ForeignKey,
  PortableDefault,
  ReferentialAction,
  Relation,
  RelationColumn,
  ValueKind,
} from '../../core/relation.ts';
import { affinityOf } from './affinity.ts';
import type { SchemaBody } from './catalog.ts';
import { SCHEMA } from './types.ts';

/** The database as a whole, and what SQLite's planner knows. */
const LOCAL: ReadonlySet<string> = new Set(['database']);

export class SqliteDescriber implements Describer {
  readonly #bodies = new BodyDescriber({
    local: LOCAL,
    reason: ({ kind }) => `It is written in SQLite's own language, or is SQLite's own kind of ${kind}.`,
  });
  readonly #tables: SchemaBody[] = [];
  readonly #indexes = new Map<string, SchemaBody[]>();

  take(entry: CatalogEntry): void {
    const body = entry.body as unknown as SchemaBody;
    if (entry.kind === 'table') {
      if (!/^sqlite_/i.test(body.name)) this.#tables.push(body);
    } else if (entry.kind === 'index') {
      const table = body.table.toLowerCase();
      this.#indexes.set(table, [...(this.#indexes.get(table) ?? []), body]);
    } else this.#bodies.take(entry);
  }

  describe(): Description {
    using reader = new DefinitionReader();
    for (const table of this.#tables) {
      const read = reader.read(table, this.#indexes.get(table.name.toLowerCase()) ?? []);
      const object = [SCHEMA, table.name];
      if (!read) {
        this.#bodies.omit('table', object, 'Its definition needs the program that it belongs to.');
        continue;
      }
      this.#bodies.add(read.relation);
      for (const { kind, object: what, reason } of read.beyond) this.#bodies.omit(kind, what, reason);
    }
    return this.#bodies.describe();
  }
}

interface ReadDefinition {
  readonly relation: Relation;
  readonly beyond: readonly Omission[];
}

interface ColumnRow {
  readonly name: string;
  readonly type: string;
  readonly notnull: number;
  readonly dflt_value: string | null;
  readonly pk: number;
  readonly hidden: number;
}

/** `hidden` of a generated column that is not stored. */
const VIRTUAL = 2;

class DefinitionReader implements Disposable {
  readonly #scratch: DatabaseSync;

  constructor() {
    this.#scratch = new DatabaseSync(':memory:');
    this.#scratch.enableDefensive(false);
    // Gives the definitions a root page that exists. They are only parsed.
    this.#scratch.exec(`CREATE TABLE "${randomUUID()}" (content)`);
  }

  read(table: SchemaBody, indexes: readonly SchemaBody[]): ReadDefinition | undefined {
    if (!this.#put([table, ...indexes]) && !this.#put([table])) return undefined;
    const columns = this.#rows<ColumnRow>('SELECT * FROM pragma_table_xinfo(?)', table.name);
    return columns.length === 0 ? undefined : this.#relation(table, columns);
  }

  [Symbol.dispose](): void {
    this.#scratch.close();
  }

  /** In place of what was there before; false if SQLite cannot make sense of it. */
  #put(rows: readonly SchemaBody[]): boolean {
    try {
      this.#scratch.exec('PRAGMA writable_schema = ON; DELETE FROM sqlite_schema WHERE rowid > 1');
      const insert = this.#scratch.prepare(
        'INSERT INTO sqlite_schema (type, name, tbl_name, rootpage, sql) VALUES (?, ?, ?, 2, ?)',
      );
      for (const { type, name, table, sql } of rows) insert.run(type, name, table, sql[0] as string);
      this.#scratch.exec('PRAGMA writable_schema = RESET');
      this.#scratch.prepare('SELECT * FROM pragma_table_list').all();
      return true;
    } catch {
      return false;
    }
  }

  #relation({ name, sql }: SchemaBody, all: readonly ColumnRow[]): ReadDefinition {
    const object: ObjectName = [SCHEMA, name];
    const beyond: Omission[] = [];
    const key = all.filter(({ pk }) => pk > 0).sort((a, b) => a.pk - b.pk);
    const rowid = key.length === 1 && /^integer$/i.test(key[0]?.type ?? '');
    const columns: RelationColumn[] = [];
    for (const column of all) {
      const what = [...object, column.name];
      if (column.hidden === VIRTUAL) {
        beyond.push({ kind: 'generated-column', object: what, reason: 'Computed by an expression.' });
        continue;
      }
      const fallback = column.dflt_value === null ? undefined : defaultOf(column.dflt_value);
      if (column.dflt_value !== null && !fallback && !/^null$/i.test(column.dflt_value)) {
        beyond.push({ kind: 'default', object: what, reason: `An expression: ${column.dflt_value}` });
      }
      const alone = rowid && column === key[0];
      columns.push({
        name: column.name,
        type: column.type,
        value: kindOf(column.type),
        // Keys may hold NULL in SQLite, unless they are the rowid.
        nullable: column.notnull === 0 && !alone,
        ...(fallback ? { default: fallback } : {}),
        ...(alone ? { counted: true } : {}),
      });
    }
    if (/\bCHECK\s*\(/i.test(sql[0] as string)) {
      beyond.push({ kind: 'check', object, reason: 'Checks are expressions of SQLite.' });
    }
    const relation: Relation = {
      object,
      name,
      columns,
      ...(key.length > 0 ? { primaryKey: { columns: key.map((column) => column.name) } } : {}),
      ...this.#keys(name, object, beyond),
      foreignKeys: this.#foreignKeys(name),
    };
    return { relation, beyond };
  }

  #keys(table: string, object: ObjectName, beyond: Omission[]): Pick<Relation, 'unique' | 'indexes'> {
    const unique: NonNullable<Relation['unique']>[number][] = [];
    const indexes: NonNullable<Relation['indexes']>[number][] = [];
    const rows = this.#rows<{ name: string; unique: number; origin: string; partial: number }>(
      'SELECT name, "unique", origin, partial FROM pragma_index_list(?) ORDER BY seq DESC',
      table,
    );
    for (const { name, unique: isUnique, origin, partial } of rows) {
      const columns = this.#rows<{ name: string | null; desc: number }>(
        'SELECT name, "desc" FROM pragma_index_xinfo(?) WHERE key = 1 ORDER BY seqno',
        name,
      );
      const plain = columns.flatMap((column) =>
        column.name === null ? [] : [{ name: column.name, ...(column.desc ? { descending: true } : {}) }],
      );
      if (origin === 'pk') continue;
      if (plain.length < columns.length || partial === 1) {
        const reason = 'Made of more than columns.';
        beyond.push({ kind: 'index', object: [...object.slice(0, -1), name], reason });
      } else if (origin === 'u') unique.push({ columns: plain.map((column) => column.name) });
      else indexes.push({ name, unique: isUnique === 1, columns: plain });
    }
    return { unique, indexes };
  }

  #foreignKeys(table: string): ForeignKey[] {
    const rows = this.#rows<{
      id: number;
      table: string;
      from: string;
      to: string | null;
      on_update: string;
      on_delete: string;
    }>('SELECT * FROM pragma_foreign_key_list(?) ORDER BY id, seq', table);
    return [...Map.groupBy(rows, ({ id }) => id).values()].flatMap((parts) => {
      const [first] = parts;
      // Without columns it is the key of a table that may be described later.
      if (!first || parts.some(({ to }) => to === null)) return [];
      return [
        {
          columns: parts.map(({ from }) => from),
          references: [SCHEMA, first.table],
          referenced: parts.map(({ to }) => to as string),
          onUpdate: first.on_update.toLowerCase() as ReferentialAction,
          onDelete: first.on_delete.toLowerCase() as ReferentialAction,
        },
      ];
    });
  }

  #rows<Row>(sql: string, argument: string): Row[] {
    return this.#scratch.prepare(sql).all(argument) as unknown as Row[];
  }
}

/** What most values of the column are: SQLite stores others too, and decoders say what each of them is. */
function kindOf(type: string): ValueKind {
  switch (affinityOf(type)) {
    case 'INTEGER':
      return { kind: 'integer', bits: 64 };
    case 'REAL':
      return { kind: 'float', bits: 64 };
    case 'TEXT':
      return { kind: 'text' };
    case 'BLOB':
      return type === '' ? { kind: 'any' } : { kind: 'bytes' };
    default:
      return { kind: 'any' };
  }
}

const NOW: { readonly [word: string]: 'date' | 'time' | 'timestamp' } = {
  current_date: 'date',
  current_time: 'time',
  current_timestamp: 'timestamp',
};

function defaultOf(text: string): PortableDefault | undefined {
  const now = NOW[text.toLowerCase()];
  if (now) return { type: 'now', as: now };
  if (/^[+-]?\d+(\.\d+)?$/.test(text)) return { type: 'number', value: text.replace(/^\+/, '') };
  if (/^(true|false)$/i.test(text)) return { type: 'number', value: /^t/i.test(text) ? '1' : '0' };
  const [, constant] = /^'((?:[^']|'')*)'$/s.exec(text) ?? [];
  return constant === undefined ? undefined : { type: 'text', value: constant.replaceAll("''", "'") };
}
