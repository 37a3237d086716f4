/** Lines of `SHOW GRANTS`, and what they become where the database may have another name. */
import type { Draft } from './draft.ts';

const NAME = '`(?:[^`]|``)*`';
const ACCOUNT = `(?:${NAME}(?:@${NAME})?|'(?:[^']|'')*'@'(?:[^']|'')*')`;
const PRIVILEGES = new RegExp(
  `^GRANT (.+?) ON (?:(TABLE|PROCEDURE|FUNCTION|PACKAGE BODY|PACKAGE|LIBRARY) )?(\\*|${NAME})\\.(\\*|${NAME}) TO (${ACCOUNT})(.*)$`,
  's',
);
const PROXY = new RegExp(`^GRANT PROXY ON (${ACCOUNT}) TO (${ACCOUNT})(.*)$`, 's');
const ROLES = new RegExp(`^GRANT ((?:${ACCOUNT},? ?)+) TO (${ACCOUNT})(.*)$`, 's');
const DEFAULT_ROLE = new RegExp(`^SET DEFAULT ROLE (${NAME}) FOR (${ACCOUNT})`, 's');
const REVOKE = new RegExp(`^REVOKE (.+?) ON (${NAME})\\.(\\*) FROM (${ACCOUNT})(.*)$`, 's');

/** Global privileges with which one can get all others. */
const POWERFUL =
  /\b(ALL PRIVILEGES|SUPER|FILE|CREATE USER|SYSTEM_USER|SET_USER_ID|SET_ANY_DEFINER|SET USER|ROLE_ADMIN|GRANT OPTION|RELOAD|SHUTDOWN)\b/;

export interface GrantLine {
  readonly kind: 'grant' | 'role grant' | 'default role';
  /** Who gets it, as in SQL. */
  readonly to: string;
  /** Roles that are granted or made default, as in SQL. */
  readonly roles: readonly string[];
  /** It says only that the account exists. */
  readonly nothing: boolean;
  /** Whether it is about this database, by its own name. */
  databaseNamed(database: string): boolean;
  /** Database and object as in SQL; undefined for what is about no database. */
  readonly scope?: { readonly database: string; readonly object: string; readonly type: string };
  /** The statement. `scope` replaces what it is about. */
  statement(scope?: string): string;
  readonly powerful: boolean;
}

/** Undefined for a line that is not understood: none is known. */
export function parseGrant(line: string): GrantLine | undefined {
  const proxy = PROXY.exec(line);
  if (proxy) return whole(line, 'grant', proxy[2] as string, []);
  const privileges = PRIVILEGES.exec(line);
  if (privileges) return privilegesOf(privileges);
  const revoke = REVOKE.exec(line);
  if (revoke) return whole(line, 'grant', revoke[4] as string, []);
  const defaults = DEFAULT_ROLE.exec(line);
  if (defaults) return whole(line, 'default role', defaults[2] as string, [defaults[1] as string]);
  const roles = ROLES.exec(line);
  if (roles) {
    const granted = (roles[1] as string).match(new RegExp(ACCOUNT, 'g')) ?? [];
    return whole(line, 'role grant', roles[2] as string, granted);
  }
  return undefined;
}

function whole(line: string, kind: GrantLine['kind'], to: string, roles: readonly string[]): GrantLine {
  return {
    kind,
    to,
    roles,
    nothing: false,
    databaseNamed: () => false,
    statement: () => line,
    powerful: false,
  };
}

function privilegesOf(match: RegExpExecArray): GrantLine {
  const [, privileges = '', type = '', database = '', object = '', to = '', rest = ''] = match;
  const option = / WITH (?:.*)?GRANT OPTION/.test(rest) ? ' WITH GRANT OPTION' : '';
  const about = type === '' ? '' : `${type} `;
  const global = database === '*';
  return {
    ...{ kind: 'grant', to, roles: [] },
    nothing: privileges === 'USAGE' && option === '',
    databaseNamed: (name) => !global && literally(database) === name,
    ...(global ? {} : { scope: { database, object, type } }),
    // What MariaDB adds about passwords and limits belongs to the account.
    statement: (scope = `${database}.${object}`) =>
      `GRANT ${privileges} ON ${about}${scope} TO ${to}${option}`,
    powerful: global && POWERFUL.test(`${privileges}${option}`),
  };
}

/** A database's name in a grant is a pattern: what it means if its wildcards are none. */
function literally(database: string): string {
  return database
    .slice(1, -1)
    .replaceAll('``', '`')
    .replaceAll(/\\([_%\\])/g, '$1');
}

/** @param own a database that may get another name: it is left out, and the statement is run in it. */
export function grantDraft(line: GrantLine, account: string, own: string | undefined): Draft {
  const { scope } = line;
  const here = scope !== undefined && own !== undefined && line.databaseNamed(own);
  const database = scope ? literally(scope.database) : undefined;
  const named = scope && scope.object !== '*' ? scope.object.slice(1, -1).replaceAll('``', '`') : undefined;
  const table =
    scope && named !== undefined && (scope.type === '' || scope.type === 'TABLE') ? named : undefined;
  return {
    kind: line.kind,
    object: [...(database === undefined ? [] : [database]), ...(named === undefined ? [] : [named]), account],
    ...(database !== undefined && table !== undefined ? { of: [database, table] } : {}),
    phase: 'finish',
    ...(line.powerful ? { traits: ['superuser'] } : {}),
    body: { statements: [line.statement(here ? scope.object : undefined)] },
  };
}
