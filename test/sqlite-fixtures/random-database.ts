/** Databases of every shape that the file format has: by a seed, through SQLite itself. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { SqliteRandom } from './random.ts';

type Bound = null | number | bigint | string | Uint8Array;

const PAGE_SIZES = [512, 1024, 2048, 4096, 8192, 16384, 32768, 65536];
const ENCODINGS = ['UTF-8', 'UTF-16le', 'UTF-16be'];
const TYPES = ['INTEGER', 'TEXT', 'BLOB', 'REAL', 'NUMERIC', '', 'VARCHAR(20)', 'DOUBLE', 'BOOLEAN', 'ANY'];
const ODD_NAMES = ['select', 'with "quotes"', "l'étoile", 'ta ble', '表', '', 'semi;colon', '%_', 'UPPER'];
/** How a value gets in: text that is no text of the encoding, and text without affinity, by way of bytes. */
const AS_TEXT = 'CAST(? AS TEXT)';

interface Setting {
  readonly pageSize: number;
  readonly encoding: string;
  readonly autoVacuum: number;
  readonly journal: string;
  /** Bytes at the end of every page that are left to extensions. */
  readonly reserved: number;
}

export interface Made extends Setting {
  /** Times that SQLite damaged the database itself, so that another was made. */
  readonly spoilt: number;
}

/** Fills a file that is not there yet, and closes it. */
export function makeRandomDatabase(path: string, seed: number): Made {
  for (let spoilt = 0; ; spoilt += 1) {
    try {
      return { ...makeOnce(path, seed + spoilt * 2 ** 24), spoilt };
    } catch (error) {
      // Of seed 10404 SQLite 3.53.4 makes a malformed tree: auto_vacuum, pages of 512 bytes, long keys, OR REPLACE.
      if (spoilt === 3 || !/malformed/.test(String(error))) throw error;
      for (const ending of ['', '-wal', '-shm', '-journal']) rmSync(`${path}${ending}`, { force: true });
    }
  }
}

function makeOnce(path: string, seed: number): Setting {
  const random = new SqliteRandom(seed);
  const made = {
    pageSize: random.pick(PAGE_SIZES),
    encoding: random.pick(ENCODINGS),
    autoVacuum: random.integer(0, 2),
    journal: random.pick(['wal', 'delete', 'truncate']),
    reserved: random.chance(0.2) ? random.pick([1, 8, 32]) : 0,
  };
  if (made.reserved > 0) reserve(path, made);
  const database = new DatabaseSync(path);
  try {
    database.exec(`PRAGMA page_size = ${made.pageSize}; PRAGMA encoding = '${made.encoding}';
      PRAGMA auto_vacuum = ${made.autoVacuum}; PRAGMA journal_mode = ${made.journal}; PRAGMA synchronous = OFF;
      PRAGMA user_version = ${random.integer(-1000, 1000)}; PRAGMA application_id = ${random.integer(0, 2 ** 31 - 1)}`);
    for (let table = random.integer(1, 6); table > 0; table -= 1) makeTable(database, random, made, table);
    if (random.chance(0.3)) {
      database.exec(`CREATE VIRTUAL TABLE search USING fts5(body);
        WITH RECURSIVE n(value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM n WHERE value < 50)
        INSERT INTO search SELECT 'words of row ' || value FROM n`);
    }
    if (random.chance(0.3)) database.exec('ANALYZE');
    return made;
  } finally {
    database.close();
  }
}

/** SQLite keeps to what the header of a database without tables says. */
function reserve(path: string, { pageSize, encoding, autoVacuum, reserved }: Setting): void {
  const database = new DatabaseSync(path);
  database.exec(`PRAGMA page_size = ${pageSize}; PRAGMA encoding = '${encoding}';
    PRAGMA auto_vacuum = ${autoVacuum}; PRAGMA user_version = 1`);
  database.close();
  const bytes = readFileSync(path);
  bytes[20] = reserved;
  // Where the cells of the first page begin: at its end, of which 65536 is written as 0.
  bytes.writeUInt16BE(pageSize - reserved, 105);
  writeFileSync(path, bytes);
}

interface Shape {
  readonly name: string;
  readonly columns: number;
  readonly withoutRowid: boolean;
}

function makeTable(database: DatabaseSync, random: SqliteRandom, made: Setting, number: number): void {
  const name = `${random.pick(ODD_NAMES)}${number}`;
  const columns = random.chance(0.1) ? random.integer(120, 300) : random.integer(1, 8);
  const withoutRowid = random.chance(0.35);
  const table: Shape = { name, columns, withoutRowid };
  const declared = Array.from({ length: columns }, (_, at) => `c${at} ${random.pick(TYPES)}`);
  const key = withoutRowid
    ? [`PRIMARY KEY (${keyOf(random, columns).join(', ')})`]
    : random.chance(0.4)
      ? [`id INTEGER PRIMARY KEY ${random.chance(0.3) ? 'AUTOINCREMENT' : ''}`]
      : [];
  const generated = random.chance(0.2) ? ['g1 AS (c0) VIRTUAL', 'g2 AS (length(c0)) STORED'] : [];
  // Columns come before constraints.
  const parts = withoutRowid ? [...declared, ...generated, ...key] : [...key, ...declared, ...generated];
  database.exec(`CREATE TABLE ${quote(name)} (${parts.join(', ')}) ${withoutRowid ? 'WITHOUT ROWID' : ''}`);
  const rows = random.pick([0, 1, 3, 50, 500, columns > 100 ? 200 : 3000]);
  fill(database, random, made, table, rows);
  if (random.chance(0.4)) addColumns(database, random, made, table);
  if (random.chance(0.4)) disturb(database, random, made, table);
}

