/** Accounts, roles and what they may do. Read on a short session: a snapshot that has seen them would block GRANT. */
import type { ObjectName } from '../../../core/adapter.ts';
import { DbimgError } from '../../../core/errors.ts';
import { errorNumber } from '../errors.ts';
import { accountName, identifier, literal } from '../quoting.ts';
import type { Session } from '../session.ts';
import { withCertificateQuoted } from './certificates.ts';
import type { Draft, Drafting } from './draft.ts';
import { type GrantLine, grantDraft, parseGrant } from './grants.ts';

const DENIED: ReadonlySet<number> = new Set([1044, 1142, 1227, 1045]);
/** Accounts that a server makes for itself, and its administrator's own. */
export const SYSTEM_ACCOUNT: RegExp =
  /^(root|mysql\.(sys|session|infoschema)|mariadb\.sys|debian-sys-maint|healthcheck|event_scheduler|PUBLIC|)$/;

interface Account {
  readonly user: string;
  /** Empty for a role of MariaDB. */
  readonly host: string;
  readonly role: boolean;
}

/** Accounts with all that belongs to them, to be told apart by phase. */
export interface AccountDrafts {
  readonly accounts: readonly Draft[];
  readonly grants: readonly Draft[];
}

/** @param definers `user@host` of everybody who defined an object of the image. */
export async function accountDrafts(
  drafting: Drafting,
  session: Session,
  definers: ReadonlySet<string>,
): Promise<AccountDrafts> {
  try {
    return await new AccountReader(drafting, session).read(definers);
  } catch (error) {
    if (!(error instanceof DbimgError) || !DENIED.has(errorNumber(error) ?? 0)) throw error;
    const [database] = drafting.options.databases;
    const object: ObjectName = drafting.options.single && database !== undefined ? [database] : ['*'];
    drafting.omit(
      'account',
      object,
      `${drafting.facts.account} may not read the accounts in the database mysql.`,
    );
    return { accounts: [], grants: [] };
  }
}

class AccountReader {
  readonly #drafting: Drafting;
  readonly #session: Session;
  readonly #mariadb: boolean;

  constructor(drafting: Drafting, session: Session) {
    this.#drafting = drafting;
    this.#session = session;
    this.#mariadb = drafting.facts.product === 'MariaDB';
  }

  async read(definers: ReadonlySet<string>): Promise<AccountDrafts> {
    if (!this.#drafting.options.single) await this.#omitLoadableFunctions();
    const everybody = await this.#everybody();
    const lines = new Map<Account, readonly GrantLine[]>();
    for (const account of everybody) lines.set(account, await this.#grants(account));
    const chosen = this.#drafting.options.single ? this.#concerned(everybody, lines, definers) : everybody;
    // Roles first: accounts may have them from their first moment.
    const sorted = chosen.toSorted((a, b) => Number(b.role) - Number(a.role));
    const accounts: Draft[] = [];
    const grants: Draft[] = [];
    for (const account of sorted) {
      const { draft, defaults } = await this.#account(account);
      accounts.push(draft);
      grants.push(...defaults);
    }
    for (const account of sorted)
      grants.push(...this.#grantDrafts(account, lines.get(account) ?? [], chosen));
    return { accounts, grants: inOrder(grants) };
  }

  async #everybody(): Promise<Account[]> {
    const role = this.#mariadb
      ? "is_role = 'Y'"
      : 'EXISTS (SELECT 1 FROM mysql.role_edges AS e WHERE e.FROM_USER = u.User AND e.FROM_HOST = u.Host)';
    const rows = await this.#session.query(
      `SELECT u.User AS user, u.Host AS host, ${role} AS role FROM mysql.user AS u ORDER BY u.User, u.Host`,
    );
    return rows
      .map((row) => ({ user: row.user ?? '', host: row.host ?? '', role: row.role === '1' }))
      .filter(({ user }) => !SYSTEM_ACCOUNT.test(user));
  }

  async #grants(account: Account): Promise<readonly GrantLine[]> {
    const rows = await this.#session.query(`SHOW GRANTS FOR ${nameOf(account)}`);
    const name = nameOf(account);
    // MariaDB also lists what the account has through its roles.
    return rows.flatMap((row) => {
      const line = parseGrant(Object.values(row)[0] ?? '');
      // MariaDB writes PROXY with other quotes than the rest.
      const names = [name, withoutHost(name), `${literal(account.user)}@${literal(account.host)}`];
      return line && names.includes(line.to) ? [line] : [];
    });
  }

