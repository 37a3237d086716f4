/** What holds for every command, found out from the classes themselves. */
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { before, test } from 'node:test';
import type { Command } from '@oclif/core';
import { BaseCommand } from '../../src/cli/base-command.ts';
import { ERRORS } from '../../src/core/errors.ts';

type CommandClass = typeof Command;

const COMMANDS_DIR = new URL('../../src/commands/', import.meta.url);
const commands = new Map<string, CommandClass>();

before(async () => {
  for (const file of await readdir(COMMANDS_DIR)) {
    const module = await import(new URL(file, COMMANDS_DIR).href);
    assert.deepEqual(Object.keys(module), ['default'], `${file} exports a command and nothing else`);
    commands.set(file.replace(/\.ts$/u, ''), module.default);
  }
});

const document = (name: string): Promise<string> =>
  readFile(new URL(`../../docs/${name}`, import.meta.url), 'utf8');

test('the commands are there, each a BaseCommand', () => {
  for (const name of ['cat', 'doctor', 'dump', 'inspect', 'restore', 'verify'])
    assert.ok(commands.has(name), name);
  for (const [name, command] of commands) assert.ok(command.prototype instanceof BaseCommand, name);
});

test('every command, argument and flag is described', () => {
  for (const [name, command] of commands) {
    assert.match(command.summary ?? '', /\.$/u, name);
    assert.ok((command.examples ?? []).length > 0, name);
    for (const [arg, { description }] of Object.entries(command.args))
      assert.match(description ?? '', /\.$/u, `${name} ${arg}`);
    for (const [flag, { summary }] of Object.entries({ ...command.flags, ...command.baseFlags })) {
      assert.match(summary ?? '', /\.$/u, `${name} --${flag}`);
    }
  }
});

test('no default comes from the environment, where the manifest would keep it', () => {
  for (const [name, command] of commands) {
    for (const [flag, definition] of Object.entries({ ...command.flags, ...command.baseFlags })) {
      assert.notEqual(typeof definition.default, 'function', `${name} --${flag}`);
    }
  }
});

test('no flag takes a secret as its value', () => {
  for (const [name, command] of commands) {
    for (const flag of Object.keys(command.flags ?? {}))
      assert.doesNotMatch(flag, /^(password|passphrase|secret)$/u, name);
  }
});

test('docs/exit-codes.md has every error code with its exit code and meaning, and no other', async () => {
  const rows = [...(await document('exit-codes.md')).matchAll(/^\| `([A-Z_]+)` \| (\d+) \| (.*)\. \|$/gmu)];
  const found = rows.map(([, code, exit, meaning]) => [code, Number(exit), meaning?.toLowerCase()]);
  const expected = Object.entries(ERRORS).map(([code, { exit, title }]) => [code, exit, title.toLowerCase()]);
  assert.deepEqual(found, expected);
});

test('docs/exit-codes.md explains every exit code', async () => {
  const page = await document('exit-codes.md');
  for (const exit of new Set([0, 3, ...Object.values(ERRORS).map((error) => error.exit)])) {
    assert.match(
      page,
      exit > 128 ? new RegExp(`\\b${exit}\\b`, 'u') : new RegExp(`^\\| ${exit} \\| \\S`, 'mu'),
    );
  }
});

test('docs/json-output.md has a section for every command', async () => {
  const page = await document('json-output.md');
  for (const name of commands.keys()) assert.ok(page.includes(`\n## \`${name}\`\n`), name);
});
