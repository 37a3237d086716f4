/** Tables with their keys, and sequences. */
import type { ObjectName, Plain } from '../../../core/adapter.ts';
import type { Listed } from '../inventory.ts';
import { displayName, identifier } from '../quoting.ts';
import type { Session } from '../session.ts';
import {
  kindOf,
  namesIn,
  parseCreateTable,
  type TableDefinition,
  withForeignKeysQuoted,
  withoutQuoted,
  writeCreateTable,
} from './create-table.ts';
import { type Definition, readDefinition } from './definition.ts';
import type { Draft, Drafting } from './draft.ts';
import type { DescribedTable } from './relations.ts';

/** Keys of smaller tables are made with the table: building them later costs more than it gains. In bytes. */
const KEYS_LATER = 256 * 1024;

export interface TableDrafts {
  readonly table: Draft;
  /** In the order in which they must be made. */
  readonly indexes: readonly Draft[];
  readonly foreignKeys: readonly ForeignKeyItem[];
  /** What bodies say of their statements. */
  readonly form: Definition['form'];
}

export interface ForeignKeyItem {
  /** As it is written. */
  readonly item: string;
  /** The table that it points to. */
  readonly parent: ObjectName;
}

/** @param described for other engines; undefined where it is not known. */
export async function tableDrafts(
  drafting: Drafting,
  listed: Listed,
  described: DescribedTable | undefined,
): Promise<TableDrafts> {
  const { object } = listed;
  const [database] = object as [string, string];
  const { row, form } = await readTable(drafting.session, object);
  const written = row['Create Table'] ?? '';
  const readable =
    drafting.facts.product === 'MariaDB'
      ? withForeignKeysQuoted(written, described?.relation.foreignKeys ?? [])
      : written;
  const text = withoutOwnDatabase(readable, database);
  const definition = parseCreateTable(text);
  if (!definition) {
    const table: Draft = {
      kind: 'table',
      object,
      of: object,
      phase: 'pre-data',
      body: { statements: [text], ...form },
    };
    return { table, indexes: [], foreignKeys: [], form };
  }
  const { tail, later } = withoutArchive(definition.tail, listed);
  const split = splitKeys({ ...definition, items: definition.items.map(withInherited) }, listed);
  const table: Draft = {
    ...{ kind: 'table', object, of: object, phase: 'pre-data' },
    size: listed.bytes,
    body: {
      statements: [writeCreateTable({ ...definition, tail, items: split.kept })],
      ...form,
      ...(described as unknown as { readonly [key: string]: Plain } | undefined),
    },
  };
  const indexes = [...indexDrafts(table, listed, split.later, form), ...engineDrafts(table, later)];
  const foreignKeys = split.foreign.map((item) => ({ item, parent: referenceOf(item, database) }));
  return { table, indexes, foreignKeys, form };
}

/**
 * ARCHIVE takes no counter that is not larger than the one before, or than its AUTO_INCREMENT, and lanes load in any
 * order: such a table is of InnoDB until its rows are there.
 */
function withoutArchive(tail: string, { engine }: Listed): { tail: string; later?: string } {
  const counter = /^\) ENGINE=ARCHIVE AUTO_INCREMENT=\d+/.exec(tail);
  if (engine !== 'ARCHIVE' || !counter) return { tail };
  // From 1 on: its rows bring the counter to where it was.
  const rest = tail.slice(counter[0].length);
  return { tail: `) ENGINE=InnoDB${rest}`, later: 'ENGINE=ARCHIVE AUTO_INCREMENT=1' };
}

function engineDrafts(table: Draft, options: string | undefined): Draft[] {
  if (options === undefined) return [];
  const [, name] = table.object as [string, string];
  return [
    {
      ...{ kind: 'engine', object: table.object, of: table.object, phase: 'post-data' },
      ...{ after: [table], exclusive: [table] },
      body: { statements: [`ALTER TABLE ${identifier(name)} ${options}`] },
    },
  ];
}

