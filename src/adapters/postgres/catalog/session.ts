/**
 * How the catalog is read: every row comes as one JSON text, so that booleans, arrays and nested lists arrive typed
 * whatever type parsers the connection has, and long lists come through a cursor.
 */

/** One statement in the session of the snapshot. Results are text. */
export type Query = (
  text: string,
  values?: readonly unknown[],
) => Promise<readonly Record<string, unknown>[]>;

/** An object identifier: unsigned, 32 bits. */
export type Oid = number;

/** Oids from here on belong to users; everything below was made by initdb. */
export const FIRST_USER_OID = 16384;

/** The session of a catalog read, with what every family of kinds must know of the server. */
export class CatalogSession {
  /** `server_version_num`, for example 150018. */
  readonly version: number;
  readonly database: string;
  readonly superuser: boolean;
  readonly noSecrets: boolean;
  readonly #query: Query;
  #cursors = 0;

  constructor(
    query: Query,
    options: {
      readonly version: number;
      readonly database: string;
      readonly superuser: boolean;
      readonly noSecrets: boolean;
    },
  ) {
    this.#query = query;
    this.version = options.version;
    this.database = options.database;
    this.superuser = options.superuser;
    this.noSecrets = options.noSecrets;
  }

  /** Whether the server is of this major version or newer. */
  since(major: number): boolean {
    return this.version >= major * 10_000;
  }

  /** The text for servers from `major` on, otherwise the text for older ones. */
  pick(major: number, newer: string, older: string): string {
    return this.since(major) ? newer : older;
  }

  /** All rows of a query that is known to be short. Integers beyond 2^53 must be cast to text in the query. */
  async rows<T>(sql: string, values?: readonly unknown[]): Promise<T[]> {
    const rows = await this.#query(`SELECT pg_catalog.row_to_json(q)::text AS j FROM (${sql}) AS q`, values);
    return rows.map((row) => JSON.parse(String(row.j)) as T);
  }

  /** The rows that describe the given objects: `$1` of the query is the list of their oids. */
  async describe<T>(sql: string, oids: readonly Oid[]): Promise<T[]> {
    return await this.rows<T>(sql, [`{${oids.join(',')}}`]);
  }

  /** Rows of unknown number, as arrays of their columns, some thousands at a time. Columns must differ in name. */
  async *stream(sql: string): AsyncGenerator<readonly (readonly (string | null)[])[]> {
    const cursor = `dbimg_catalog_${++this.#cursors}`;
    await this.#query(`DECLARE ${cursor} NO SCROLL CURSOR FOR ${sql}`);
    let usable = true;
    try {
      for (;;) {
        usable = false;
        const rows = await this.#query(`FETCH 2000 FROM ${cursor}`);
        usable = true;
        if (rows.length === 0) break;
        yield rows.map((row) => Object.values(row).map((value) => (value === null ? null : String(value))));
      }
    } finally {
      if (usable) await this.#query(`CLOSE ${cursor}`);
    }
  }

  /** The same for columns that are all oids or small integers. */
  async *numbers(sql: string): AsyncGenerator<readonly (number | null)[]> {
    for await (const rows of this.stream(sql)) {
      for (const row of rows) yield row.map((value) => (value === null ? null : Number(value)));
    }
  }
}
