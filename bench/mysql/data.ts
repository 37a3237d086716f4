/**
 * The database that the benches measure on: a shop with an event log. The same size gives the same rows. `event` holds
 * most of the bytes and two secondary indexes; `item` is narrow, so that the cost of a row counts.
 */
import { mysqlQuery, withMysql } from '../../test/engines/mysql.ts';

/** Without secondary keys, which the bare load builds after the rows as a restore does. */
export const TABLES: { readonly [name: string]: { readonly columns: string; readonly keys?: string } } = {
  event: {
    columns: `id bigint NOT NULL, happened datetime(6) NOT NULL, kind varchar(20) NOT NULL, customer int NOT NULL,
      amount decimal(12,4), weight double, token varbinary(16) NOT NULL, payload text NOT NULL, PRIMARY KEY (id)`,
    keys: 'ADD KEY by_customer (customer, happened), ADD KEY by_kind (kind)',
  },
  item: {
    columns:
      'id int NOT NULL, event bigint NOT NULL, product int NOT NULL, quantity smallint NOT NULL, PRIMARY KEY (id)',
  },
};

const EVENT_BYTES = 260;
const ITEM_BYTES = 25;
/** Rows of one statement. */
const STEP = 20_000;

const ROWS: { readonly [name: string]: string } = {
  event: `i, '2026-01-01' + INTERVAL i * 1013 MICROSECOND, ELT(1 + i % 7, 'view', 'click', 'order', 'pay', 'return', 'login', 'logout'),
    CRC32(i) % 50000, (CRC32(i + 7) % 1000000) / 100, CRC32(i) / 3, UNHEX(LEFT(SHA2(i, 256), 32)),
    CONCAT('{"path":"/shop/', CRC32(i) % 9999, '","agent":"Mozilla/5.0 (X11; Linux x86_64)","session":"', SHA2(i DIV 9, 224), '","tags":["a","b"]}')`,
  item: 'i, CRC32(i), CRC32(i + 1) % 3000, 1 + i % 9',
};

export interface BenchDatabase {
  readonly tables: readonly { readonly name: string; readonly rows: number; readonly bytes: number }[];
}

/** Fills an empty database with about `bytes` of rows. */
export async function makeBenchDatabase(url: string, bytes: number): Promise<BenchDatabase> {
  const counts: { readonly [name: string]: number } = {
    event: Math.round((bytes * 0.85) / EVENT_BYTES),
    item: Math.round((bytes * 0.15) / ITEM_BYTES),
  };
  await withMysql(url, async (session) => {
    const most = 'cte_max_recursion_depth = 100000, unique_checks = 0';
    await session
      .query(`SET ${most}`)
      .catch(() =>
        session.query(`SET ${most.replace('cte_max_recursion_depth', 'max_recursive_iterations')}`),
      );
    for (const [name, { columns, keys }] of Object.entries(TABLES)) {
      await session.query(`CREATE TABLE ${name} (${columns}) ENGINE = InnoDB DEFAULT CHARSET utf8mb4`);
      for (let first = 1; first <= (counts[name] ?? 0); first += STEP) {
        const last = Math.min(first + STEP - 1, counts[name] ?? 0);
        const numbers = `WITH RECURSIVE n (i) AS (SELECT ${first} UNION ALL SELECT i + 1 FROM n WHERE i < ${last})`;
        await session.query(`INSERT INTO ${name} ${numbers} SELECT ${ROWS[name]} FROM n`);
      }
      if (keys !== undefined) await session.query(`ALTER TABLE ${name} ${keys}`);
    }
  });
  await mysqlQuery(url, `ANALYZE TABLE ${Object.keys(TABLES).join(', ')}`);
  const rows = await mysqlQuery(
    url,
    'SELECT TABLE_NAME AS name, DATA_LENGTH AS bytes FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()',
  );
  return {
    tables: rows.map(({ name, bytes: size }) => ({
      name: String(name),
      rows: counts[String(name)] ?? 0,
      bytes: Number(size),
    })),
  };
}
