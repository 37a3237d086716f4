#!/usr/bin/env node
// Runs the commands of src/ unbuilt, without the manifest. Otherwise the same as run.js.
const [major] = process.versions.node.split('.').map(Number);

if (major < 24) {
  process.stderr.write(
    `dbimg needs Node.js 24 or newer, and this is ${process.versions.node}: run it with npx node bin/dev.js.\n`,
  );
  process.exitCode = 2;
} else {
  const { readFileSync } = await import('node:fs');
  const { fileURLToPath } = await import('node:url');
  const { execute, settings } = await import('@oclif/core');
  const pjson = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  pjson.oclif.commands = './src/commands';
  pjson.oclif.hooks = { command_not_found: './src/cli/unknown-command.ts' };
  // Node runs TypeScript itself; oclif would look for ts-node.
  settings.enableAutoTranspile = false;
  await execute({
    loadOptions: { root: fileURLToPath(new URL('..', import.meta.url)), pjson, ignoreManifest: true },
  });
}
