/** Random tables with their rows: plain, partitioned, inherited; columns over all types, generated, with defaults. */

import type { Random } from '../../random.ts';
import { hugeValue, type SqlType } from './builtin-types.ts';
import { type Column, type Draft, ROLES, type Table } from './draft.ts';

export function addTables(draft: Draft): void {
  for (let left = draft.random.integer(3, 9); left > 0; left -= 1) {
    const make = draft.random.pick([addPlain, addPlain, addPlain, addPartitioned, addInherited]);
    make(draft);
  }
}

/** Definition of a column; those that compute something refer to the key `id`. */
function column(draft: Draft): { column: Column; sql: string } {
  const { random } = draft;
  const name = draft.names.fresh();
  const type = draft.type();
  const how = random.integer(0, 19);
  if (how === 0) return computed(draft, name);
  if (how === 1) return identity(draft, name);
  const notNull = random.chance(0.25);
  const fallback = random.chance(0.2) ? ` DEFAULT ${type.value(random)}` : '';
  const collated = type.sql === 'text' && random.chance(0.2) ? ' COLLATE "C"' : '';
  return {
    column: { name, type, notNull, automatic: false },
    sql: `${name} ${type.sql}${collated}${fallback}${notNull ? ' NOT NULL' : ''}`,
  };
}

const INTEGER: SqlType = {
  sql: 'integer',
  indexable: true,
  value: (random) => String(random.integer(0, 999)),
};

function computed(draft: Draft, name: string): { column: Column; sql: string } {
  const virtual = draft.version >= 18 && draft.random.chance(0.5);
  return {
    column: { name, type: INTEGER, notNull: false, automatic: true },
    sql: `${name} integer GENERATED ALWAYS AS (id::integer * ${draft.random.integer(2, 9)}) ${virtual ? 'VIRTUAL' : 'STORED'}`,
  };
}

function identity(draft: Draft, name: string): { column: Column; sql: string } {
  const { random } = draft;
  const options = random.chance(0.5)
    ? ` (START WITH ${random.integer(1, 99)} INCREMENT BY ${random.integer(1, 9)})`
    : '';
  return {
    column: { name, type: INTEGER, notNull: true, automatic: true },
    sql: `${name} bigint GENERATED ${random.pick(['ALWAYS', 'BY DEFAULT'])} AS IDENTITY${options}`,
  };
}

function columns(draft: Draft, most = 12): { list: Column[]; sql: string[] } {
  const made = draft.random.times(0, most, () => column(draft));
  return { list: made.map((one) => one.column), sql: made.map((one) => one.sql) };
}

function register(draft: Draft, table: Table): Table {
  draft.tables.push(table);
  draft.commentable.push(
    `TABLE ${table.name}`,
    ...table.columns.map(({ name }) => `COLUMN ${table.name}.${name}`),
  );
  if (draft.random.chance(0.2)) draft.add(`ALTER TABLE ${table.name} OWNER TO ${draft.random.pick(ROLES)}`);
  return table;
}

function addPlain(draft: Draft): void {
  const { random } = draft;
  const schema = draft.schema();
  const name = `${schema}.${draft.names.fresh()}`;
  const { list, sql } = columns(draft, random.chance(0.05) ? 120 : 12);
  const id = random.pick(['integer', 'bigint', 'bigserial', 'serial']);
  const keyed = random.chance(0.8);
  const lost = random.chance(0.2) ? draft.names.fresh() : undefined;
  const parts = [`id ${id} NOT NULL${keyed ? ' PRIMARY KEY' : ''}`, ...sql];
  if (lost !== undefined) parts.splice(random.integer(0, parts.length), 0, `${lost} text DEFAULT 'lost'`);
  const options = random.chance(0.2)
    ? ` WITH (fillfactor = ${random.integer(20, 99)}, autovacuum_enabled = false)`
    : '';
  const unlogged = random.chance(0.1);
  draft.add(`CREATE ${unlogged ? 'UNLOGGED ' : ''}TABLE ${name} (${parts.join(', ')})${options}`);
  const table = register(draft, {
    name,
    schema,
    kind: 'plain',
    columns: list,
    rows: 0,
    unlogged,
    key: keyed ? ['id'] : undefined,
  });
  fill(draft, table);
  if (lost !== undefined) draft.add(`ALTER TABLE ${name} DROP COLUMN ${lost}`);
  if (id.endsWith('serial') && table.rows > 0 && random.chance(0.8)) {
    draft.add(`SELECT setval(pg_get_serial_sequence(${quoteText(name)}, 'id'), ${table.rows})`);
  }
}

function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

