/** What the account may do, as `SHOW GRANTS` says it, active roles included. */
import { identifier } from './quoting.ts';
import type { Session } from './session.ts';

const GRANT = /^GRANT (.+?) ON (?:(TABLE|PROCEDURE|FUNCTION|PACKAGE|PACKAGE BODY) )?(\S+) TO /;
const REVOKE = /^REVOKE (.+?) ON (\S+) FROM /;

export class Privileges {
  /** Scope (`*.*`, `` `db`.* ``) → privileges in upper case. */
  readonly #granted = new Map<string, Set<string>>();
  readonly #revoked = new Map<string, Set<string>>();

  /** @param grants lines of `SHOW GRANTS`. */
  constructor(grants: readonly string[]) {
    for (const line of grants) {
      const grant = GRANT.exec(line);
      const revoke = REVOKE.exec(line);
      if (grant) add(this.#granted, grant[3] as string, grant[1] as string);
      else if (revoke) add(this.#revoked, revoke[2] as string, revoke[1] as string);
    }
  }

  static async of(session: Session): Promise<Privileges> {
    const rows = await session.query('SHOW GRANTS');
    return new Privileges(rows.map((row) => Object.values(row)[0] ?? ''));
  }

  /** Whether the privilege is held on everything, without exceptions. */
  global(privilege: string): boolean {
    return this.#revoked.size === 0 && this.#has(this.#granted, '*.*', privilege);
  }

  /** Whether it is held on a whole database. Patterns in grants (`%`, `_`) are matched. */
  on(database: string, privilege: string): boolean {
    if (this.#has(this.#revoked, `${identifier(database)}.*`, privilege)) return false;
    if (this.#has(this.#granted, '*.*', privilege)) return true;
    return [...this.#granted.keys()].some(
      (scope) => matches(scope, database) && this.#has(this.#granted, scope, privilege),
    );
  }

  #has(grants: ReadonlyMap<string, ReadonlySet<string>>, scope: string, privilege: string): boolean {
    const held = grants.get(scope);
    return held?.has(privilege) === true || held?.has('ALL PRIVILEGES') === true;
  }
}

function add(grants: Map<string, Set<string>>, scope: string, privileges: string): void {
  const held = grants.get(scope) ?? new Set<string>();
  grants.set(scope, held);
  // Lists of columns make no privilege on the whole.
  for (const privilege of privileges.split(/,\s*(?![^(]*\))/)) held.add(privilege.trim().toUpperCase());
}

function matches(scope: string, database: string): boolean {
  const pattern = /^`((?:[^`]|``)*)`\.\*$/.exec(scope)?.[1]?.replaceAll('``', '`');
  if (pattern === undefined) return false;
  const expression = pattern.replace(/\\([%_])|[%_]|[^%_\\]+|\\/g, (part, escaped: string | undefined) => {
    if (escaped !== undefined) return escaped;
    if (part === '%') return '.*';
    if (part === '_') return '.';
    return part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  });
  return new RegExp(`^${expression}$`, 's').test(database);
}