  /** Those with privileges on the one database, those who defined something in it, and those who act through such roles. */
  #concerned(
    everybody: readonly Account[],
    lines: ReadonlyMap<Account, readonly GrantLine[]>,
    definers: ReadonlySet<string>,
  ): Account[] {
    const [database = ''] = this.#drafting.options.databases;
    const chosen = new Set(
      everybody.filter(
        (account) =>
          definers.has(`${account.user}@${account.host}`) ||
          (lines.get(account) ?? []).some((line) => line.databaseNamed(database)),
      ),
    );
    for (let before = -1; before !== chosen.size; ) {
      before = chosen.size;
      const names = new Set([...chosen].filter(({ role }) => role).map(nameOf));
      for (const account of everybody) {
        if ((lines.get(account) ?? []).some(({ roles }) => roles.some((role) => names.has(role)))) {
          chosen.add(account);
        }
      }
    }
    return everybody.filter((account) => chosen.has(account));
  }

  async #account(account: Account): Promise<{ draft: Draft; defaults: Draft[] }> {
    const object = [shownName(account)];
    if (this.#mariadb && account.role) {
      // Who makes a role becomes its administrator, which a restore must be to grant it, and then give up.
      const statements = [`CREATE ROLE ${identifier(account.user)}`];
      return { draft: { kind: 'role', object, phase: 'pre-data', body: { statements } }, defaults: [] };
    }
    const row = await this.#session.row(`SHOW CREATE USER ${nameOf(account)}`);
    const { user, host } = account;
    const written = await withCertificateQuoted(this.#session, Object.values(row)[0] ?? '', user, host);
    const { text, roles } = withoutDefaultRoles(written);
    const { statement, secret } = this.#withoutSecrets(text, object);
    const draft: Draft = {
      ...{ kind: account.role ? 'role' : 'account', object, phase: 'pre-data' },
      ...(secret ? { traits: ['secret'] } : {}),
      body: { statements: [statement] },
    };
    await this.#omitSecondPassword(account, object);
    const defaults: Draft[] = roles
      ? [
          {
            ...{ kind: 'default role', object, phase: 'finish', after: [draft] },
            body: { statements: [`SET DEFAULT ROLE ${roles} TO ${nameOf(account)}`] },
          },
        ]
      : [];
    return { draft, defaults };
  }

  /** Without its secret an account would open to everybody: it is locked instead. */
  #withoutSecrets(text: string, object: ObjectName): { statement: string; secret: boolean } {
    const secret = / (AS|PASSWORD|USING) ('|0x)/.test(text);
    if (!secret || !this.#drafting.options.noSecrets) return { statement: text, secret };
    this.#drafting.omit('password', object, 'Secrets were to be left out: the account is locked.');
    const [head = ''] = text.split(/ IDENTIFIED /);
    return { statement: `${head} ACCOUNT LOCK`, secret: false };
  }

  /** No statement takes a second password as its hash. */
  async #omitSecondPassword({ user, host }: Account, object: ObjectName): Promise<void> {
    if (this.#mariadb) return;
    const rows = await this.#session.query(
      `SELECT 1 FROM mysql.user WHERE User = ${literal(user)} AND Host = ${literal(host)}
         AND JSON_EXTRACT(User_attributes, '$.additional_password') IS NOT NULL`,
    );
    if (rows.length > 0) this.#drafting.omit('second password', object, 'MySQL takes it only in the clear.');
  }

  /** They are files of the server's machine. */
  async #omitLoadableFunctions(): Promise<void> {
    for (const { name, file } of await this.#session.query(
      'SELECT name, dl AS file FROM mysql.func ORDER BY 1',
    )) {
      this.#drafting.omit(
        'loadable function',
        [name ?? ''],
        `Its library ${file} must be installed on the target.`,
      );
    }
  }

  #grantDrafts(account: Account, lines: readonly GrantLine[], chosen: readonly Account[]): Draft[] {
    const { single, databases } = this.#drafting.options;
    const known = new Set(chosen.map(nameOf));
    return lines.flatMap((line) => {
      if (line.nothing || line.roles.some((role) => !known.has(role))) return [];
      if (single && line.kind === 'grant' && !line.databaseNamed(databases[0] ?? '')) return [];
      const draft = grantDraft(line, shownName(account), single ? databases[0] : undefined);
      if (draft.of && !this.#drafting.options.selects(draft.of)) return [];
      return [draft];
    });
  }
}

/** Privileges, then roles, then which of them are active. */
function inOrder(drafts: readonly Draft[]): Draft[] {
  const order = ['grant', 'role grant', 'default role'];
  return drafts.toSorted((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind));
}

function nameOf({ user, host, role }: Account): string {
  return role && host === '' ? identifier(user) : accountName(user, host);
}

function withoutHost(name: string): string {
  return name.replace(/@``$/, '');
}

function shownName({ user, host, role }: Account): string {
  return role && host === '' ? user : `${user}@${host}`;
}

/** They may not exist yet when the account is made. */
export function withoutDefaultRoles(text: string): { text: string; roles: string | undefined } {
  const match = / DEFAULT ROLE ((?:`(?:[^`]|``)*`@`(?:[^`]|``)*`,?)+)/.exec(text);
  if (!match) return { text, roles: undefined };
  return { text: text.replace(match[0], ''), roles: match[1] };
}
