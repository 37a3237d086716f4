/** Packs the package as it would be published, checks it, installs it elsewhere and runs it there. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const elsewhere = mkdtempSync(join(tmpdir(), 'dbimg-package-'));

function run(cwd: string, program: string, ...args: readonly string[]): string {
  console.log(`$ ${[program, ...args].join(' ')}`);
  const { status, stdout, error } = spawnSync(program, args, {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${program} ended with exit code ${status}:\n${stdout}`);
  return stdout;
}

try {
  run(root, 'npm', 'pack', '--loglevel=error', '--pack-destination', elsewhere);
  const [filename = ''] = readdirSync(elsewhere);
  const tarball = join(elsewhere, filename);
  const files = run(elsewhere, 'tar', '-tzf', tarball).split('\n');
  const stray = files.filter((path) => /\.tsx?$/.test(path) && !path.endsWith('.d.ts'));
  if (stray.length > 0) throw new Error(`the package holds sources: ${stray.join(', ')}`);
  console.log(run(root, 'publint', 'run', tarball, '--strict'));
  console.log(run(root, 'attw', tarball, '--profile', 'esm-only', '--no-emoji'));

  writeFileSync(join(elsewhere, 'package.json'), '{ "private": true, "type": "module" }');
  run(elsewhere, 'npm', 'install', '--no-audit', '--no-fund', '--loglevel=error', tarball);
  const dbimg = join(elsewhere, 'node_modules', '.bin', 'dbimg');
  const begin = performance.now();
  const version = run(elsewhere, dbimg, '--version');
  console.log(`${version.trim()}, ${Math.round(performance.now() - begin)} ms`);
  if (!/^dbimg\/\d/.test(version)) throw new Error('dbimg --version says something else');
  if (!run(elsewhere, dbimg, 'dump', '--help').includes('USAGE'))
    throw new Error('dbimg dump --help has no usage');
  const library =
    "import { dump, restore, verify } from 'dbimg'; console.log(typeof dump, typeof restore, typeof verify)";
  const types = run(elsewhere, process.execPath, '--input-type=module', '-e', library).trim();
  if (types !== 'function function function') throw new Error(`the library exports ${types}`);
  console.log('The package installs and runs.');
} finally {
  rmSync(elsewhere, { recursive: true, force: true });
}
