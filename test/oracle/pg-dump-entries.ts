/**
 * Reads what pg_dump writes as a list of entries, so that two dumps can be compared object by object.
 *
 * An entry is what stands under one `-- Name: …; Type: …; Schema: …; Owner: …` head. Rows of COPY are not kept but
 * counted and summed up, independent of their order. Nothing is left out but pg_dump's own comments, the tokens of
 * `\restrict` and the name of the database.
 */
import { spawn } from 'node:child_process';
import { hash } from 'node:crypto';
import { text } from 'node:stream/consumers';
import { pgTools } from '../engines/pg-tools.ts';

export interface DumpEntry {
  /** `TABLE rel.plain (owner)`; a number behind it where several have the same. */
  readonly key: string;
  readonly lines: string[];
}

/** The rows of one COPY target; those of several partitions loaded through one root together. */
export interface CopiedRows {
  count: number;
  /** Sum of 128-bit hashes of the lines, modulo 2^128. */
  sum: bigint;
}

export interface Dump {
  readonly entries: readonly DumpEntry[];
  /** By COPY command, as it stands in the dump. */
  readonly rows: ReadonlyMap<string, CopiedRows>;
}

/** Called with every row of every COPY, for finding those that differ. Bytes as Latin-1. */
export type RowListener = (copy: string, row: string) => void;

