/** The table `sqlite_schema`, read from its pages. */

import { PageDamage } from './pages/damage.ts';
import type { TextEncoding } from './pages/header.ts';
import { Cell, wholePayload } from './pages/page.ts';
import { decodeText, parseRecord, type StoredValue } from './pages/record.ts';
import type { PageSource } from './pages/source.ts';
import { walk } from './pages/walk.ts';

const SCHEMA_ROOT = 1;
/** A definition beyond it is damage, or an attack on our memory. */
const MOST_DEFINITION = 64 * 1024 * 1024;

const TYPES = new Set(['table', 'index', 'view', 'trigger']);

/** A row of `sqlite_schema`, in the order of creation. */
export interface SchemaRow {
  /** `table`, `index`, `view` or `trigger`. */
  readonly type: string;
  readonly name: string;
  readonly table: string;
  /** First page of its b-tree; 0 for what has none: views, triggers, virtual tables. */
  readonly root: number;
  /** Undefined for indexes that a constraint makes. */
  readonly sql: string | undefined;
}

/** @throws PageDamage unless `onDamage` is given. */
export function readSchema(
  source: PageSource,
  encoding: TextEncoding,
  onDamage?: (damage: PageDamage) => void,
): SchemaRow[] {
  const rows: SchemaRow[] = [];
  const cell = new Cell();
  for (const { page, end } of walk(source, SCHEMA_ROOT, {
    kind: 'table',
    ...(onDamage ? { onDamage } : {}),
  })) {
    for (let index = 0; index < end; index += 1) {
      try {
        cell.read(page, index, 'table');
        if (cell.size > MOST_DEFINITION)
          throw new PageDamage(page.number, 'has a definition of absurd length');
        const row = schemaRow(parseRecord(wholePayload(source, page, cell)), encoding);
        if (!row) throw new PageDamage(page.number, 'has a row that is none of sqlite_schema');
        rows.push(row);
      } catch (error) {
        if (!(error instanceof PageDamage) || !onDamage) throw error;
        onDamage(error);
      }
    }
  }
  return rows;
}

function schemaRow(values: StoredValue[] | undefined, encoding: TextEncoding): SchemaRow | undefined {
  if (!values) return undefined;
  const [type, name, table] = values.slice(0, 3).map((value) => textOf(value, encoding));
  const root = values[3];
  const sql = values[4];
  if (type === undefined || !TYPES.has(type) || name === undefined || table === undefined) return undefined;
  const definition = sql?.type === 'null' ? undefined : textOf(sql, encoding);
  if (sql?.type !== 'null' && definition === undefined) return undefined;
  return { type, name, table, root: root?.type === 'integer' ? Number(root.value) : 0, sql: definition };
}

function textOf(value: StoredValue | undefined, encoding: TextEncoding): string | undefined {
  return value?.type === 'text' ? decodeText(value.bytes, encoding) : undefined;
}
