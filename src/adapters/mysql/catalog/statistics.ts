/** Histograms that were asked for: MySQL's as they are, MariaDB's as an order to gather them again. */
import type { Listed } from '../inventory.ts';
import { identifier, literal } from '../quoting.ts';
import type { Row } from '../session.ts';
import type { Draft, Drafting } from './draft.ts';

/** Of the tables of one database, by name; each after its table, which its draft must still be told. */
export async function statisticsDrafts(
  drafting: Drafting,
  database: string,
  listed: readonly Listed[],
): Promise<Map<string, Draft>> {
  const drafts = new Map<string, Draft>();
  const statements = await (drafting.facts.product === 'MySQL' ? histograms : persistent)(drafting, database);
  for (const { object } of listed) {
    const own = statements.get(object[1] ?? '');
    if (own === undefined) continue;
    drafts.set(object[1] ?? '', {
      ...{ kind: 'histogram', object, of: object, phase: 'post-data' },
      body: { statements: own },
    });
  }
  return drafts;
}

async function histograms({ session }: Drafting, database: string): Promise<Map<string, string[]>> {
  const rows = await session.query(
    `SELECT TABLE_NAME AS t, COLUMN_NAME AS c, HISTOGRAM AS h FROM information_schema.COLUMN_STATISTICS
      WHERE SCHEMA_NAME = ${literal(database)} ORDER BY 1, 2`,
  );
  return grouped(rows, (table, own) =>
    own.map(
      ({ c, h }) =>
        `ANALYZE NO_WRITE_TO_BINLOG TABLE ${identifier(table)} UPDATE HISTOGRAM ON ${identifier(c ?? '')} USING DATA ${literal(h ?? '')}`,
    ),
  );
}

/** Statistics that are independent of the storage engine follow from the rows alone. */
async function persistent({ session }: Drafting, database: string): Promise<Map<string, string[]>> {
  const select = (names: string, from: string): string =>
    `SELECT DISTINCT table_name AS t, ${names} AS c FROM mysql.${from} WHERE db_name = ${literal(database)} ORDER BY 1, 2`;
  // An account that may not read them would not be able to write them either; they are no state of the data.
  const read = (sql: string): Promise<readonly Row[]> => session.query(sql).catch(() => []);
  const columns = grouped(await read(select('column_name', 'column_stats')), names);
  const indexes = grouped(await read(select('index_name', 'index_stats')), names);
  return new Map(
    [...new Set([...columns.keys(), ...indexes.keys()])].map((table) => {
      const lists = `COLUMNS (${columns.get(table)?.join(', ') ?? ''}) INDEXES (${indexes.get(table)?.join(', ') ?? ''})`;
      return [table, [`ANALYZE NO_WRITE_TO_BINLOG TABLE ${identifier(table)} PERSISTENT FOR ${lists}`]];
    }),
  );
}

/** The primary key's name is the only one that must not be quoted. */
const names = (_: string, rows: readonly Row[]): string[] =>
  rows.map(({ c }) => (c === 'PRIMARY' ? 'PRIMARY' : identifier(c ?? '')));

function grouped(
  rows: readonly Row[],
  write: (table: string, own: readonly Row[]) => string[],
): Map<string, string[]> {
  const tables = Map.groupBy(rows, ({ t }) => t ?? '');
  return new Map([...tables].map(([table, own]) => [table, write(table, own)]));
}
