/**
 * Judges from outside whether two PostgreSQL databases are in the same state: by PostgreSQL's own pg_dump, by sums
 * that the server itself computes, and by the few catalog columns that pg_dump keeps silent about. It knows nothing
 * of dbimg. Two databases that it calls equal may lie on servers of the same major version or, if versions differ,
 * must look the same to pg_dump.
 */
import pg from 'pg';
import { differingCopies, entryDifferences, lineDifference, RowLedger } from './differences.ts';
import { readDump } from './pg-dump-entries.ts';

/** What is different, one item an object, the first database's lines with `-`, the second's with `+`; empty if equal. */
export async function compareDatabases(urlA: string, urlB: string): Promise<string[]> {
  const [a, b] = await Promise.all([readDump(urlA), readDump(urlB)]);
  return [
    ...entryDifferences(a, b),
    ...(await rowDifferences(urlA, urlB, differingCopies(a, b))),
    ...(await compareDigests(urlA, urlB)),
    ...(await compareUnsaid(urlA, urlB)),
  ];
}

/** Dumps once more and keeps the rows that only one side has: memory is needed only if something is wrong. */
async function rowDifferences(urlA: string, urlB: string, copies: readonly string[]): Promise<string[]> {
  if (copies.length === 0) return [];
  const ledger = new RowLedger(copies);
  await readDump(urlA, (copy, row) => ledger.note(copy, row, 1));
  await readDump(urlB, (copy, row) => ledger.note(copy, row, -1));
  return ledger.report();
}

export interface ServerDigest {
  readonly rows: bigint;
  /** Sum of a 64-bit hash of each row's text. */
  readonly sum: string;
}

/** Settings under which a value has one text, whatever the database's or the role's own settings are. */
const PLAIN_TEXT = `
  SET search_path = ''; SET datestyle = 'ISO, YMD'; SET intervalstyle = 'iso_8601'; SET timezone = 'UTC';
  SET bytea_output = 'hex'; SET extra_float_digits = 3; SET row_security = off; SET statement_timeout = 0;`;

/**
 * Count and sum of every table and materialized view, by name. Partitions are summed up into their root, because rows
 * of a table that is partitioned by the hash of an enum move when its labels get other oids.
 */
export async function digestByServer(url: string): Promise<Map<string, ServerDigest>> {
  return await inPlainSession(url, async (client) => {
    const tables = await client.query<{ name: string; root: string }>(`
      SELECT oid::regclass::text AS name, coalesce(pg_partition_root(oid), oid)::regclass::text AS root FROM pg_class
      WHERE relkind IN ('r', 'm') AND relpersistence <> 't' AND relispopulated
        AND relnamespace::regnamespace::text NOT IN ('pg_catalog', 'information_schema') ORDER BY 1`);
    const digests = new Map<string, ServerDigest>();
    for (const { name, root } of tables.rows) {
      // "(t.*)" is the whole row even if a column is called t.
      const { rows } = await client.query<{ rows: string; sum: string }>(`
        SELECT count(*) AS rows, coalesce(sum(hashtextextended((t.*)::text COLLATE "C", 0)::numeric), 0)::text AS sum
        FROM ONLY ${name} AS t`);
      const before = digests.get(root) ?? { rows: 0n, sum: '0' };
      digests.set(root, {
        rows: before.rows + BigInt(rows[0]?.rows ?? 0),
        sum: String(BigInt(before.sum) + BigInt(rows[0]?.sum ?? 0)),
      });
    }
    return digests;
  });
}

async function inPlainSession<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(PLAIN_TEXT);
    return await work(client);
  } finally {
    await client.end();
  }
}

/** {@link digestByServer} of both, compared: independent of pg_dump, and it sees rows of materialized views. */
export async function compareDigests(urlA: string, urlB: string): Promise<string[]> {
  const [a, b] = await Promise.all([digestByServer(urlA), digestByServer(urlB)]);
  const show = (digest: ServerDigest | undefined): string =>
    digest === undefined ? 'absent' : `${digest.rows} rows, sum ${digest.sum}`;
  return [...new Set([...a.keys(), ...b.keys()])].flatMap((table) => {
    const [left, right] = [show(a.get(table)), show(b.get(table))];
    return left === right ? [] : [`rows of ${table} by the server: ${left} ≠ ${right}`];
  });
}

