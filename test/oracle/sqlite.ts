/** What SQLite says of two databases: everything in which they differ. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';

/** All definitions and rows as statements, and a hash over them. */
const SHELL = ['.dump', '.sha3sum --schema'];

/** State that is no object. */
const PRAGMAS = [
  'page_size',
  'encoding',
  'auto_vacuum',
  'journal_mode',
  'user_version',
  'application_id',
  'integrity_check',
];

/** Differences; empty if there are none and both are whole. Node's SQLite is asked, and the `sqlite3` shell. */
export function compareDatabases(a: string, b: string): string[] {
  const [first, second] = [describe(a), describe(b)];
  const keys = new Set([...first.keys(), ...second.keys()]);
  const differing = [...keys].filter((key) => first.get(key) !== second.get(key));
  const differences = differing.map((key) => `${key}: ${first.get(key)} and ${second.get(key)}`);
  for (const command of SHELL) {
    const [x, y] = [shell(a, command), shell(b, command)];
    if (x !== y) differences.push(`${command}: ${firstDifference(x, y)}`);
  }
  return differences;
}

function describe(path: string): Map<string, string> {
  const database = new DatabaseSync(path);
  try {
    const found = new Map<string, string>();
    for (const name of PRAGMAS) {
      const rows = database.prepare(`PRAGMA ${name}`).all();
      found.set(name, JSON.stringify(rows.map((row) => Object.values(row))));
    }
    const schema = database.prepare('SELECT type, name, tbl_name, sql FROM sqlite_schema').all();
    for (const { type, name, tbl_name, sql } of schema) found.set(`${type} ${name}`, `${tbl_name} ${sql}`);
    const order = schema.filter(({ sql }) => sql !== null).map(({ type, name }) => `${type} ${name}`);
    const [tables, others] = [/^table /, /^(?!table )/].map((kind) => order.filter((key) => kind.test(key)));
    // A restore makes tables before all else; the order within is part of the state that `.dump` shows.
    found.set('order', JSON.stringify([tables, others]));
    const names = schema.filter(({ type, sql }) => type === 'table' && !/^CREATE VIRTUAL/i.test(String(sql)));
    for (const { name } of names) found.set(`rows of ${name}`, rowsOf(database, String(name)));
    return found;
  } finally {
    database.close();
  }
}

/** A hash of every row with its rowid: types, bytes of text, bits of numbers. */
function rowsOf(database: DatabaseSync, table: string): string {
  const columns = database
    .prepare('SELECT name, hidden FROM pragma_table_xinfo(?)')
    .all(table)
    .map(({ name }) => `"${String(name).replaceAll('"', '""')}"`);
  const values = columns.flatMap((name) => [`typeof(${name})`, name, `CAST(${name} AS BLOB)`]);
  const from = `FROM "${table.replaceAll('"', '""')}"`;
  const sql = hasRowid(database, from)
    ? `SELECT rowid, ${values.join(', ')} ${from} ORDER BY rowid`
    : `SELECT ${values.join(', ')} ${from}`;
  const select = database.prepare(sql);
  select.setReadBigInts(true);
  select.setReturnArrays(true);
  const hash = createHash('sha256');
  let rows = 0;
  for (const row of select.iterate() as Iterable<unknown>) {
    for (const value of row as unknown[]) hash.update(bytesOf(value)).update('|');
    rows += 1;
  }
  return `${rows} rows, ${hash.digest('hex').slice(0, 16)}`;
}

function bytesOf(value: unknown): Uint8Array | string {
  if (value instanceof Uint8Array) return value;
  if (typeof value !== 'number') return String(value);
  const bits = Buffer.alloc(8);
  bits.writeDoubleBE(value);
  return bits;
}

function hasRowid(database: DatabaseSync, from: string): boolean {
  try {
    database.prepare(`SELECT rowid ${from}`);
    return true;
  } catch {
    return false;
  }
}

/** What the shell says, also of a database that is too new for it: of both it must be the same. */
function shell(path: string, command: string): string {
  const { error, status, stdout, stderr } = spawnSync('sqlite3', [path, command], {
    maxBuffer: 2 ** 30,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if ((error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT') {
    throw new Error('The sqlite3 shell judges these tests. Install it: apt-get install sqlite3');
  }
  if (error) throw error;
  return [status, stdout.toString('latin1'), stderr.toString('latin1')].join('\n');
}

function firstDifference(a: string, b: string): string {
  const [x, y] = [a.split('\n'), b.split('\n')];
  const at = x.findIndex((line, index) => line !== y[index]);
  return `line ${at + 1}: ${x[at]?.slice(0, 200)} and ${y[at]?.slice(0, 200)}`;
}
