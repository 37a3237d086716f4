/**
 * Loads the databases that round trips are judged on.
 *
 * `every-kind/` holds every type, object kind, option and value that MySQL 8.0 to 9 and MariaDB 10.6 to 11 know. Numbered
 * files are for both products; those of one product come before the files of 90 and above. `accounts/` is for the server;
 * its accounts (`dbimg…`) are made if missing and stay. `odd/` is what hostile users would make.
 */
import { readdir, readFile } from 'node:fs/promises';
import { type MysqlProduct, mysqlName, mysqlUrl, withMysql } from '../engines/mysql.ts';
import { mysqlTools } from '../engines/mysql-tools.ts';

const HERE = new URL('./', import.meta.url);
const CHINOOK = new URL('../../examples/chinook/Chinook_MySql.sql', import.meta.url);

/** Fills an empty database, as the administrator. */
export async function loadEveryKind(product: MysqlProduct, url: string): Promise<void> {
  await loadAccounts(product, url);
  for (const name of await everyKindFiles(product)) {
    await runFile(product, url, `every-kind/${name}`);
  }
}

/** Accounts and roles of every kind, without privileges on any database. */
export async function loadAccounts(product: MysqlProduct, url: string): Promise<void> {
  for (const name of ['both', product])
    await runFile(product, mysqlUrl(url, 'mysql'), `accounts/${name}.sql`);
}

/** Fills an empty database with what is odd. */
export async function loadOdd(product: MysqlProduct, url: string): Promise<void> {
  for (const name of ['both', product]) await runFile(product, url, `odd/${name}.sql`);
}

async function everyKindFiles(product: MysqlProduct): Promise<string[]> {
  const all = (await readdir(new URL('every-kind/', HERE))).filter((name) => name.endsWith('.sql')).sort();
  const numbered = all.filter((name) => /^\d/.test(name));
  const own = all.filter((name) => name.startsWith(product));
  return [...numbered.filter((name) => name < '90'), ...own, ...numbered.filter((name) => name >= '90')];
}

async function runFile(product: MysqlProduct, url: string, name: string): Promise<void> {
  const tools = await mysqlTools(product);
  await tools.script(url, await readFile(new URL(name, HERE))).catch((error: Error) => {
    throw new Error(`${name}: ${error.message}`, { cause: error });
  });
}

/** The sample database. The script's own beginning, which drops, creates and chooses one called Chinook, is left out. */
export async function loadChinook(product: MysqlProduct, url: string): Promise<void> {
  const tables = (await readFile(CHINOOK, 'utf8')).split(/^USE `Chinook`;$/m)[1];
  if (tables === undefined) throw new Error(`${CHINOOK.pathname} does not switch to its database`);
  await (await mysqlTools(product)).script(url, tables);
}

/** Runs one statement after another in one session; an error shows the statement and `what` it belongs to. */
export async function runMysqlStatements(
  url: string,
  statements: readonly string[],
  what: string,
): Promise<void> {
  await withMysql(url, async (session) => {
    for (const statement of statements) {
      await session.query(statement).catch((error: unknown) => {
        throw new Error(`${what}: ${String(error)}\n${statement.slice(0, 2000)}`, { cause: error });
      });
    }
  });
}

/** Ends what {@link loadAccounts} made. */
export async function dropAccounts(url: string): Promise<void> {
  await withMysql(mysqlUrl(url, 'mysql'), async (session) => {
    const [users] = await session.query(
      "SELECT User AS u, Host AS h FROM mysql.user WHERE User LIKE 'dbimg%'",
    );
    for (const { u, h } of users as { u: string; h: string }[]) {
      const role = h === '';
      const name = role ? mysqlName(u) : `${session.escape(u)}@${session.escape(h)}`;
      await session.query(`DROP ${role ? 'ROLE' : 'USER'} ${name}`);
    }
  });
}
