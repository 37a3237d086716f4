/** Passphrases and keys: from files, the environment, a command or the terminal, never from arguments. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { Keys } from '../core/codec/keys.ts';
import { DbimgError } from '../core/errors.ts';
import { defined } from './defined.ts';
import { canPrompt, promptSecret } from './prompt.ts';

/** Milliseconds that `DBIMG_PASSPHRASE_COMMAND` may take: it may ask somebody. */
const COMMAND_TIMEOUT = 120_000;

/**
 * The passphrase that was prepared: first line of `--passphrase-file`, `DBIMG_PASSPHRASE`, or what
 * `DBIMG_PASSPHRASE_COMMAND` prints. Undefined if none of them is set. Throws `USAGE`.
 */
export async function preparedPassphrase(file: string | undefined): Promise<string | undefined> {
  if (file !== undefined) return firstLine(await readKeyFile(file), file);
  const { DBIMG_PASSPHRASE: passphrase, DBIMG_PASSPHRASE_COMMAND: command } = process.env;
  if (passphrase) return passphrase;
  return command ? firstLine(await outputOf(command), 'DBIMG_PASSPHRASE_COMMAND') : undefined;
}

/** The passphrase for a new image: prepared, or asked for twice. Throws `USAGE` if there is nobody to ask. */
export async function newPassphrase(file: string | undefined): Promise<string> {
  const prepared = await preparedPassphrase(file);
  if (prepared !== undefined) return prepared;
  if (!canPrompt()) {
    throw new DbimgError('USAGE', 'There is no passphrase to encrypt with.', {
      hint: 'Give --passphrase-file FILE, set DBIMG_PASSPHRASE or DBIMG_PASSPHRASE_COMMAND, or run on a terminal.',
    });
  }
  const first = await promptSecret('Passphrase for the new image: ');
  if (first === '') throw new DbimgError('USAGE', 'The passphrase is empty.');
  if (first === (await promptSecret('The same again: '))) return first;
  throw new DbimgError('USAGE', 'The two passphrases differ.');
}

/** A file that holds a key. Throws `USAGE` if it cannot be read. */
export async function readKeyFile(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new DbimgError('USAGE', `The key file ${file} cannot be read: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

/** The lines of age identity files that are identities. Throws `USAGE` if a file has none. */
export async function readIdentities(files: readonly string[]): Promise<string[]> {
  const found = await Promise.all(files.map(identitiesIn));
  return found.flat();
}

async function identitiesIn(file: string): Promise<string[]> {
  const lines = (await readKeyFile(file)).split(/\r?\n/u).map((line) => line.trim());
  const identities = lines.filter((line) => line.startsWith('AGE-SECRET-KEY-'));
  if (identities.length > 0) return identities;
  throw new DbimgError('USAGE', `The file ${file} holds no age identity.`, {
    hint: 'An identity is a line that begins with AGE-SECRET-KEY-1, as age-keygen writes it.',
  });
}

function firstLine(text: string, source: string): string {
  const line = text.split(/\r?\n/u, 1)[0] ?? '';
  if (line !== '') return line;
  throw new DbimgError('USAGE', `The passphrase from ${source} is empty.`);
}

async function outputOf(command: string): Promise<string> {
  try {
    const options = { timeout: COMMAND_TIMEOUT, encoding: 'utf8', env: process.env } as const;
    return (await promisify(execFile)('/bin/sh', ['-c', command], options)).stdout;
  } catch (error) {
    const { code } = error as { code?: unknown };
    throw new DbimgError('USAGE', `DBIMG_PASSPHRASE_COMMAND failed with exit code ${String(code)}.`);
  }
}

/** What `dump` encrypts with. */
export interface Encryption {
  readonly passphrase?: string;
  readonly recipients?: string[];
}

/** How a new image is to be encrypted, asking for a passphrase if need be; undefined if not at all. */
export async function encryptionOf(flags: {
  readonly encrypt: boolean;
  readonly 'encrypt-to'?: string[] | undefined;
  readonly 'passphrase-file'?: string | undefined;
}): Promise<Encryption | undefined> {
  const recipients = flags['encrypt-to'];
  if (!flags.encrypt && flags['passphrase-file'] !== undefined) {
    throw new DbimgError('USAGE', '--passphrase-file has no use without --encrypt.', {
      hint: 'Add --encrypt.',
    });
  }
  if (!flags.encrypt && !recipients) return undefined;
  return {
    ...(flags.encrypt ? { passphrase: await newPassphrase(flags['passphrase-file']) } : {}),
    ...(recipients ? { recipients } : {}),
  };
}

export interface ReadingKeyFlags {
  readonly 'passphrase-file'?: string | undefined;
  readonly identity?: string[] | undefined;
  readonly 'trust-key'?: string | undefined;
}

/** What opens an image and whom it must be signed by. The passphrase is looked for only if the image needs one. */
export async function readingKeys(flags: ReadingKeyFlags): Promise<Keys> {
  const file = flags['passphrase-file'];
  const { DBIMG_PASSPHRASE: known, DBIMG_PASSPHRASE_COMMAND: command } = process.env;
  const available = file !== undefined || known || command || canPrompt();
  const identities = flags.identity ? await readIdentities(flags.identity) : undefined;
  const trustedSigners =
    flags['trust-key'] === undefined ? undefined : [await readKeyFile(flags['trust-key'])];
  const passphrase = available
    ? async (): Promise<string> =>
        (await preparedPassphrase(file)) ?? (await promptSecret('Passphrase of the image: '))
    : undefined;
  return defined({ passphrase, identities, trustedSigners });
}
