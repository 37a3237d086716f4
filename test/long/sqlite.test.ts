/** The random and the concurrent tests of the SQLite adapter, many times. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { dumpUnderWriter } from '../sqlite-fixtures/dumps-under-writer.ts';
import { checkRandomDatabase } from '../sqlite-fixtures/random-check.ts';

const folder = mkdtempSync(join(tmpdir(), 'dbimg-sqlite-'));
after(() => rmSync(folder, { recursive: true }));

const FIRST_SEED = Number(process.env.DBIMG_SEED ?? 10_000);
const DATABASES = process.env.DBIMG_SEED ? 1 : 500;
const SEED = Number(process.env.DBIMG_SEED ?? Date.now() % 2 ** 31);

for (let seed = FIRST_SEED; seed < FIRST_SEED + DATABASES; seed += 1) {
  test(`random database, seed ${seed}`, async (t) => {
    await checkRandomDatabase(t, join(folder, 'random.db'), seed);
    for (const file of readdirSync(folder)) rmSync(join(folder, file));
  });
}

for (const journal of ['wal', 'delete']) {
  test(`200 dumps under a writer, journal mode ${journal}`, async (t) => {
    await dumpUnderWriter(t, join(folder, `${journal}.db`), journal, 200, SEED);
  });
}
