/** The PostgreSQL catalog, there and back, judged by pg_dump. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createChinook } from '../../scripts/chinook.ts';
import type { CatalogEntry } from '../../src/core/adapter.ts';
import { pgTools } from '../engines/pg-tools.ts';
import {
  createDatabase,
  type PostgresVersion,
  type RunningPostgres,
  startPostgres,
} from '../engines/postgres.ts';
import { loadEveryKind } from '../postgres-fixtures/load.ts';
import { applyCatalog, assertSameText, type EntryBody, readCatalog } from './postgres-catalog-apply.ts';

const VERSIONS: readonly PostgresVersion[] = [13, 15, 18];

/** Numbers from a seed (mulberry32), so that a failing order can be repeated. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const seed = Number(process.env.DBIMG_TEST_SEED ?? Date.now() % 2 ** 31);
console.log(`seed of the order of post-data entries: ${seed} (repeat with DBIMG_TEST_SEED)`);
const random = seeded(seed);

function statements(entries: readonly CatalogEntry[]): string {
  return entries.flatMap((entry) => (entry.body as unknown as EntryBody).sql).join('\n');
}

/** pg_dump of the whole definition, with the database's own name and the order of equal rows made the same. */
async function definition(url: string): Promise<string> {
  const name = decodeURIComponent(new URL(url).pathname.slice(1));
  const dump = await (await pgTools()).comparableDump(url, ['--schema-only', '--create']);
  return dump.replaceAll(`"${name}"`, 'DATABASE').replaceAll(name, 'DATABASE');
}

/** Global objects except the administrator of each server, who is nobody's to carry. */
function withoutOwn(globals: string): string {
  return globals
    .split('\n')
    .filter((line) => !/^--|ROLE postgres\b/.test(line))
    .join('\n');
}

for (const version of VERSIONS) {
  describe(`PostgreSQL ${version} catalog`, () => {
    let server: RunningPostgres;
    before(async () => {
      server = await startPostgres({ version, settings: { wal_level: 'logical' } });
    });
    after(() => server.stop());

    it('carries every kind of object', async () => {
      await using source = await createDatabase(server);
      await using target = await createDatabase(server);
      await loadEveryKind(source.url);
      const { entries, omissions } = await readCatalog(source.url);
      await applyCatalog(target.url, entries, random);
      assertSameText(await definition(target.url), await definition(source.url));
      assert.deepEqual(omissions, []);
    });

    it('carries the roles that a database needs to a server without them', async () => {
      await using source = await createDatabase(server);
      await using elsewhere = await startPostgres({ version, settings: { wal_level: 'logical' } });
      await using target = await createDatabase(elsewhere, { name: source.name });
      await loadEveryKind(source.url);
      const { entries } = await readCatalog(source.url);
      await applyCatalog(target.url, entries, random);
      const tools = await pgTools();
      assertSameText(
        withoutOwn(await tools.dumpGlobals(elsewhere.url)),
        withoutOwn(await tools.dumpGlobals(server.url)),
      );
      assertSameText(await definition(target.url), await definition(source.url));
    });

    it('carries Chinook', async () => {
      const source = await createChinook(server.url);
      await using target = await createDatabase(server);
      const { entries, omissions } = await readCatalog(source);
      await applyCatalog(target.url, entries, random);
      assertSameText(await definition(target.url), await definition(source));
      assert.deepEqual(omissions, []);
    });

    it('numbers entries in order and puts each after what it needs', async () => {
      await using source = await createDatabase(server);
      await loadEveryKind(source.url);
      const { entries } = await readCatalog(source.url);
      const phases = ['pre-data', 'post-data', 'finish'];
      entries.forEach((entry, at) => {
        assert.equal(entry.id, at + 1);
        for (const id of entry.after ?? []) assert.ok(id < entry.id);
        const previous = entries[at - 1];
        if (previous !== undefined) assert.ok(phases.indexOf(previous.phase) <= phases.indexOf(entry.phase));
      });
      assert.match(statements(entries), /CREATE TABLE/);
    });
  });
}
