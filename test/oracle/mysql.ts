/**
 * Judges from outside whether two databases of MySQL or MariaDB are in the same state: by the product's own dump
 * program, by CHECKSUM TABLE, by every value as the server shows its bytes, and by what the dump keeps silent about. It
 * knows nothing of dbimg.
 */
import { createHash } from 'node:crypto';
import type { Connection } from 'mysql2/promise';
import { type MysqlProduct, mysqlName, mysqlUrl, withMysql } from '../engines/mysql.ts';
import { mysqlTools } from '../engines/mysql-tools.ts';
import { lineDifference } from './differences.ts';
import { describeMysql } from './mysql-unsaid.ts';

/** What is different, the first database's lines with `-`, the second's with `+`; empty if equal. */
export async function compareMysqlDatabases(
  product: MysqlProduct,
  urlA: string,
  urlB: string,
): Promise<string[]> {
  const tools = await mysqlTools(product);
  const [dumpA, dumpB] = await Promise.all(
    [urlA, urlB].map(async (url) => comparable(await tools.dump(url), url)),
  );
  const [a, b] = await Promise.all([urlA, urlB].map((url) => digestMysql(url)));
  const [unsaidA, unsaidB] = await Promise.all([urlA, urlB].map((url) => describeMysql(product, url)));
  return [
    ...differing('dump', dumpA ?? [], dumpB ?? []),
    ...tablesDiffering(a ?? new Map(), b ?? new Map()),
    ...differing('what the dump does not show', unsaidA ?? [], unsaidB ?? []),
  ];
}

function differing(what: string, a: readonly string[], b: readonly string[]): string[] {
  return a.join('\n') === b.join('\n') ? [] : [`${what}: differs\n${lineDifference(a, b)}`];
}

/** Rows of a table in any order; the database's own name only where it is a name. */
function comparable(dump: string, url: string): string[] {
  const name = databaseOf(url);
  const lines: string[] = [];
  let rows: string[] = [];
  let row: string | undefined;
  for (const line of dump.split('\n')) {
    // Names, and they alone, may have line breaks.
    if (row !== undefined) row += `\n${line}`;
    else if (line.startsWith('INSERT INTO ')) row = line;
    if (row === undefined) {
      lines.push(...rows.sort(), line);
      rows = [];
    } else if (row.endsWith(');')) {
      rows.push(row);
      row = undefined;
    }
  }
  // Errors of the dump program, `ALTER DATABASE` around objects of another character set, sequences of MariaDB.
  const own = (line: string): string =>
    line
      .replaceAll(`ALTER DATABASE ${mysqlName(name)}`, 'ALTER DATABASE own')
      .replaceAll(`'${name}.`, "'own.")
      .replace(/(?<=(next|last)val\()`(?:[^`]|``)*`\.(?=`)/gi, 'own.');
  return [...lines, ...rows.sort(), ...(row === undefined ? [] : [row])].map(own);
}

function databaseOf(url: string): string {
  return decodeURIComponent(new URL(url).pathname.slice(1));
}

export interface TableDigest {
  readonly checksum: string;
  readonly columns: readonly string[];
  /** Sorted: values of each row, NULL as `null`, with those of history. */
  readonly rows: readonly string[];
}

/** Sum and rows of every table of the database of a URL. For the sizes that tests have. */
export async function digestMysql(url: string): Promise<Map<string, TableDigest>> {
  const digests = new Map<string, TableDigest>();
  await withMysql(url, async (session) => {
    await session.query(PLAIN);
    for (const table of await baseTables(session)) {
      digests.set(table, await digestTable(session, table));
    }
  });
  return digests;
}

const PLAIN = "SET NAMES utf8mb4; SET time_zone = '+00:00'; SET sql_mode = 'ALLOW_INVALID_DATES'";

async function baseTables(session: Connection): Promise<string[]> {
  const rows = await ask(
    session,
    `SELECT TABLE_NAME AS t FROM information_schema.TABLES
     WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED') ORDER BY 1`,
  );
  return rows.map((row) => String(row.t));
}

async function ask(
  session: Connection,
  sql: string,
  values: string[] = [],
): Promise<{ [name: string]: unknown }[]> {
  const [rows] = await session.query(sql, values);
  return rows as { [name: string]: unknown }[];
}

