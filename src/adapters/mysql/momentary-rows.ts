/**
 * MariaDB: rows of a versioned table that ended at the moment at which they began, as a statement leaves them that
 * changes a row twice. They cannot be inserted with their history; they must be made again and deleted at once.
 */
import { insertRow, type Literals, literalsAt } from './insert-rows.ts';
import { identifier } from './quoting.ts';
import type { Session } from './session.ts';
import type { TableLoad } from './table-load.ts';

export interface SplitRecords {
  /** Records that LOAD DATA takes. */
  readonly others: Buffer;
  readonly momentary: readonly Literals[];
}

/** The reader puts the two columns of the period last. */
export function splitMomentary(load: TableLoad, records: Buffer): SplitRecords {
  const others: Buffer[] = [];
  const momentary: Literals[] = [];
  for (let at = 0; at < records.length; ) {
    const { values, end } = literalsAt(load, records, at);
    if (values.at(-1) === values.at(-2)) momentary.push(values);
    else others.push(records.subarray(at, end));
    at = end;
  }
  return { others: Buffer.concat(others), momentary };
}

/** In the transaction of the session, whose strings are binary. */
export async function insertMomentary(
  session: Session,
  load: TableLoad,
  rows: readonly Literals[],
): Promise<void> {
  if (rows.length === 0) return;
  const columns = load.columns.slice(0, -2);
  const start = load.columns.at(-2)?.name ?? '';
  await session.execute('SET SESSION system_versioning_insert_history = 0');
  try {
    for (const values of rows) {
      const moment = values.at(-2) ?? 'NULL';
      await session.execute(`SET SESSION timestamp = UNIX_TIMESTAMP(${moment})`);
      await session.execute(insertRow({ ...load, columns }, values.slice(0, -2)));
      const same = columns.map(({ name, readAs }, index) => {
        const column = identifier(name);
        const read = readAs === 'double' ? `CAST(${column} AS DOUBLE)` : column;
        const shown = readAs === 'number' ? `CAST(${column} AS UNSIGNED)` : read;
        return `CAST(${shown} AS BINARY) <=> CAST(${values[index]} AS BINARY)`;
      });
      const where = [...same, `${identifier(start)} = ${moment}`].join(' AND ');
      await session.execute(Buffer.from(`DELETE FROM ${load.table} WHERE ${where} LIMIT 1`, 'latin1'));
    }
  } finally {
    await session.execute('SET SESSION timestamp = DEFAULT').catch(() => {});
    await session.execute('SET SESSION system_versioning_insert_history = 1').catch(() => {});
  }
}
