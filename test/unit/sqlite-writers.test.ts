/** Whatever others write meanwhile, a snapshot is one committed state. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { dumpUnderWriter } from '../sqlite-fixtures/dumps-under-writer.ts';

const folder = mkdtempSync(join(tmpdir(), 'dbimg-sqlite-'));
after(() => rmSync(folder, { recursive: true }));

const SEED = Number(process.env.DBIMG_SEED ?? Date.now() % 2 ** 31);

for (const journal of ['wal', 'delete']) {
  test(`20 dumps under a writer, journal mode ${journal}`, async (t) => {
    await dumpUnderWriter(t, join(folder, `${journal}.db`), journal, 20, SEED);
  });
}
