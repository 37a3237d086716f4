/** The page reader against SQLite itself, on databases of every shape. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { assertReadAsSqliteDoes } from '../sqlite-fixtures/compare.ts';
import { makeRandomDatabase } from '../sqlite-fixtures/random-database.ts';
import { readDatabase } from '../sqlite-fixtures/reading.ts';

const folder = mkdtempSync(join(tmpdir(), 'dbimg-sqlite-'));
after(() => rmSync(folder, { recursive: true }));

const FIRST_SEED = Number(process.env.DBIMG_SEED ?? 1);
const DATABASES = Number(process.env.DBIMG_SEED ? 1 : 30);

for (let seed = FIRST_SEED; seed < FIRST_SEED + DATABASES; seed += 1) {
  test(`random database, seed ${seed}`, async (t) => {
    const path = join(folder, `${seed}.db`);
    t.diagnostic(JSON.stringify(makeRandomDatabase(path, seed)));
    const read = await readDatabase(path);
    assert.deepEqual(read.snapshot.omissions, []);
    assertReadAsSqliteDoes(path, read);
  });
}
