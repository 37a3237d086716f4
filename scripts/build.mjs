// Builds dist/ and oclif.manifest.json.
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

rmSync(new URL('../dist', import.meta.url), { recursive: true, force: true });
execFileSync('tsc', ['-p', 'tsconfig.build.json'], { cwd: root, stdio: 'inherit' });
execFileSync('oclif', ['manifest'], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
