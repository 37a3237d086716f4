/** References to other databases of the image, which grow beside under other names as well. */
import type { CatalogEntry } from '../../core/adapter.ts';
import { bodyOf } from './entries.ts';
import { identifier } from './quoting.ts';

/** Kinds whose references the servers resolve when they are made, and follow when tables are renamed. */
const RESOLVED: ReadonlySet<string> = new Set(['table', 'foreign key', 'sequence']);

/** A name of a database before that of a table or sequence, in either place where such a name can stand. */
const QUALIFIED = /(\bREFERENCES\s+|\b(?:next|last)val\()(`(?:[^`]|``)*`)(?=\.`)/gi;

/** @param schemas database of the image → schema in which it grows. */
export function rehomed(entry: CatalogEntry, schemas: ReadonlyMap<string, string>): CatalogEntry {
  if (schemas.size < 2 || !RESOLVED.has(entry.kind)) return entry;
  const body = bodyOf(entry);
  const statements = body.statements.map((statement) =>
    outsideStrings(statement, (text) =>
      text.replace(QUALIFIED, (whole, before: string, quoted: string) => {
        const schema = schemas.get(quoted.slice(1, -1).replaceAll('``', '`'));
        return schema === undefined ? whole : `${before}${identifier(schema)}`;
      }),
    ),
  );
  return { ...entry, body: { ...(entry.body as object), statements } };
}

function outsideStrings(text: string, rewrite: (part: string) => string): string {
  const parts = text.split(/('(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*")/s);
  return parts.map((part, index) => (index % 2 === 0 ? rewrite(part) : part)).join('');
}
