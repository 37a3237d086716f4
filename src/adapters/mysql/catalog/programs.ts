/** Routines, packages, triggers and events, each with the settings under which it was made. */
import type { ObjectName } from '../../../core/adapter.ts';
import { errorNumber } from '../errors.ts';
import { accountName, displayName, identifier, literal } from '../quoting.ts';
import type { Row } from '../session.ts';
import { type Definition, readDefinition } from './definition.ts';
import { type Draft, type Drafting, madeUnder } from './draft.ts';
import { definerIn } from './views.ts';

const DENIED: ReadonlySet<number> = new Set([1044, 1142, 1227, 1305, 1370]);
/** In the order in which they must be made: views and other routines may need functions. */
const ROUTINES = ['FUNCTION', 'PROCEDURE', 'PACKAGE', 'PACKAGE BODY'] as const;
const ESCAPES: Readonly<Record<string, string>> = {
  '\0': '\\0',
  '\n': '\\n',
  '\r': '\\r',
  '\u001a': '\\Z',
  '\\': '\\\\',
  "'": "\\'",
};
const SPLIT_ACCOUNT = /^(.*)@(.*?)$/s;

/** Functions first. What the account may not see the text of is omitted by name. */
export async function routineDrafts(drafting: Drafting, database: string): Promise<Draft[]> {
  const rows = await drafting.session.query(
    `SELECT ROUTINE_NAME AS name, ROUTINE_TYPE AS type, ROUTINE_COMMENT AS comment FROM information_schema.ROUTINES
      WHERE ROUTINE_SCHEMA = ${literal(database)} ORDER BY ROUTINE_NAME`,
    { what: 'The routines could not be listed' },
  );
  const drafts: Draft[] = [];
  for (const type of ROUTINES) {
    for (const { name, comment } of rows.filter((row) => row.type === type)) {
      const draft = await routineDraft(drafting, type, [database, String(name)], comment ?? '');
      if (draft) drafts.push(draft);
    }
  }
  for (const row of rows) {
    if ((ROUTINES as readonly string[]).includes(row.type ?? '')) continue;
    drafting.omit(
      String(row.type).toLowerCase(),
      [database, String(row.name)],
      'dbimg does not know how to carry it.',
    );
  }
  return drafts;
}

async function routineDraft(
  drafting: Drafting,
  type: (typeof ROUTINES)[number],
  object: ObjectName,
  comment: string,
): Promise<Draft | undefined> {
  const kind = type.toLowerCase();
  const shown = await show(drafting, `SHOW CREATE ${type} ${nameOf(object)}`, object);
  const text = shown && withComment(textOf(shown.row), shown.row, comment);
  if (!text) {
    drafting.omit(kind, object, 'The account may not see its text: GRANT SHOW_ROUTINE, or SELECT on *.*.');
    return undefined;
  }
  return {
    kind,
    object,
    phase: 'finish',
    body: { statements: [text], ...shown.form, ...madeUnder(shown.row), ...definerIn(text) },
  };
}

/** In the order in which they fire. */
export async function triggerDrafts(drafting: Drafting, database: string): Promise<Draft[]> {
  const rows = await drafting.session.query(
    `SELECT TRIGGER_NAME AS name, EVENT_OBJECT_TABLE AS \`table\`, ACTION_TIMING AS timing, EVENT_MANIPULATION AS event,
            ACTION_STATEMENT AS body, DEFINER AS definer
       FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = ${literal(database)}
      ORDER BY EVENT_OBJECT_TABLE, ACTION_TIMING, EVENT_MANIPULATION, ACTION_ORDER`,
    { what: 'The triggers could not be listed' },
  );
  const drafts: Draft[] = [];
  let before: Draft | undefined;
  for (const listed of rows) {
    const of = [database, String(listed.table)];
    if (!drafting.options.selects(of)) continue;
    const object = [...of, String(listed.name)];
    const shown = await show(
      drafting,
      `SHOW CREATE TRIGGER ${nameOf([database, String(listed.name)])}`,
      object,
    );
    if (!shown) {
      drafting.omit('trigger', object, 'The account may not see its text: GRANT TRIGGER on the table.');
      continue;
    }
    const { row, form } = shown;
    const text = withoutOwnDatabase(row['SQL Original Statement'] ?? '', database, listed);
    const follows = before && before.of?.join('\0') === of.join('\0') ? { after: [before] } : {};
    const draft: Draft = {
      ...{ kind: 'trigger', object, of, phase: 'finish', ...follows },
      body: { statements: [text], ...form, ...madeUnder(row), ...definerIn(text) },
    };
    drafts.push(draft);
    before = draft;
  }
  return drafts;
}

