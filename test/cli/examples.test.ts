/**
 * Every command that is shown to users is taken at its word: the real command's parser understands it, and what needs no
 * server but PostgreSQL is run as it stands, in a folder with the files that it names.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { Flags, Parser } from '@oclif/core';
import { createChinook } from '../../scripts/chinook.ts';
import * as library from '../../src/index.ts';
import { convert, dump, importObject } from '../../src/index.ts';
import { makeChinook } from '../engines/chinook.ts';
import { databaseUrl, query, type RunningPostgres, startPostgres } from '../engines/postgres.ts';
import { cleanEnv } from './program.ts';
import { callsIn, commands, mentioned, type Shown, shownInDocuments, shownInHelp } from './shown.ts';

const shown = [...shownInHelp(), ...shownInDocuments()];
const PROGRAM = fileURLToPath(new URL('../../bin/dev.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'dbimg-examples-'));
const files = join(folder, 'files');
const programs = join(folder, 'bin');
let server: RunningPostgres;
let made = 0;

before(async () => {
  mkdirSync(files);
  mkdirSync(programs);
  server = await startPostgres();
  // An ordinary role owns it: what a superuser owns is restored with --trust only.
  const url = await createChinook(server.url, 'shop', 'shopkeeper');
  await query(
    url,
    `SET ROLE shopkeeper; CREATE TABLE orders (id int PRIMARY KEY, total numeric);
     INSERT INTO orders VALUES (1, 9.90), (2, 19.80)`,
  );
  await dump({ source: url, image: join(files, 'shop.dbimg') });
  await dump({
    ...{ source: url, image: join(files, 'sealed.dbimg') },
    encrypt: { passphrase: 'correct horse' },
  });
  copyFileSync(join(files, 'shop.dbimg'), join(files, 'chinook.dbimg'));
  makeChinook(join(files, 'app.db'));
  await dump({ source: join(files, 'app.db'), image: join(files, 'app.dbimg') });
  await ofDocuments();
  writeFileSync(join(files, 'secret.txt'), 'correct horse\n');
  program('dbimg', `exec '${process.execPath}' '${PROGRAM}' "$@"`);
  program('npx', 'shift 2; exec dbimg "$@"');
  program('ssh', 'shift; exec bash -c "$*"');
  program('mongodump', 'exec cat shop.archive');
});
after(async () => {
  await server.stop();
  rmSync(folder, { recursive: true });
});

/** Extended JSON, an image of it, and archives as mongodump writes them: all without a server. */
async function ofDocuments(): Promise<void> {
  const json = '[{"_id": 1, "total": {"$numberDecimal": "9.90"}}, {"_id": 2}]';
  writeFileSync(join(files, 'orders.json'), json);
  writeFileSync(join(files, 'orders.json.gz'), gzipSync(json));
  const image = join(files, 'documents.dbimg');
  await importObject({ input: join(files, 'orders.json'), image, object: ['shop', 'orders'] });
  await convert({ input: image, output: join(files, 'shop.archive') });
  await convert({ input: image, output: join(files, 'shop.archive.gz'), gzip: true });
}

function program(name: string, script: string): void {
  writeFileSync(join(programs, name), `#!/bin/bash\n${script}\n`);
  chmodSync(join(programs, name), 0o755);
}

for (const { where, lines } of shown) {
  test(`${where} can be parsed: ${lines[0]}`, async () => {
    for (const line of lines) {
      for (const [id = '', ...argv] of callsIn(line)) {
        const command = commands.get(id);
        assert.ok(command, `${id} in ${line}`);
        const flags = { ...command.baseFlags, ...command.flags, json: Flags.boolean() };
        await Parser.parse(argv, { args: command.args, flags, strict: true, '--': true });
      }
    }
  });
}

