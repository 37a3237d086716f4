/** Reads a catalog and applies it to another database, as the engine and the target would. */
import assert from 'node:assert/strict';
import pg from 'pg';
import { CatalogReader } from '../../src/adapters/postgres/catalog.ts';
import type { CatalogEntry, ObjectName, Omission } from '../../src/core/adapter.ts';

export interface ReadCatalog {
  readonly entries: readonly CatalogEntry[];
  readonly omissions: readonly Omission[];
}

export interface ReadOptions {
  readonly selects?: (object: ObjectName) => boolean;
  readonly noSecrets?: boolean;
}

/** Statements and facts of an entry. */
export interface EntryBody {
  readonly sql: readonly string[];
  readonly secret?: string;
  readonly exists?: string;
}

/** The catalog as a snapshot's session reads it. */
export async function readCatalog(url: string, options: ReadOptions = {}): Promise<ReadCatalog> {
  const client = await connect(url);
  try {
    await client.query(
      `SET search_path = ''; SET client_encoding = 'UTF8'; SET DateStyle = 'ISO'; SET IntervalStyle = 'postgres';
       SET extra_float_digits = 3; SET quote_all_identifiers = off; SET statement_timeout = 0;
       BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY`,
    );
    const { rows } = await client.query<{ version: string; database: string; superuser: boolean }>(
      `SELECT current_setting('server_version_num') AS version, current_database() AS database,
         current_setting('is_superuser') = 'on' AS superuser`,
    );
    const [facts] = rows as [{ version: string; database: string; superuser: boolean }];
    const reader = new CatalogReader(
      async (text, values) => (await client.query(text, values === undefined ? undefined : [...values])).rows,
      {
        version: Number(facts.version),
        database: facts.database,
        superuser: facts.superuser,
        noSecrets: options.noSecrets ?? false,
        selects: options.selects ?? (() => true),
      },
    );
    const entries: CatalogEntry[] = [];
    for await (const entry of reader.entries()) entries.push(entry);
    return { entries, omissions: reader.omissions() };
  } finally {
    await client.end();
  }
}

/**
 * Applies all entries: pre-data in order, post-data by three sessions in any order that `after` and `locks` allow,
 * chosen by `random`, finish in order. `between` runs where the data would be loaded.
 */
export async function applyCatalog(
  url: string,
  entries: readonly CatalogEntry[],
  random: () => number,
  between: () => Promise<void> = async () => {},
): Promise<void> {
  const clients = await Promise.all([connect(url), connect(url), connect(url)]);
  try {
    const first = clients[0] as pg.Client;
    for (const entry of entries.filter((one) => one.phase === 'pre-data')) await apply(first, url, entry);
    await between();
    await applyPostData(
      clients,
      url,
      entries.filter((one) => one.phase === 'post-data'),
      random,
    );
    for (const entry of entries.filter((one) => one.phase === 'finish')) await apply(first, url, entry);
  } finally {
    await Promise.all(clients.map((client) => client.end()));
  }
}

async function applyPostData(
  clients: readonly pg.Client[],
  url: string,
  entries: readonly CatalogEntry[],
  random: () => number,
): Promise<void> {
  const waiting = new Set(entries);
  const undone = new Set(entries.map((entry) => entry.id));
  const running = new Set<CatalogEntry>();
  const idle = [...clients];
  let failure: unknown;
  await new Promise<void>((resolve) => {
    const next = (): void => {
      while (idle.length > 0 && failure === undefined) {
        const ready = [...waiting].filter((entry) => isReady(entry, undone, running));
        const entry = ready[Math.floor(random() * ready.length)];
        if (entry === undefined) break;
        const client = idle.pop() as pg.Client;
        waiting.delete(entry);
        running.add(entry);
        apply(client, url, entry)
          .catch((error: unknown) => {
            failure ??= error;
          })
          .finally(() => {
            running.delete(entry);
            undone.delete(entry.id);
            idle.push(client);
            next();
          });
      }
      if (running.size === 0) resolve();
    };
    next();
  });
  if (failure !== undefined) throw failure;
  if (waiting.size > 0) throw new Error(`${waiting.size} entries never became ready`);
}

function isReady(
  entry: CatalogEntry,
  undone: ReadonlySet<number>,
  running: ReadonlySet<CatalogEntry>,
): boolean {
  if ((entry.after ?? []).some((id) => undone.has(id))) return false;
  return ![...running].some((other) => conflicts(entry, other));
}

function conflicts(one: CatalogEntry, other: CatalogEntry): boolean {
  const exclusive = (entry: CatalogEntry): readonly number[] => entry.locks?.exclusive ?? [];
  const all = (entry: CatalogEntry): readonly number[] => [
    ...exclusive(entry),
    ...(entry.locks?.shared ?? []),
  ];
  return (
    exclusive(one).some((id) => all(other).includes(id)) ||
    exclusive(other).some((id) => all(one).includes(id))
  );
}

async function apply(client: pg.Client, url: string, entry: CatalogEntry): Promise<void> {
  const body = entry.body as unknown as EntryBody;
  const database = pg.escapeIdentifier(decodeURIComponent(new URL(url).pathname.slice(1)));
  if (body.exists !== undefined && (await client.query(body.exists)).rows.length > 0) return;
  for (const statement of body.secret === undefined ? body.sql : [...body.sql, body.secret]) {
    await client.query(statement.replaceAll(':"dbname"', database)).catch((error: unknown) => {
      const where = `entry ${entry.id} (${entry.kind} ${JSON.stringify(entry.object)})`;
      throw new Error(`${where}: ${String(error)}\n${statement.slice(0, 2000)}`, { cause: error });
    });
  }
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {}); // The server goes away before the client when a test fails.
  await client.connect();
  await client.query(
    `SET search_path = ''; SET check_function_bodies = off; SET client_min_messages = error; SET lock_timeout = '20s'`,
  );
  return client;
}

/** Fails with the first line that differs and its surroundings; whole dumps are too long to be shown. */
export function assertSameText(actual: string, expected: string): void {
  if (actual === expected) return;
  const [got, wanted] = [actual.split('\n'), expected.split('\n')];
  const at = wanted.findIndex((line, place) => line !== got[place]);
  const first = Math.max(0, (at === -1 ? wanted.length : at) - 6);
  assert.deepEqual(got.slice(first, first + 30), wanted.slice(first, first + 30));
  assert.fail(`the texts differ in length: ${got.length} and ${wanted.length} lines`);
}