function addPartitioned(draft: Draft): void {
  const { random } = draft;
  const schema = draft.schema();
  const name = `${schema}.${draft.names.fresh()}`;
  const { list, sql } = columns(draft, 6);
  const usable = list.filter((one) => !one.automatic);
  // Identity on partitioned tables came with 17.
  const kept = draft.version >= 17 ? sql : sql.filter((one) => !one.includes('AS IDENTITY'));
  const columnsKept =
    draft.version >= 17
      ? list
      : usable.concat(list.filter((one, at) => one.automatic && !sql[at]?.includes('AS IDENTITY')));
  const keyed = random.chance(0.7);
  const by = random.pick(['RANGE', 'HASH', 'LIST'] as const);
  const body = ['id integer NOT NULL', ...kept, ...(keyed ? ['PRIMARY KEY (id)'] : [])];
  draft.add(`CREATE TABLE ${name} (${body.join(', ')}) PARTITION BY ${by} (id)`);
  const table = register(draft, {
    name,
    schema,
    kind: 'partitioned',
    columns: columnsKept,
    rows: 0,
    unlogged: false,
    key: keyed ? ['id'] : undefined,
  });
  for (const bounds of partitionBounds(random, by)) addPartition(draft, table, bounds, by);
  fill(draft, table);
}

/** Together they take every id. */
function partitionBounds(random: Random, by: 'RANGE' | 'HASH' | 'LIST'): string[] {
  if (by === 'HASH') {
    const modulus = random.integer(1, 4);
    return Array.from(
      { length: modulus },
      (_, nth) => `FOR VALUES WITH (MODULUS ${modulus}, REMAINDER ${nth})`,
    );
  }
  if (by === 'LIST') return ['FOR VALUES IN (1, 2, 3)', 'FOR VALUES IN (5, 7)', 'DEFAULT'];
  const middle = random.integer(2, 50);
  const last = random.pick([`FOR VALUES FROM (${middle}) TO (MAXVALUE)`, 'DEFAULT']);
  return [`FOR VALUES FROM (MINVALUE) TO (${middle})`, last];
}

function addPartition(draft: Draft, table: Table, bounds: string, by: string): void {
  const { random } = draft;
  const name = draft.place();
  const deeper = by !== 'HASH' && random.chance(0.25);
  draft.add(
    `CREATE TABLE ${name} PARTITION OF ${table.name} ${bounds}${deeper ? ' PARTITION BY HASH (id)' : ''}`,
  );
  draft.commentable.push(`TABLE ${name}`);
  if (!deeper) return;
  for (const remainder of [0, 1]) {
    draft.add(
      `CREATE TABLE ${draft.place()} PARTITION OF ${name} FOR VALUES WITH (MODULUS 2, REMAINDER ${remainder})`,
    );
  }
}

function addInherited(draft: Draft): void {
  const { random } = draft;
  const schema = draft.schema();
  const name = `${schema}.${draft.names.fresh()}`;
  const { list, sql } = columns(draft, 5);
  draft.add(`CREATE TABLE ${name} (${['id integer NOT NULL CHECK (id > 0)', ...sql].join(', ')})`);
  const parent = register(draft, {
    name,
    schema,
    kind: 'parent',
    columns: list,
    rows: 0,
    unlogged: false,
    key: undefined,
  });
  fill(draft, parent);
  for (let left = random.integer(1, 3); left > 0; left -= 1) {
    const child = `${schema}.${draft.names.fresh()}`;
    const own = columns(draft, 3);
    // Identity is not inherited: the column is there, but nothing fills it.
    const inherited = list.map((one, at) =>
      sql[at]?.includes('AS IDENTITY') ? { ...one, automatic: false } : one,
    );
    draft.add(`CREATE TABLE ${child} (${own.sql.join(', ')}) INHERITS (${name})`);
    fill(
      draft,
      register(draft, {
        name: child,
        schema,
        kind: 'child',
        columns: [...inherited, ...own.list],
        rows: 0,
        unlogged: false,
        key: undefined,
      }),
    );
  }
}

/** Rows with ids from 1 on: none, a few with values of their own, or thousands that share a few values. */
function fill(draft: Draft, table: Table): void {
  const { random } = draft;
  const given = table.columns.filter((one) => !one.automatic);
  const names = ['id', ...given.map(({ name }) => name)].join(', ');
  const value = (one: Column): string => {
    if (!one.notNull && random.chance(0.2)) return `NULL::${one.type.sql}`;
    return (random.chance(0.005) ? hugeValue(one.type.sql, random) : undefined) ?? one.type.value(random);
  };
  const few = random.chance(0.15) ? 0 : random.integer(1, 25);
  if (few > 0) {
    const rows = Array.from({ length: few }, (_, nth) => `(${[nth + 1, ...given.map(value)].join(', ')})`);
    draft.add(`INSERT INTO ${table.name} (${names}) VALUES ${rows.join(',\n')}`);
  }
  table.rows = few;
  if (few === 0 || random.chance(0.7)) return;
  const many = few + random.integer(100, 4000);
  const choice = (one: Column, nth: number): string => {
    const cases = random.times(2, 5, (at) => `WHEN ${at} THEN ${value(one)}`);
    return `CASE (i * ${2 * nth + 3} + i / 7) % ${cases.length} ${cases.join(' ')} END`;
  };
  const list = ['i', ...given.map(choice)].join(', ');
  draft.add(
    `INSERT INTO ${table.name} (${names}) SELECT ${list} FROM generate_series(${few + 1}, ${many}) AS i`,
  );
  table.rows = many;
  if (random.chance(0.2)) draft.add(`DELETE FROM ${table.name} WHERE id > ${few} AND id % 3 = 0`);
  if (random.chance(0.2)) draft.add(`UPDATE ${table.name} SET id = id WHERE id % 5 = 0`);
}