/** What `SHOW CREATE TABLE` says, with every byte: MySQL converts what stands in literals of other character sets. */
async function readTable(session: Session, object: ObjectName): Promise<Definition> {
  const doing = { what: `The definition of ${displayName(object)} could not be read`, object };
  const statement = `SHOW CREATE TABLE ${object.map(identifier).join('.')}`;
  const converted = await readDefinition(session, statement, doing);
  const text = converted.row['Create Table'] ?? '';
  if (!text.includes('?') || !/_\w+'/.test(text)) return converted;
  await session.execute('SET SESSION character_set_results = NULL');
  try {
    return await readDefinition(session, statement, doing);
  } finally {
    await session.execute('SET SESSION character_set_results = utf8mb4');
  }
}

/**
 * A collation without a character set before it is that of the table. Written out it would become the column's own, which
 * MySQL then shows with the character set.
 */
function withInherited(item: string): string {
  if (kindOf(item) !== 'column') return item;
  return item.replace(/^(`(?:[^`]|``)*` \w+(?:\((?:'(?:[^'\\]|\\.|'')*'|[^')])*\))?) COLLATE \w+/, '$1');
}

interface Split {
  readonly kept: readonly string[];
  /** Keys that are built after the rows. */
  readonly later: readonly string[];
  readonly foreign: readonly string[];
}

/**
 * Foreign keys always come later: tables may point to each other. Other keys do where a table is large enough, of
 * InnoDB, has a primary key by which its rows lie, and needs none of them for its counter. The order of keys that
 * `SHOW CREATE TABLE` gives must stay: the servers sort by kind and keep the order within.
 */
function splitKeys({ items }: TableDefinition, listed: Listed): Split {
  const foreign = items.filter((item) => kindOf(item) === 'foreign');
  const others = items.filter((item) => kindOf(item) !== 'foreign');
  const counter = others.find((item) => /\bAUTO_INCREMENT\b/.test(withoutQuoted(item)));
  const primary = others.find((item) => kindOf(item) === 'primary');
  const counted = counter === undefined || namesIn(primary ?? '')[0] === namesIn(counter)[0];
  const special = others.some((item) => /WITHOUT OVERLAPS|USING HASH/i.test(withoutQuoted(item)));
  const plain = listed.engine === 'InnoDB' && listed.type === 'BASE TABLE' && !special;
  const laterKinds = ['unique', 'key', 'fulltext', 'spatial'];
  if (listed.bytes < KEYS_LATER || !plain || !primary || !counted)
    return { kept: others, later: [], foreign };
  return {
    kept: others.filter((item) => !laterKinds.includes(kindOf(item))),
    later: others.filter((item) => laterKinds.includes(kindOf(item))),
    foreign,
  };
}

/** One statement for neighbours; FULLTEXT and SPATIAL apart, since the servers build those one by one. */
function indexDrafts(
  table: Draft,
  listed: Listed,
  later: readonly string[],
  form: Definition['form'],
): Draft[] {
  const runs: string[][] = [];
  for (const item of later) {
    const apart = /^(fulltext|spatial)$/.test(kindOf(item));
    const last = runs.at(-1);
    if (!last || apart || /^(fulltext|spatial)$/.test(kindOf(last[0] as string))) runs.push([item]);
    else last.push(item);
  }
  const drafts: Draft[] = [];
  const [, name] = table.object as [string, string];
  for (const run of runs) {
    const before = drafts.at(-1);
    drafts.push({
      kind: 'index',
      object: [...table.object, namesIn(run[0] as string)[0] ?? ''],
      of: table.object,
      phase: 'post-data',
      size: listed.bytes,
      after: before ? [table, before] : [table],
      exclusive: [table],
      body: {
        statements: [`ALTER TABLE ${identifier(name)} ${run.map((item) => `ADD ${item}`).join(', ')}`],
        ...form,
        adds: {},
      },
    });
  }
  return drafts;
}

/**
 * Foreign keys to tables that are not there, or not in the image, are made when all have their final names: they would
 * point to where their table grew.
 *
 * @param databases of the image
 */
export function foreignKeyDrafts(
  { table, indexes, foreignKeys, form }: TableDrafts,
  databases: readonly string[],
  made: (object: ObjectName) => TableDrafts | undefined,
): Draft[] {
  const [, name] = table.object as [string, string];
  const isLost = ({ parent }: ForeignKeyItem): boolean =>
    databases.includes(parent[0] ?? '') && made(parent) === undefined;
  const draft = (kind: string, keys: readonly ForeignKeyItem[], others: readonly TableDrafts[]): Draft[] => {
    const [first] = keys;
    if (!first) return [];
    const tables = [{ table, indexes }, ...others];
    const added = keys.map(({ item }) => `ADD ${item}`).join(', ');
    return [
      {
        ...{ kind, of: table.object, phase: 'post-data' },
        object: [...table.object, namesIn(first.item)[0] ?? ''],
        // After the keys of its own table and of those it points to.
        after: tables.flatMap((each) => [each.table, ...each.indexes]),
        exclusive: tables.map((each) => each.table),
        body: { statements: [`ALTER TABLE ${identifier(name)} ${added}`], ...form, adds: {} },
      },
    ];
  };
  const kept = foreignKeys.filter((key) => !isLost(key));
  const parents = kept.flatMap(({ parent }) => made(parent) ?? []);
  return [
    ...draft('foreign key', kept, parents),
    ...draft('dangling foreign key', foreignKeys.filter(isLost), []),
  ];
}

/** The table that a foreign key points to: one name, or two if it is in another database. */
function referenceOf(item: string, database: string): ObjectName {
  const at = placeAfterReferences(item);
  const match = /^\s*(`(?:[^`]|``)*`)(?:\.(`(?:[^`]|``)*`))?/.exec(item.slice(at));
  const names = [match?.[1], match?.[2]].filter((name) => name !== undefined).flatMap(namesIn);
  return names.length === 2 ? names : [database, names[0] ?? ''];
}

/** Place after `REFERENCES`, which may also stand in a name before. */
function placeAfterReferences(item: string): number {
  for (const match of item.matchAll(/ REFERENCES /g)) {
    const before = item.slice(0, match.index);
    if ((before.match(/`/g) ?? []).length % 2 === 0) return match.index + match[0].length;
  }
  return item.length;
}

