/** Whose rights an image's programs have: DEFINER, and whether this restore may say so. */
import type { CatalogEntry, Finding } from '../../core/adapter.ts';
import { describeEntry } from './entries.ts';
import type { Session } from './session.ts';
import type { Situation } from './situation.ts';

/** Privileges with which one may name another as definer. */
const MAY_NAME_OTHERS = ['SUPER', 'SET_ANY_DEFINER', 'SET_USER_ID', 'SET USER'];

export class Definers {
  readonly #situation: Situation;
  readonly #trust: boolean;
  /** Accounts that the image brings. */
  readonly #brought = new Set<string>();
  /** Accounts of the target; undefined if they cannot be read. */
  #there: ReadonlySet<string> | undefined;
  #known = false;
  readonly #missing = new Set<string>();
  #denied = false;

  constructor(situation: Situation, trust: boolean) {
    this.#situation = situation;
    this.#trust = trust;
  }

  bring(account: string): void {
    this.#brought.add(account);
  }

  /** Whether an account is known to be on the target. */
  async exists(account: string, session: () => Promise<Session>): Promise<boolean> {
    await this.#look(session);
    return this.#there?.has(account) ?? false;
  }

  /** @param session opened when accounts must be looked up. */
  async review(entry: CatalogEntry, session: () => Promise<Session>): Promise<Finding[]> {
    const definer = (entry.body as { readonly definer?: unknown } | null)?.definer;
    if (typeof definer !== 'string' || definer === this.#situation.facts.account) return [];
    await this.#look(session);
    const { privileges, facts } = this.#situation;
    const findings: Finding[] = [];
    if (!this.#denied && !MAY_NAME_OTHERS.some((name) => privileges.global(name))) {
      this.#denied = true;
      findings.push({
        level: 'obstacle',
        code: 'PERMISSION_DENIED',
        what: `The ${describeEntry(entry)} has the definer ${definer}, and ${facts.account} may name none but itself.`,
        hint: `An administrator can run: GRANT ${facts.product === 'MariaDB' ? 'SET USER' : 'SET_ANY_DEFINER'} ON *.* TO ${facts.account}`,
      });
    }
    const exists = this.#there === undefined || this.#there.has(definer);
    if (exists && !this.#trust) {
      findings.push({
        level: 'obstacle',
        code: 'UNTRUSTED',
        what: `The ${describeEntry(entry)} acts with the rights of ${definer}, an account that exists here already.`,
        hint: 'If you know where the image comes from, say so with --trust.',
      });
    }
    if (!exists && !this.#brought.has(definer) && !this.#missing.has(definer)) {
      this.#missing.add(definer);
      findings.push({
        level: 'warning',
        what: `The definer ${definer} does not exist and is not in the image: what it defined cannot be used until it is made.`,
      });
    }
    return findings;
  }

  async #look(session: () => Promise<Session>): Promise<void> {
    if (this.#known) return;
    this.#known = true;
    try {
      await using opened = await session();
      const rows = await opened.query('SELECT User AS user, Host AS host FROM mysql.user');
      this.#there = new Set(rows.map(({ user, host }) => `${user}@${host}`));
    } catch {
      // Accounts that cannot be seen may exist.
    }
  }
}
