/** Random schemas, enums, composites, domains and ranges. */
import { BUILTIN_TYPES, type SqlType } from './builtin-types.ts';
import { type Draft, ROLES } from './draft.ts';
import { literal } from './identifiers.ts';

export function addRolesAndSchemas(draft: Draft): void {
  for (const role of ROLES) {
    draft.add(
      `DO $$ BEGIN CREATE ROLE ${role}; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$`,
    );
  }
  for (let left = draft.random.integer(1, 3); left > 0; left -= 1) {
    const name = draft.names.fresh();
    const owner = draft.random.chance(0.3) ? ` AUTHORIZATION ${draft.random.pick(ROLES)}` : '';
    draft.add(`CREATE SCHEMA ${name}${owner}`);
    draft.schemas.push(name);
    draft.commentable.push(`SCHEMA ${name}`);
  }
}

export function addTypes(draft: Draft): void {
  for (let left = draft.random.integer(0, 6); left > 0; left -= 1) {
    const make = draft.random.pick([addEnum, addComposite, addDomain, addRange]);
    const type = make(draft);
    draft.userTypes.push(type);
    draft.commentable.push(`TYPE ${type.sql}`);
    if (draft.random.chance(0.2)) draft.add(`ALTER TYPE ${type.sql} OWNER TO ${draft.random.pick(ROLES)}`);
  }
}

function addEnum(draft: Draft): SqlType {
  const { random } = draft;
  const sql = draft.place();
  const odd = ["it's", 'Two words', '', '🐘', 'a,b', '{x}', '"q"', 'back\\', 'new\nline', 'NULL'];
  const labels = [...random.some(odd, 4), ...random.times(1, 4, (nth) => `label ${nth}`)];
  draft.add(`CREATE TYPE ${sql} AS ENUM (${labels.map(literal).join(', ')})`);
  if (random.chance(0.5)) {
    // In the middle: labels then have fractional sort orders, which a copy must keep in order but not in number.
    draft.add(`ALTER TYPE ${sql} ADD VALUE 'added' BEFORE ${literal(random.pick(labels))}`);
    labels.push('added');
  }
  return { sql, indexable: true, value: (r) => `${literal(r.pick(labels))}::${sql}` };
}

function addComposite(draft: Draft): SqlType {
  const sql = draft.place();
  const fields = draft.random.times(1, 5, () => ({ name: draft.names.fresh(), type: draft.type() }));
  const list = fields.map(({ name, type }) => `${name} ${type.sql}`).join(', ');
  draft.add(`CREATE TYPE ${sql} AS (${list})`);
  return {
    sql,
    indexable: false,
    value: (r) =>
      `ROW(${fields.map(({ type }) => (r.chance(0.2) ? 'NULL' : type.value(r))).join(', ')})::${sql}`,
  };
}

function addDomain(draft: Draft): SqlType {
  const { random } = draft;
  const sql = draft.place();
  const base = draft.type();
  const fallback = random.chance(0.4) ? ` DEFAULT ${base.value(random)}` : '';
  const checks = random.times(0, 2, (nth) => {
    const name = random.chance(0.5) ? `CONSTRAINT ${draft.names.fresh()} ` : '';
    return ` ${name}CHECK (VALUE IS NULL OR length(VALUE::text) > -${nth + 1})`;
  });
  draft.add(`CREATE DOMAIN ${sql} AS ${base.sql}${fallback}${checks.join('')}`);
  return { sql, indexable: base.indexable, value: (r) => `${base.value(r)}::${sql}` };
}

function addRange(draft: Draft): SqlType {
  const sql = draft.place();
  const subtype = draft.random.pick(
    BUILTIN_TYPES.filter((type) => ['timestamp', 'integer', 'inet'].includes(type.sql)),
  );
  draft.add(`CREATE TYPE ${sql} AS RANGE (subtype = ${subtype.sql})`);
  // Built by its constructor; least() and greatest() put the bounds in order.
  return {
    sql,
    indexable: true,
    value: (r) => {
      const [a, b] = [subtype.value(r), subtype.value(r)];
      if (r.chance(0.1)) return `'empty'::${sql}`;
      return `${sql}(least(${a}, ${b}), greatest(${a}, ${b}), '${r.pick(['[', '('])}${r.pick([']', ')'])}')`;
    },
  };
}
