/** Collations of one product or version, and the nearest that another has. */
import { withoutQuoted } from './catalog/create-table.ts';

/** Names after COLLATE, outside of quotes. */
export function collationsIn(statement: string): string[] {
  const code = withoutQuoted(statement);
  const names = [...code.matchAll(/\bCOLLATE\s*=?\s*(\w+)/gi)].map((match) => match[1] as string);
  return [...new Set(names)].filter((name) => name.toLowerCase() !== 'binary' && /_/.test(name));
}

/**
 * The nearest collation among `there`: same character set, same sensitivity, no padding where there was none. Undefined
 * if none comes near.
 */
export function collationFor(name: string, there: readonly string[]): string | undefined {
  const set = name.slice(0, name.indexOf('_'));
  const sensitivity = /_(ai_ci|as_ci|as_cs|bin)$/.exec(name)?.[1] ?? (/_cs$/.test(name) ? 'as_cs' : 'ai_ci');
  const language = languageOf(name);
  const candidates =
    sensitivity === 'bin'
      ? [`${set}_nopad_bin`, `${set}_0900_bin`, `${set}_bin`]
      : [
          ...(language === undefined ? [] : [`${set}_uca1400_${language}_nopad_${sensitivity}`]),
          `${set}_uca1400_nopad_${sensitivity}`,
          `${set}_0900_${sensitivity}`,
          ...(sensitivity === 'ai_ci' ? [`${set}_unicode_520_ci`, `${set}_unicode_ci`] : []),
          ...(sensitivity === 'as_cs' ? [`${set}_bin`] : []),
          `${set}_general_ci`,
        ];
  return candidates.find((candidate) => there.includes(candidate));
}

const LANGUAGES: Readonly<Record<string, string>> = {
  cs: 'czech',
  da: 'danish',
  de_pb: 'german2',
  eo: 'esperanto',
  es: 'spanish',
  es_trad: 'spanish2',
  et: 'estonian',
  hr: 'croatian',
  hu: 'hungarian',
  is: 'icelandic',
  la: 'roman',
  lt: 'lithuanian',
  lv: 'latvian',
  pl: 'polish',
  ro: 'romanian',
  sk: 'slovak',
  sl: 'slovenian',
  sv: 'swedish',
  tr: 'turkish',
  vi: 'vietnamese',
};

function languageOf(name: string): string | undefined {
  const code = /^utf8mb4_([a-z_]+)_0900_/.exec(name)?.[1];
  return code === undefined ? undefined : LANGUAGES[code];
}