/** State that pg_dump carries without showing it, or does not carry. Each query gives rows of one text column. */
const UNSAID: { readonly [what: string]: string } = {
  'versions of extensions': 'SELECT extname || $$ $$ || extversion AS line FROM pg_extension ORDER BY 1',
  'members of extensions': `
    SELECT e.extname || $$: $$ || pg_describe_object(d.classid, d.objid, d.objsubid) AS line
    FROM pg_depend d JOIN pg_extension e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid
    WHERE d.deptype = 'e' ORDER BY 1`,
  'state of indexes': `
    SELECT indexrelid::regclass || format(' valid %s ready %s live %s', indisvalid, indisready, indislive) AS line
    FROM pg_index WHERE indexrelid >= 16384 AND indexrelid::regclass::text NOT LIKE 'pg\\_toast.%' ORDER BY 1`,
  'order of columns': `
    SELECT attrelid::regclass || ': ' || string_agg(quote_ident(attname), ', ' ORDER BY attnum) AS line
    FROM pg_attribute WHERE attnum > 0 AND NOT attisdropped AND attrelid >= 16384 AND attrelid IN
      (SELECT oid FROM pg_class WHERE relnamespace::regnamespace::text NOT LIKE 'pg\\_%') GROUP BY attrelid ORDER BY 1`,
  'order of enum labels': `
    SELECT enumtypid::regtype || ': ' || string_agg(quote_literal(enumlabel), ', ' ORDER BY enumsortorder) AS line
    FROM pg_enum GROUP BY enumtypid ORDER BY 1`,
  'encoding and locale': `
    SELECT format('%s %s %s', pg_encoding_to_char(encoding), datcollate, datctype) AS line
    FROM pg_database WHERE datname = current_database()`,
  sequences: `
    SELECT c.oid::regclass || ': ' || coalesce(pg_sequence_last_value(c.oid)::text, 'not called') AS line
    FROM pg_class c WHERE relkind = 'S' ORDER BY 1`,
  'large objects': `
    SELECT loid || format(' %s bytes: ', max(pageno * 2048::bigint + length(data))) || coalesce(sum(hashtextextended(
      pageno || ':' || regexp_replace(encode(data, 'hex'), '(00)+$', ''), 0)::numeric) FILTER (
      WHERE data <> decode(repeat('00', length(data)), 'hex')), 0) AS line FROM pg_largeobject GROUP BY loid ORDER BY 1`,
};

async function compareUnsaid(urlA: string, urlB: string): Promise<string[]> {
  const ask = (url: string): Promise<string[][]> =>
    inPlainSession(url, async (client) => {
      const answers: string[][] = [];
      for (const sql of Object.values(UNSAID)) {
        const { rows } = await client.query<{ line: string }>(sql);
        answers.push(rows.map(({ line }) => latin1(line)));
      }
      return answers;
    });
  const [a, b] = await Promise.all([ask(urlA), ask(urlB)]);
  return Object.keys(UNSAID).flatMap((what, nth) => {
    const [left, right] = [a[nth] ?? [], b[nth] ?? []];
    return left.join('\n') === right.join('\n') ? [] : [`${what}: differ\n${lineDifference(left, right)}`];
  });
}

/**
 * Roles, their memberships and settings on two servers, as pg_dumpall shows them; only those whose name `selects`.
 * Verifiers of passwords are included.
 */
export async function compareRoles(
  urlA: string,
  urlB: string,
  selects: (role: string) => boolean,
): Promise<string[]> {
  const sql = `
    SELECT rolname, rolname || ': ' || attribute || ' ' || coalesce(value, 'null') AS line FROM (
      SELECT r.rolname, rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolcanlogin, rolreplication, rolconnlimit,
        rolpassword, rolvaliduntil, rolbypassrls, shobj_description(r.oid, 'pg_authid') AS comment,
        (SELECT array_agg(setting ORDER BY setting) FROM pg_db_role_setting s, unnest(setconfig) AS setting
          WHERE setrole = r.oid AND setdatabase = 0) AS settings,
        (SELECT array_agg(m.roleid::regrole || CASE WHEN admin_option THEN ' with admin' ELSE '' END ORDER BY m.roleid::regrole::text)
          FROM pg_auth_members m WHERE m.member = r.oid) AS member_of
      FROM pg_authid r) AS x, jsonb_each_text(to_jsonb(x)) AS of (attribute, value) ORDER BY 1, attribute`;
  const ask = async (url: string): Promise<string[]> =>
    (await inPlainSession(url, (client) => client.query<{ rolname: string; line: string }>(sql))).rows
      .filter(({ rolname }) => selects(rolname))
      .map(({ line }) => latin1(line));
  const [a, b] = await Promise.all([ask(urlA), ask(urlB)]);
  return a.join('\n') === b.join('\n') ? [] : [`roles: differ\n${lineDifference(a, b)}`];
}

function latin1(utf8: string): string {
  return Buffer.from(utf8).toString('latin1');
}

/** Throws with all differences, readable, if there are any. `what` names the case, with its seed. */
export async function assertSameDatabase(urlA: string, urlB: string, what: string): Promise<void> {
  const found = await compareDatabases(urlA, urlB);
  if (found.length > 0) {
    throw new Error(`${what}: ${found.length} differences (- source, + copy)\n${readableList(found)}`);
  }
}

function readableList(found: readonly string[]): string {
  const rest = found.length > 40 ? [`… and ${found.length - 40} more`] : [];
  return [...found.slice(0, 40), ...rest].join('\n');
}
