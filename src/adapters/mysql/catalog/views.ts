/** Views, each after those that it selects from. */
import type { ObjectName } from '../../../core/adapter.ts';
import type { Listed } from '../inventory.ts';
import { displayName, identifier } from '../quoting.ts';
import { readDefinition } from './definition.ts';
import { type Draft, type Drafting, madeUnder } from './draft.ts';

interface View {
  readonly draft: Draft;
  readonly text: string;
}

/** Views of all databases in dependency order. */
export async function viewDrafts(drafting: Drafting, listed: readonly Listed[]): Promise<Draft[]> {
  const views = new Map<string, View>();
  let current: string | undefined;
  for (const view of listed) {
    const [database] = view.object as [string, string];
    // Names of the current database are left out of the definition.
    if (database !== current) await drafting.session.execute(`USE ${identifier(database)}`);
    current = database;
    const read = await readView(drafting, view);
    if (read) views.set(JSON.stringify(view.object), read);
  }
  return ordered(views);
}

async function readView(drafting: Drafting, { object, comment }: Listed): Promise<View | undefined> {
  const [database, name] = object as [string, string];
  if (/references invalid|lack rights to use/i.test(comment)) {
    drafting.omit('view', object, 'It refers to something that is not there, or its definer may not use it.');
    return undefined;
  }
  const { row, form } = await readDefinition(drafting.session, `SHOW CREATE VIEW ${identifier(name)}`, {
    what: `The definition of ${displayName(object)} could not be read`,
    object,
  });
  const text = withoutOwnDatabase(row['Create View'] ?? '', database);
  return {
    text,
    draft: {
      ...{ kind: 'view', object, of: object, phase: 'finish' },
      body: { statements: [text], ...form, ...madeUnder(row), sqlMode: '', ...definerIn(text) },
    },
  };
}

/** The account after DEFINER, for those who must know whether they may restore it. */
export function definerIn(text: string): { definer?: string } {
  const match = /\bDEFINER\s*=\s*`((?:[^`]|``)*)`@`((?:[^`]|``)*)`/.exec(text.slice(0, 1000));
  if (!match) return {};
  return { definer: `${unquoted(match[1] ?? '')}@${unquoted(match[2] ?? '')}` };
}

const unquoted = (name: string): string => name.replaceAll('``', '`');

/**
 * A view over several databases names its own as well; it may be restored under another name. The servers write all
 * names in backquotes, so a string in quotes is the only other place where the letters may stand.
 */
function withoutOwnDatabase(text: string, database: string): string {
  const own = `${identifier(database)}.`;
  if (!text.includes(own)) return text;
  return text.replace(/'(?:[^'\\]|\\.|'')*'|`(?:[^`]|``)*`\.?/g, (token, at: number) =>
    token === own && text[at - 1] !== '.' ? '' : token,
  );
}

/** Depth first; the servers make no circles of views. */
function ordered(views: ReadonlyMap<string, View>): Draft[] {
  const result: Draft[] = [];
  const done = new Map<string, Draft>();
  const visit = (key: string): Draft | undefined => {
    const known = done.get(key);
    if (known) return known;
    const view = views.get(key);
    if (!view) return undefined;
    // Against circles, which only a false reading of the text could show.
    done.set(key, view.draft);
    const needs = tablesIn(view.text, view.draft.object).flatMap((object) => {
      const other = JSON.stringify(object);
      return other === key ? [] : (visit(other) ?? []);
    });
    const draft = needs.length > 0 ? { ...view.draft, after: [...new Set(needs)] } : view.draft;
    done.set(key, draft);
    result.push(draft);
    return draft;
  };
  for (const key of views.keys()) visit(key);
  return result;
}

/** Names that stand where tables stand: in the servers' own writing, columns always have a name before a point. */
function tablesIn(text: string, view: ObjectName): ObjectName[] {
  const found: ObjectName[] = [];
  const body = text.slice(Math.max(0, text.search(/\bVIEW\b/)));
  for (const match of body.matchAll(
    /(?:\b(?:from|join)|[(,])\s*\(*\s*(`(?:[^`]|``)*`)(?:\.(`(?:[^`]|``)*`))?(?!\s*[.(])/gi,
  )) {
    const [first, second] = [match[1], match[2]].map((name) => unquoted(name?.slice(1, -1) ?? ''));
    found.push(match[2] === undefined ? [view[0] ?? '', first ?? ''] : [first ?? '', second ?? '']);
  }
  return found;
}
