import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

test('fifty thousand streams are written and read in little memory', () => {
  const directory = mkdtempSync(join(tmpdir(), 'dbimg-streams-'));
  try {
    const script = join(import.meta.dirname, 'many-streams.ts');
    const run = (streams: number): { piped: number; listed: number; rss: number } => {
      const args = [
        '--max-old-space-size=48',
        '--max-semi-space-size=4',
        script,
        join(directory, `${streams}.dbimg`),
        String(streams),
      ];
      const child = spawnSync(process.execPath, args, { encoding: 'utf8' });
      assert.equal(child.status, 0, child.stderr);
      return JSON.parse(child.stdout);
    };
    const [few, many] = [run(5_000), run(50_000)];
    assert.equal(many.piped, 50_000);
    assert.equal(many.listed, 50_000);
    assert.ok(many.rss - few.rss < 40e6, `${few.rss} bytes for 5,000, ${many.rss} for 50,000`);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
