/** Random indexes, constraints, foreign keys and extended statistics on the tables that are there. */
import { type Draft, ROLES, type Table } from './draft.ts';

export function addIndexesAndConstraints(draft: Draft): void {
  for (const table of draft.tables) {
    if (draft.random.chance(0.5)) addIndex(draft, table);
    if (draft.random.chance(0.3)) addCheck(draft, table);
    if (draft.random.chance(0.3)) addUnique(draft, table);
    if (draft.random.chance(0.2)) addStatistics(draft, table);
    if (draft.random.chance(0.3)) addStorage(draft, table);
  }
  const referable = draft.tables.filter((table) => table.key !== undefined);
  if (referable.length === 0) return;
  for (let left = draft.random.integer(0, 5); left > 0; left -= 1) {
    addForeignKey(draft, draft.random.pick(draft.tables), draft.random.pick(referable));
  }
}

/** Something to index: the key, a column of few bytes, or the hash of one of many. */
function indexed(draft: Draft, table: Table): string {
  const { random } = draft;
  const stored = table.columns.filter((one) => !one.automatic);
  if (stored.length === 0 || random.chance(0.2)) return `id ${random.pick(['', 'DESC', 'DESC NULLS LAST'])}`;
  const one = random.pick(stored);
  if (one.type.indexable) return `${one.name} ${random.pick(['', 'ASC NULLS FIRST', 'DESC'])}`;
  return one.type.sql === 'text' ? `md5(${one.name})` : `(${one.name} IS NULL)`;
}

function addIndex(draft: Draft, table: Table): void {
  const { random } = draft;
  const name = draft.names.fresh();
  const unique = random.chance(0.2) && table.kind !== 'partitioned' ? 'UNIQUE ' : '';
  const keys = [...(unique === '' ? [] : ['id']), ...random.times(1, 3, () => indexed(draft, table))];
  const where = random.chance(0.3) ? ` WHERE id > ${random.integer(1, 100)}` : '';
  const include = random.chance(0.2) ? ' INCLUDE (id)' : '';
  const options = random.chance(0.3) ? ` WITH (fillfactor = ${random.integer(50, 99)})` : '';
  draft.add(
    `CREATE ${unique}INDEX ${name} ON ${table.name} (${keys.join(', ')})${include}${options}${where}`,
  );
  draft.commentable.push(`INDEX ${table.schema}.${name}`);
  if (
    where === '' &&
    !keys.some((key) => key.includes('(')) &&
    table.kind === 'plain' &&
    random.chance(0.3)
  ) {
    draft.add(`ALTER TABLE ${table.name} CLUSTER ON ${name}`);
  }
  const other = random.pick([
    'hash (id)',
    'brin (id)',
    'gist (int4range(id::integer, NULL))',
    'gin ((ARRAY[id]))',
    'spgist (int4range(id::integer, NULL))',
  ]);
  if (random.chance(0.3)) draft.add(`CREATE INDEX ON ${table.name} USING ${other}`);
}

function addCheck(draft: Draft, table: Table): void {
  const name = draft.names.fresh();
  const inherits = table.kind === 'parent' && draft.random.chance(0.3) ? ' NO INHERIT' : '';
  const invalid = draft.random.chance(0.2) ? ' NOT VALID' : '';
  draft.add(
    `ALTER TABLE ${table.name} ADD CONSTRAINT ${name} CHECK (id > 0 AND id <> -7)${inherits}${invalid}`,
  );
  draft.commentable.push(`CONSTRAINT ${name} ON ${table.name}`);
}

function addUnique(draft: Draft, table: Table): void {
  const { random } = draft;
  if (table.key === undefined) return;
  const also = table.columns.filter((one) => one.type.indexable && !one.automatic).slice(0, 2);
  const deferrable = random.pick(['', ' DEFERRABLE', ' DEFERRABLE INITIALLY DEFERRED']);
  const nulls = draft.version >= 15 && random.chance(0.3) ? ' NULLS NOT DISTINCT' : '';
  draft.add(
    `ALTER TABLE ${table.name} ADD CONSTRAINT ${draft.names.fresh()} UNIQUE${nulls} (${['id', ...also.map(({ name }) => name)].join(', ')})${deferrable}`,
  );
}

function addStatistics(draft: Draft, table: Table): void {
  const simple = table.columns.filter((one) => one.type.indexable && !one.automatic);
  if (simple.length === 0 || table.kind === 'partitioned') return;
  const kinds = draft.random.pick(['', ' (ndistinct)', ' (mcv, dependencies)']);
  const name = draft.place();
  draft.add(`CREATE STATISTICS ${name}${kinds} ON id, ${simple[0]?.name} FROM ${table.name}`);
  draft.commentable.push(`STATISTICS ${name}`);
}

function addStorage(draft: Draft, table: Table): void {
  const { random } = draft;
  const one = table.columns.find(({ type }) => ['text', 'bytea', 'jsonb', 'varchar'].includes(type.sql));
  if (one !== undefined) {
    draft.add(
      `ALTER TABLE ${table.name} ALTER ${one.name} SET STORAGE ${random.pick(['EXTERNAL', 'MAIN', 'EXTENDED'])}`,
    );
  }
  if (random.chance(0.5))
    draft.add(`ALTER TABLE ${table.name} ALTER id SET STATISTICS ${random.integer(0, 1000)}`);
  if (table.kind !== 'partitioned' && random.chance(0.3)) {
    draft.add(`ALTER TABLE ${table.name} REPLICA IDENTITY ${random.pick(['FULL', 'NOTHING'])}`);
  }
}

/** A new column with ids of the other table. */
function addForeignKey(draft: Draft, from: Table, to: Table): void {
  const { random } = draft;
  const column = draft.names.fresh();
  if (to.unlogged && !from.unlogged) return;
  if (from.kind === 'parent') return; // A column added now would stand elsewhere in the children of a copy.
  draft.add(`ALTER TABLE ${from.name} ADD ${column} bigint`);
  if (to.rows > 0)
    draft.add(`UPDATE ${from.name} SET ${column} = (SELECT min(id) FROM ${to.name}) WHERE id % 2 = 0`);
  const action = (): string => random.pick(['NO ACTION', 'RESTRICT', 'CASCADE', 'SET NULL', 'SET DEFAULT']);
  const state = random.pick(['', ' DEFERRABLE', ' DEFERRABLE INITIALLY DEFERRED']);
  const invalid = random.chance(0.2) && from.kind !== 'partitioned' ? ' NOT VALID' : '';
  const name = draft.names.fresh();
  draft.add(
    `ALTER TABLE ${from.name} ADD CONSTRAINT ${name} FOREIGN KEY (${column}) REFERENCES ${to.name} (id) ON DELETE ${action()} ON UPDATE ${action()}${state}${invalid}`,
  );
  draft.commentable.push(`CONSTRAINT ${name} ON ${from.name}`);
  if (random.chance(0.2)) draft.add(`ALTER TABLE ${from.name} OWNER TO ${random.pick(ROLES)}`);
}
