/**
 * The database that the benches measure on: a shop with an event log, as an application leaves it. The same size gives
 * the same rows, anywhere.
 *
 * One wide table (`event`) holds half of the bytes; narrow tables make the cost of a row count, one of them WITHOUT
 * ROWID and filled across its key; `document` holds bytes that do not compress.
 */
import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { setImmediate as turn } from 'node:timers/promises';
import { Random } from '../../test/random.ts';

type Row = readonly SQLInputValue[];
type Counts = Readonly<Record<string, number>>;

interface Table {
  readonly name: string;
  /** Part of the database's bytes, indexes not counted. */
  readonly share: number;
  /** Bytes of one row in its b-tree, measured. */
  readonly rowBytes: number;
  readonly columns: string;
  /** Row number `i`, from 1. */
  readonly row: (i: number, random: Random, counts: Counts) => Row;
  /** Made after the rows. */
  readonly indexes: readonly string[];
}

const SEED = 20_261_126;
const ROWS_AT_ONCE = 50_000;

/** As many bits of entropy a byte as prose has, roughly. */
const WORDS = Array.from({ length: 4096 }, (_, nth) => {
  const random = new Random(nth);
  return Array.from({ length: random.integer(3, 10) }, () =>
    String.fromCharCode(random.integer(97, 122)),
  ).join('');
});

function words(random: Random, count: number): string {
  return Array.from({ length: count }, () => random.pick(WORDS)).join(' ');
}

/** Moments that mostly grow, as those of a log do. */
function moment(i: number, stepSeconds: number, random: Random): string {
  return new Date(1_672_531_200_000 + i * stepSeconds * 1000 + random.integer(0, 3_600_000)).toISOString();
}

function bytes(seed: string, length: number): Buffer {
  return createHash('shake256', { outputLength: length }).update(seed).digest();
}

