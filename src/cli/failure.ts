/** Whatever a command throws, as one clear message and an exit code. */
import { inspect, stripVTControlCharacters, styleText } from 'node:util';
import { Errors } from '@oclif/core';
import { asDbimgError, DbimgError } from '../core/errors.ts';
import { displayName } from './names.ts';
import { redactText } from './redaction.ts';

/** What `--json` prints of an error: `{ "error": { … } }`. */
export interface ErrorReport {
  readonly error: ReturnType<DbimgError['toJSON']>;
}

/** The error as one of ours. What oclif's parser says is a matter of usage. */
export function toDbimgError(error: unknown, command: string): DbimgError {
  if (error instanceof Errors.CLIError) {
    return new DbimgError('USAGE', parserMessage(error.message), {
      cause: error,
      hint: `dbimg ${command} --help`,
    });
  }
  if (error instanceof DbimgError && error.code === 'USAGE') error.message = parserMessage(error.message);
  return asDbimgError(error);
}

/** The parser's message without what it says to every error, and in one line where it can be. */
function parserMessage(message: string): string {
  return stripVTControlCharacters(message)
    .replace(/\n?See more help with --help/u, '')
    .replace(/\n+Note: .* allows? multiple values\.[\s\S]*$/u, '')
    .replace(/^Parsing (--\S+) \n\t/u, '$1: ')
    .trim();
}

const GIVE_KEY =
  'Give --identity FILE or --passphrase-file FILE, set DBIMG_PASSPHRASE or DBIMG_PASSPHRASE_COMMAND, or run on a terminal.';

/** The error as it is shown: with every secret that is recognizable cut out, and with what the flags can do about it. */
export function presentError(error: DbimgError, locations: readonly string[]): DbimgError {
  const hint = error.code === 'KEY_MISSING' ? `${error.hint ?? ''} ${GIVE_KEY}`.trim() : error.hint;
  return new DbimgError(error.code, redactText(error.message, locations), {
    cause: error,
    ...(hint === undefined ? {} : { hint: redactText(hint, locations) }),
    ...(error.object === undefined ? {} : { object: error.object }),
  });
}

/** Lines for people: what failed, on which object, what to do next. */
export function formatError(error: DbimgError): string[] {
  const paint = (text: string): string => styleText('red', text, { stream: process.stderr });
  const lines = [`${paint('error')}: ${printableLines(error.message)} [${error.code}]`];
  if (error.object) lines.push(`  object: ${displayName(error.object, true)}`);
  if (error.hint) lines.push(`  hint: ${printableLines(error.hint)}`);
  return lines;
}

/** Stacks of the error and all its causes, for `DBIMG_DEBUG=1`. */
export function formatDebug(error: unknown, locations: readonly string[]): string {
  return redactText(inspect(error, { depth: 4, colors: false }), locations);
}

/** A message may have lines of its own; nothing else that moves the cursor. */
function printableLines(text: string): string {
  return stripVTControlCharacters(text)
    .replace(/[^\P{Cc}\n\t]/gu, '')
    .replaceAll('\n', '\n  ');
}
