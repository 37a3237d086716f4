/** How a database is made with an image's encoding and locales, and what is tried when the server lacks them. */
import { literal } from './catalog/quoting.ts';
import type { DatabaseCreation } from './entries.ts';

export interface CreationClauses {
  readonly sql: string;
  /** In words, for a warning. */
  readonly what: string;
  readonly last: boolean;
}

/**
 * Options of CREATE DATABASE, the best first.
 *
 * @param version `server_version_num` of the target: providers came with 15 (ICU), 16 (its rules) and 17 (built-in).
 */
export function creationClauses(create: DatabaseCreation, version: number): CreationClauses[] {
  const encoding = create.encoding === undefined ? '' : `ENCODING ${literal(create.encoding)}`;
  const wanted = [encoding, ...localeOptions(create, version)].filter((option) => option !== '').join(' ');
  return [
    { sql: wanted, what: "the image's locale", last: false },
    { sql: encoding, what: "the server's default locale", last: false },
    { sql: `${encoding} LC_COLLATE 'C' LC_CTYPE 'C'`, what: 'the locale C', last: true },
  ];
}

function localeOptions(create: DatabaseCreation, version: number): string[] {
  const option = (name: string, value: string | undefined | null): string[] =>
    value === undefined || value === null || value === '' ? [] : [`${name} ${literal(value)}`];
  const libc = [...option('LC_COLLATE', create.collate), ...option('LC_CTYPE', create.ctype)];
  const provider = { l: 'libc', c: 'libc', i: 'icu', b: 'builtin' }[create.provider?.[0] ?? 'l'] ?? 'libc';
  if (provider === 'icu') {
    return version < 150000
      ? ['LOCALE_PROVIDER icu']
      : [
          'LOCALE_PROVIDER icu',
          ...option('ICU_LOCALE', create.icuLocale),
          ...(version >= 160000 ? option('ICU_RULES', create.icuRules) : []),
          ...libc,
        ];
  }
  if (provider === 'builtin')
    return ['LOCALE_PROVIDER builtin', ...option('BUILTIN_LOCALE', create.icuLocale), ...libc];
  return [...(version >= 150000 ? ['LOCALE_PROVIDER libc'] : []), ...libc];
}
