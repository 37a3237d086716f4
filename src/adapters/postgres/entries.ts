/** Runs the statements of catalog entries: many at once while all goes well, one by one to name what fails. */
import type { CatalogEntry, Plain } from '../../core/adapter.ts';
import { DbimgError } from '../../core/errors.ts';
import { identifier } from './catalog/quoting.ts';
import { postgresError, sqlState } from './errors.ts';
import type { Session } from './session.ts';

/** Locales and encoding with which the entry of kind `database` wants it made. */
export interface DatabaseCreation {
  readonly encoding?: string;
  /** `libc`, `icu` or `builtin`, or the first letter of it. */
  readonly provider?: string;
  readonly collate?: string;
  readonly ctype?: string;
  /** ICU's or the built-in provider's. */
  readonly icuLocale?: string;
  readonly icuRules?: string;
}

export interface EntryBody {
  readonly sql: readonly string[];
  /** A query: a row means that the object is there already. */
  readonly exists?: string;
  readonly role?: string;
  /** One more statement, for those who want secrets. */
  readonly secret?: string;
  readonly create?: DatabaseCreation;
}

export interface ApplyRules {
  /** Name of the database in which the statements run. */
  readonly database: string;
  readonly trust: boolean;
  readonly noSecrets: boolean;
}

const NAMED = 20;

/** Kinds in whose statements `:"dbname"` stands for the database's name. Elsewhere it is anybody's text. */
const NAMES_DATABASE: ReadonlySet<string> = new Set(['database-properties', 'role-setting']);

/** @throws DbimgError `IMAGE_DAMAGED` if the body is not one of this adapter's. */
export function bodyOf(entry: CatalogEntry): EntryBody {
  const body = entry.body as { readonly [key: string]: Plain } | null;
  const sql = body?.sql;
  if (Array.isArray(sql) && sql.every((statement) => typeof statement === 'string')) {
    return body as unknown as EntryBody;
  }
  throw new DbimgError('IMAGE_DAMAGED', `The catalog entry ${entry.id} holds no statements.`, {
    object: entry.object,
  });
}

/** `role "reader"`, `table public.customer`: for messages. */
function describeEntry(entry: CatalogEntry): string {
  const name = entry.object
    .slice(1)
    .filter((part) => part !== '')
    .join('.');
  return `${entry.kind} ${name === '' ? (entry.object[0] ?? '') : name}`;
}

/** Applies entries in one session. */
export class EntryApplier {
  readonly #session: Session;
  readonly #rules: ApplyRules;
  readonly #onRole: (role: string) => void;

  constructor(session: Session, rules: ApplyRules, onRole: (role: string) => void = () => {}) {
    this.#session = session;
    this.#rules = rules;
    this.#onRole = onRole;
  }

  /** All or nothing of each entry, in order. */
  async apply(entries: readonly CatalogEntry[]): Promise<void> {
    if (!this.#rules.trust) await this.#assertTrusted(entries);
    let run: CatalogEntry[] = [];
    for (const entry of entries) {
      const { exists, secret } = bodyOf(entry);
      if (this.#rules.noSecrets && secret === undefined && entry.traits?.includes('secret')) continue;
      if (exists === undefined) {
        run.push(entry);
        continue;
      }
      await this.#runAll(run);
      run = [];
      if (!(await this.#isThere(entry, exists))) await this.#runAll([entry]);
    }
    await this.#runAll(run);
  }

  /** What is there already asks for nothing. */
  async #assertTrusted(entries: readonly CatalogEntry[]): Promise<void> {
    const asking: CatalogEntry[] = [];
    for (const entry of entries.filter(({ traits }) => traits?.includes('superuser'))) {
      const { exists } = bodyOf(entry);
      if (exists === undefined || !(await this.#isThere(entry, exists))) asking.push(entry);
    }
    if (asking.length > 0) throw untrusted(asking);
  }

  async #isThere(entry: CatalogEntry, exists: string): Promise<boolean> {
    const what = `Whether ${describeEntry(entry)} exists could not be found out`;
    return (await this.#session.query(exists, undefined, { what, object: entry.object })).length > 0;
  }

  async #runAll(entries: readonly CatalogEntry[]): Promise<void> {
    if (entries.length > 1) {
      try {
        await this.#transaction(entries);
        return;
      } catch (error) {
        if (sqlState(error) === undefined) throw error;
      }
    }
    for (const entry of entries) await this.#runOne(entry);
  }

  async #runOne(entry: CatalogEntry): Promise<void> {
    try {
      await this.#transaction([entry]);
    } catch (error) {
      if (sqlState(error) !== '25001') throw entryError(entry, error);
      for (const statement of this.#statements(entry)) {
        await this.#session.query(statement, undefined, doingOf(entry));
      }
      this.#note([entry]);
    }
  }

  async #transaction(entries: readonly CatalogEntry[]): Promise<void> {
    const statements = entries.flatMap((entry) => this.#statements(entry));
    if (statements.length === 0) return;
    const doing =
      entries.length === 1 && entries[0] ? doingOf(entries[0]) : { what: 'The catalog could not be applied' };
    try {
      await this.#session.query(['BEGIN', ...statements, 'COMMIT'].join('\n;\n'), undefined, doing);
    } catch (error) {
      await this.#session.query('ROLLBACK').catch(() => {});
      throw error;
    }
    this.#note(entries);
  }

  #note(entries: readonly CatalogEntry[]): void {
    for (const entry of entries) {
      const { role } = bodyOf(entry);
      if (role !== undefined && entry.kind === 'role') this.#onRole(role);
    }
  }

  #statements(entry: CatalogEntry): readonly string[] {
    const { sql, secret } = bodyOf(entry);
    const statements = secret === undefined || this.#rules.noSecrets ? sql : [...sql, secret];
    if (!NAMES_DATABASE.has(entry.kind)) return statements;
    const name = identifier(this.#rules.database);
    return statements.map((statement) => statement.replaceAll(':"dbname"', () => name));
  }
}

function doingOf(entry: CatalogEntry): { readonly what: string; readonly object: readonly string[] } {
  return { what: `The ${describeEntry(entry)} could not be made`, object: entry.object };
}

function entryError(entry: CatalogEntry, error: unknown): DbimgError {
  const state = sqlState(error);
  const missing = entry.kind === 'extension' && (state === '0A000' || state === '58P01');
  if (!missing) return postgresError(error, doingOf(entry));
  const name = entry.object.at(-1) ?? '';
  return new DbimgError('UNSUPPORTED', `The extension ${name} is not installed on the target server.`, {
    cause: error,
    object: entry.object,
    hint: `Install the package that brings ${name} on that server, or leave it out with --skip ${name}.`,
  });
}

/** Lists what would act with a superuser's rights. */
function untrusted(asking: readonly CatalogEntry[]): DbimgError {
  const names = asking.slice(0, NAMED).map(describeEntry);
  const more = asking.length > NAMED ? ` and ${asking.length - NAMED} more` : '';
  const what = `The image brings what acts with a superuser's rights: ${names.join(', ')}${more}.`;
  return new DbimgError('UNTRUSTED', what, {
    ...(asking[0] ? { object: asking[0].object } : {}),
    hint: 'If you know where the image comes from, say so with --trust.',
  });
}
