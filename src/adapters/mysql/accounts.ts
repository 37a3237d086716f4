/** Accounts and roles of an image: made where they are missing, never altered, and taken away with a failed restore. */
import type { CatalogEntry, Context } from '../../core/adapter.ts';
import { withoutDefaultRoles } from './catalog/accounts.ts';
import { withCertificateQuoted } from './catalog/certificates.ts';
import { bodyOf, type EntryApplier } from './entries.ts';
import { errorNumber } from './errors.ts';
import { literal } from './quoting.ts';
import type { Session } from './session.ts';

/** `Operation CREATE USER failed for …`: it exists. */
const EXISTS = 1396;

/** Also a plugin that is missing, or a syntax that is another product's, is noticed before that. */
const UNMADE: ReadonlySet<number> = new Set([EXISTS, 1524, 1064]);

export function isAccount(entry: CatalogEntry): boolean {
  return entry.kind === 'account' || entry.kind === 'role';
}

export interface MadeAccount {
  readonly kind: string;
  /** As in SQL: `` 'user'@'host' ``. */
  readonly name: string;
}

export class AccountMaker {
  readonly #made: MadeAccount[];
  readonly #noSecrets: boolean;
  readonly #session: Session;
  readonly #applier: EntryApplier;
  readonly #context: Context;

  /** @param made where accounts are noted that this restore made. */
  constructor(
    session: Session,
    applier: EntryApplier,
    made: MadeAccount[],
    options: { readonly noSecrets: boolean },
    context: Context,
  ) {
    this.#made = made;
    this.#noSecrets = options.noSecrets;
    this.#session = session;
    this.#applier = applier;
    this.#context = context;
  }

  async make(entry: CatalogEntry): Promise<void> {
    try {
      const secret = this.#noSecrets && entry.traits?.includes('secret');
      await this.#applier.apply(secret ? withoutSecret(entry) : entry, undefined);
      this.#made.push({ kind: entry.kind, name: nameOf(entry) });
    } catch (error) {
      const number = errorNumber(error) ?? 0;
      if (!UNMADE.has(number) || (number !== EXISTS && !(await this.#exists(entry)))) throw error;
      await this.#compare(entry);
    }
  }

  async #exists(entry: CatalogEntry): Promise<boolean> {
    const rows = await this.#session.query(`SHOW CREATE USER ${nameOf(entry)}`).catch(() => []);
    return rows.length > 0;
  }

  /** An account that is there stays as it is, and the difference is told. */
  async #compare(entry: CatalogEntry): Promise<void> {
    const [wanted] = bodyOf(entry).statements;
    if (entry.kind === 'role') return;
    const rows = await this.#session.query(`SHOW CREATE USER ${nameOf(entry)}`).catch(() => []);
    const shown = Object.values(rows[0] ?? {})[0];
    if (shown == null) return;
    const { user, host } = accountOf(entry);
    const there = await withCertificateQuoted(this.#session, shown, user, host).catch(() => shown);
    if (withoutDefaultRoles(there).text === wanted) return;
    this.#context.warn({
      code: 'account-differs',
      message: `The ${entry.kind} ${entry.object.join('@')} exists with other properties, and is left as it is.`,
    });
  }
}

/** Without its secret an account would open to everybody: it is locked instead. */
function withoutSecret(entry: CatalogEntry): CatalogEntry {
  const body = bodyOf(entry);
  const statements = body.statements.map((statement) =>
    statement.replace(/ IDENTIFIED .*$/s, ' ACCOUNT LOCK'),
  );
  return { ...entry, body: { ...(entry.body as object), statements } };
}

/** The last part of the object's name is `user@host`; hosts hold no `@`, and MariaDB's roles have none. */
function accountOf(entry: CatalogEntry): { user: string; host: string } {
  const text = entry.object.at(-1) ?? '';
  const at = text.lastIndexOf('@');
  return at < 0 ? { user: text, host: '' } : { user: text.slice(0, at), host: text.slice(at + 1) };
}

function nameOf(entry: CatalogEntry): string {
  const { user, host } = accountOf(entry);
  return entry.object.at(-1)?.includes('@') ? `${literal(user)}@${literal(host)}` : literal(user);
}

/** Takes away what a failed restore made. Never throws. */
export async function dropAccounts(
  session: Session,
  made: readonly MadeAccount[],
  context: Context,
): Promise<void> {
  for (const { kind, name } of [...made].reverse()) {
    const word = kind === 'role' ? 'ROLE' : 'USER';
    await session.execute(`DROP ${word} IF EXISTS ${name}`).catch((error: unknown) => {
      context.warn({
        code: 'left-behind',
        message: `The ${kind} ${name} could not be dropped: ${error instanceof Error ? error.message : String(error)}`,
      });
    });
  }
}

/** MariaDB makes whoever creates a role its administrator. Over when all roles are granted. */
export async function resignFromRoles(session: Session, made: readonly MadeAccount[]): Promise<void> {
  for (const { kind, name } of made) {
    if (kind === 'role') await session.execute(`REVOKE ${name} FROM CURRENT_USER`);
  }
}
