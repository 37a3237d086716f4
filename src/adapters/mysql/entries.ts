/** Runs the statements of catalog entries, each under the settings that it was made under. */
import type { CatalogEntry, Plain } from '../../core/adapter.ts';
import { DbimgError } from '../../core/errors.ts';
import type { Doing } from '../../core/server-errors.ts';
import { textEncoder } from './client-charset.ts';
import { errorNumber, mysqlError } from './errors.ts';
import { identifier, literal } from './quoting.ts';
import type { Session } from './session.ts';
import { VALUE_SETTINGS } from './settings.ts';

export interface EntryBody {
  /** Run in the entry's own database, whose name they leave out. */
  readonly statements: readonly string[];
  /** Their characters are bytes: the maker wrote what is no text. */
  readonly bytes?: boolean;
  readonly sqlMode?: string;
  /** Character set and collation of the session that made it. */
  readonly characterSet?: string;
  readonly collation?: string;
  /** The database's own collation when it was made; routines keep it. */
  readonly databaseCollation?: string;
  readonly timeZone?: string;
}

interface Environment {
  readonly sqlMode: string;
  readonly characterSet: string;
  readonly collation: string;
  readonly timeZone: string;
}

const CREATORS_DISTRUSTED: ReadonlySet<number> = new Set([1418, 1419]);

const OURS: Environment = {
  sqlMode: VALUE_SETTINGS.sql_mode,
  characterSet: 'utf8mb4',
  collation: 'utf8mb4_general_ci',
  timeZone: VALUE_SETTINGS.time_zone,
};

/** @throws DbimgError `IMAGE_DAMAGED` if the body is not one of this adapter's. */
export function bodyOf(entry: CatalogEntry): EntryBody {
  const body = entry.body as { readonly [key: string]: Plain | undefined } | null;
  const statements = body?.statements;
  if (Array.isArray(statements) && statements.every((statement) => typeof statement === 'string')) {
    return body as unknown as EntryBody;
  }
  throw new DbimgError('IMAGE_DAMAGED', `The catalog entry ${entry.id} holds no statements.`, {
    object: entry.object,
  });
}

/** `table shop.customer`: for messages. */
export function describeEntry(entry: CatalogEntry): string {
  return `${entry.kind} ${entry.object.filter((part) => part !== '').join('.')}`;
}

/** Applies entries in one session, whose settings are those of `load-settings.ts` between two of them. */
export class EntryApplier {
  readonly #session: Session;
  #schema: string | undefined;
  #environment: Environment = OURS;

  constructor(session: Session) {
    this.#session = session;
  }

  /**
   * @param schema the database in which the statements run; undefined for those that need none
   * @throws DbimgError that names the entry; of a failed entry, earlier statements stay.
   */
  async apply(entry: CatalogEntry, schema: string | undefined): Promise<void> {
    const body = bodyOf(entry);
    const doing = { what: `The ${describeEntry(entry)} could not be made`, object: entry.object };
    try {
      if (schema !== undefined) await this.#use(schema);
      await this.#enter(environmentOf(body));
      const collated =
        schema !== undefined && body.databaseCollation !== undefined
          ? await this.#collate(schema, body.databaseCollation)
          : undefined;
      try {
        const encode = body.bytes ? bytesOf : textEncoder(this.#environment.characterSet);
        for (const statement of body.statements) {
          // The only one that answers with rows.
          if (entry.kind === 'histogram') await this.#session.query(statement, doing);
          else await this.#execute(encode(statement), doing);
        }
      } finally {
        if (schema !== undefined && collated !== undefined) await this.#setCollation(schema, collated);
      }
    } catch (error) {
      throw entryError(entry, error);
    }
  }

  /** Back to the settings of the session. */
  async reset(): Promise<void> {
    await this.#enter(OURS);
  }

  /** A server with a binary log wants promises from functions that their makers did not have to give. */
  async #execute(statement: Buffer, doing: Doing): Promise<void> {
    try {
      await this.#session.execute(statement, doing);
    } catch (error) {
      if (!CREATORS_DISTRUSTED.has(errorNumber(error) ?? 0)) throw error;
      try {
        await this.#session.execute('SET GLOBAL log_bin_trust_function_creators = 1');
      } catch {
        throw error;
      }
      try {
        await this.#session.execute(statement, doing);
      } finally {
        await this.#session.execute('SET GLOBAL log_bin_trust_function_creators = 0');
      }
    }
  }

