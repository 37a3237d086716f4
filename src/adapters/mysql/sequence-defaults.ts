/** MariaDB: defaults that take the next value of a sequence hold the name of its schema, and renaming leaves it. */
import { identifier, literal } from './quoting.ts';
import type { Session } from './session.ts';

export class SequenceDefaults {
  readonly #session: Session;
  readonly #statements: string[] = [];

  constructor(session: Session) {
    this.#session = session;
  }

  /** Takes them from the tables in `scratch`, while the sequences are still there. */
  async detach(scratch: string, final: string): Promise<void> {
    const name = identifier(scratch);
    const rows = await this.#session.query(
      `SELECT TABLE_NAME AS \`table\`, COLUMN_NAME AS \`column\`, COLUMN_DEFAULT AS value FROM information_schema.COLUMNS
        WHERE TABLE_SCHEMA = ${literal(scratch)} AND COLUMN_DEFAULT LIKE '%val(%' AND LOCATE(${literal(`${name}.`)}, COLUMN_DEFAULT) > 0`,
    );
    for (const row of rows) {
      const table = identifier(String(row.table));
      const column = identifier(String(row.column));
      await this.#session.execute(`ALTER TABLE ${name}.${table} ALTER COLUMN ${column} DROP DEFAULT`);
      const value = String(row.value).replaceAll(`${name}.`, () => `${identifier(final)}.`);
      this.#statements.push(
        `ALTER TABLE ${identifier(final)}.${table} ALTER COLUMN ${column} SET DEFAULT (${value})`,
      );
    }
  }

  /** Gives them back under the final name. */
  async attach(): Promise<void> {
    for (const statement of this.#statements) await this.#session.execute(statement);
  }
}
