/** Access control lists as GRANT and REVOKE. */
import type { Acl, AclItem } from './draft.ts';

function key(item: AclItem): string {
  return JSON.stringify(item.slice(0, 3));
}

/**
 * Statements that lead from the default privileges to the present ones.
 *
 * @param on what stands after ON, for example `TABLE public.customer`.
 * @param owner quoted; grants of others than the owner are made in their name.
 * @param column quoted; for privileges on one column.
 */
export function privilegeStatements(acl: Acl, on: string, owner: string, column?: string): readonly string[] {
  const now = new Map(acl.now.map((item) => [key(item), item]));
  const base = new Map(acl.base.map((item) => [key(item), item]));
  const revoked = acl.base.filter((item) => !now.has(key(item)));
  const weakened = acl.base.filter((item) => item[3] && now.get(key(item))?.[3] === false);
  const granted = acl.now.filter((item) => {
    const before = base.get(key(item));
    return before === undefined || (item[3] && !before[3]);
  });
  // Whoever grants on must have been granted: the owner's grants come first, in the order of the list.
  const ordered = [
    ...granted.filter((item) => item[0] === owner),
    ...granted.filter((item) => item[0] !== owner),
  ];
  return [
    ...write(revoked, owner, (what, who) => `REVOKE ${what} ON ${on} FROM ${who}`, column),
    ...write(weakened, owner, (what, who) => `REVOKE GRANT OPTION FOR ${what} ON ${on} FROM ${who}`, column),
    ...write(
      ordered,
      owner,
      (what, who, grantable) => `GRANT ${what} ON ${on} TO ${who}${grantable ? ' WITH GRANT OPTION' : ''}`,
      column,
    ),
  ];
}

function write(
  items: readonly AclItem[],
  owner: string,
  statement: (privileges: string, grantee: string, grantable: boolean) => string,
  column: string | undefined,
): string[] {
  const groups = new Map<string, { first: AclItem; privileges: string[] }>();
  for (const item of items) {
    const group = JSON.stringify([item[0], item[1], item[3]]);
    const found = groups.get(group);
    const privilege = column === undefined ? item[2] : `${item[2]} (${column})`;
    if (found === undefined) groups.set(group, { first: item, privileges: [privilege] });
    else found.privileges.push(privilege);
  }
  const statements: string[] = [];
  for (const { first, privileges } of groups.values()) {
    const [grantor, grantee, , grantable] = first;
    const text = statement(privileges.join(', '), grantee ?? 'PUBLIC', grantable);
    if (grantor === owner) statements.push(text);
    else statements.push(`SET ROLE ${grantor}`, text, 'RESET ROLE');
  }
  return statements;
}