  async #use(schema: string): Promise<void> {
    if (this.#schema === schema) return;
    await this.#session.execute(`USE ${identifier(schema)}`);
    this.#schema = schema;
  }

  async #enter(wanted: Environment): Promise<void> {
    const now = this.#environment;
    const changes: string[] = [];
    if (wanted.sqlMode !== now.sqlMode) changes.push(`sql_mode = ${literal(wanted.sqlMode)}`);
    if (wanted.timeZone !== now.timeZone) changes.push(`time_zone = ${literal(wanted.timeZone)}`);
    if (wanted.characterSet !== now.characterSet)
      changes.push(`character_set_client = ${literal(wanted.characterSet)}`);
    if (wanted.collation !== now.collation)
      changes.push(`collation_connection = ${literal(wanted.collation)}`);
    if (changes.length === 0) return;
    // Literals of the statement itself are ASCII, and no mode changes what they mean before it has run.
    await this.#session.execute(`SET ${changes.map((change) => `SESSION ${change}`).join(', ')}`);
    this.#environment = wanted;
  }

  /** Gives the database a collation for a moment. Returns its own, if that is another. */
  async #collate(schema: string, collation: string): Promise<string | undefined> {
    const { own } = await this.#session.row(
      `SELECT DEFAULT_COLLATION_NAME AS own FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = ${literal(schema)}`,
    );
    if (own === collation) return undefined;
    await this.#setCollation(schema, collation);
    return String(own);
  }

  async #setCollation(schema: string, collation: string): Promise<void> {
    const name = collation.replaceAll(/\W/g, '');
    await this.#session.execute(`ALTER DATABASE ${identifier(schema)} COLLATE = ${name}`);
  }
}

const bytesOf = (text: string): Buffer => Buffer.from(text, 'latin1');

function environmentOf(body: EntryBody): Environment {
  return {
    sqlMode: body.sqlMode ?? OURS.sqlMode,
    characterSet: body.characterSet ?? OURS.characterSet,
    collation: body.collation ?? OURS.collation,
    timeZone: body.timeZone ?? OURS.timeZone,
  };
}

const HINTS: Readonly<Record<number, string>> = {
  1231: 'The target server does not know a value that the source has: its version or product differs.',
  1273: 'The target server does not have this collation: restore into a newer version or the same product.',
  1115: 'The target server does not have this character set.',
  1286: 'The storage engine is not installed on the target server.',
  1418:
    'With the binary log on, the server takes such functions only with log_bin_trust_function_creators = 1: ' +
    'an administrator can set that for the time of the restore.',
  1524: 'Install the authentication plugin on the target server, or leave the account out with --skip.',
  1227: 'An administrator must restore objects of other definers, or grant SET_ANY_DEFINER (MariaDB: SET USER).',
};

function entryError(entry: CatalogEntry, error: unknown): DbimgError {
  const number = errorNumber(error);
  const failed = mysqlError(error, {
    what: `The ${describeEntry(entry)} could not be made`,
    object: entry.object,
  });
  const hint = HINTS[number ?? 0] ?? (number === 1146 || number === 1054 ? undefined : failed.hint);
  const code = number === 1146 || number === 1054 ? 'SERVER_ERROR' : failed.code;
  return new DbimgError(code, failed.message, {
    cause: failed.cause,
    object: entry.object,
    ...(hint === undefined ? {} : { hint }),
  });
}
