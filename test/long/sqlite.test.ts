/** The random and the concurrent tests of the SQLite adapter, many times; and a database that is large. */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { cleanEnv } from '../cli/program.ts';
import { dumpUnderWriter } from '../sqlite-fixtures/dumps-under-writer.ts';
import { checkRandomDatabase } from '../sqlite-fixtures/random-check.ts';
import { assertPhysicalRoundTrip, assertRoundTrip, makeDatabase } from '../sqlite-fixtures/round-trip.ts';

const folder = mkdtempSync(join(tmpdir(), 'dbimg-sqlite-'));
after(() => rmSync(folder, { recursive: true }));

const FIRST_SEED = Number(process.env.DBIMG_SEED ?? 10_000);
const DATABASES = process.env.DBIMG_SEED ? 1 : 500;
const SEED = Number(process.env.DBIMG_SEED ?? Date.now() % 2 ** 31);
const DBIMG = fileURLToPath(new URL('../../bin/dev.js', import.meta.url));
const PEAK = new URL('../engines/peak-memory.mjs', import.meta.url).href;
const MiB = 1024 * 1024;

function clear(): void {
  for (const file of readdirSync(folder)) rmSync(join(folder, file));
}

for (let seed = FIRST_SEED; seed < FIRST_SEED + DATABASES; seed += 1) {
  test(`random database, seed ${seed}`, async (t) => {
    const path = join(folder, 'random.db');
    try {
      await checkRandomDatabase(t, path, seed);
      await assertRoundTrip(path);
      await assertPhysicalRoundTrip(path);
    } finally {
      clear();
    }
  });
}

for (const journal of ['wal', 'delete']) {
  test(`200 dumps under a writer, journal mode ${journal}`, async (t) => {
    await dumpUnderWriter(t, join(folder, `${journal}.db`), journal, 200, SEED);
    clear();
  });
}

for (const [kind, flags] of [
  ['logical', []],
  ['physical', ['--physical']],
] as const) {
  test(`2 GB with a blob of 500 MB in less than 300 MiB, ${kind}`, async (t) => {
    const [path, image, copy] = ['large.db', 'large.dbimg', 'copy.db'].map((name) => join(folder, name));
    if (!path || !image || !copy) return;
    clear();
    makeDatabase(
      path,
      `PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; CREATE TABLE rows (id INTEGER PRIMARY KEY, tag, body);
       WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500000)
         INSERT INTO rows SELECT i, hex(randomblob(8)), CASE WHEN i = 250000 THEN randomblob(500000000) ELSE randomblob(3000) END FROM n;
       CREATE INDEX of_rows ON rows (tag)`,
    );
    assert.ok(statSync(path).size > 2e9);
    const peaks = [
      await peakOf(['dump', path, '-o', image, ...flags]),
      await peakOf(['restore', image, copy, '--create', '--prove']),
    ];
    t.diagnostic(`dump ${peaks[0]} MiB, restore with proof ${peaks[1]} MiB`);
    for (const peak of peaks) assert.ok(peak < 300, `${peak} MiB`);
    const said = (file: string): string => execFileSync('sqlite3', [file, '.sha3sum --schema']).toString();
    assert.equal(said(copy), said(path));
    assert.equal(execFileSync('sqlite3', [copy, 'PRAGMA integrity_check']).toString(), 'ok\n');
    if (kind === 'physical') execFileSync('cmp', [path, copy]);
  });
}

/** Runs dbimg and gives the most MiB that it had resident. */
async function peakOf(args: readonly string[]): Promise<number> {
  const file = join(folder, 'peak');
  const child = spawn(process.execPath, [`--import=${PEAK}`, DBIMG, ...args, '--quiet'], {
    env: cleanEnv({ PEAK_MEMORY_FILE: file }),
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  assert.deepEqual(await once(child, 'close'), [0, null]);
  return Math.round((Number(readFileSync(file, 'utf8')) * 1024) / MiB);
}
