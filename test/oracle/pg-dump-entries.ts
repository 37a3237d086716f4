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
const OWN_COMMENT =
  /^-- (PostgreSQL database dump( complete)?|Dumped (from|by) .*|load via partition root .*)?$/;
/** What pg_dump sets once for all tables that follow; here it is written into each of them. */
const STATE = /^SET (default_tablespace|default_table_access_method) = (.*);$/;
const HAS_STATE = new Set(['TABLE', 'FOREIGN TABLE', 'MATERIALIZED VIEW', 'INDEX', 'CONSTRAINT']);
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
  readonly #keys = new Map<string, number>();
  readonly #database: string;
  readonly #onRow: RowListener | undefined;
  #entry: DumpEntry = { key: 'PREAMBLE', lines: [] };
  #ofDatabase = false;
  #state: readonly string[] = [];
  #copy: string | undefined;
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
    return { entries: this.#entries, rows: this.#rows };
  }

  #line(line: string): void {
    if (this.#copy !== undefined) {
      if (line === '\\.') this.#copy = undefined;
      else this.#row(this.#copy, line);
      return;
    }
    const head = HEAD.exec(line);
    const state = STATE.exec(line);
    if (head !== null) this.#begin(head[1] ?? '', head[2] ?? '', head[3] ?? '', head[4] ?? '');
    else if (state !== null) {
      const others = this.#state.filter((set) => !set.startsWith(`SET ${state[1]} `));
      this.#state = [...others, line].sort();
    } else if (line !== '' && line !== '--' && !OWN_COMMENT.test(line) && !/^\\(un)?restrict /.test(line)) {
      this.#content(line);
    }
  }

  #begin(name: string, type: string, schema: string, owner: string): void {
    this.#ofDatabase = type.startsWith('DATABASE') || name === `DATABASE ${this.#database}`;
    const shown = this.#ofDatabase ? name.replace(this.#database, ':database') : name;
    const full = `${type} ${schema === '-' ? '' : `${schema}.`}${shown} (${owner})`;
    const nth = (this.#keys.get(full) ?? 0) + 1;
    this.#keys.set(full, nth);
    this.#entry = { key: nth === 1 ? full : `${full} #${nth}`, lines: [] };
    this.#entries.push(this.#entry);
    if (HAS_STATE.has(type)) this.#entry.lines.push(...this.#state);
  }

  #content(line: string): void {
    if (/^COPY .* FROM stdin;$/.test(line)) {
      this.#copy = line;
      if (!this.#rows.has(line)) this.#rows.set(line, { count: 0, sum: 0n });
    }
    if (line.startsWith('\\connect ')) this.#entry.lines.push('\\connect :database');
    else this.#entry.lines.push(this.#ofDatabase ? this.#withoutName(line) : line);
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
