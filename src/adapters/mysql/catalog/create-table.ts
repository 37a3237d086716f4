/** What `SHOW CREATE TABLE` says, taken apart so far that keys can be built later. */
import type { ForeignKey } from '../../../core/relation.ts';
import { identifier } from '../quoting.ts';

export interface TableDefinition {
  /** Up to and with the opening parenthesis: ``CREATE TABLE `t` (``. */
  readonly head: string;
  /** Columns, keys and constraints, in their order, as they are written. */
  readonly items: readonly string[];
  /** From the closing parenthesis on: options, partitions. */
  readonly tail: string;
}

export type ItemKind =
  | 'column'
  | 'primary'
  | 'unique'
  | 'key'
  | 'fulltext'
  | 'spatial'
  | 'foreign'
  | 'constraint';

/** Undefined if it is not written as a list in parentheses. */
export function parseCreateTable(text: string): TableDefinition | undefined {
  const open = outside(text, 0, (character) => character === '(');
  if (open < 0) return undefined;
  const items: string[] = [];
  let depth = 1;
  let start = open + 1;
  const close = outside(text, open + 1, (character, at) => {
    if (character === '(') depth += 1;
    else if (character === ')') depth -= 1;
    else if (character === ',' && depth === 1) {
      items.push(text.slice(start, at).trim());
      start = at + 1;
    }
    return depth === 0;
  });
  if (close < 0) return undefined;
  items.push(text.slice(start, close).trim());
  return { head: text.slice(0, open + 1), items, tail: text.slice(close) };
}

/**
 * MariaDB doubles no backquote in the names of foreign keys and of their columns, so that nobody, itself included, can
 * read what it writes. Names that hold one are written here as they should be.
 */
export function withForeignKeysQuoted(text: string, foreignKeys: readonly ForeignKey[]): string {
  const raw = (name: string): string => `\`${name}\``;
  let result = text;
  for (const { name = '', columns, referenced } of foreignKeys) {
    if (![name, ...columns, ...referenced].some((each) => each.includes('`'))) continue;
    const head = (quote: (name: string) => string): string =>
      `CONSTRAINT ${quote(name)} FOREIGN KEY (${columns.map(quote).join(', ')}) REFERENCES `;
    const start = result.indexOf(head(raw));
    if (start < 0) continue;
    const list = (quote: (name: string) => string): string => ` (${referenced.map(quote).join(', ')})`;
    const at = start + head(raw).length;
    const before = `${result.slice(0, start)}${head(identifier)}`;
    result = before + result.slice(at).replace(list(raw), () => list(identifier));
  }
  return result;
}

export function writeCreateTable({ head, items, tail }: TableDefinition): string {
  return `${head}\n  ${items.join(',\n  ')}\n${tail}`;
}

export function kindOf(item: string): ItemKind {
  if (/^PRIMARY KEY/i.test(item)) return 'primary';
  if (/^UNIQUE (KEY|INDEX)/i.test(item)) return 'unique';
  if (/^FULLTEXT (KEY|INDEX)/i.test(item)) return 'fulltext';
  if (/^(SPATIAL|VECTOR) (KEY|INDEX)/i.test(item)) return 'spatial';
  if (/^(KEY|INDEX) /i.test(item)) return 'key';
  if (/^CONSTRAINT (`(?:[^`]|``)*` )?FOREIGN KEY/i.test(item)) return 'foreign';
  return item.startsWith('`') ? 'column' : 'constraint';
}

/** Names in backquotes, in order. */
export function namesIn(text: string): string[] {
  const names: string[] = [];
  let at = 0;
  for (;;) {
    const start = outside(text, at, (character) => character === '`', true);
    if (start < 0) return names;
    const end = endOfQuoted(text, start);
    names.push(text.slice(start + 1, end - 1).replaceAll('``', '`'));
    at = end;
  }
}

/** The text with all that is in quotes, of whatever kind, blotted out: for looking at keywords. */
export function withoutQuoted(text: string): string {
  let result = '';
  for (let at = 0; at < text.length; ) {
    const character = text[at] as string;
    if (character === "'" || character === '"' || character === '`') {
      at = endOfQuoted(text, at);
      result += character === '`' ? '`' : "'";
    } else {
      result += character;
      at += 1;
    }
  }
  return result;
}

/** Place of the first character outside of quotes for which `found` says so; -1 if there is none. */
function outside(
  text: string,
  from: number,
  found: (character: string, at: number) => boolean,
  beginsQuoted = false,
): number {
  for (let at = from; at < text.length; ) {
    const character = text[at] as string;
    const quote = character === "'" || character === '"' || character === '`';
    if ((!quote || beginsQuoted) && found(character, at)) return at;
    at = quote ? endOfQuoted(text, at) : at + 1;
  }
  return -1;
}

/** The place after a quoted string or name that begins at `start`. Quotes inside are doubled or escaped. */
function endOfQuoted(text: string, start: number): number {
  const quote = text[start];
  for (let at = start + 1; at < text.length; at += 1) {
    if (text[at] === '\\' && quote !== '`') at += 1;
    else if (text[at] === quote) {
      if (text[at + 1] !== quote) return at + 1;
      at += 1;
    }
  }
  return text.length;
}