function uuid(seed: string): string {
  return bytes(seed, 16)
    .toString('hex')
    .replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

const ACCOUNT: Table = {
  name: 'account',
  share: 0.05,
  rowBytes: 250,
  columns: `id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, email TEXT NOT NULL, created TEXT NOT NULL,
    balance REAL NOT NULL, active INTEGER NOT NULL, profile TEXT NOT NULL`,
  row: (i, random) => [
    ...[i, uuid(`account ${i}`), `${random.pick(WORDS)}${i}@example.org`, moment(i, 40, random)],
    ...[random.integer(0, 100_000_000) / 100, Number(random.chance(0.9))],
    JSON.stringify({ city: random.pick(WORDS), street: words(random, 2), about: words(random, 8) }),
  ],
  indexes: ['CREATE UNIQUE INDEX account_email ON account (lower(email))'],
};

const PURCHASE_LINE: Table = {
  name: 'purchase_line',
  share: 0.1,
  rowBytes: 29,
  columns: `purchase INTEGER NOT NULL, line INTEGER NOT NULL, product INTEGER NOT NULL, quantity INTEGER NOT NULL,
    price REAL NOT NULL, discount REAL, PRIMARY KEY (purchase, line)`,
  row: (i, random) => [
    ...[1 + Math.floor(i / 4), 1 + (i % 4), random.integer(1, 50_000), random.integer(1, 9)],
    ...[random.integer(0, 1_000_000) / 100, random.chance(0.12) ? random.integer(1, 500) / 1000 : null],
  ],
  indexes: ['CREATE INDEX purchase_line_product ON purchase_line (product)'],
};

const METRIC: Table = {
  name: 'metric',
  share: 0.12,
  rowBytes: 33,
  columns: 'series INTEGER, at INTEGER, value REAL NOT NULL, PRIMARY KEY (series, at)',
  row: (i, random) => [
    ...[i % 1000, 1_704_067_200 + Math.floor(i / 1000) * 10],
    Math.round(100e3 + 50e3 * Math.sin(i / 5e3) + random.integer(0, 10_000)) / 1e3,
  ],
  indexes: [],
};

const DOCUMENT: Table = {
  name: 'document',
  share: 0.13,
  rowBytes: 18_500,
  columns: `id INTEGER PRIMARY KEY, account INTEGER NOT NULL, name TEXT NOT NULL, changed TEXT NOT NULL,
    content BLOB NOT NULL`,
  row: (i, random, { account = 1 }) => [
    ...[i, random.integer(1, account), `${words(random, 3)}.pdf`, moment(i, 600, random)],
    bytes(`document ${i}`, random.integer(1000, 34_000)),
  ],
  indexes: ['CREATE INDEX document_account ON document (account)'],
};

const KINDS = ['view', 'search', 'basket', 'pay', 'login', 'logout', 'error'];

const EVENT: Table = {
  name: 'event',
  share: 0.6,
  rowBytes: 325,
  columns: `id INTEGER PRIMARY KEY, at TEXT NOT NULL, account INTEGER, session TEXT NOT NULL, kind TEXT NOT NULL,
    ok INTEGER NOT NULL, amount REAL, seconds REAL NOT NULL, payload TEXT NOT NULL, note TEXT`,
  row: (i, random, { account = 1 }) => [
    ...[
      i,
      moment(i, 1, random),
      random.chance(0.8) ? random.integer(1, account) : null,
      uuid(`session ${i >> 3}`),
    ],
    ...[random.pick(KINDS), Number(random.chance(0.98))],
    ...[
      random.chance(0.3) ? random.integer(0, 10_000_000) / 100 : null,
      random.integer(0, 100_000_000) / 1e6,
    ],
    JSON.stringify({
      path: `/${random.pick(WORDS)}/${random.pick(WORDS)}`,
      ...{ status: 200 + random.integer(0, 4), agent: words(random, 3), ms: random.integer(0, 5000) },
      ...{ cached: random.chance(0.5), price: random.integer(0, 99_999) / 100 },
    }),
    random.chance(0.5) ? words(random, 12) : null,
  ],
  indexes: [
    'CREATE INDEX event_at ON event (at)',
    'CREATE INDEX event_account ON event (account, at) WHERE account IS NOT NULL',
  ],
};

const TABLES: readonly Table[] = [ACCOUNT, PURCHASE_LINE, METRIC, DOCUMENT, EVENT];
const WITHOUT_ROWID: ReadonlySet<Table> = new Set([METRIC]);

export interface BenchDatabase {
  readonly sqlite: string;
  /** Bytes of the file. */
  readonly size: number;
  readonly tables: readonly { readonly name: string; readonly rows: number; readonly bytes: number }[];
}

/** Makes a new database of about `size` bytes of tables, indexes not counted. */
export async function makeBenchDatabase(path: string, size: number): Promise<BenchDatabase> {
  const database = new DatabaseSync(path);
  try {
    database.exec('PRAGMA synchronous = OFF; PRAGMA journal_mode = OFF; PRAGMA cache_size = -262144');
    const counts = Object.fromEntries(
      TABLES.map(({ name, share, rowBytes }) => [name, Math.max(100, Math.round((size * share) / rowBytes))]),
    );
    for (const table of TABLES) await fill(database, table, counts);
    for (const index of TABLES.flatMap(({ indexes }) => indexes)) database.exec(index);
    database.exec('ANALYZE');
    return { ...weigh(database), size: statSync(path).size };
  } finally {
    database.close();
  }
}

async function fill(database: DatabaseSync, table: Table, counts: Counts): Promise<void> {
  const { name, columns, row } = table;
  const suffix = WITHOUT_ROWID.has(table) ? 'WITHOUT ROWID' : '';
  database.exec(`CREATE TABLE ${name} (${columns}) ${suffix}`);
  const random = new Random(SEED);
  const values = Array.from(row(1, new Random(SEED), counts), () => '?').join(', ');
  const insert = database.prepare(`INSERT INTO ${name} VALUES (${values})`);
  const rows = counts[name] ?? 0;
  for (let first = 1; first <= rows; first += ROWS_AT_ONCE) {
    database.exec('BEGIN');
    for (let i = first; i <= Math.min(rows, first + ROWS_AT_ONCE - 1); i += 1)
      insert.run(...row(i, random, counts));
    database.exec('COMMIT');
    await turn();
  }
}

function weigh(database: DatabaseSync): Omit<BenchDatabase, 'size'> {
  const bytes = database.prepare('SELECT sum(pgsize) AS bytes FROM dbstat WHERE name = ?');
  return {
    sqlite: process.versions.sqlite ?? '',
    tables: TABLES.map(({ name }) => ({
      name,
      rows: Number(database.prepare(`SELECT count(*) AS n FROM ${name}`).get()?.n),
      bytes: Number(bytes.get(name)?.bytes),
    })),
  };
}
