/** What accounts look like: their properties, privileges and roles, without what changes by use. */
import { createHash } from 'node:crypto';
import { DbimgError } from '../../core/errors.ts';
import { SYSTEM_ACCOUNT } from './catalog/accounts.ts';
import { errorNumber } from './errors.ts';
import { type Fingerprints, keyOf } from './fingerprints.ts';
import { literal } from './quoting.ts';
import type { RawRow, Session } from './session.ts';

interface Accounts {
  readonly databases: readonly string[];
  readonly single: boolean;
}

/** No right to read it, or the other product's. */
const UNREADABLE: ReadonlySet<number> = new Set([1044, 1045, 1142, 1143, 1146, 1227]);
const PROPERTIES = ['user', 'global_priv'];
const OF_SERVER = ['global_grants', 'proxies_priv', 'default_roles'];
const OF_DATABASE = ['tables_priv', 'columns_priv', 'procs_priv'];
const ROLES = ['role_edges', 'roles_mapping'];
/** When something was changed and by whom, which no image holds. */
const BESIDES = /^(timestamp|grantor|password_last_changed)$/i;

/**
 * Of the whole server, or of those who have to do with one database: by privileges on it, as definers, or through roles.
 * Empty if the session may not read accounts at all.
 */
export async function accountFingerprints(
  session: Session,
  { databases, single }: Accounts,
  definers: ReadonlySet<string>,
): Promise<Fingerprints> {
  const database = literal(databases[0] ?? '');
  const reader = new AccountRows(session, single);
  const roles = new Map<string, string[]>();
  await reader.read('db', single ? ` WHERE ${database} LIKE Db` : '');
  for (const table of OF_DATABASE) await reader.read(table, single ? ` WHERE Db = ${database}` : '');
  const concerned = new Set([...definers, ...reader.owners]);
  for (const table of PROPERTIES) await reader.read(table);
  for (const table of ROLES) {
    for (const [owner, role] of await reader.read(table))
      roles.set(owner, [...(roles.get(owner) ?? []), role]);
  }
  if (!single) for (const table of OF_SERVER) await reader.read(table);
  else addMembers(concerned, roles);
  return reader.fingerprints((account) => !single || concerned.has(account));
}

function addMembers(concerned: Set<string>, roles: ReadonlyMap<string, readonly string[]>): void {
  for (let before = -1; before !== concerned.size; ) {
    before = concerned.size;
    for (const [owner, own] of roles) if (own.some((role) => concerned.has(role))) concerned.add(owner);
  }
}

class AccountRows {
  readonly #session: Session;
  readonly #single: boolean;
  readonly #lines = new Map<string, string[]>();

  constructor(session: Session, single: boolean) {
    this.#session = session;
    this.#single = single;
  }

  get owners(): readonly string[] {
    return [...this.#lines.keys()];
  }

  /** Returns whose the rows are, each with the role that it names. */
  async read(table: string, where = ''): Promise<[owner: string, role: string][]> {
    let rows: readonly RawRow[];
    try {
      rows = await this.#session.raw(`SELECT * FROM mysql.${table}${where}`);
    } catch (error) {
      if (error instanceof DbimgError && UNREADABLE.has(errorNumber(error) ?? 0)) return [];
      throw error;
    }
    return rows.map((row) => {
      const value = (...names: string[]): string =>
        names.map((name) => row[name]?.toString('utf8')).find((text) => text !== undefined) ?? '';
      const owner = `${value('TO_USER', 'USER', 'User')}@${value('TO_HOST', 'HOST', 'Host')}`;
      const lines = this.#lines.get(owner) ?? [];
      lines.push(`${table} ${this.#shown(table, row)}`);
      this.#lines.set(owner, lines);
      return [owner, `${value('FROM_USER', 'Role')}@${value('FROM_HOST')}`];
    });
  }

  fingerprints(selects: (account: string) => boolean): Fingerprints {
    const chosen = [...this.#lines].filter(
      ([owner]) => !SYSTEM_ACCOUNT.test(owner.slice(0, owner.lastIndexOf('@'))) && selects(owner),
    );
    return new Map(
      chosen.map(([owner, lines]) => [
        keyOf('account', [owner.replace(/@$/, '')]),
        createHash('sha256').update(lines.sort().join('\n')).digest('hex'),
      ]),
    );
  }

  /** An image of one database has no privileges on all. */
  #shown(table: string, row: RawRow): string {
    const global = (name: string): boolean => this.#single && table === 'user' && /_priv$/i.test(name);
    const shown = Object.entries(row)
      .filter(([name]) => !BESIDES.test(name) && !global(name))
      .map(([name, value]) => `${name}=${value?.toString('latin1').replace(CHANGING, '')}`);
    const text = shown.join('\0');
    return this.#single ? text.replace(/"access": *\d+,?/, '') : text;
  }
}

/** In MariaDB's JSON. */
const CHANGING = /"password_last_changed": *\d+,? */;
