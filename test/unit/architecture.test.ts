/** The walls between the parts of dbimg: who may import whom. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Packages that the core may use: they know neither a database nor a command line. */
const CORE_PACKAGES = ['age-encryption'];

interface Import {
  /** Path below the root. */
  readonly file: string;
  /** Path below the root for a relative import, else as it is written. */
  readonly target: string;
}

function files(folder: string, ending: RegExp = /\.(ts|mjs|js)$/): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => ending.test(name))
    .map((name) => join(folder, name));
}

function importsOf(folder: string): Import[] {
  const found = files(folder).flatMap((file) => {
    const source = readFileSync(join(ROOT, file), 'utf8');
    const specifiers = source.matchAll(
      /(?:^|\n)\s*(?:import|export)\b[^'"`;]*?from\s*'([^']+)'|(?:^|\n)\s*import\s*'([^']+)'|import\(\s*'([^']+)'/g,
    );
    return [...specifiers].map((match) => {
      const specifier = match[1] ?? match[2] ?? match[3] ?? '';
      const target = specifier.startsWith('.') ? join(dirname(file), specifier) : specifier;
      return { file, target };
    });
  });
  assert.notEqual(found.length, 0, `no imports found in ${folder}`);
  return found;
}

function trespasses(
  imports: readonly Import[],
  allowed: (target: string, file: string) => boolean,
): string[] {
  return imports
    .filter(({ file, target }) => !target.startsWith('node:') && !allowed(target, file))
    .map(({ file, target }) => `${file} imports ${target}`);
}

test('the core knows no database and no command line', () => {
  const bad = trespasses(
    importsOf('src/core').filter(({ file }) => !file.endsWith('build.mjs') && !file.includes('assembly/')),
    (target) => target.startsWith('src/core/') || CORE_PACKAGES.includes(target),
  );
  assert.deepEqual(bad, []);
});

test('adapters know the core and their own folder only', () => {
  const adapters = readdirSync(join(ROOT, 'src/adapters'));
  assert.ok(adapters.includes('memory'));
  for (const adapter of adapters) {
    const own = `src/adapters/${adapter}/`;
    const bad = trespasses(importsOf(own), (target) =>
      target.startsWith('src/')
        ? target.startsWith(own) || target.startsWith('src/core/')
        : !/oclif/.test(target),
    );
    assert.deepEqual(bad, []);
  }
});

test('only the command line imports the command line', () => {
  const outside = importsOf('src').filter(({ file }) => !/^src\/(cli|commands)\//.test(file));
  const bad = trespasses(outside, (target) => !/^src\/(cli|commands)\/|oclif/.test(target));
  assert.deepEqual(bad, []);
});

test('the product imports nothing of its tests and scripts', () => {
  const bad = trespasses(importsOf('src'), (target) => !/^(test|scripts|bench|examples)\//.test(target));
  assert.deepEqual(bad, []);
});

test('no file is a drawer for odds and ends', () => {
  const named = ['src', 'test', 'scripts', 'bench', 'examples'].flatMap((folder) => files(folder, /./));
  const bad = named.filter((file) =>
    /(^|[/_.-])(utils?|helpers?|misc|common)([/_.-]|$)/i.test(relative('.', file)),
  );
  assert.deepEqual(bad, []);
});