async function digestTable(session: Connection, table: string): Promise<TableDigest> {
  const columns = await ask(
    session,
    `SELECT COLUMN_NAME AS c, DATA_TYPE AS t, EXTRA LIKE '%VIRTUAL%' AND VERSION() LIKE '%MariaDB%' AS stale
     FROM information_schema.COLUMNS
     WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ? ORDER BY ORDINAL_POSITION`,
    [table],
  );
  const versioned = await ask(
    session,
    `SELECT 1 FROM information_schema.TABLES
     WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ? AND TABLE_TYPE = 'SYSTEM VERSIONED'`,
    [table],
  );
  const history = versioned.length > 0;
  const names = columns.map((column) => String(column.c));
  const values = columns.map((column) => exact(mysqlName(String(column.c)), String(column.t)));
  // Implicit columns of the period are hidden from information_schema.
  const period = history && !names.some((name) => name.toLowerCase() === 'row_start');
  if (period) values.push(...(await periodColumns(session, table)));
  const from = `${mysqlName(table)}${history ? ' FOR SYSTEM_TIME ALL' : ''}`;
  const [rows] = await session.query({
    sql: `SELECT ${values.join(', ')} FROM ${from}`,
    rowsAsArray: true,
    typeCast: (field, next) => (field.type === 'GEOMETRY' ? next() : field.string('latin1')),
  });
  return {
    // MariaDB does not compute virtual columns for the sum, but takes what some earlier statement left in their place.
    checksum: columns.some(({ stale }) => Number(stale) === 1)
      ? 'not of the values'
      : await checksum(session, table),
    columns: names,
    rows: (rows as unknown[][]).map((row) => row.map((value) => String(value)).join(' | ')).sort(),
  };
}

/** MySQL's sum of a table with a multi-valued index is another one each time; then it says nothing. */
async function checksum(session: Connection, table: string): Promise<string> {
  const sums = new Set<string>();
  for (let turn = 0; turn < 2; turn += 1) {
    const [sum] = await ask(session, `CHECKSUM TABLE ${mysqlName(table)} EXTENDED`);
    sums.add(String(sum?.Checksum));
  }
  return sums.size > 1 ? 'not the same twice' : String([...sums][0]);
}

/** Of a table that is versioned without naming its period. */
async function periodColumns(session: Connection, table: string): Promise<string[]> {
  const probe = `SELECT row_start, row_end FROM ${mysqlName(table)} FOR SYSTEM_TIME ALL LIMIT 0`;
  return await session.query(probe).then(
    () => ['row_start', 'row_end'],
    () => [],
  );
}

const BYTES = /char|text|binary|blob|bit|geometry|point|linestring|polygon|collection|json|vector|inet|uuid/i;

/** An expression that shows a value to the last bit. */
function exact(name: string, type: string): string {
  if (/^float/i.test(type)) return `CAST(${name} AS DOUBLE)`;
  // The empty value of an error is 0; a real label that is empty has a number.
  if (/^(enum|set)$/i.test(type)) return `${name} + 0`;
  return BYTES.test(type) ? `HEX(${name})` : name;
}

function tablesDiffering(a: ReadonlyMap<string, TableDigest>, b: ReadonlyMap<string, TableDigest>): string[] {
  return [...new Set([...a.keys(), ...b.keys()])].flatMap((table) => {
    const [left, right] = [a.get(table), b.get(table)];
    if (left === undefined || right === undefined)
      return [`table ${table}: ${left ? 'missing' : 'superfluous'}`];
    const found: string[] = [];
    if (sha(left.rows) !== sha(right.rows)) {
      const head = `rows of ${table} (${left.columns.join(', ')}): ${left.rows.length} and ${right.rows.length}`;
      found.push(`${head}\n${lineDifference(left.rows, right.rows)}`);
    }
    if (left.checksum !== right.checksum) {
      found.push(`CHECKSUM TABLE ${table}: ${left.checksum} and ${right.checksum}`);
    }
    return found;
  });
}

function sha(lines: readonly string[]): string {
  return createHash('sha256').update(lines.join('\n')).digest('hex');
}

/** Throws with all differences, readable, if there are any. `what` names the case, with its seed. */
export async function assertSameMysql(
  product: MysqlProduct,
  urlA: string,
  urlB: string,
  what: string,
): Promise<void> {
  const found = await compareMysqlDatabases(product, urlA, urlB);
  if (found.length > 0) {
    throw new Error(
      `${what}: ${found.length} differences (- source, + copy)\n${found.slice(0, 40).join('\n')}`,
    );
  }
}

