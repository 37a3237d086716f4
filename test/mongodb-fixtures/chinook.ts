/**
 * The sample music shop as documents: the same as its published JSON form, made from the SQLite form in
 * `examples/chinook`, with the table's key as `_id`.
 */
import { readFile } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import type { Db } from 'mongodb';

const SCRIPT = new URL('../../examples/chinook/Chinook_Sqlite.sql', import.meta.url);

export interface ChinookDocument {
  _id: number | { [key: string]: number };
  [field: string]: unknown;
}

/** Collections and their documents. */
export async function chinookDocuments(): Promise<ReadonlyMap<string, readonly ChinookDocument[]>> {
  using shop = new DatabaseSync(':memory:');
  shop.exec(await readFile(SCRIPT, 'utf8'));
  const names = shop.prepare(`SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name`).all();
  return new Map(names.map(({ name }) => [String(name), rowsOf(shop, String(name))]));
}

function rowsOf(shop: DatabaseSync, table: string): ChinookDocument[] {
  const columns = shop.prepare('SELECT name, type, pk FROM pragma_table_info(?)').all(table);
  const keys = columns.filter(({ pk }) => Number(pk) > 0).map(({ name }) => String(name));
  return shop
    .prepare(`SELECT * FROM "${table}"`)
    .all()
    .map((row) => {
      const fields = columns.map(
        ({ name, type }) => [name, fieldOf(row[String(name)], String(type))] as const,
      );
      const id = Object.fromEntries(keys.map((key) => [key, Number(row[key])]));
      const [only] = Object.values(id);
      return { _id: keys.length === 1 && only !== undefined ? only : id, ...Object.fromEntries(fields) };
    });
}

/** The published JSON has dates as ISO 8601. */
function fieldOf(value: unknown, type: string): unknown {
  return type === 'DATETIME' && value !== null ? new Date(`${String(value).replace(' ', 'T')}Z`) : value;
}

/** Fills the database and makes the indexes that its SQL forms have. */
export async function createChinook(database: Db): Promise<void> {
  for (const [name, documents] of await chinookDocuments()) {
    await database.collection<ChinookDocument>(name).insertMany([...documents]);
    const references = Object.keys(documents[0] ?? {}).filter(
      (field) => /Id$/.test(field) && field !== `${name}Id`,
    );
    for (const field of references) await database.collection(name).createIndex({ [field]: 1 });
  }
}
