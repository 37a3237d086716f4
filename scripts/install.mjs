// Installs the dependencies when they are missing or older than the lock file. `npm start` and `npm test` call it
// first, so that they work in a fresh clone; it runs on any Node that npm runs on.
import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

function changed(path) {
  try {
    return statSync(new URL(`../${path}`, import.meta.url)).mtimeMs;
  } catch (error) {
    if (error.code === 'ENOENT') return 0;
    throw error;
  }
}

// npm writes its own copy of the lock file as the last step of an installation.
if (changed('node_modules/.package-lock.json') < changed('package-lock.json')) {
  console.error('Installing dependencies (npm ci) …');
  const npm = process.env.npm_execpath;
  const [command, ...args] = npm ? [process.execPath, npm] : ['npm'];
  // Older npm complains about the Node that runs it; the project brings its own.
  const flags = ['ci', '--no-audit', '--no-fund', '--loglevel=error'];
  const { status, error } = spawnSync(command, [...args, ...flags], { cwd: root, stdio: ['ignore', 2, 2] });
  if (error) throw error;
  if (status !== 0) {
    console.error('npm ci failed. Its output above tells why; the network or a proxy is the usual reason.');
    process.exitCode = 1;
  }
}
