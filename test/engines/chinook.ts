/** The music shop in PostgreSQL and in SQLite, from the scripts of `examples/chinook`. */
import { readFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { query } from './postgres.ts';

const FOLDER = new URL('../../examples/chinook/', import.meta.url);

/** Fills an empty database. */
export async function loadChinook(url: string): Promise<void> {
  const script = readFileSync(new URL('Chinook_PostgreSql.sql', FOLDER), 'utf8');
  // Statements that choose or make a database are for psql.
  await query(url, script.replace(/^(?:\\c|DROP DATABASE|CREATE DATABASE)[^\n]*$/gm, ''));
}

/** Makes the file. */
export function makeChinook(path: string): void {
  const database = new DatabaseSync(path);
  database.exec('PRAGMA synchronous = OFF; BEGIN');
  database.exec(readFileSync(new URL('Chinook_Sqlite.sql', FOLDER), 'utf8'));
  database.exec('COMMIT');
  database.close();
}
