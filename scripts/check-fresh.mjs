// Fails if a generated file in the tree is not what its source gives: the compiled record kernel, the manifest.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const manifest = fileURLToPath(new URL('../oclif.manifest.json', import.meta.url));

function node(...args) {
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

node('src/core/records/build.mjs', '--check');

// oclif can only write its manifest where it belongs, so the one that was there is put back.
const committed = existsSync(manifest) ? readFileSync(manifest, 'utf8') : '';
node('scripts/build.mjs');
const generated = readFileSync(manifest, 'utf8');
if (committed.trim() !== generated.trim()) {
  if (committed !== '') writeFileSync(manifest, committed);
  console.error('oclif.manifest.json is not what the commands give: run npm run build and commit it.');
  process.exitCode = 1;
}
