/** A PostgreSQL server with a small database, and an image of it: what the tests of the command line share. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createDatabase,
  databaseUrl,
  query,
  type RunningPostgres,
  startPostgres,
  type TestDatabase,
} from '../engines/postgres.ts';
import { runCli } from './program.ts';

/** It must not appear in any output. */
export const PASSWORD = 'hunter2-very-secret';
const ROLE = 'cli_owner';

export const SCHEMA = `
  CREATE SCHEMA sales;
  CREATE TABLE sales.orders (id bigint PRIMARY KEY, note text, amount numeric, paid boolean, at timestamptz, data jsonb, raw bytea, tags text[]);
  INSERT INTO sales.orders SELECT i, 'note ' || i, i * 1.10, i % 2 = 0, '2026-01-01T00:00:00Z', jsonb_build_object('n', i), '\\x00ff', ARRAY['a', NULL]
    FROM generate_series(1, 5000) i;
  INSERT INTO sales.orders (id, note) VALUES (9223372036854775807, E'line\\nbreak "quoted"');
  CREATE TABLE sales.empty (id int);
  CREATE TABLE "odd.name ""x""" (v int);
  INSERT INTO "odd.name ""x""" VALUES (1);
`;

export interface Shop extends AsyncDisposable {
  readonly server: RunningPostgres;
  readonly source: TestDatabase;
  /** URL of the source, with the password in it. */
  readonly url: string;
  /** A temporary folder. */
  readonly folder: string;
  /** An image of the source: three objects, 5,002 rows. */
  readonly image: string;
  /** URL of another database on the same server. */
  target(name: string): string;
  /** How many sessions the role of `url` has. */
  sessions(): Promise<number>;
}

export async function openShop(): Promise<Shop> {
  const attributes = 'LOGIN SUPERUSER';
  await using stack = new AsyncDisposableStack();
  const roles = [{ name: ROLE, password: PASSWORD, attributes }];
  const server = stack.use(await startPostgres({ version: 18, roles }));
  const source = stack.use(await createDatabase(server));
  await query(source.url, SCHEMA);
  const url = databaseUrl(server.url, source.name, { user: ROLE, password: PASSWORD });
  const folder = await mkdtemp(join(tmpdir(), 'dbimg-cli-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const image = join(folder, 'shop.dbimg');
  const run = await runCli(['dump', url, '-o', image]);
  assert.equal(run.code, 0, run.stderr);
  const everything = stack.move();
  return {
    ...{ server, source, url, folder, image },
    target: (name) => databaseUrl(url, name),
    sessions: async () => {
      const count = 'SELECT count(*)::int AS n FROM pg_stat_activity WHERE usename = $1';
      const [row] = await query<{ n: number }>(server.url, count, [ROLE]);
      return row?.n ?? -1;
    },
    [Symbol.asyncDispose]: () => everything.disposeAsync(),
  };
}

/** Waits up to ten seconds. */
export async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (let i = 0; i < 100; i++) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assert.fail(`it never came to this: ${what}`);
}

/** Every property is in the table of the command's section. */
export async function assertDocumented(command: string, result: object): Promise<void> {
  const page = await readFile(new URL('../../docs/json-output.md', import.meta.url), 'utf8');
  const section = page.split(/^## /mu).find((text) => text.startsWith(`\`${command}\``)) ?? '';
  for (const property of Object.keys(result))
    assert.ok(section.includes(`\`${property}\``), `${command}: ${property}`);
}