const HEAD = /^-- (?:Data for )?Name: (.*); Type: (.*?); Schema: (.*?); Owner: (.*?)(?:; Tablespace: .*)?$/;
/** Like {@link HEAD} it stands between two lines of `--`. */
const FRAMED = /^-- PostgreSQL database dump( complete)?$/;
/** Comments of pg_dump's own where nobody else can write any. */
const OF_PREAMBLE = /^-- Dumped (from|by) /;
const OF_ROWS = /^-- load via partition root /;
/** What pg_dump sets once for all tables that follow; here it is written into each of them. */
const STATE = /^SET (default_tablespace|default_table_access_method) = (.*);$/;
const HAS_STATE = new Set(['TABLE', 'FOREIGN TABLE', 'MATERIALIZED VIEW', 'INDEX', 'CONSTRAINT']);
const OF_LARGE_OBJECT = /(?:lo_create\('|lo_open\('|LARGE OBJECT )(\d+)/;
/** Around each group of large objects. */
const TRANSACTION = /^(BEGIN|COMMIT);$/;
const MODULUS = 1n << 128n;

/** Dumps the database with definitions, owners, privileges, comments, rows, large objects and database properties. */
export async function readDump(url: string, onRow?: RowListener): Promise<Dump> {
  const { bin } = await pgTools();
  const args = ['--dbname', url, '--create', '--restrict-key=dbimg', '--lock-wait-timeout=60s'];
  const child = spawn(`${bin}/pg_dump`, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const complaint = text(child.stderr);
  const parser = new DumpParser(decodeURIComponent(new URL(url).pathname.slice(1)), onRow);
  for await (const chunk of child.stdout) parser.push(chunk as Buffer);
  const code = await ended;
  if (code !== 0) throw new Error(`pg_dump failed (${code}): ${(await complaint).trim()}`);
  return parser.end();
}

/** Bytes of a dump in, entries out. Lines are Latin-1 strings: one character a byte, whatever the encoding is. */
export class DumpParser {
  readonly #entries: DumpEntry[] = [];
  readonly #rows = new Map<string, CopiedRows>();
  readonly #largeObjects = new Map<string, DumpEntry>();
  readonly #keys = new Map<string, number>();
  readonly #database: string;
  readonly #onRow: RowListener | undefined;
  #entry: DumpEntry = { key: 'PREAMBLE', lines: [] };
  #ofDatabase = false;
  #state: readonly string[] = [];
  #copy: string | undefined;
  /** The lines of a COPY command so far: a name in it may have line breaks. */
  #command: string[] = [];
  #ofRows = false;
  #ofLargeObjects: readonly [type: string, owner: string] | undefined;
  /** The next line is the `--` under a head. */
  #afterHead = false;
  /** How many lines of state the entry begins with. */
  #stateful = 0;
  #rest: Buffer[] = [];

  constructor(database: string, onRow?: RowListener) {
    this.#database = Buffer.from(database).toString('latin1');
    this.#onRow = onRow;
    this.#entries.push(this.#entry);
  }

  push(chunk: Buffer): void {
    let from = 0;
    for (let to = chunk.indexOf(10); to !== -1; to = chunk.indexOf(10, from)) {
      const piece = chunk.subarray(from, to);
      const whole = this.#rest.length === 0 ? piece : Buffer.concat([...this.#rest, piece]);
      this.#rest = [];
      this.#line(whole.toString('latin1'));
      from = to + 1;
    }
    if (from < chunk.length) this.#rest.push(Buffer.from(chunk.subarray(from)));
  }

  end(): Dump {
    if (this.#copy !== undefined) throw new Error(`the dump ends inside of ${this.#copy}`);
    if (this.#rest.length > 0) this.push(Buffer.from('\n'));
    this.#endEntry();
    return { entries: this.#entries, rows: this.#rows };
  }

  #line(line: string): void {
    if (this.#copy !== undefined) {
      if (line === '\\.') this.#copy = undefined;
      else this.#row(this.#copy, line);
      return;
    }
    if (this.#afterHead) {
      this.#afterHead = false;
      return;
    }
    const head = this.#command.length === 0 ? HEAD.exec(line) : null;
    if (head !== null || FRAMED.test(line)) {
      this.#endEntry();
      this.#afterHead = true;
    }
    if (head !== null) this.#begin(head[1] ?? '', head[2] ?? '', head[3] ?? '', head[4] ?? '');
    else if (!this.#afterHead) this.#content(line);
  }

  /** Takes away the `--` above a head, and the blank lines before that. */
  #endEntry(): void {
    const { lines } = this.#entry;
    if (lines.at(-1) === '--') lines.pop();
    while (lines.at(-1) === '') lines.pop();
  }

  #begin(name: string, type: string, schema: string, owner: string): void {
    this.#ofRows = type === 'TABLE DATA';
    this.#ofDatabase = type.startsWith('DATABASE') || name === `DATABASE ${this.#database}`;
    const shown = this.#ofDatabase ? name.replace(this.#database, ':database') : name;
    this.#ofLargeObjects =
      type.startsWith('BLOB') || name.startsWith('LARGE OBJECT') ? [type, owner] : undefined;
    if (this.#ofLargeObjects === undefined)
      this.#open(`${type} ${schema === '-' ? '' : `${schema}.`}${shown} (${owner})`);
    if (HAS_STATE.has(type)) this.#entry.lines.push(...this.#state);
    this.#stateful = this.#entry.lines.length;
  }

  #open(full: string): DumpEntry {
    const nth = (this.#keys.get(full) ?? 0) + 1;
    this.#keys.set(full, nth);
    this.#entry = { key: nth === 1 ? full : `${full} #${nth}`, lines: [] };
    this.#entries.push(this.#entry);
    return this.#entry;
  }

  /** pg_dump puts large objects of the same owner and privileges together, how many depends: here each stands alone. */
  #ofLargeObject(line: string, [type, owner]: readonly [string, string]): void {
    const oid = OF_LARGE_OBJECT.exec(line)?.[1];
    const key = `${type} LARGE OBJECT ${oid} (${owner})`;
    const known = this.#largeObjects.get(key);
    if (known !== undefined) this.#entry = known;
    else if (oid !== undefined) this.#largeObjects.set(key, this.#open(key));
    if (line !== '' && !TRANSACTION.test(line)) this.#entry.lines.push(line);
  }

  #content(line: string): void {
    if (this.#command.length > 0 || (this.#ofRows && line.startsWith('COPY '))) {
      this.#command.push(line);
      if (line.endsWith(' FROM stdin;')) this.#beginRows(this.#command.join('\n'));
      return;
    }
    if (this.#ofLargeObjects !== undefined) {
      this.#ofLargeObject(line, this.#ofLargeObjects);
      return;
    }
    const state = STATE.exec(line);
    const preamble = this.#entries.length === 1;
    if (state !== null) {
      const others = this.#state.filter((set) => !set.startsWith(`SET ${state[1]} `));
      this.#state = [...others, line].sort();
    } else if (line === '' && this.#entry.lines.length === this.#stateful) {
      return;
    } else if (line.startsWith('\\connect ')) {
      this.#entry.lines.push('\\connect :database');
    } else if (
      !(preamble && OF_PREAMBLE.test(line)) &&
      !(this.#ofRows && OF_ROWS.test(line)) &&
      !/^\\(un)?restrict /.test(line)
    ) {
      this.#entry.lines.push(this.#ofDatabase ? this.#withoutName(line) : line);
    }
  }

  #beginRows(copy: string): void {
    this.#command = [];
    this.#copy = copy;
    this.#entry.lines.push(copy);
    if (!this.#rows.has(copy)) this.#rows.set(copy, { count: 0, sum: 0n });
  }

  #withoutName(line: string): string {
    const quoted = `"${this.#database.replaceAll('"', '""')}"`;
    for (const name of [quoted, this.#database]) {
      const at = line.indexOf(`DATABASE ${name}`);
      if (at !== -1) return `${line.slice(0, at)}DATABASE :database${line.slice(at + 9 + name.length)}`;
    }
    return line;
  }

  #row(copy: string, line: string): void {
    const rows = this.#rows.get(copy);
    if (rows === undefined) throw new Error(`no such COPY: ${copy}`);
    rows.count += 1;
    rows.sum = (rows.sum + BigInt(`0x${hash('md5', Buffer.from(line, 'latin1'), 'hex')}`)) % MODULUS;
    this.#onRow?.(copy, line);
  }
}
