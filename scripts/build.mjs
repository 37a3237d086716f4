// Builds dist/ and oclif.manifest.json.
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** The programs say themselves what is wrong; a stack trace of ours would only bury it. */
function run(program, args, stdout) {
  const { status, error } = spawnSync(program, args, { cwd: root, stdio: ['ignore', stdout, 'inherit'] });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
}

rmSync(new URL('../dist', import.meta.url), { recursive: true, force: true });
run('tsc', ['-p', 'tsconfig.build.json'], 'inherit');
run('oclif', ['manifest'], 'ignore');
