/** Loads chunks into tables: all or nothing of each, every record counted, every warning explained. */
import type { Chunk, ObjectName, StreamOpen } from '../../core/adapter.ts';
import { DbimgError } from '../../core/errors.ts';
import { DelimitedText } from '../../core/records/delimited.ts';
import type { Doing } from '../../core/server-errors.ts';
import { hasDocuments, splitDocuments } from './exact-json.ts';
import type { Product } from './facts.ts';
import { HEADROOM, loadLocal } from './infile.ts';
import { insertStatements, tooLarge } from './insert-rows.ts';
import { insertMomentary, splitMomentary } from './momentary-rows.ts';
import { identifier, literal } from './quoting.ts';
import type { Outcome } from './result-set.ts';
import type { Session } from './session.ts';
import { computes, loadStatement, type TableLoad, tableLoadOf } from './table-load.ts';

export interface LoaderOptions {
  readonly product: Product;
  /** Whether the server takes LOAD DATA LOCAL. */
  readonly localInfile: boolean;
  /** The schema in which a database of the image grows. */
  schemaOf(database: string): string;
}

/** `Data truncated for column …`: what an ENUM's error value, number 0, gives. */
const TRUNCATED = '1265';
const PACKET = 256 * 1024;
/** Tables whose columns a lane remembers. */
const REMEMBERED = 64;

/** Errors that were made where the table is not known. */
function naming(error: unknown, name: ObjectName): unknown {
  if (!(error instanceof DbimgError) || error.object !== undefined) return error;
  const { hint, cause } = error;
  return new DbimgError(error.code, error.message, {
    ...{ object: name, cause },
    ...(hint === undefined ? {} : { hint }),
  });
}

/** One lane's. The session must have been opened with `localFiles`, and its strings must be binary. */
export class Loader {
  readonly #session: Session;
  readonly #options: LoaderOptions;
  readonly #longest: number;
  readonly #tables = new Map<string, TableLoad>();
  #versioned = false;

  private constructor(session: Session, options: LoaderOptions, longest: number) {
    this.#session = session;
    this.#options = options;
    this.#longest = longest;
  }

  static async open(session: Session, options: LoaderOptions): Promise<Loader> {
    const row = await session.row('SELECT @@max_allowed_packet AS longest');
    return new Loader(session, options, Number(row.longest));
  }

  /**
   * @returns how many records the server took
   * @throws DbimgError `MISMATCH` if it did with one what was not to be expected, `UNSUPPORTED` if it can take one not.
   */
  async load(open: StreamOpen, chunk: Chunk): Promise<number> {
    const { object } = open;
    const doing = { what: `${object.join('.')} could not be loaded`, object };
    const table = await this.#table(open);
    await this.#setHistory(table.versioned);
    await this.#session.execute('BEGIN', doing);
    try {
      const taken = table.versioned
        ? await this.#loadVersioned(table, chunk, doing)
        : await this.#loadRows(table, chunk, doing);
      await this.#session.execute('COMMIT', doing);
      return taken;
    } catch (error) {
      // If the connection is gone, the server rolls back by itself.
      await this.#session.execute('ROLLBACK').catch(() => {});
      throw naming(error, open.object);
    }
  }

  async #loadRows(table: TableLoad, chunk: Chunk, doing: Doing): Promise<number> {
    if (!this.#options.localInfile) return await this.#insert(table, chunk, doing);
    if (hasDocuments(table)) return await this.#loadDocuments(table, chunk, doing);
    return await this.#loadLocal(table, chunk, doing);
  }

