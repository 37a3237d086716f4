/** Looks at the whole catalog before anything is made: what does not fit is told at once. */
import type { CatalogEntry, Context, Finding, TargetOptions } from '../../core/adapter.ts';
import { isAccount } from './accounts.ts';
import { withoutDatabase } from './connect.ts';
import { Definers } from './definers.ts';
import { describeEntry } from './entries.ts';
import type { Endpoint } from './location.ts';
import { notEmpty } from './preconditions.ts';
import { Session } from './session.ts';
import { contentOf, type Situation } from './situation.ts';

/** Kinds whose names follow the case of the file system. */
const NAMED: ReadonlySet<string> = new Set(['database', 'table', 'view', 'sequence']);

export class Reviewer {
  readonly #endpoint: Endpoint;
  readonly #definers: Definers;
  readonly #foldsCase: boolean;
  readonly #options: TargetOptions;
  readonly #context: Context;
  readonly #databases = new Set<string>();
  /** Names of tables and views in lower case, for servers that do not tell them apart. */
  readonly #names = new Map<string, readonly string[]>();

  constructor(endpoint: Endpoint, situation: Situation, options: TargetOptions, context: Context) {
    this.#definers = new Definers(situation, options.trust ?? false);
    this.#foldsCase = situation.facts.lowerCaseNames > 0;
    this.#endpoint = endpoint;
    this.#options = options;
    this.#context = context;
  }

  /** Of the image, as far as it was seen. */
  get databases(): readonly string[] {
    return [...this.#databases];
  }

  /** Whether the account of an entry is on the target already: it will be left as it is. */
  async hasAccount(entry: CatalogEntry): Promise<boolean> {
    return await this.#definers.exists(entry.object.at(-1) ?? '', () => this.#session());
  }

  async review(entries: readonly CatalogEntry[]): Promise<Finding[]> {
    const findings: Finding[] = [];
    for (const entry of entries) {
      if (entry.kind === 'database') findings.push(...(await this.#database(entry)));
      if (this.#foldsCase && NAMED.has(entry.kind)) findings.push(...this.#folded(entry));
      if (isAccount(entry)) this.#definers.bring(entry.object.at(-1) ?? '');
      else findings.push(...(await this.#definers.review(entry, () => this.#session())));
      if (entry.traits?.includes('superuser') && !this.#options.trust) findings.push(untrusted(entry));
    }
    return findings;
  }

  async #session(): Promise<Session> {
    return await Session.open(withoutDatabase(this.#endpoint), this.#context);
  }

  #folded(entry: CatalogEntry): Finding[] {
    const key = JSON.stringify(entry.object).toLowerCase();
    const other = this.#names.get(key);
    this.#names.set(key, entry.object);
    if (other === undefined) return [];
    return [
      {
        level: 'obstacle',
        code: 'UNSUPPORTED',
        what: `${other.join('.')} and ${entry.object.join('.')} have one name on a server with lower_case_table_names > 0.`,
        hint: 'Leave one out with --skip, or restore into a server with lower_case_table_names = 0.',
      },
    ];
  }

  /** A location with a database takes an image of one; one without is asked only now what is there. */
  async #database(entry: CatalogEntry): Promise<Finding[]> {
    const name = entry.object[0] ?? '';
    this.#databases.add(name);
    if (this.#endpoint.database !== undefined) {
      if (this.#databases.size !== 2) return [];
      return [
        {
          level: 'obstacle',
          code: 'USAGE',
          what: `The image holds several databases (${[...this.#databases].join(', ')}, …), the URL names one.`,
          hint: 'Leave the database out of the URL, or choose one with --only NAME.',
        },
      ];
    }
    if (this.#options.replace) return [];
    await using session = await this.#session();
    return notEmpty(name, await contentOf(session, name));
  }
}

function untrusted(entry: CatalogEntry): Finding {
  return {
    level: 'obstacle',
    code: 'UNTRUSTED',
    what: `The ${describeEntry(entry)} acts with more rights than its user.`,
    hint: 'If you know where the image comes from, say so with --trust.',
  };
}
