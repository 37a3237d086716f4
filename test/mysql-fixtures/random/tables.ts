/** Random tables with their rows: keys, engines, partitions, history; columns over all types, generated, hidden. */
import type { Column, Draft, Table } from './draft.ts';
import { type MysqlType, randomType } from './types.ts';

const INTEGER: MysqlType = {
  sql: 'int',
  key: 'whole',
  literalDefault: true,
  value: (r) => String(r.integer(0, 999)),
};

export function addTables(draft: Draft): void {
  for (let left = draft.random.integer(3, 8); left > 0; left -= 1) addTable(draft);
}

interface Shape {
  readonly engine: Table['engine'];
  readonly partitions: string;
  readonly versioned: boolean;
  readonly key: 'auto' | 'plain' | 'composite' | 'unique' | 'none';
}

function shapeOf({ random, product }: Draft): Shape {
  const engines: readonly Table['engine'][] =
    product === 'mysql' ? ['MyISAM', 'MEMORY'] : ['MyISAM', 'Aria', 'MEMORY'];
  const engine = random.chance(0.75) ? 'InnoDB' : random.pick(engines);
  const versioned = product === 'mariadb' && engine === 'InnoDB' && random.chance(0.15);
  const partitioned = engine === 'InnoDB' && !versioned && random.chance(0.2);
  return {
    engine,
    versioned,
    partitions: partitioned
      ? partitions(random.pick(['HASH', 'KEY', 'RANGE', 'LIST', 'COLUMNS', 'SUB']), random.integer(1, 5))
      : '',
    key: random.pick(['auto', 'auto', 'auto', 'plain', 'composite', 'unique', 'none']),
  };
}

