/** The sample database of `npm start` and of the tests. */
import { readFile } from 'node:fs/promises';
import pg from 'pg';

const SCRIPT = new URL('../examples/chinook/Chinook_PostgreSql.sql', import.meta.url);

/**
 * Creates the database and fills it. The script's own beginning, which drops and creates a database called `chinook`
 * and switches to it by a command of psql's, is left out.
 *
 * @param serverUrl superuser's, naming any database.
 * @returns the URL of the new database.
 */
export async function createChinook(serverUrl: string, name: string = 'chinook'): Promise<string> {
  const script = await readFile(SCRIPT, 'utf8');
  const tables = script.split(/^\\c chinook;$/m)[1];
  if (tables === undefined) throw new Error(`${SCRIPT.pathname} does not switch to its database`);
  const url = new URL(serverUrl);
  url.pathname = `/${encodeURIComponent(name)}`;
  await run(serverUrl, `CREATE DATABASE ${pg.escapeIdentifier(name)} TEMPLATE template0 ENCODING 'UTF8'`);
  await run(url.href, tables);
  return url.href;
}

async function run(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
