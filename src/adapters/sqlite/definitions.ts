/** Definitions of tables and indexes for relations of other engines, in SQLite's language. */
import type { ObjectName } from '../../core/adapter.ts';
import type {
  ForeignKey,
  PortableDefault,
  ReferentialAction,
  RelationColumn,
  RelationIndex,
  RelationKey,
} from '../../core/relation.ts';
import type { StorageMapping } from './column-mapping.ts';
import { quote } from './staging-schema.ts';
import type { TranslatedTable } from './translator.ts';

/** @param nameOf the table that a relation has become, if any. */
export function createTable(
  table: TranslatedTable,
  nameOf: (relation: ObjectName) => string | undefined,
): string {
  const { relation, name, storage, rowid } = table;
  const lines = relation.columns.map((column, at) => ({
    text: columnDefinition(column, storage[at] as StorageMapping, at === rowid),
    comment: column.comment,
  }));
  const constraints = [
    ...(relation.primaryKey && rowid === undefined ? [key('PRIMARY KEY', relation.primaryKey)] : []),
    ...(relation.unique ?? []).map((unique) => key('UNIQUE', unique)),
    ...(relation.foreignKeys ?? []).flatMap((foreign) => {
      const referenced = nameOf(foreign.references);
      return referenced === undefined ? [] : [foreignKey(foreign, referenced)];
    }),
  ];
  const all = [...lines, ...constraints.map((text) => ({ text, comment: undefined }))];
  const body = all.map(
    ({ text, comment }, at) => `  ${text}${at < all.length - 1 ? ',' : ''}${commentOf(comment)}`,
  );
  return `CREATE TABLE ${quote(name)} (${commentOf(relation.comment)}\n${body.join('\n')}\n)`;
}

export function createIndex(name: string, table: string, { unique, columns }: RelationIndex): string {
  const list = columns.map((column) => `${quote(column.name)}${column.descending ? ' DESC' : ''}`).join(', ');
  return `CREATE ${unique ? 'UNIQUE ' : ''}INDEX ${quote(name)} ON ${quote(table)} (${list})`;
}

function columnDefinition(column: RelationColumn, { storage }: StorageMapping, rowid: boolean): string {
  return [
    quote(column.name),
    ...(storage === 'ANY' ? [] : [storage]),
    ...(rowid ? ['PRIMARY KEY'] : []),
    ...(column.nullable ? [] : ['NOT NULL']),
    ...(column.default ? [`DEFAULT ${literal(column.default)}`] : []),
  ].join(' ');
}

function literal(value: PortableDefault): string {
  switch (value.type) {
    case 'boolean':
      return value.value ? '1' : '0';
    case 'number':
      return value.value;
    case 'text':
      return `'${value.value.replaceAll("'", "''")}'`;
    default:
      return { date: 'CURRENT_DATE', time: 'CURRENT_TIME', timestamp: 'CURRENT_TIMESTAMP' }[value.as];
  }
}

function key(words: string, { name, columns }: RelationKey): string {
  return `${constraint(name)}${words} ${list(columns)}`;
}

function foreignKey(foreign: ForeignKey, referenced: string): string {
  const action = (event: string, what: ReferentialAction | undefined): string =>
    what === undefined || what === 'no action' ? '' : ` ON ${event} ${what.toUpperCase()}`;
  return [
    `${constraint(foreign.name)}FOREIGN KEY ${list(foreign.columns)}`,
    ` REFERENCES ${quote(referenced)} ${list(foreign.referenced)}`,
    action('UPDATE', foreign.onUpdate),
    action('DELETE', foreign.onDelete),
    foreign.deferred ? ' DEFERRABLE INITIALLY DEFERRED' : '',
  ].join('');
}

function constraint(name: string | undefined): string {
  return name === undefined ? '' : `CONSTRAINT ${quote(name)} `;
}

function list(columns: readonly string[]): string {
  return `(${columns.map(quote).join(', ')})`;
}

/** SQLite has no comments but those in its definitions. */
function commentOf(comment: string | undefined): string {
  return comment === undefined || comment === '' ? '' : ` -- ${comment.replace(/\s+/g, ' ').trim()}`;
}
