/**
 * The database that the benches measure on: a shop with an event log. Everything is computed from row numbers by the
 * server itself, so the same size gives the same rows, anywhere.
 *
 * One wide table (`event`) holds over half of the bytes, so that a tool with one worker for each table cannot hide it;
 * narrow tables make the cost of a row count; `document` holds bytes that do not compress.
 */
import { query } from '../../test/engines/postgres.ts';

/** Words for text columns: as many bits of entropy a byte as prose has, roughly. */
const WORDS = 4096;
const WORD_BYTES = 8;

interface Table {
  readonly name: string;
  /** Part of the database's bytes, indexes not counted. */
  readonly share: number;
  /** Bytes of one row in heap and TOAST, measured. */
  readonly rowBytes: number;
  readonly columns: string;
  /** What is selected for row number `i`; `accounts`, `products` and `purchases` are the row counts of those tables. */
  readonly values: (rows: RowCounts) => string;
  /** Rows that belong together, such as the lines of one purchase, are made in one go. */
  readonly rowsEach?: number;
  /** Created after the rows, as a restore does. */
  readonly keys: readonly string[];
}

interface RowCounts {
  readonly [table: string]: number;
}

/** A number below `limit`, given by row and `seed`. */
function below(limit: number, seed: number): string {
  return `(make.hash(i, ${seed}) % ${limit})`;
}

function words(count: number, seed: number): string {
  return Array.from({ length: count }, (_, word) => `make.word(make.hash(i, ${seed + word}))`).join(
    " || ' ' || ",
  );
}

/** Moments that mostly grow, as those of a log do. */
function moment(stepSeconds: number, seed: number): string {
  const milliseconds = `(i * ${stepSeconds}000 + ${below(3_600_000, seed)})`;
  return `timestamptz '2023-01-01 00:00:00Z' + ${milliseconds} * interval '1 millisecond'`;
}

function uuid(seed: number): string {
  return `md5(i::text || ':${seed}')::uuid`;
}

const ACCOUNT: Table = {
  name: 'account',
  share: 0.04,
  rowBytes: 264,
  columns: `id int NOT NULL, key uuid NOT NULL, email text NOT NULL, name text NOT NULL, created timestamptz NOT NULL,
    balance numeric(14,2) NOT NULL, active boolean NOT NULL, score double precision, profile jsonb NOT NULL`,
  values: () => `i, ${uuid(1)}, lower(${words(1, 2)}) || i || '@example.org', initcap(${words(2, 4)}),
    ${moment(40, 6)}, ${below(100_000_000, 7)} / 100.0, ${below(10, 8)} > 0,
    CASE WHEN ${below(4, 9)} > 0 THEN ${below(1_000_000, 10)} / 997.0 END,
    jsonb_build_object('city', ${words(1, 11)}, 'street', ${words(2, 12)}, 'zip', ${below(99_999, 14)},
      'newsletter', ${below(2, 15)} = 0, 'about', ${words(6, 16)})`,
  keys: [
    'ALTER TABLE account ADD PRIMARY KEY (id)',
    'ALTER TABLE account ADD UNIQUE (key)',
    'CREATE UNIQUE INDEX account_email ON account (lower(email))',
  ],
};

const PRODUCT: Table = {
  name: 'product',
  share: 0.01,
  rowBytes: 540,
  columns: `id int NOT NULL, sku text NOT NULL, title text NOT NULL, description text, price numeric(10,2) NOT NULL,
    weight real NOT NULL, tags text[] NOT NULL`,
  values: () => `i, 'SKU-' || i, ${words(4, 1)}, ${words(60, 10)}, ${below(1_000_000, 5)} / 100.0,
    ${below(100_000, 6)} / 1000.0, ARRAY[${words(1, 7)}, ${words(1, 8)}, ${words(1, 9)}]`,
  keys: ['ALTER TABLE product ADD PRIMARY KEY (id)', 'ALTER TABLE product ADD UNIQUE (sku)'],
};

const PURCHASE: Table = {
  name: 'purchase',
  share: 0.05,
  rowBytes: 72.5,
  columns: `id bigint NOT NULL, account int NOT NULL, placed timestamptz NOT NULL, total numeric(12,2) NOT NULL,
    status text NOT NULL, paid boolean NOT NULL`,
  values: ({ account }) => `i, 1 + ${below(account ?? 1, 1)}, ${moment(9, 2)}, ${below(1_000_000, 3)} / 100.0,
    (ARRAY['open', 'packed', 'sent', 'delivered', 'returned'])[1 + ${below(5, 4)}], ${below(20, 5)} > 0`,
  keys: [
    'ALTER TABLE purchase ADD PRIMARY KEY (id)',
    'CREATE INDEX purchase_account ON purchase (account, placed)',
    "CREATE INDEX purchase_open ON purchase (placed) WHERE status = 'open'",
    'ALTER TABLE purchase ADD FOREIGN KEY (account) REFERENCES account',
  ],
};

