/** Names from a database on a terminal: never a control character, never two lines. */
import type { ObjectName } from '../core/adapter.ts';

/**
 * Text that is safe to print in one line: control characters, line separators and direction overrides are escaped, so
 * that a name in an image cannot move the cursor or hide what it is.
 */
export function printable(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu,
    (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`,
  );
}

/**
 * An object as `public.orders`; the database in front only with `full`. What
 * belongs to no database or schema (a role) has empty parts in front, which are left out. Odd parts are quoted.
 */
export function displayName(object: ObjectName, full = false): string {
  const named = object.findIndex((part) => part !== '');
  const parts = object.slice(named > 0 ? named : !full && object.length > 2 ? 1 : 0);
  return parts
    .map((part) => (/[.\s"]|^$/u.test(part) ? `"${printable(part).replaceAll('"', '""')}"` : printable(part)))
    .join('.');
}

/** How many columns of a terminal a text takes; wide characters take two. */
export function displayWidth(text: string): number {
  let width = 0;
  for (const { segment } of new Intl.Segmenter().segment(text)) width += WIDE.test(segment) ? 2 : 1;
  return width;
}

const WIDE =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\uff01-\uff60]|\p{Emoji_Presentation}/u;

/** Cuts at the right and says so with an ellipsis. */
export function truncate(text: string, columns: number): string {
  if (displayWidth(text) <= columns) return text;
  let cut = '';
  let width = 0;
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    width += WIDE.test(segment) ? 2 : 1;
    if (width > columns - 1) break;
    cut += segment;
  }
  return columns < 1 ? '' : `${cut}…`;
}
