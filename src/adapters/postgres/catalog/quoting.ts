/** Fragments of SQL that most catalog queries share, and quoting on our side of the wire. */

/** The text as a string literal. */
export function literal(text: string): string {
  const quoted = `'${text.replaceAll("'", "''")}'`;
  return text.includes('\\') ? ` E${quoted.replaceAll('\\', '\\\\')}` : quoted;
}

/** The name as a quoted identifier. */
export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** SQL: a schema's and an object's name, quoted and joined. */
export function qualified(schema: string, name: string): string {
  return `quote_ident(${schema}) || '.' || quote_ident(${name})`;
}

/** SQL: the qualified name of the relation with this oid. */
export function relationName(oid: string): string {
  return `(SELECT ${qualified('rn.nspname', 'rc.relname')} FROM pg_class AS rc
    JOIN pg_namespace AS rn ON rn.oid = rc.relnamespace WHERE rc.oid = ${oid})`;
}

/** SQL: the quoted name of a role. */
export function roleName(oid: string): string {
  return `quote_ident(pg_get_userbyid(${oid}))`;
}

/** SQL: the qualified, quoted name of a collation. */
export function collationName(oid: string): string {
  return `(SELECT ${qualified('ln.nspname', 'lc.collname')} FROM pg_collation AS lc
    JOIN pg_namespace AS ln ON ln.oid = lc.collnamespace WHERE lc.oid = ${oid})`;
}

/** SQL: `schema.name` of a function without its arguments. */
export function functionName(oid: string): string {
  return `(SELECT ${qualified('fn.nspname', 'fp.proname')} FROM pg_proc AS fp
    JOIN pg_namespace AS fn ON fn.oid = fp.pronamespace WHERE fp.oid = ${oid})`;
}

/** SQL: storage parameters, an array of `name=value`, as the inside of WITH ( … ); null if there are none. */
export function storageParameters(options: string, prefix = ''): string {
  return `(SELECT string_agg('${prefix}' || quote_ident(split_part(ro, '=', 1)) || '='
    || quote_literal(substr(ro, strpos(ro, '=') + 1)), ', ') FROM unnest(${options}) AS ro)`;
}

/** SQL: options of foreign objects, an array of `name=value`, as the inside of OPTIONS ( … ); null if there are none. */
export function foreignOptions(options: string): string {
  return `(SELECT string_agg(quote_ident(option_name) || ' ' || quote_literal(option_value), ', ')
    FROM pg_options_to_table(${options}))`;
}

/** SQL: an access control list as JSON, with what it is by default; null if it was never changed. `base` is an aclitem[]. */
export function aclJson(acl: string, base: string): string {
  return `CASE WHEN ${acl} IS NOT NULL THEN json_build_object('now', ${explode(acl)}, 'base', ${explode(base)}) END`;
}

function explode(acl: string): string {
  return `coalesce((SELECT json_agg(json_build_array(${roleName('x.grantor')},
      CASE WHEN x.grantee <> 0 THEN ${roleName('x.grantee')} END, x.privilege_type, x.is_grantable) ORDER BY x.place)
    FROM aclexplode(CASE WHEN cardinality(${acl}) > 0 THEN ${acl} END) WITH ORDINALITY AS x (grantor, grantee, privilege_type, is_grantable, place)), '[]'::json)`;
}

/** Statements that run with objects going to this tablespace if the target has one of that name. */
export function inTablespace(tablespace: string | null, create: readonly string[]): readonly string[] {
  if (tablespace === null) return create;
  const lookup = `SELECT spcname FROM pg_catalog.pg_tablespace WHERE spcname = ${literal(tablespace)}`;
  return [
    `SELECT pg_catalog.set_config('default_tablespace', coalesce((${lookup}), ''), false)`,
    ...create,
    'RESET default_tablespace',
  ];
}