/** MariaDB qualifies the sequence of a default with the database. */
function withoutOwnDatabase(text: string, database: string): string {
  const own = identifier(database).replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return text.replace(new RegExp(`\\b((?:next|last)val\\()${own}\\.(?=\`)`, 'gi'), (_, call: string) => call);
}

/** MariaDB. Its value is read now, after the snapshot: it only ever moves on. */
export async function sequenceDrafts(drafting: Drafting, listed: Listed): Promise<Draft[]> {
  const { object } = listed;
  const [database, name] = object as [string, string];
  const full = `${identifier(database)}.${identifier(name)}`;
  const doing = { what: `The sequence ${displayName(object)} could not be read`, object };
  const row = await drafting.session.row(`SHOW CREATE SEQUENCE ${full}`, doing);
  const text = row['Create Table'] ?? row['Create Sequence'] ?? '';
  const value = await drafting.session.row(
    `SELECT next_not_cached_value AS next, increment AS step, cycle_count AS round FROM ${full}`,
    doing,
  );
  const sequence: Draft = {
    ...{ kind: 'sequence', object, of: object, phase: 'pre-data' },
    body: { statements: [text] },
  };
  // As used up to the value before: that can also be said of a sequence that has come to its end.
  const last = BigInt(value.next ?? '1') - BigInt(value.step === '0' ? '1' : (value.step ?? '1'));
  return [
    sequence,
    {
      ...{ kind: 'sequence value', object, of: object, phase: 'finish' },
      after: [sequence],
      body: { statements: [`DO SETVAL(${identifier(name)}, ${last}, 1, ${value.round ?? '0'})`] },
    },
  ];
}
