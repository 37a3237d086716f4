/** Namespaces of a mongodump archive that are no collections of users. */
import { INTERNAL_DATABASES } from './location.ts';

export type Special = 'user' | 'role' | 'version';

const SPECIAL: ReadonlyMap<string, Special> = new Map([
  ['system.users', 'user'],
  ['system.roles', 'role'],
  ['system.version', 'version'],
]);

/** In a dump of everything they are collections of `admin`; in one of a database they bear its name and this prefix. */
const OF_DATABASE = '$admin.';

export function specialOf(database: string, collection: string): Special | undefined {
  if (database === 'admin') return SPECIAL.get(collection);
  return collection.startsWith(OF_DATABASE) ? SPECIAL.get(collection.slice(OF_DATABASE.length)) : undefined;
}

/** @param database the one that the archive is of; undefined if it is of all. */
export function specialName(special: Special, database: string | undefined): readonly [string, string] {
  const collection = `system.${special === 'version' ? special : `${special}s`}`;
  return database === undefined ? ['admin', collection] : [database, `${OF_DATABASE}${collection}`];
}

export function isInternal(database: string): boolean {
  return INTERNAL_DATABASES.has(database);
}

/** The oplog that `mongodump --oplog` captures has no database. */
export function isOplog(database: string, collection: string): boolean {
  return database === '' && collection === 'oplog';
}

export function keyOf(database: string, collection: string): string {
  return JSON.stringify([database, collection]);
}
