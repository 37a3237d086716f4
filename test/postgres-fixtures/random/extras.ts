/** Random sequences, large objects, privileges, comments, publications and properties of the database. */
import { type Draft, ROLES } from './draft.ts';

export function addSequences(draft: Draft): void {
  const { random } = draft;
  for (let left = random.integer(0, 4); left > 0; left -= 1) {
    const name = draft.place();
    const type = random.pick(['', ' AS smallint', ' AS integer', ' AS bigint']);
    const step = random.pick([
      '',
      ' INCREMENT BY 3',
      ' INCREMENT BY -2',
      ' MINVALUE 5 START WITH 10 CACHE 4',
      ' MAXVALUE 7 CYCLE',
    ]);
    draft.add(`CREATE SEQUENCE ${name}${type}${step}`);
    const calls = random.integer(0, 6);
    if (calls > 0)
      draft.add(`SELECT nextval('${name.replaceAll("'", "''")}') FROM generate_series(1, ${calls})`);
    draft.sequences.push(name);
    draft.commentable.push(`SEQUENCE ${name}`);
  }
}

export function addLargeObjects(draft: Draft): void {
  const { random } = draft;
  for (let left = random.chance(0.5) ? random.integer(1, 6) : 0; left > 0; left -= 1) {
    const oid = 3_000_000_000 + random.integer(0, 999_999);
    const bytes = random.pick([0, 1, 2047, 2048, 2049, 40_000, 300_000]);
    draft.add(
      `SELECT CASE WHEN NOT EXISTS (SELECT FROM pg_largeobject_metadata WHERE oid = ${oid}) THEN lo_from_bytea(${oid}, substr(convert_to(repeat(md5('${oid}'), ${Math.ceil(bytes / 32)}), 'UTF8'), 1, ${bytes})) END`,
    );
    if (random.chance(0.3)) draft.add(`ALTER LARGE OBJECT ${oid} OWNER TO ${random.pick(ROLES)}`);
    if (random.chance(0.3)) draft.add(`GRANT SELECT ON LARGE OBJECT ${oid} TO ${random.pick(ROLES)}`);
    if (random.chance(0.3)) draft.add(`COMMENT ON LARGE OBJECT ${oid} IS ${draft.comment()}`);
  }
}

export function addPrivileges(draft: Draft): void {
  const { random } = draft;
  const grantee = (): string => random.pick([...ROLES, 'PUBLIC']);
  const option = (to: string): string => (to !== 'PUBLIC' && random.chance(0.3) ? ' WITH GRANT OPTION' : '');
  const grant = (what: string, rights: readonly string[]): void => {
    const to = grantee();
    draft.add(`GRANT ${random.some(rights).join(', ')} ON ${what} TO ${to}${option(to)}`);
  };
  for (const table of draft.tables) {
    if (random.chance(0.4))
      grant(`TABLE ${table.name}`, [
        'SELECT',
        'INSERT',
        'UPDATE',
        'DELETE',
        'TRUNCATE',
        'REFERENCES',
        'TRIGGER',
      ]);
    const one = table.columns[0];
    if (one !== undefined && random.chance(0.2))
      draft.add(`GRANT SELECT (${one.name}), UPDATE (id) ON ${table.name} TO ${random.pick(ROLES)}`);
    if (random.chance(0.1)) draft.add(`REVOKE DELETE ON ${table.name} FROM CURRENT_USER`);
  }
  for (const schema of draft.schemas) if (random.chance(0.4)) grant(`SCHEMA ${schema}`, ['USAGE', 'CREATE']);
  for (const name of draft.sequences)
    if (random.chance(0.4)) grant(`SEQUENCE ${name}`, ['USAGE', 'SELECT', 'UPDATE']);
  for (const { signature } of draft.functions) {
    if (random.chance(0.3)) grant(`FUNCTION ${signature}`, ['EXECUTE']);
    if (random.chance(0.2)) draft.add(`REVOKE EXECUTE ON FUNCTION ${signature} FROM PUBLIC`);
  }
  for (const { sql } of draft.userTypes)
    if (random.chance(0.2)) draft.add(`REVOKE USAGE ON TYPE ${sql} FROM PUBLIC`);
  if (random.chance(0.4)) {
    draft.add(
      `ALTER DEFAULT PRIVILEGES FOR ROLE ${random.pick(ROLES)} IN SCHEMA ${draft.schema()} GRANT SELECT ON TABLES TO PUBLIC`,
    );
  }
}

export function addComments(draft: Draft): void {
  for (const what of draft.commentable) {
    if (draft.random.chance(0.25)) draft.add(`COMMENT ON ${what} IS ${draft.comment()}`);
  }
}

export function addPublications(draft: Draft): void {
  const { random } = draft;
  if (!random.chance(0.3)) return;
  const logged = draft.tables
    .filter(({ kind, unlogged }) => kind === 'plain' && !unlogged)
    .map(({ name }) => name);
  if (logged.length > 0)
    draft.add(`CREATE PUBLICATION ${draft.names.fresh()} FOR TABLE ${random.some(logged, 3).join(', ')}`);
}

export function addDatabaseProperties(draft: Draft): void {
  const { random } = draft;
  const properties = [
    "SET work_mem = ''9MB''",
    'SET search_path = public, pg_catalog',
    "SET \"DateStyle\" = ''SQL, DMY''",
    "SET timezone = ''America/New_York''",
    `OWNER TO ${ROLES[0]}`,
    'CONNECTION LIMIT 33',
  ];
  for (const property of random.chance(0.5) ? random.some(properties, 3) : []) {
    draft.add(
      `DO $$ BEGIN EXECUTE 'ALTER DATABASE ' || quote_ident(current_database()) || ' ${property}'; END $$`,
    );
  }
}
