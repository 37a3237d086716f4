/** The commands that are shown to users: examples of the help, and shell lines of the documents. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import type { Command } from '@oclif/core';

type CommandClass = typeof Command;
type Example = string | { readonly command: string };

const ROOT = new URL('../../', import.meta.url);
const COMMANDS = new URL('src/commands/', ROOT);

export const commands: ReadonlyMap<string, CommandClass> = new Map(
  await Promise.all(
    readdirSync(COMMANDS).map(async (file): Promise<[string, CommandClass]> => {
      const module = await import(new URL(file, COMMANDS).href);
      return [file.replace(/\.ts$/u, ''), module.default];
    }),
  ),
);

/** Lines that belong together: each may need what those before it have made. */
export interface Shown {
  readonly where: string;
  readonly lines: readonly string[];
}

const DOCUMENTS = [
  'README.md',
  'CHANGELOG.md',
  'bench/README.md',
  ...readdirSync(new URL('docs/', ROOT)).map((file) => `docs/${file}`),
];

const textOf = (document: string): string => readFileSync(new URL(document, ROOT), 'utf8');

export function shownInHelp(): Shown[] {
  return [...commands].flatMap(([name, { examples }]) =>
    ((examples ?? []) as readonly Example[]).map((example) => {
      const text = typeof example === 'string' ? example : example.command;
      const line = text.replace('<%= config.bin %> <%= command.id %>', `dbimg ${name}`);
      assert.doesNotMatch(line, /<%/u);
      return { where: `dbimg ${name} --help`, lines: [line] };
    }),
  );
}

export function shownInDocuments(): Shown[] {
  return DOCUMENTS.flatMap((document) =>
    [...textOf(document).matchAll(/^```sh\n(.*?)^```$/gmsu)].map(([, block = '']) => ({
      where: document,
      lines: block.replaceAll('\\\n', ' ').split('\n').filter(Boolean),
    })),
  );
}

/** `dbimg …` within a sentence: perhaps without arguments, or with `IMAGE` and the like in their place. */
export function mentioned(): { readonly where: string; readonly text: string }[] {
  return DOCUMENTS.flatMap((document) =>
    [...textOf(document).matchAll(/`(dbimg [a-z][^`]*)`/gu)].map(([, text = '']) => ({
      where: document,
      text,
    })),
  );
}

/** Words as a shell takes them apart, a list for each program of the pipeline. */
export function segmentsOf(line: string): string[][] {
  const segments: string[][] = [[]];
  for (const [token, double, single] of line.matchAll(/"([^"]*)"|'([^']*)'|#.*|\||[^\s"'|]+/gu)) {
    if (token.startsWith('#')) break;
    if (token === '|') segments.push([]);
    else segments.at(-1)?.push(double ?? single ?? token);
  }
  return segments;
}

/** Arguments of every dbimg in the line, also of those on other hosts. Fails on a program that is not expected. */
export function callsIn(line: string): string[][] {
  return segmentsOf(line).flatMap((words) => {
    const [program, ...rest] = words;
    if (program === 'dbimg') return [rest];
    if (program === 'npx') return [afterNpx(rest)];
    if (program === 'ssh') return callsIn(rest.length === 2 ? (rest[1] as string) : rest.slice(1).join(' '));
    if (program === 'npm') assert.ok(scriptOf(rest) in scripts, line);
    else assert.ok(program === 'cat' || program === 'mongodump', `${program} in ${line}`);
    return [];
  });
}

function afterNpx(words: readonly string[]): string[] {
  if (words[0] === 'dbimg') return words.slice(1);
  assert.deepEqual(words.slice(0, 2), ['node', 'bin/dev.js']);
  return words.slice(2);
}

const { scripts } = JSON.parse(textOf('package.json')) as { scripts: Record<string, string> };

function scriptOf([first = '', second = '']: readonly string[]): string {
  return first === 'run' ? second : first;
}