test('every command has an example, and the documents have some', () => {
  const ids = new Set(shownInHelp().flatMap(({ lines }) => lines.flatMap(callsIn).map(([id]) => id)));
  assert.deepEqual([...ids].sort(), [...commands.keys()].sort());
  const documents = new Set(shownInDocuments().map(({ where }) => where));
  for (const document of ['README.md', 'docs/cross-engine.md']) assert.ok(documents.has(document), document);
});

test('commands within sentences exist, and so do their flags', () => {
  for (const { where, text } of mentioned()) {
    const [, id = '', ...words] = text.split(/\s+/u);
    const command = commands.get(id);
    // Words by which keys are derived, in docs/format.md.
    if (/^dbimg (chain|image|id) key$/u.test(text)) continue;
    assert.ok(command, `${text} in ${where}`);
    for (const word of words.filter((given) => /^--?[a-z]/u.test(given))) {
      const flags = Object.entries({ ...command.baseFlags, ...command.flags });
      const known = flags.some(([name, { char }]) => word === `--${name}` || word === `-${char}`);
      assert.ok(known || word === '--json', `${word} of ${text} in ${where}`);
    }
  }
});

test('what the README imports is there', () => {
  const [, names = ''] = /import \{ (.*) \} from 'dbimg';/u.exec(
    readFileSync(new URL('../../README.md', import.meta.url), 'utf8'),
  ) as RegExpExecArray;
  for (const name of names.split(', ')) assert.ok(name in library, name);
});

/** Those that start a whole test run, or need a server of another product. */
const NOT_RUN = /^npm |mongodb:|mysql:/u;

for (const { where, lines } of shown) {
  const runnable = lines.filter((line) => !NOT_RUN.test(line));
  if (runnable.length === 0) continue;
  test(`${where} works as it stands: ${runnable[0]}`, async () => {
    const cwd = place(runnable);
    for (const line of runnable) {
      const { code, output } = await run(await located(line), cwd);
      assert.equal(code, 0, `${line}\n${output}`);
      assert.doesNotMatch(output, /\n\s+at /u, 'no stack trace');
    }
  });
}

/** A folder with the files that the lines name and do not make. */
function place(lines: Shown['lines']): string {
  const cwd = join(folder, String(++made));
  mkdirSync(cwd);
  const all = lines.join('\n');
  const documents = /\bconvert\b/u.test(all);
  const image = documents
    ? 'documents.dbimg'
    : /--passphrase-file/u.test(all)
      ? 'sealed.dbimg'
      : 'shop.dbimg';
  if (!/-o shop\.dbimg|(archive\.gz|convert -) shop\.dbimg/u.test(all)) {
    copyFileSync(join(files, image), join(cwd, 'shop.dbimg'));
  }
  for (const name of ['app.db', 'app.dbimg', 'chinook.dbimg', 'secret.txt']) {
    copyFileSync(join(files, name), join(cwd, name));
  }
  for (const name of ['orders.json', 'orders.json.gz', 'shop.archive.gz']) {
    copyFileSync(join(files, name), join(cwd, name));
  }
  if (/mongodump/u.test(all)) copyFileSync(join(files, 'shop.archive'), join(cwd, 'shop.archive'));
  return cwd;
}

/** The line with places of this server: sources are the shop, targets are new, and empty unless they are to be made. */
async function located(line: string): Promise<string> {
  let text = line;
  for (const [url] of line.matchAll(/postgres:\/\/[^\s"]+/gu)) {
    const isTarget = new RegExp(`restore \\S+ ${url}`, 'u').test(line);
    const name = isTarget ? `target_${++made}` : 'shop';
    if (isTarget && !line.includes('--create')) await query(server.url, `CREATE DATABASE ${name}`);
    text = text.replace(url, databaseUrl(server.url, name));
  }
  return text;
}

async function run(line: string, cwd: string): Promise<{ code: number | null; output: string }> {
  const child = spawn('bash', ['-o', 'pipefail', '-c', line], {
    cwd,
    env: cleanEnv({ PATH: `${programs}:${process.env.PATH}` }),
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (piece: string) => {
      output += piece;
    });
  }
  child.stdin.end();
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, output };
}
