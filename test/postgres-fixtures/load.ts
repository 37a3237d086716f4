/**
 * Loads the databases that round trips are judged on.
 *
 * `every-kind/` holds every object kind, option and value that PostgreSQL 13 to 18 know, each file with a line on what
 * it is for. Numbered files are for all versions; `since-N.sql` is applied from version N on, before the files of 90
 * and above, which watch or replicate everything else. The roles (`dbimg_…`) are made if missing and stay.
 */
import { readdir, readFile } from 'node:fs/promises';
import pg from 'pg';

const EVERY_KIND = new URL('every-kind/', import.meta.url);

/** Fills an empty database, as a superuser. */
export async function loadEveryKind(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    for (const name of await everyKindFiles(await majorVersion(client))) {
      await runScript(client, name, await readFile(new URL(name, EVERY_KIND), 'utf8'));
    }
  } finally {
    await client.end();
  }
}

async function majorVersion(client: pg.Client): Promise<number> {
  const result = await client.query<{ n: number }>("SELECT current_setting('server_version_num')::int AS n");
  return Math.trunc((result.rows[0]?.n ?? 0) / 10_000);
}

/** File names in the order in which a server of this version gets them. */
export async function everyKindFiles(version: number): Promise<string[]> {
  const all = (await readdir(EVERY_KIND)).filter((name) => name.endsWith('.sql')).sort();
  const since = all.filter((name) => Number(/^since-(\d+)\.sql$/.exec(name)?.[1] ?? Infinity) <= version);
  const numbered = all.filter((name) => /^\d/.test(name));
  return [...numbered.filter((name) => name < '90'), ...since, ...numbered.filter((name) => name >= '90')];
}

/** Runs several statements as one implicit transaction; an error tells the line. */
async function runScript(client: pg.Client, name: string, sql: string): Promise<void> {
  try {
    await client.query(sql);
  } catch (error) {
    if (!(error instanceof pg.DatabaseError)) throw error;
    const at = Number(error.position ?? 0);
    throw new Error(`${name}:${sql.slice(0, at).split('\n').length}: ${error.message}`, { cause: error });
  }
}

/** Runs one statement after another in one session; an error shows the statement and `what` it belongs to. */
export async function runStatements(url: string, statements: readonly string[], what: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    for (const statement of statements) {
      await client.query(statement).catch((error: unknown) => {
        throw new Error(`${what}: ${String(error)}\n${statement.slice(0, 2000)}`, { cause: error });
      });
    }
  } finally {
    await client.end();
  }
}
