/** Tables in words that every engine understands. */
import type { ObjectName, Omission } from '../../../core/adapter.ts';
import type {
  ForeignKey,
  PortableDefault,
  ReferentialAction,
  Relation,
  RelationColumn,
  RelationIndex,
  RelationKey,
} from '../../../core/relation.ts';
import { parseColumnType, valueKindOf } from '../column-type.ts';
import type { ServerFacts } from '../facts.ts';
import { literal } from '../quoting.ts';
import type { Row, Session } from '../session.ts';

export interface DescribedTable {
  readonly relation: Relation;
  readonly beyond: readonly Omission[];
}

/** All tables of a database, by name. */
export async function describeTables(
  session: Session,
  facts: ServerFacts,
  database: string,
  single: boolean,
): Promise<Map<string, DescribedTable>> {
  const where = `TABLE_SCHEMA = ${literal(database)}`;
  const doing = { what: `The tables of ${database} could not be described` };
  const generated =
    facts.product === 'MariaDB' ? "IS_GENERATED <> 'NEVER'" : "COALESCE(GENERATION_EXPRESSION, '') <> ''";
  const columns = await session.query(
    `SELECT TABLE_NAME AS \`table\`, COLUMN_NAME AS name, COLUMN_TYPE AS type, CHARACTER_SET_NAME AS charset,
            IS_NULLABLE AS nullable, COLUMN_DEFAULT AS value, EXTRA AS extra, COLUMN_COMMENT AS comment, ${generated} AS computed
       FROM information_schema.COLUMNS WHERE ${where} ORDER BY TABLE_NAME, ORDINAL_POSITION`,
    doing,
  );
  const expression = facts.product === 'MySQL' ? 'EXPRESSION IS NOT NULL' : '0';
  const keys = await session.query(
    `SELECT TABLE_NAME AS \`table\`, INDEX_NAME AS \`index\`, COLUMN_NAME AS name, NON_UNIQUE AS many, COLLATION = 'D' AS descending,
            SUB_PART IS NOT NULL OR INDEX_TYPE NOT IN ('BTREE', 'HASH') OR ${expression} AS special
       FROM information_schema.STATISTICS WHERE ${where} ORDER BY TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX`,
    doing,
  );
  const foreign = await session.query(
    `SELECT k.TABLE_NAME AS \`table\`, k.CONSTRAINT_NAME AS \`index\`, k.COLUMN_NAME AS name, k.REFERENCED_TABLE_SCHEMA AS \`schema\`,
            k.REFERENCED_TABLE_NAME AS parent, k.REFERENCED_COLUMN_NAME AS referenced, r.UPDATE_RULE AS on_update, r.DELETE_RULE AS on_delete
       FROM information_schema.KEY_COLUMN_USAGE AS k JOIN information_schema.REFERENTIAL_CONSTRAINTS AS r
         ON r.CONSTRAINT_SCHEMA = k.CONSTRAINT_SCHEMA AND r.CONSTRAINT_NAME = k.CONSTRAINT_NAME AND r.TABLE_NAME = k.TABLE_NAME
      WHERE k.TABLE_SCHEMA = ${literal(database)} AND k.REFERENCED_TABLE_NAME IS NOT NULL
      ORDER BY k.TABLE_NAME, k.CONSTRAINT_NAME, k.ORDINAL_POSITION`,
    doing,
  );
  const checks = await session.query(
    `SELECT TABLE_NAME AS \`table\`, CONSTRAINT_NAME AS name FROM information_schema.TABLE_CONSTRAINTS
      WHERE TABLE_SCHEMA = ${literal(database)} AND CONSTRAINT_TYPE = 'CHECK' ORDER BY 1, 2`,
    doing,
  );
  const group = (rows: readonly Row[]): Map<string, Row[]> => Map.groupBy(rows, (row) => String(row.table));
  const [byKey, byForeign, byCheck] = [group(keys), group(foreign), group(checks)];
  const described = new Map<string, DescribedTable>();
  for (const [table, own] of group(columns)) {
    const describer = new TableDescriber(
      [database, table],
      single ? undefined : database,
      facts.product === 'MariaDB',
    );
    const parts = {
      keys: byKey.get(table) ?? [],
      foreign: byForeign.get(table) ?? [],
      checks: byCheck.get(table) ?? [],
    };
    described.set(table, describer.describe(own, parts));
  }
  return described;
}

interface TableParts {
  readonly keys: readonly Row[];
  readonly foreign: readonly Row[];
  readonly checks: readonly Row[];
}

class TableDescriber {
  readonly #object: ObjectName;
  readonly #schema: string | undefined;
  readonly #mariadb: boolean;
  readonly #beyond: Omission[] = [];

  constructor(object: ObjectName, schema: string | undefined, mariadb: boolean) {
    this.#object = object;
    this.#schema = schema;
    this.#mariadb = mariadb;
  }

