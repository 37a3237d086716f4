/** How flags are declared in one line each, and those that more than one command has. */
import { Flags, type Interfaces } from '@oclif/core';
import { parseDuration, parseSize } from './units.ts';

/** Headings in `--help`. */
export type Group = 'SELECTION' | 'SPEED' | 'SAFETY' | 'ENCRYPTION' | 'GLOBAL';
const KEYS: Group = 'ENCRYPTION';

interface Described {
  readonly summary: string;
  readonly group?: Group;
}

interface Valued extends Described {
  /** What stands for the value in help: `FILE`. */
  readonly value: string;
}

function help(flag: Described | Valued): { summary: string; helpGroup?: string; helpValue?: string } {
  return {
    summary: flag.summary,
    ...(flag.group === undefined ? {} : { helpGroup: flag.group }),
    ...('value' in flag ? { helpValue: flag.value } : {}),
  };
}

export function toggle(flag: Described): Interfaces.BooleanFlag<boolean> {
  return Flags.boolean(help(flag));
}

export function text(flag: Valued): Interfaces.OptionFlag<string | undefined> {
  return Flags.string(help(flag));
}

/** May be repeated; takes one value each time, so that an argument may follow. */
export function texts(flag: Valued): Interfaces.OptionFlag<string[] | undefined> {
  return Flags.string({ ...help(flag), multiple: true, multipleNonGreedy: true });
}

export function whole(
  flag: Valued & { readonly min: number; readonly max: number },
): Interfaces.OptionFlag<number | undefined> {
  return Flags.integer({ ...help(flag), min: flag.min, max: flag.max });
}

export function choice<const T extends string>(
  flag: Described & { readonly options: readonly T[] },
): Interfaces.OptionFlag<T | undefined> {
  return Flags.option({ ...help(flag), options: flag.options })() as Interfaces.OptionFlag<T | undefined>;
}

/** A size in bytes, with or without a unit. */
export function size(flag: Valued): Interfaces.OptionFlag<number | undefined> {
  return Flags.custom<number>({ parse: async (input) => parseSize(input) })(help(flag));
}

/** A length of time in milliseconds; without a unit it is seconds. */
export function duration(flag: Valued): Interfaces.OptionFlag<number | undefined> {
  return Flags.custom<number>({ parse: async (input) => parseDuration(input) })(help(flag));
}

export const jobs: Interfaces.OptionFlag<number | undefined> = Flags.integer({
  char: 'j',
  min: 1,
  max: 256,
  helpValue: 'N',
  helpGroup: 'SPEED',
  summary:
    'Lanes that work side by side, each with its own connection. Default: one for each processor, 2 to 8.',
});

export const lanes: Interfaces.OptionFlag<'process' | 'worker' | undefined> = choice({
  options: ['process', 'worker'],
  group: 'SPEED',
  summary:
    'Where lanes run: all in one thread, or each in a worker thread, worth it with many processors. Default: process.',
});

export const only: Interfaces.OptionFlag<string[] | undefined> = texts({
  value: 'GLOB',
  group: 'SELECTION',
  summary: 'Only objects whose name matches, such as orders, public.* or order_?. May be repeated.',
});

export const skip: Interfaces.OptionFlag<string[] | undefined> = texts({
  value: 'GLOB',
  group: 'SELECTION',
  summary: 'Leave out objects whose name matches. May be repeated; wins over --only.',
});

export const allow: Interfaces.OptionFlag<string[] | undefined> = texts({
  value: 'KIND',
  group: 'SAFETY',
  summary:
    'Accept omissions or warnings of this kind, so that they do not make exit code 3. May be repeated.',
});

export const lockTimeout: Interfaces.OptionFlag<number | undefined> = duration({
  value: 'TIME',
  group: 'SAFETY',
  summary: 'How long to wait for one lock before letting go and trying again: 500ms, 5s, 1min. Default: 5s.',
});

export const tmp: Interfaces.OptionFlag<string | undefined> = text({
  value: 'DIR',
  summary: 'Where to keep what is needed later than it comes. Default: the system temporary directory.',
});

export const noSecrets: Interfaces.BooleanFlag<boolean> = toggle({
  group: 'SAFETY',
  summary: 'Leave out secrets that are state: password verifiers of roles, user mappings.',
});

export const passphraseFile: Interfaces.OptionFlag<string | undefined> = text({
  value: 'FILE',
  group: KEYS,
  summary:
    'The passphrase is the first line of FILE. Without: DBIMG_PASSPHRASE, else what DBIMG_PASSPHRASE_COMMAND prints, else it is asked for on the terminal.',
});

export const encrypt: Interfaces.BooleanFlag<boolean> = toggle({
  group: KEYS,
  summary: 'Encrypt the image with a passphrase.',
});

export const encryptTo: Interfaces.OptionFlag<string[] | undefined> = texts({
  value: 'RECIPIENT',
  group: KEYS,
  summary: 'Encrypt the image to an age recipient (age1…). May be repeated, also beside --encrypt.',
});

export const sign: Interfaces.OptionFlag<string | undefined> = text({
  value: 'FILE',
  group: KEYS,
  summary: 'Sign the image with the Ed25519 private key in FILE (PEM).',
});

/** What opens an image: every command that reads one has these. */
export interface KeyFlags {
  'passphrase-file': Interfaces.OptionFlag<string | undefined>;
  identity: Interfaces.OptionFlag<string[] | undefined>;
  'trust-key': Interfaces.OptionFlag<string | undefined>;
}

export const keyFlags: KeyFlags = {
  'passphrase-file': passphraseFile,
  identity: texts({
    value: 'FILE',
    group: KEYS,
    summary: 'Open an encrypted image with the age identities (AGE-SECRET-KEY-1…) in FILE. May be repeated.',
  }),
  'trust-key': text({
    value: 'FILE',
    group: KEYS,
    summary: 'Insist on a valid signature by the Ed25519 public key in FILE (PEM).',
  }),
};