  /** LOAD DATA reads documents from their text, which loses digits of some. */
  async #loadDocuments(table: TableLoad, chunk: Chunk, doing: Doing): Promise<number> {
    const { others, exact, count } = splitDocuments(table, await this.#whole(chunk));
    const rest = { records: chunk.records - count, pieces: [others] };
    const inserted = count === 0 ? 0 : await this.#insert(table, { records: count, pieces: [exact] }, doing);
    return inserted + (others.length === 0 ? 0 : await this.#loadLocal(table, rest, doing));
  }

  async #loadVersioned(table: TableLoad, chunk: Chunk, doing: Doing): Promise<number> {
    const records = await this.#whole(chunk);
    const { others, momentary } = splitMomentary(table, records);
    await insertMomentary(this.#session, table, momentary);
    const rest = { records: chunk.records - momentary.length, pieces: [others] };
    return momentary.length + (others.length === 0 ? 0 : await this.#loadRows(table, rest, doing));
  }

  async #loadLocal(table: TableLoad, chunk: Chunk, doing: Doing): Promise<number> {
    const text = new DelimitedText(table.columns.length, HEADROOM);
    let outcome: Outcome;
    let records: number;
    try {
      outcome = await loadLocal(this.#session, loadStatement(table), this.#packets(chunk, text), doing);
      records = text.end();
    } finally {
      text.drop();
    }
    // Localised: "Records: 3  Deleted: 0  Skipped: 0  Warnings: 0".
    const [taken = -1, deleted = 0, skipped = 0] = (outcome.info.match(/\d+/g) ?? []).map(Number);
    if (outcome.warnings > 0) await this.#explain(table, doing.object);
    if (taken !== records || deleted > 0 || skipped > 0) {
      const what = `The server took ${taken} records of ${records}, deleted ${deleted} and skipped ${skipped}.`;
      throw new DbimgError('MISMATCH', what, { ...object(doing) });
    }
    return taken;
  }

  /** The text in packets that the server takes. A single record of several pieces must not become too large for it. */
  async *#packets(chunk: Chunk, text: DelimitedText): AsyncGenerator<Uint8Array> {
    const most = Math.min(PACKET, this.#longest >> 1);
    let size = 0;
    for await (const piece of chunk.pieces) {
      size += piece.length;
      if (chunk.records === 1 && size > this.#longest) throw tooLarge(size, this.#longest);
      for (const part of text.text(piece)) {
        if (part.length <= most + HEADROOM) yield part;
        else for (const packet of split(part, most)) yield packet;
      }
    }
  }

  async #insert(table: TableLoad, chunk: Chunk, doing: Doing): Promise<number> {
    const records = await this.#whole(chunk);
    let taken = 0;
    for (const { sql, rows } of insertStatements(table, records, this.#longest)) {
      const { affected, warnings } = await this.#session.execute(sql, doing);
      if (warnings > 0) await this.#explain(table, doing.object);
      if (affected !== rows) {
        throw new DbimgError('MISMATCH', `The server took ${affected} records of ${rows}.`, object(doing));
      }
      taken += rows;
    }
    return taken;
  }

  /** A chunk that must be seen as a whole: a single record that is larger than usual is no larger than a packet. */
  async #whole(chunk: Chunk): Promise<Buffer> {
    const pieces: Uint8Array[] = [];
    let size = 0;
    for await (const piece of chunk.pieces) {
      size += piece.length;
      if (chunk.records === 1 && size > this.#longest) throw tooLarge(size, this.#longest);
      pieces.push(piece);
    }
    return Buffer.concat(pieces);
  }

  /** LOCAL turns errors into warnings; none but the harmless one may pass. */
  async #explain(table: TableLoad, name: ObjectName | undefined): Promise<void> {
    const numbers = table.columns.filter(({ readAs }) => readAs === 'number').map((column) => column.name);
    const rows = await this.#session.query('SHOW WARNINGS');
    const bad = rows.find(
      ({ Code, Message }) =>
        Code !== TRUNCATED || !numbers.some((column) => Message?.includes(`'${column}'`)),
    );
    if (bad === undefined) return;
    throw new DbimgError('MISMATCH', `The server took a row differently: ${bad.Message} (${bad.Code}).`, {
      ...(name === undefined ? {} : { object: name }),
      hint: 'Nothing was published. The definition of the table on the target is not that of the source.',
    });
  }

  async #table(open: StreamOpen): Promise<TableLoad> {
    const key = JSON.stringify([open.object, open.columns]);
    const known = this.#tables.get(key);
    if (known) return known;
    const { product, schemaOf } = this.#options;
    const schema = schemaOf(open.object[0] ?? '');
    const load = tableLoadOf(open, schema, product);
    const table =
      product === 'MariaDB' && computes(load)
        ? { ...load, counter: await this.#counter(schema, open) }
        : load;
    if (this.#tables.size >= REMEMBERED) this.#tables.clear();
    this.#tables.set(key, table);
    return table;
  }

  async #counter(schema: string, open: StreamOpen): Promise<string | undefined> {
    const [row] = await this.#session.query(
      `SELECT COLUMN_NAME AS name FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = ${literal(schema)}
         AND TABLE_NAME = ${literal(open.object.at(-1) ?? '')} AND EXTRA LIKE '%auto_increment%'`,
    );
    return row?.name == null ? undefined : identifier(row.name);
  }

  async #setHistory(versioned: boolean): Promise<void> {
    if (versioned === this.#versioned) return;
    await this.#session.execute(`SET system_versioning_insert_history = ${versioned ? 1 : 0}`);
    this.#versioned = versioned;
  }
}

function object(doing: Doing): { readonly object?: ObjectName } {
  return doing.object === undefined ? {} : { object: doing.object };
}

/** Parts with room for a header each. */
function* split(part: Uint8Array, most: number): Generator<Uint8Array> {
  for (let start = HEADROOM; start < part.length; start += most) {
    const body = part.subarray(start, start + most);
    const packet = Buffer.allocUnsafeSlow(HEADROOM + body.length);
    packet.set(body, HEADROOM);
    yield packet;
  }
}
