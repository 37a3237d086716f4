/** Entries of the oplog as bytes: of what, when, and whether they concern an image. */
import type { ObjectName } from '../../core/adapter.ts';
import { INTERNAL_DATABASES } from './location.ts';
import { BUCKETS, VIEWS } from './names.ts';
import { documentsOf, type Element, EMPTY, elementsOf, fieldOf, textOf, timestampOf } from './raw-bson.ts';

/** Whether an entry belongs into the log of an image. */
export type Wanted = (entry: Uint8Array) => boolean;

export interface Entry {
  /** `i`, `u`, `d`, `c`, `n`, `xi`, … */
  readonly op: string;
  readonly ns: string;
  readonly ui: string | undefined;
  readonly time: bigint;
  readonly o: Element | undefined;
  readonly o2: Element | undefined;
  readonly fields: readonly Element[];
}

export function entryOf(bytes: Uint8Array): Entry {
  const fields = [...elementsOf(bytes)];
  const find = (key: string): Element | undefined => fields.find((field) => field.key === key);
  return {
    op: textOf(find('op')) ?? '',
    ns: textOf(find('ns')) ?? '',
    ui: find('ui')?.value.subarray(5).toString('hex'),
    time: timestampOf(find('ts')) ?? 0n,
    o: find('o'),
    o2: find('o2'),
    fields,
  };
}

export function timeOfEntry(entry: Uint8Array): bigint {
  return timestampOf(fieldOf(entry, 'ts')) ?? 0n;
}

export function databaseOfNamespace(ns: string): string {
  const dot = ns.indexOf('.');
  return dot < 0 ? ns : ns.slice(0, dot);
}

/** Commands that belong to transactions: they are logged under `admin`. */
const TRANSACTIONS = new Set(['applyOps', 'commitTransaction', 'abortTransaction']);

/** The name of the command that an entry of kind `c` holds. */
export function commandOf(o: Element | undefined): string {
  if (!o) return '';
  for (const { key } of elementsOf(o.value)) return key;
  return '';
}

/** Collections of `admin` with users and roles. */
const PRINCIPALS: ReadonlyMap<string, 'user' | 'role'> = new Map([
  ['admin.system.users', 'user'],
  ['admin.system.roles', 'role'],
]);

/** Whether an entry changes a user or a role. */
export function principalKindOf(ns: string): 'user' | 'role' | undefined {
  return PRINCIPALS.get(ns);
}

/** The id of the view, user or role that an entry changes: `database.name`. */
export function definitionIdOf({ op, o, o2 }: Pick<Entry, 'op' | 'o' | 'o2'>): string {
  return textOf(fieldOf((op === 'u' ? o2 : o)?.value ?? EMPTY, '_id')) ?? '';
}

/** The database that owns the user or role that an entry changes. */
export function ownerOf(entry: Pick<Entry, 'op' | 'o' | 'o2'>): string {
  return databaseOfNamespace(definitionIdOf(entry));
}

/**
 * Entries of these databases and of their users and roles, or of all that are not the server's own; transactions of
 * whatever they concern.
 */
export function wantedEntries(
  database: string | undefined,
  selects: (object: ObjectName) => boolean,
  noSecrets: boolean,
): Wanted {
  return (bytes) => {
    const op = textOf(fieldOf(bytes, 'op')) ?? '';
    if (op === 'n') return false;
    const ns = textOf(fieldOf(bytes, 'ns')) ?? '';
    const own = databaseOfNamespace(ns);
    const kind = principalKindOf(ns);
    if (kind !== undefined) {
      if (kind === 'user' && noSecrets) return false;
      return database === undefined || ownerOf(entryOf(bytes)) === database;
    }
    if (op === 'c' && own === 'admin') return TRANSACTIONS.has(commandOf(fieldOf(bytes, 'o')));
    if (database === undefined ? INTERNAL_DATABASES.has(own) : own !== database) return false;
    const object = concerned(op, ns, bytes);
    return object === undefined || selects(object);
  };
}

/** The object that an entry is about, if it is about one. */
function concerned(op: string, ns: string, bytes: Uint8Array): ObjectName | undefined {
  const [database, name] = objectOfNamespace(ns) as [string, string];
  if (name === VIEWS) return undefined;
  if (op !== 'c') return userObject(database, name);
  const o = fieldOf(bytes, 'o');
  for (const field of o ? elementsOf(o.value) : []) {
    // Both names of a collection that is renamed count, so it is not left out by the one.
    const target = field.key === 'renameCollection' ? undefined : textOf(field);
    return target === undefined ? undefined : userObject(database, target);
  }
  return undefined;
}

/** Buckets are those of a time-series collection. */
export function userObject(database: string, name: string): ObjectName {
  return [database, name.startsWith(BUCKETS) ? name.slice(BUCKETS.length) : name];
}

/**
 * What an entry does to definitions: nothing; makes a new collection, or changes a view, a user or a role, so that the
 * catalog is another; changes what holds documents, so that snapshots of it end.
 */
export type DefinitionChange = 'none' | 'creates' | 'changes';

export function definitionChangeOf(bytes: Uint8Array): DefinitionChange {
  const ns = textOf(fieldOf(bytes, 'ns')) ?? '';
  if (textOf(fieldOf(bytes, 'op')) !== 'c') return isCatalog(ns) ? 'creates' : 'none';
  const o = fieldOf(bytes, 'o');
  const command = commandOf(o);
  if (o && command === 'applyOps') {
    for (const operation of operationsIn(o)) {
      if (isCatalog(textOf(fieldOf(operation, 'ns')) ?? '')) return 'creates';
    }
  }
  if (TRANSACTIONS.has(command)) return 'none';
  return command === 'create' ? 'creates' : 'changes';
}

/** Whether documents of this collection are definitions. */
function isCatalog(ns: string): boolean {
  return PRINCIPALS.has(ns) || objectOfNamespace(ns)[1] === VIEWS;
}

/** Commands that a restore can run again, or need not. */
const REPLAYED = new Set([
  ...TRANSACTIONS,
  ...['create', 'drop', 'dropDatabase', 'renameCollection', 'collMod'],
  ...['createIndexes', 'commitIndexBuild', 'dropIndexes', 'deleteIndexes'],
  ...['startIndexBuild', 'abortIndexBuild', 'setMultikeyMetadata', 'dropIdent'],
]);

/** A command that no restore can run again, and of what. */
export interface Unreplayable {
  readonly command: string;
  readonly object: ObjectName;
}

export function unreplayableIn(bytes: Uint8Array): Unreplayable | undefined {
  const { op, ns, o } = entryOf(bytes);
  const command = commandOf(o);
  if (op !== 'c' || REPLAYED.has(command)) return undefined;
  const [first] = o ? elementsOf(o.value) : [];
  return { command, object: [databaseOfNamespace(ns), textOf(first) ?? ''] };
}

/** The operations that an `applyOps` holds. */
export function* operationsIn(o: Element): Generator<Buffer> {
  const list = fieldOf(o.value, 'applyOps');
  if (list) yield* documentsOf(list.value);
}

export function objectOfNamespace(ns: string): ObjectName {
  const dot = ns.indexOf('.');
  return [ns.slice(0, dot), ns.slice(dot + 1)];
}
