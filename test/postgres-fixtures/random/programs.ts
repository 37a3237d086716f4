/** Random functions, views over tables and views, materialized views, triggers, rules and policies. */
import { type Draft, ROLES, type Table } from './draft.ts';

export function addFunctions(draft: Draft): void {
  const { random } = draft;
  for (let left = random.integer(1, 5); left > 0; left -= 1) {
    const name = draft.place();
    const args = random.times(0, 3, () => ({ name: draft.names.fresh(), type: draft.type() }));
    const result = draft.type();
    const list = args.map((arg) => `${arg.name} ${arg.type.sql}`).join(', ');
    const attributes = random
      .some(['STRICT', 'SECURITY DEFINER', 'COST 7', 'PARALLEL SAFE', "SET work_mem = '2MB'"], 3)
      .join(' ');
    draft.add(
      `CREATE FUNCTION ${name}(${list}) RETURNS ${result.sql} ${functionBody(draft, result.value(random))} ${random.pick(['IMMUTABLE', 'STABLE', 'VOLATILE'])} ${attributes}`,
    );
    const signature = `${name}(${args.map((arg) => arg.type.sql).join(', ')})`;
    draft.functions.push({ name, signature });
    draft.commentable.push(`FUNCTION ${signature}`);
  }
  const trigger = draft.place();
  draft.add(
    `CREATE FUNCTION ${trigger}() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION $e$fired while loading$e$; END'`,
  );
  draft.functions.push({ name: trigger, signature: `${trigger}()` });
}

function functionBody(draft: Draft, value: string): string {
  const { random } = draft;
  const tag = '$body$';
  if (random.chance(0.4))
    return `LANGUAGE plpgsql AS ${tag}\n-- made at random\nBEGIN\n  RETURN ${value};\nEND\n${tag}`;
  return `LANGUAGE sql AS ${tag} SELECT ${value} ${tag}`;
}

/** What a view can read: tables and earlier views, all of which have an `id`. */
function source(draft: Draft): string {
  return draft.random.pick([...draft.tables.map(({ name }) => name), ...draft.views]);
}

export function addViews(draft: Draft): void {
  const { random } = draft;
  for (let left = random.integer(0, 6); left > 0; left -= 1) {
    const name = draft.place();
    if (random.chance(0.3)) addMaterialized(draft, name);
    else {
      const options = random.chance(0.2) ? ' WITH (security_barrier)' : '';
      draft.add(`CREATE VIEW ${name}${options} AS ${select(draft)}`);
      draft.commentable.push(`VIEW ${name}`);
      // Another owner has not the rights to read what it reads: nothing may be built on it.
      if (random.chance(0.2)) draft.add(`ALTER VIEW ${name} OWNER TO ${random.pick(ROLES)}`);
      else draft.views.push(name);
    }
  }
}

function select(draft: Draft): string {
  const { random } = draft;
  const from = source(draft);
  const table = random.pick(draft.tables);
  const names = table.columns.map((one) => `t.${one.name}`);
  return random.pick([
    `SELECT t.id, ${[...names, '1 AS one'].join(', ')} FROM ${table.name} AS t WHERE t.id > ${random.integer(0, 50)}`,
    `SELECT * FROM ${table.name}`,
    `SELECT id, count(*) AS ${draft.names.fresh()} FROM ${from} GROUP BY id HAVING count(*) > 0`,
    `SELECT a.id, b.id AS ${draft.names.fresh()} FROM ${from} a LEFT JOIN ${source(draft)} b ON a.id = b.id`,
    `WITH c AS (SELECT id FROM ${from}) SELECT id, 'it''s'::text AS ${draft.names.fresh()} FROM c UNION ALL SELECT id, NULL FROM ${source(draft)}`,
    `SELECT id, row_number() OVER (ORDER BY id) AS ${draft.names.fresh()} FROM (SELECT DISTINCT id FROM ${from}) AS d`,
  ]);
}

function addMaterialized(draft: Draft, name: string): void {
  const { random } = draft;
  // Unpopulated ones stand apart: what reads them could not be populated either.
  const empty = random.chance(0.3);
  draft.add(`CREATE MATERIALIZED VIEW ${name} AS ${select(draft)}${empty ? ' WITH NO DATA' : ''}`);
  if (random.chance(0.5)) draft.add(`CREATE INDEX ${draft.names.fresh()} ON ${name} (id)`);
  draft.commentable.push(`MATERIALIZED VIEW ${name}`);
  if (!empty) draft.views.push(name);
}

export function addTriggersRulesPolicies(draft: Draft): void {
  const { random } = draft;
  const explode = draft.functions.at(-1);
  for (const table of draft.tables) {
    if (explode !== undefined && random.chance(0.35)) addTrigger(draft, table, explode.name);
    if (random.chance(0.25)) addPolicy(draft, table);
    if (random.chance(0.1)) {
      const rule = draft.names.fresh();
      draft.add(`CREATE RULE ${rule} AS ON INSERT TO ${table.name} DO ALSO NOTIFY x`);
      draft.commentable.push(`RULE ${rule} ON ${table.name}`);
    }
  }
}

function addTrigger(draft: Draft, table: Table, call: string): void {
  const { random } = draft;
  const name = draft.names.fresh();
  const level = random.pick(['ROW', 'STATEMENT']);
  const when = level === 'ROW' && random.chance(0.4) ? ' WHEN (new.id IS NOT NULL)' : '';
  const events = random.some(['INSERT', 'UPDATE OF id', ...(when === '' ? ['DELETE'] : [])]).join(' OR ');
  const constraint = level === 'ROW' && random.chance(0.2);
  const timing = constraint ? 'AFTER' : random.pick(['BEFORE', 'AFTER']);
  draft.add(
    `CREATE ${constraint ? 'CONSTRAINT ' : ''}TRIGGER ${name} ${timing} ${events} ON ${table.name} FOR EACH ${level}${when} EXECUTE FUNCTION ${call}('an arg')`,
  );
  draft.commentable.push(`TRIGGER ${name} ON ${table.name}`);
  const state = random.pick(['', 'DISABLE', 'ENABLE ALWAYS', 'ENABLE REPLICA']);
  if (state !== '' && table.kind === 'plain') draft.add(`ALTER TABLE ${table.name} ${state} TRIGGER ${name}`);
}

function addPolicy(draft: Draft, table: Table): void {
  const { random } = draft;
  const name = draft.names.fresh();
  const command = random.pick(['ALL', 'SELECT', 'UPDATE', 'DELETE']);
  const roles = random.chance(0.5) ? ` TO ${random.some(ROLES).join(', ')}` : '';
  const kind = random.chance(0.3) ? ' AS RESTRICTIVE' : '';
  draft.add(
    `CREATE POLICY ${name} ON ${table.name}${kind} FOR ${command}${roles} USING (id > ${random.integer(0, 99)})`,
  );
  draft.commentable.push(`POLICY ${name} ON ${table.name}`);
  if (random.chance(0.7)) draft.add(`ALTER TABLE ${table.name} ENABLE ROW LEVEL SECURITY`);
  if (random.chance(0.3)) draft.add(`ALTER TABLE ${table.name} FORCE ROW LEVEL SECURITY`);
}