/** By `id`; together they take every one. */
function partitions(kind: string, count: number): string {
  if (kind === 'HASH') return ` PARTITION BY HASH (id) PARTITIONS ${count}`;
  if (kind === 'KEY') return ` PARTITION BY KEY (id) PARTITIONS ${count}`;
  if (kind === 'LIST') {
    const lists = [0, 1, 2].map((rest) => `PARTITION p${rest} VALUES IN (${rest})`);
    return ` PARTITION BY LIST (id % 3) (${lists.join(', ')})`;
  }
  const by = kind === 'COLUMNS' ? 'RANGE COLUMNS (id)' : 'RANGE (id)';
  const sub = kind === 'SUB' ? ' SUBPARTITION BY HASH (id) SUBPARTITIONS 2' : '';
  const maximum = kind === 'COLUMNS' ? '(MAXVALUE)' : 'MAXVALUE';
  const ranges = Array.from(
    { length: count },
    (_, nth) => `PARTITION p${nth} VALUES LESS THAN (${(nth + 1) * 7})`,
  );
  return ` PARTITION BY ${by}${sub} (${[...ranges, `PARTITION \`the rest\` VALUES LESS THAN ${maximum}`].join(', ')})`;
}

function addTable(draft: Draft): void {
  const { random } = draft;
  const shape = shapeOf(draft);
  const name = draft.name();
  const made = random.times(0, random.chance(0.05) ? 40 : 9, (nth) => column(draft, shape, nth));
  const fits = (each: { column: Column }): boolean =>
    !(
      shape.engine === 'MEMORY' &&
      /text|blob|json|point|linestring|polygon|geometry|vector/.test(each.column.type.sql)
    ) && !(shape.partitions !== '' && each.column.type.key === 'spatial');
  const kept = made.filter(fits);
  const parts = [...keyParts(draft, shape), BASE, ...kept.map(({ sql }) => sql)];
  if (random.chance(0.2)) parts.push(`CONSTRAINT ${draft.name()} CHECK (base >= 0)`);
  const table: Table = {
    name,
    engine: shape.engine,
    partitioned: shape.partitions !== '',
    versioned: shape.versioned,
    keyed: shape.key === 'auto' || shape.key === 'plain',
    columns: kept.map((each) => each.column),
    rows: random.chance(0.15) ? 0 : random.integer(1, 25),
  };
  draft.add(`CREATE TABLE ${name} (${parts.join(', ')})${options(draft, shape)}${shape.partitions}`);
  draft.tables.push(table);
  draft.readable.push(name);
  fill(draft, table, shape);
}

/** For checks and generated columns, which may not refer to a counter. */
const BASE = 'base int NOT NULL DEFAULT 5';

function keyParts({ random }: Draft, { key, engine }: Shape): string[] {
  const by: { readonly [key in Shape['key']]: string[] } = {
    auto: ['id int NOT NULL AUTO_INCREMENT', 'PRIMARY KEY (id)'],
    plain: ['id int NOT NULL PRIMARY KEY'],
    composite: [
      "k varchar(20) CHARACTER SET latin1 NOT NULL DEFAULT 'kéy'",
      'id int NOT NULL',
      'PRIMARY KEY (k, id)',
    ],
    unique: ['id int NOT NULL', `UNIQUE KEY (id${random.chance(0.5) && engine === 'InnoDB' ? ' DESC' : ''})`],
    none: ['id int NOT NULL'],
  };
  return by[key];
}

function options(draft: Draft, { engine, versioned, key }: Shape): string {
  const { random } = draft;
  const chosen = [` ENGINE = ${engine}`];
  if (versioned) chosen.push(' WITH SYSTEM VERSIONING');
  if (random.chance(0.3)) chosen.push(` COMMENT = ${draft.comment()}`);
  if (random.chance(0.5))
    chosen.push(` DEFAULT CHARSET ${random.pick(['latin1', 'utf8mb4', 'utf8mb3', 'ujis'])}`);
  if (random.chance(0.2) && engine === 'InnoDB') chosen.push(' ROW_FORMAT = DYNAMIC STATS_PERSISTENT = 0');
  if (random.chance(0.2) && key === 'auto') chosen.push(` AUTO_INCREMENT = ${random.integer(1, 100_000)}`);
  return chosen.join('');
}

function column(draft: Draft, shape: Shape, nth: number): { column: Column; sql: string } {
  const { random } = draft;
  const name = draft.name();
  if (random.chance(0.08) && nth > 0 && shape.engine !== 'MEMORY' && !shape.versioned) {
    const kind = random.pick(['VIRTUAL', 'STORED']);
    return {
      column: { name, type: INTEGER, notNull: false, generated: true },
      sql: `${name} bigint GENERATED ALWAYS AS (base * ${random.integer(2, 9)}) ${kind}`,
    };
  }
  const type = randomType(random, draft.product);
  const notNull = !type.sql.endsWith(' NULL') && random.chance(0.3);
  const words = [
    ...(notNull ? [' NOT NULL'] : []),
    ...(type.literalDefault && random.chance(0.2) ? [` DEFAULT ${type.value(random)}`] : []),
    ...(random.chance(0.1) ? [` COMMENT ${draft.comment()}`] : []),
  ];
  // Hidden columns that are NOT NULL need a default.
  if (random.chance(0.08) && !notNull) words.push(' INVISIBLE');
  return { column: { name, type, notNull, generated: false }, sql: `${name} ${type.sql}${words.join('')}` };
}

/** Rows with ids from 1 on: none, a few with values of their own, or thousands that share a few values. */
function fill(draft: Draft, table: Table, shape: Shape): void {
  const { random } = draft;
  if (table.rows === 0) return;
  const given = table.columns.filter((each) => !each.generated);
  const names = ['id', ...given.map(({ name }) => name)].join(', ');
  const value = (each: Column): string =>
    !each.notNull && random.chance(0.2) ? 'NULL' : each.type.value(random);
  const first = shape.key === 'auto' && random.chance(0.3) ? 0 : 1;
  const few = Array.from(
    { length: table.rows },
    (_, nth) => `(${[nth + first, ...given.map(value)].join(', ')})`,
  );
  const at = random.integer(1, 20);
  if (table.versioned) draft.add(`SET @@timestamp = UNIX_TIMESTAMP('2026-01-${at} 00:00:00.25')`);
  draft.add(`INSERT INTO ${table.name} (${names}) VALUES ${few.join(',\n')}`);
  if (table.versioned) addHistory(draft, table, at);
  if (random.chance(0.7) || table.versioned) return;
  const choice = (each: Column, nth: number): string => {
    const cases = random.times(2, 5, (which) => `WHEN ${which} THEN ${value(each)}`);
    const otherwise = each.notNull ? ` ELSE ${each.type.value(random)}` : '';
    return `CASE (i * ${2 * nth + 3} + i DIV 7) % ${cases.length} ${cases.join(' ')}${otherwise} END`;
  };
  const many = table.rows + random.integer(100, 3000);
  const numbers = `WITH RECURSIVE n (i) AS (SELECT ${table.rows + 1} UNION ALL SELECT i + 1 FROM n WHERE i < ${many})`;
  // Bit by bit through a table of literals: a CASE over several types would choose one of them.
  const list = ['i', ...given.map((each, nth) => choice(each, nth))].join(', ');
  draft.add(`INSERT INTO ${table.name} (${names}) ${numbers} SELECT ${list} FROM n`);
  if (random.chance(0.2)) draft.add(`DELETE FROM ${table.name} WHERE id > ${table.rows} AND id % 3 = 0`);
}

function addHistory(draft: Draft, table: Table, at: number): void {
  const { random } = draft;
  for (const day of random.some([1, 2, 3, 4], 3).sort()) {
    draft.add(`SET @@timestamp = UNIX_TIMESTAMP('2026-02-${at + day} 00:00:0${random.integer(0, 9)}')`);
    const where = `id % ${random.integer(2, 4)} = 0`;
    const settable = table.columns.filter((each) => !each.generated && !each.notNull);
    const first = settable[0];
    if (first !== undefined && random.chance(0.6)) {
      draft.add(`UPDATE ${table.name} SET ${first.name} = ${first.type.value(random)} WHERE ${where}`);
    } else {
      draft.add(`DELETE FROM ${table.name} WHERE ${where}`);
    }
  }
  draft.add('SET @@timestamp = DEFAULT');
}