/** Databases that are the users', by name. */
export async function userDatabases(url: string): Promise<string[]> {
  return await withMysql(mysqlUrl(url, ''), async (session) => {
    const rows = await ask(
      session,
      `SELECT SCHEMA_NAME AS s FROM information_schema.SCHEMATA
       WHERE SCHEMA_NAME NOT IN ('mysql', 'sys', 'information_schema', 'performance_schema') ORDER BY 1`,
    );
    return rows.map((row) => String(row.s));
  });
}

/** Two servers as a whole: every database of the users, every account but root with its roles and privileges. */
export async function compareMysqlServers(
  product: MysqlProduct,
  urlA: string,
  urlB: string,
): Promise<string[]> {
  const [a, b] = await Promise.all([urlA, urlB].map((url) => userDatabases(url)));
  const found = differing('databases', a ?? [], b ?? []);
  for (const name of (a ?? []).filter((each) => b?.includes(each))) {
    const differences = await compareMysqlDatabases(product, mysqlUrl(urlA, name), mysqlUrl(urlB, name));
    found.push(...differences.map((difference) => `${name}: ${difference}`));
  }
  return [
    ...found,
    ...(await compareMysqlAccounts(product, urlA, urlB, (name) => !name.startsWith('root@'))),
  ];
}

/** Accounts and roles that `selects` by `user@host`: how they are made, what they may do, with their secrets. */
export async function compareMysqlAccounts(
  product: MysqlProduct,
  urlA: string,
  urlB: string,
  selects: (account: string) => boolean,
): Promise<string[]> {
  const [a, b] = await Promise.all([urlA, urlB].map((url) => describeAccounts(product, url, selects)));
  return differing('accounts', a ?? [], b ?? []);
}

async function describeAccounts(
  product: MysqlProduct,
  url: string,
  selects: (account: string) => boolean,
): Promise<string[]> {
  return await withMysql(mysqlUrl(url, ''), async (session) => {
    if (product === 'mysql') await session.query('SET print_identified_with_as_hex = 1');
    const users = await ask(session, 'SELECT User AS u, Host AS h FROM mysql.user ORDER BY 1, 2');
    const lines: string[] = [];
    for (const { u, h } of users) {
      const account = `${u}@${h}`;
      if (!selects(account)) continue;
      // A role of MariaDB has no host.
      const name =
        h === '' ? mysqlName(String(u)) : `${session.escape(String(u))}@${session.escape(String(h))}`;
      const statements =
        h === '' ? [`SHOW GRANTS FOR ${name}`] : [`SHOW CREATE USER ${name}`, `SHOW GRANTS FOR ${name}`];
      for (const sql of statements) {
        const [rows] = await session.query({ sql, rowsAsArray: true });
        lines.push(...(rows as unknown[][]).map((row) => `${account}: ${row.join(' ')}`).sort());
      }
    }
    return [...lines, ...(await unsaidOfAccounts(product, session, selects))];
  });
}

/** What SHOW does not say: who is granted which role with what, default roles. */
async function unsaidOfAccounts(
  product: MysqlProduct,
  session: Connection,
  selects: (account: string) => boolean,
): Promise<string[]> {
  const sql =
    product === 'mysql'
      ? `SELECT CONCAT(USER, '@', HOST) AS account, CONCAT('default role ', DEFAULT_ROLE_USER, '@', DEFAULT_ROLE_HOST) AS line
         FROM mysql.default_roles
         UNION ALL SELECT CONCAT(TO_USER, '@', TO_HOST), CONCAT('role ', FROM_USER, '@', FROM_HOST, ' ', WITH_ADMIN_OPTION)
         FROM mysql.role_edges ORDER BY 1, 2`
      : `SELECT CONCAT(User, '@', Host) AS account, CONCAT('default role ', default_role, ' is role ', is_role) AS line
         FROM mysql.user
         UNION ALL SELECT CONCAT(User, '@', Host), CONCAT('role ', Role, ' ', Admin_option) FROM mysql.roles_mapping ORDER BY 1, 2`;
  const rows = await ask(session, sql);
  return rows.filter((row) => selects(String(row.account))).map((row) => `${row.account}: ${row.line}`);
}