const PURCHASE_LINE: Table = {
  name: 'purchase_line',
  share: 0.1,
  rowBytes: 60,
  columns: `purchase bigint NOT NULL, line smallint NOT NULL, product int NOT NULL, quantity int NOT NULL,
    price numeric(10,2) NOT NULL, discount numeric(4,3)`,
  values: ({
    product,
    purchase,
  }) => `1 + i % ${purchase ?? 1}, 1 + i / ${purchase ?? 1}, 1 + ${below(product ?? 1, 1)},
    1 + ${below(9, 2)}, ${below(1_000_000, 3)} / 100.0,
    CASE WHEN ${below(8, 4)} = 0 THEN ${below(500, 5)} / 1000.0 END`,
  keys: [
    'ALTER TABLE purchase_line ADD PRIMARY KEY (purchase, line)',
    'CREATE INDEX purchase_line_product ON purchase_line (product)',
    'ALTER TABLE purchase_line ADD FOREIGN KEY (purchase) REFERENCES purchase',
    'ALTER TABLE purchase_line ADD FOREIGN KEY (product) REFERENCES product',
  ],
};

const METRIC: Table = {
  name: 'metric',
  share: 0.14,
  rowBytes: 52,
  columns: 'series int NOT NULL, at timestamptz NOT NULL, value double precision NOT NULL',
  values: () => `i % 1000, timestamptz '2024-01-01 00:00:00Z' + i / 1000 * interval '10 seconds',
    round(100e3 + 50e3 * sin(i / 5e3) + ${below(10_000, 1)}) / 1e3`,
  keys: ['ALTER TABLE metric ADD PRIMARY KEY (series, at)'],
};

const DOCUMENT: Table = {
  name: 'document',
  share: 0.1,
  rowBytes: 18_500,
  columns: `id int NOT NULL, account int NOT NULL, name text NOT NULL, changed timestamptz NOT NULL,
    content bytea NOT NULL`,
  values: ({ account }) => `i, 1 + ${below(account ?? 1, 1)}, ${words(3, 2)} || '.pdf', ${moment(600, 5)},
    (SELECT string_agg(sha512(int8send(i * 1000 + part)), '') FROM generate_series(0, 16 + ${below(512, 6)}) AS part)`,
  keys: [
    'ALTER TABLE document ADD PRIMARY KEY (id)',
    'CREATE INDEX document_account ON document (account)',
    'ALTER TABLE document ADD FOREIGN KEY (account) REFERENCES account',
  ],
};

const EVENT: Table = {
  name: 'event',
  share: 0.56,
  rowBytes: 376,
  columns: `id bigint NOT NULL, at timestamptz NOT NULL, account int, session uuid NOT NULL, kind text NOT NULL,
    ok boolean NOT NULL, amount numeric(12,2), seconds double precision NOT NULL, payload jsonb NOT NULL, note text`,
  values: ({
    account,
  }) => `i, ${moment(1, 1)}, CASE WHEN ${below(5, 2)} > 0 THEN 1 + ${below(account ?? 1, 3)} END,
    ${uuid(4)}, (ARRAY['view', 'search', 'basket', 'pay', 'login', 'logout', 'error'])[1 + ${below(7, 5)}],
    ${below(50, 6)} > 0, CASE WHEN ${below(3, 7)} = 0 THEN ${below(10_000_000, 8)} / 100.0 END,
    ${below(100_000_000, 9)} / 1e6,
    -- Three times as fast as jsonb_build_object.
    ('{"path": "/' || ${words(1, 10)} || '/' || ${words(1, 11)} || '", "status": ' || 200 + ${below(5, 12)} ||
      ', "agent": "' || ${words(3, 13)} || '", "ms": ' || ${below(5000, 16)} || ', "address": "' || md5((i / 7)::text) ||
      '", "cached": ' || (${below(2, 17)} = 0) || ', "price": ' || ${below(99_999, 20)} / 100.0 ||
      ', "sizes": [' || ${below(90_000, 18)} || ', ' || ${below(90_000, 19)} || ']}')::jsonb,
    CASE WHEN ${below(2, 21)} = 0 THEN ${words(12, 30)} END`,
  keys: [
    'ALTER TABLE event ADD PRIMARY KEY (id)',
    'CREATE INDEX event_at ON event (at)',
    'CREATE INDEX event_account ON event (account, at) WHERE account IS NOT NULL',
    'CREATE INDEX event_session ON event (session)',
    'ALTER TABLE event ADD FOREIGN KEY (account) REFERENCES account',
  ],
};

