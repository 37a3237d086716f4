/** Foreign keys of tables that stay, to tables that are replaced: they would follow the old ones. */
import { DbimgError } from '../../core/errors.ts';
import { identifier, literal } from './quoting.ts';
import type { Session } from './session.ts';

interface OutsideForeignKey {
  readonly child: readonly [schema: string, table: string];
  readonly parent: readonly [schema: string, table: string];
  readonly name: string;
  readonly columns: string[];
  readonly referenced: string[];
  readonly rules: string;
}

/** Those that point into `finals` from elsewhere. `scratch` says what is being put in the place of each. */
export class OutsideForeignKeys {
  readonly #session: Session;
  readonly #keys: readonly OutsideForeignKey[];

  private constructor(session: Session, keys: readonly OutsideForeignKey[]) {
    this.#session = session;
    this.#keys = keys;
  }

  static async find(
    session: Session,
    finals: readonly string[],
    own: readonly string[],
  ): Promise<OutsideForeignKeys> {
    const list = (names: readonly string[]): string => names.map(literal).join(', ');
    const rows = await session.query(
      `SELECT k.CONSTRAINT_SCHEMA AS \`schema\`, k.TABLE_NAME AS \`table\`, k.CONSTRAINT_NAME AS name, k.COLUMN_NAME AS \`column\`,
              k.REFERENCED_TABLE_SCHEMA AS parent_schema, k.REFERENCED_TABLE_NAME AS parent_table,
              k.REFERENCED_COLUMN_NAME AS referenced, r.UPDATE_RULE AS on_update, r.DELETE_RULE AS on_delete
         FROM information_schema.KEY_COLUMN_USAGE AS k
         JOIN information_schema.REFERENTIAL_CONSTRAINTS AS r
           ON r.CONSTRAINT_SCHEMA = k.CONSTRAINT_SCHEMA AND r.CONSTRAINT_NAME = k.CONSTRAINT_NAME
              AND r.TABLE_NAME = k.TABLE_NAME
        WHERE k.REFERENCED_TABLE_SCHEMA IN (${list(finals)}) AND k.TABLE_SCHEMA NOT IN (${list([...finals, ...own])})
        ORDER BY k.CONSTRAINT_SCHEMA, k.TABLE_NAME, k.CONSTRAINT_NAME, k.ORDINAL_POSITION`,
    );
    const keys = new Map<string, OutsideForeignKey>();
    for (const row of rows) {
      const id = JSON.stringify([row.schema, row.table, row.name]);
      const key = keys.get(id) ?? {
        child: [String(row.schema), String(row.table)],
        parent: [String(row.parent_schema), String(row.parent_table)],
        name: String(row.name),
        columns: [],
        referenced: [],
        rules: `ON UPDATE ${row.on_update} ON DELETE ${row.on_delete}`,
      };
      key.columns.push(String(row.column));
      key.referenced.push(String(row.referenced));
      keys.set(id, key);
    }
    return new OutsideForeignKeys(session, [...keys.values()]);
  }

  /** @throws DbimgError `UNSUPPORTED` if one of them would point to nothing. */
  async assertKept(scratchOf: (schema: string) => string): Promise<void> {
    for (const { child, parent, name, referenced } of this.#keys) {
      const rows = await this.#session.query(
        `SELECT COLUMN_NAME AS name FROM information_schema.COLUMNS
          WHERE TABLE_SCHEMA = ${literal(scratchOf(parent[0]))} AND TABLE_NAME = ${literal(parent[1])}`,
      );
      const columns = new Set(rows.map((row) => String(row.name).toLowerCase()));
      if (referenced.every((column) => columns.has(column.toLowerCase()))) continue;
      throw new DbimgError(
        'UNSUPPORTED',
        `The foreign key ${name} of ${child.join('.')} needs ${parent.join('.')} (${referenced.join(', ')}), which the image does not have.`,
        { object: [...child], hint: 'Drop that foreign key first if it is no longer wanted.' },
      );
    }
  }

  /** Makes them point to what has the name now. Rows are not checked: they are as they were. */
  async repoint(): Promise<void> {
    for (const { child, parent, name, columns, referenced, rules } of this.#keys) {
      const list = (names: readonly string[]): string => names.map(identifier).join(', ');
      const table = child.map(identifier).join('.');
      await this.#session.execute(`ALTER TABLE ${table} DROP FOREIGN KEY ${identifier(name)}`);
      await this.#session.execute(
        `ALTER TABLE ${table} ADD CONSTRAINT ${identifier(name)} FOREIGN KEY (${list(columns)})
           REFERENCES ${parent.map(identifier).join('.')} (${list(referenced)}) ${rules}`,
      );
    }
  }
}
