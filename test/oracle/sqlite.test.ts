/** The oracle itself: what differs must be seen. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { makeDatabase } from '../sqlite-fixtures/round-trip.ts';
import { compareDatabases } from './sqlite.ts';

const folder = mkdtempSync(join(tmpdir(), 'dbimg-sqlite-oracle-'));
after(() => rmSync(folder, { recursive: true }));

const SAME = "CREATE TABLE t (a, b); INSERT INTO t VALUES (0.0, 1), (2, x'00'); CREATE INDEX i ON t (a);";

for (const [what, sql] of [
  ['the sign of a zero', 'UPDATE t SET a = -0.0 WHERE rowid = 1'],
  ['a type', 'UPDATE t SET a = 2.0 WHERE rowid = 2'],
  ['text instead of a blob', 'UPDATE t SET b = CAST(b AS TEXT) WHERE rowid = 2'],
  ['a rowid', 'UPDATE t SET rowid = 9 WHERE rowid = 2'],
  ['a missing index', 'DROP INDEX i'],
  ['a pragma', 'PRAGMA user_version = 1'],
  ['a journal mode', 'PRAGMA journal_mode = WAL'],
] as const) {
  test(`sees ${what}`, () => {
    const [a, b] = [join(folder, `${what} a`), join(folder, `${what} b`)];
    makeDatabase(a, SAME);
    makeDatabase(b, SAME);
    assert.deepEqual(compareDatabases(a, b), []);
    makeDatabase(b, sql);
    assert.notDeepEqual(compareDatabases(a, b), []);
  });
}