/** Some columns, some of them descending, not in their order. */
function keyOf(random: SqliteRandom, columns: number): string[] {
  const count = random.integer(1, Math.min(3, columns));
  const chosen = new Set(Array.from({ length: count }, () => random.integer(0, columns - 1)));
  return [...chosen].map((at) => {
    return `c${at}${random.chance(0.2) ? ' COLLATE NOCASE' : ''}${random.chance(0.3) ? ' DESC' : ''}`;
  });
}

function fill(database: DatabaseSync, random: SqliteRandom, made: Setting, table: Shape, rows: number): void {
  const names = Array.from({ length: table.columns }, (_, at) => `c${at}`);
  const rowid = !table.withoutRowid && random.chance(0.5);
  database.exec('BEGIN');
  const statements = new Map<string, ReturnType<DatabaseSync['prepare']>>();
  for (let row = 0; row < rows; row += 1) {
    const values = names.map(() => randomValue(random, made));
    const targets = rowid ? ['rowid', ...names] : names;
    const places = values.map((value) => (value.asText ? AS_TEXT : '?'));
    const sql = `INSERT OR REPLACE INTO ${quote(table.name)} (${targets.join(', ')})
      VALUES (${[...(rowid ? ['?'] : []), ...places].join(', ')})`;
    if (statements.size > 200) statements.clear();
    const statement = statements.get(sql) ?? database.prepare(sql);
    statements.set(sql, statement);
    const bound = values.map(({ value }) => value);
    try {
      statement.run(...(rowid ? [random.rowid(), ...bound] : bound));
    } catch (error) {
      // A key that must not be NULL, or a value that a strict type refuses.
      if (!/constraint|mismatch/i.test(String(error))) throw error;
    }
  }
  database.exec('COMMIT');
}

/** Rows that are there already do not get the new columns written into them. */
function addColumns(database: DatabaseSync, random: SqliteRandom, made: Setting, table: Shape): void {
  const defaults = [
    '',
    'DEFAULT NULL',
    "DEFAULT 'é text'",
    'DEFAULT 42',
    'DEFAULT -1.5',
    "DEFAULT x'00ff'",
    'DEFAULT 0',
  ];
  for (let nth = random.integer(1, 3); nth > 0; nth -= 1) {
    const type = random.pick(TYPES);
    database.exec(`ALTER TABLE ${quote(table.name)} ADD COLUMN added${nth} ${type} ${random.pick(defaults)}`);
  }
  fill(database, random, made, table, random.integer(0, 20));
}

/** Leaves free pages and half-empty leaves. */
function disturb(database: DatabaseSync, random: SqliteRandom, made: Setting, table: Shape): void {
  const remainder = random.integer(0, 2);
  const number = table.withoutRowid ? 'length(c0)' : 'rowid';
  database.exec(`DELETE FROM ${quote(table.name)} WHERE ${number} % 3 = ${remainder}`);
  fill(database, random, made, table, random.integer(0, 200));
}

interface Chosen {
  readonly value: Bound;
  /** Bytes that are to be text. */
  readonly asText: boolean;
}

function randomValue(random: SqliteRandom, made: Setting): Chosen {
  const plain = (value: Bound): Chosen => ({ value, asText: false });
  switch (random.integer(0, 9)) {
    case 0:
      return plain(null);
    case 1:
      return plain(random.rowid());
    case 2:
      return plain(BigInt(random.integer(-1, 2)));
    case 3:
      return plain(
        random.pick([
          0.5,
          -0,
          5,
          1e300,
          -2.5e-310,
          2 ** 47,
          -(2 ** 47) - 1,
          2 ** 53,
          Infinity,
          random.next(),
        ]),
      );
    case 4:
      return plain(random.bytes(lengthOf(random, made)));
    case 5:
      return { value: random.bytes(random.integer(0, 10) * 2), asText: true };
    default:
      return plain(
        random.pick(['', 'a', 'Ä', '𝄞', '12', ' 3.0', 'text ']).repeat(lengthOf(random, made) >> 3),
      );
  }
}

/** Mostly short, sometimes beyond what a page holds, by one byte or by many pages. */
function lengthOf(random: SqliteRandom, made: Setting): number {
  if (random.chance(0.85)) return random.integer(0, 40);
  if (random.chance(0.7)) return Math.min(6000, made.pageSize) - random.integer(0, 50);
  return random.integer(0, 20_000);
}

export function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
