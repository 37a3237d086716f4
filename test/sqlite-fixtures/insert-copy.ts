/** A copy of every ordinary table, made by SQLite row by row: what a restore by statements makes. */
import { DatabaseSync } from 'node:sqlite';
import { quote } from './random-database.ts';

interface Table {
  readonly name: string;
  readonly sql: string;
}

/** Names of the tables that were copied: all but those of virtual tables and of SQLite itself. */
export function copyByInsert(path: string, copy: string): string[] {
  const database = new DatabaseSync(path);
  try {
    const { encoding } = database.prepare('PRAGMA encoding').get() as { encoding: string };
    new DatabaseSync(copy).close();
    const target = new DatabaseSync(copy);
    target.exec(`PRAGMA encoding = '${encoding}'; PRAGMA user_version = 1`);
    const tables = database
      .prepare(`SELECT name, sql FROM sqlite_schema WHERE type = 'table' AND rootpage > 0
        AND name NOT LIKE 'search%' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'`)
      .all() as unknown as Table[];
    for (const { sql } of tables) target.exec(sql);
    target.close();
    database.prepare('ATTACH ? AS copy').run(copy);
    for (const { name } of tables) copyRows(database, name);
    return tables.map(({ name }) => name);
  } finally {
    database.close();
  }
}

function copyRows(database: DatabaseSync, name: string): void {
  const columns = database
    .prepare('SELECT name, hidden, pk FROM pragma_table_xinfo(?)')
    .all(name) as unknown as {
    name: string;
    hidden: number;
  }[];
  const { wr } = database
    .prepare(`SELECT wr FROM pragma_table_list WHERE schema = 'main' AND name = ?`)
    .get(name) as {
    wr: number;
  };
  const given = columns.filter(({ hidden }) => hidden === 0).map((column) => quote(column.name));
  const targets = [...(wr === 1 ? [] : ['rowid']), ...given].join(', ');
  database.exec(`INSERT INTO copy.${quote(name)} (${targets}) SELECT ${targets} FROM main.${quote(name)}`);
}
