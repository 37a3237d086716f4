import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

test('a million streams are written and read in flat memory', (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'dbimg-streams-'));
  try {
    const script = join(import.meta.dirname, '../unit/many-streams.ts');
    const args = [
      '--max-old-space-size=64',
      '--max-semi-space-size=8',
      script,
      join(directory, 'million.dbimg'),
      '1000000',
    ];
    const child = spawnSync(process.execPath, args, { encoding: 'utf8' });
    assert.equal(child.status, 0, child.stderr);
    const result = JSON.parse(child.stdout);
    t.diagnostic(child.stdout.trim());
    assert.equal(result.piped, 1_000_000);
    assert.equal(result.listed, 1_000_000);
    assert.ok(result.rss < 300 * 1024 * 1024, `${result.rss} bytes`);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