/** The statement as its maker wrote it may name the database, and would then go back into that one. */
function withoutOwnDatabase(text: string, database: string, row: Row): string {
  const body = row.body ?? '';
  const head = text.slice(0, Math.max(0, text.length - body.length));
  const named = [`${identifier(database)}.`, `${database}.`].some((own) =>
    head
      .toLowerCase()
      .replace(/\s*\.\s*/g, '.')
      .includes(own.toLowerCase()),
  );
  if (!named || !text.endsWith(body)) return text;
  const [, user = '', host = ''] = SPLIT_ACCOUNT.exec(row.definer ?? '') ?? [];
  return (
    `CREATE DEFINER=${accountName(user, host)} TRIGGER ${identifier(String(row.name))} ${row.timing} ${row.event} ` +
    `ON ${identifier(String(row.table))} FOR EACH ROW ${body}`
  );
}

export async function eventDrafts(drafting: Drafting, database: string): Promise<Draft[]> {
  const rows = await drafting.session.query(
    `SELECT EVENT_NAME AS name, EVENT_COMMENT AS comment FROM information_schema.EVENTS WHERE EVENT_SCHEMA = ${literal(database)} ORDER BY 1`,
    { what: 'The events could not be listed' },
  );
  const drafts: Draft[] = [];
  for (const { name, comment } of rows) {
    const object = [database, String(name)];
    const shown = await show(drafting, `SHOW CREATE EVENT ${nameOf(object)}`, object);
    const text = shown && withComment(shown.row['Create Event'], shown.row, comment ?? '');
    if (!shown || !text) {
      drafting.omit('event', object, 'The account may not see its text: GRANT EVENT on the database.');
      continue;
    }
    const body = { statements: [text], ...shown.form, ...madeUnder(shown.row), ...definerIn(text) };
    drafts.push({ kind: 'event', object, phase: 'finish', body });
  }
  return drafts;
}

/** Undefined if the account may not see it. */
async function show(
  drafting: Drafting,
  statement: string,
  object: ObjectName,
): Promise<Definition | undefined> {
  try {
    return await readDefinition(drafting.session, statement, {
      what: `The definition of ${displayName(object)} could not be read`,
      object,
    });
  } catch (error) {
    if (DENIED.has(errorNumber(error) ?? 0)) return undefined;
    throw error;
  }
}

/** The servers write comments with backslashes, also where the program's own sql_mode does not read them. */
function withComment(text: string | null | undefined, row: Row, comment: string): string | null | undefined {
  if (!/\bNO_BACKSLASH_ESCAPES\b/.test(row.sql_mode ?? '')) return text;
  const escaped = Array.from(comment, (character) => ESCAPES[character] ?? character).join('');
  return text?.replace(`COMMENT '${escaped}'`, () => `COMMENT '${comment.replaceAll("'", "''")}'`);
}

function textOf(row: Row): string | null {
  const column = Object.keys(row).find((name) => name.startsWith('Create '));
  return column === undefined ? null : (row[column] ?? null);
}

function nameOf(object: ObjectName): string {
  const [database, name] = object as [string, string];
  return `${identifier(database)}.${identifier(name)}`;
}