  describe(columns: readonly Row[], { keys, foreign, checks }: TableParts): DescribedTable {
    const kept = columns.filter((row) => row.computed !== '1');
    for (const row of columns.filter((each) => each.computed === '1')) {
      this.#omit('generated column', row.name, 'Its expression is written in the language of MySQL.');
    }
    for (const row of checks) this.#omit('check', row.name, 'It is written in the language of MySQL.');
    const indexes = [...Map.groupBy(keys, (row) => String(row.index))];
    const names = new Set(kept.map((row) => row.name));
    const primary = indexes.find(([name]) => name === 'PRIMARY')?.[1];
    const relation: Relation = {
      object: this.#object,
      ...(this.#schema === undefined ? {} : { schema: this.#schema }),
      name: this.#object[1] ?? '',
      columns: kept.map((row) => this.#column(row)),
      ...(primary && whole(primary, names) ? { primaryKey: keyOf(undefined, primary) } : {}),
      unique: indexes
        .filter(([name, rows]) => name !== 'PRIMARY' && rows[0]?.many === '0' && whole(rows, names))
        .map(([name, rows]) => keyOf(name, rows)),
      indexes: indexes.flatMap(([name, rows]) => this.#index(name, rows, names)),
      foreignKeys: [...Map.groupBy(foreign, (row) => String(row.index))].map(([name, rows]) =>
        foreignKeyOf(name, rows),
      ),
    };
    return { relation, beyond: this.#beyond };
  }

  #column(row: Row): RelationColumn {
    const type = String(row.type);
    const value = this.#defaultOf(row);
    return {
      name: String(row.name),
      type,
      value: valueKindOf(parseColumnType(type), row.charset ?? null),
      nullable: row.nullable === 'YES',
      ...(value ? { default: value } : {}),
      ...(/auto_increment/i.test(row.extra ?? '') ? { counted: true } : {}),
      ...(row.comment ? { comment: row.comment } : {}),
    };
  }

  #defaultOf(row: Row): PortableDefault | undefined {
    const text = row.value;
    if (text == null || (this.#mariadb && text === 'NULL')) return undefined;
    const now = /^(current_timestamp|now|curdate|current_date)\b/i.exec(text);
    const name = parseColumnType(String(row.type)).name;
    if (now) return { type: 'now', as: name === 'date' ? 'date' : name === 'time' ? 'time' : 'timestamp' };
    const expression = this.#mariadb
      ? !/^('(?:[^'\\]|'')*'|-?[\d.]+)$/.test(text)
      : /DEFAULT_GENERATED/i.test(row.extra ?? '');
    if (expression || /^(bit|binary|varbinary)/.test(name)) {
      this.#omit('default', row.name, 'It is an expression of MySQL.');
      return undefined;
    }
    const plain = text.startsWith("'") && this.#mariadb ? text.slice(1, -1).replaceAll("''", "'") : text;
    const numeric = /^(tinyint|smallint|mediumint|int|bigint|decimal|float|double|year)$/.test(name);
    return numeric ? { type: 'number', value: plain } : { type: 'text', value: plain };
  }

  #index(name: string, rows: readonly Row[], names: ReadonlySet<string | null | undefined>): RelationIndex[] {
    if (name === 'PRIMARY' || rows[0]?.many === '0') {
      if (!whole(rows, names))
        this.#omit('key', name, 'It is over parts of values, expressions or generated columns.');
      return [];
    }
    if (!whole(rows, names)) {
      this.#omit('index', name, "It is of a kind, or over something, that is MySQL's own.");
      return [];
    }
    const columns = rows.map((row) => ({
      name: String(row.name),
      ...(row.descending === '1' ? { descending: true } : {}),
    }));
    return [{ name, unique: false, columns }];
  }

  #omit(kind: string, name: string | null | undefined, reason: string): void {
    this.#beyond.push({ kind, object: [...this.#object, String(name)], reason });
  }
}

function whole(rows: readonly Row[], columns: ReadonlySet<string | null | undefined>): boolean {
  return rows.every((row) => row.special !== '1' && columns.has(row.name));
}

function keyOf(name: string | undefined, rows: readonly Row[]): RelationKey {
  return { ...(name === undefined ? {} : { name }), columns: rows.map((row) => String(row.name)) };
}

function foreignKeyOf(name: string, rows: readonly Row[]): ForeignKey {
  const [first] = rows;
  return {
    name,
    columns: rows.map((row) => String(row.name)),
    references: [String(first?.schema), String(first?.parent)],
    referenced: rows.map((row) => String(row.referenced)),
    onUpdate: String(first?.on_update).toLowerCase() as ReferentialAction,
    onDelete: String(first?.on_delete).toLowerCase() as ReferentialAction,
  };
}