/** Those that others refer to come first. */
const TABLES: readonly Table[] = [ACCOUNT, PRODUCT, PURCHASE, PURCHASE_LINE, METRIC, DOCUMENT, EVENT];

/** What was made, and what it weighs. */
export interface BenchDatabase {
  /** Tables with their TOAST, indexes not counted. */
  readonly tableBytes: number;
  readonly indexBytes: number;
  readonly tables: readonly { readonly name: string; readonly rows: number; readonly bytes: number }[];
}

/**
 * Fills the empty database behind `url` with about `bytes` of tables, indexes not counted; then indexes, constraints
 * and a VACUUM that freezes, so that the first dump is no slower than the second.
 */
export async function makeBenchDatabase(url: string, bytes: number): Promise<BenchDatabase> {
  const rows = Object.fromEntries(
    TABLES.map((table) => [table.name, Math.max(100, Math.round((bytes * table.share) / table.rowBytes))]),
  );
  await query(url, makers());
  for (const { name, columns } of TABLES) await query(url, `CREATE TABLE ${name} (${columns})`);
  // The one large table beside all others: two sessions, as many as the small machines have cores.
  await Promise.all([fill(url, EVENT, rows), fillAll(url, TABLES.slice(0, -1), rows)]);
  await query(url, 'DROP SCHEMA make CASCADE');
  for (const table of TABLES) {
    for (const key of table.keys) await query(url, `SET maintenance_work_mem = '256MB'; ${key}`);
  }
  await query(url, 'VACUUM (FREEZE, ANALYZE)');
  return await weigh(url);
}

/** Functions of row numbers, in a schema that is dropped when the rows exist. */
function makers(): string {
  // substr of bytes reaches any word at once (of text it would count from the start), and encode is its quickest way to text.
  return `CREATE SCHEMA make;
    CREATE FUNCTION make.hash(i bigint, seed bigint) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE
      RETURN hashint8extended(i, seed) & 9223372036854775807;
    CREATE FUNCTION make.word(number bigint) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
      RETURN rtrim(encode(
        substr('\\x${dictionary().toString('hex')}'::bytea, 1 + ${WORD_BYTES} * (number % ${WORDS})::int, ${WORD_BYTES}),
        'escape'));`;
}

/** Words of equal width, padded with spaces. */
function dictionary(): Buffer {
  const all = Buffer.alloc(WORDS * WORD_BYTES, ' ');
  for (let word = 0; word < WORDS; word++) {
    let number = Math.imul(word + 1, 0x9e3779b1) >>> 0;
    let text = '';
    for (let syllable = 0; syllable <= word % 4 || text.length < 2; syllable++) {
      text += 'bdfghklmnprstvwz'[number & 15] ?? '';
      text += 'aeiou'[(number >>> 4) % 5] ?? '';
      number = Math.imul(number, 0x85ebca6b) >>> 0;
      number ^= number >>> 13;
    }
    all.write(text, word * WORD_BYTES, WORD_BYTES, 'latin1');
  }
  return all;
}

async function fillAll(url: string, tables: readonly Table[], rows: RowCounts): Promise<void> {
  for (const table of tables) await fill(url, table, rows);
}

async function fill(url: string, table: Table, rows: RowCounts): Promise<void> {
  const count = rows[table.name] ?? 0;
  const insert = `INSERT INTO ${table.name} SELECT ${table.values(rows)} FROM generate_series(1::bigint, ${count}) AS i`;
  await query(url, `SET synchronous_commit = off; ${insert}`);
}

async function weigh(url: string): Promise<BenchDatabase> {
  const found = await query<{ name: string; rows: string; bytes: string; indexes: string }>(
    url,
    `SELECT relname AS name, reltuples::bigint AS rows, pg_table_size(oid) AS bytes, pg_indexes_size(oid) AS indexes
     FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY pg_table_size(oid) DESC`,
  );
  const tables = found.map(({ name, rows, bytes }) => ({ name, rows: Number(rows), bytes: Number(bytes) }));
  return {
    tables,
    tableBytes: tables.reduce((sum, table) => sum + table.bytes, 0),
    indexBytes: found.reduce((sum, { indexes }) => sum + Number(indexes), 0),
  };
}
