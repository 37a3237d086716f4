/** The sample database of `npm start` and of the tests. */
import { readFile } from 'node:fs/promises';
import pg from 'pg';

const SCRIPT = new URL('../examples/chinook/Chinook_PostgreSql.sql', import.meta.url);

/**
 * Creates the database and fills it. The script's own beginning, which drops and creates a database called `chinook`
 * and switches to it by a command of psql's, is left out.
 *
 * @param serverUrl superuser's, naming any database.
 * @param owner role to create, which then owns the database and all that is in it; otherwise the superuser does.
 * @returns the URL of the new database.
 */
export async function createChinook(
  serverUrl: string,
  name: string = 'chinook',
  owner?: string,
): Promise<string> {
  const script = await readFile(SCRIPT, 'utf8');
  const tables = script.split(/^\\c chinook;$/m)[1];
  if (tables === undefined) throw new Error(`${SCRIPT.pathname} does not switch to its database`);
  const url = new URL(serverUrl);
  url.pathname = `/${encodeURIComponent(name)}`;
  const role = owner === undefined ? undefined : pg.escapeIdentifier(owner);
  if (role !== undefined) await run(serverUrl, `CREATE ROLE ${role} LOGIN`);
  const clause = `TEMPLATE template0 ENCODING 'UTF8'${role === undefined ? '' : ` OWNER ${role}`}`;
  await run(serverUrl, `CREATE DATABASE ${pg.escapeIdentifier(name)} ${clause}`);
  await run(url.href, role === undefined ? tables : `SET ROLE ${role};\n${tables}`);
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
