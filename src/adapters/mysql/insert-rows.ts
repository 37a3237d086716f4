/** Records as multi-row INSERT statements, for servers that take no LOAD DATA LOCAL. */
import { DbimgError } from '../../core/errors.ts';
import { documentExpression, holdsDecimals } from './exact-json.ts';
import { identifier } from './quoting.ts';
import { lengthAt } from './result-set.ts';
import { expression, type TableLoad } from './table-load.ts';

const NULL = 0xfb;
/** So long becomes a statement before it is sent, if the server takes that. */
const STATEMENT = 1024 * 1024;
/** The servers count a packet's header and more. */
const SLACK = 1024;

export interface InsertStatement {
  readonly sql: Buffer;
  readonly rows: number;
}

/**
 * Statements for the records of a chunk, for a session whose strings are binary and in which a backslash escapes. Values
 * are quoted whatever they are: the server makes numbers of them as LOAD DATA does.
 *
 * @param longest what the server takes as one packet
 * @throws DbimgError `UNSUPPORTED` if a row does not fit into one, `IMAGE_DAMAGED` if the bytes are no records.
 */
export function* insertStatements(
  load: TableLoad,
  records: Buffer,
  longest: number,
): Generator<InsertStatement> {
  const head = headOf(load);
  const limit = Math.min(STATEMENT, longest - SLACK);
  let rows: Buffer[] = [];
  let size = head.length;
  const statement = (): InsertStatement => {
    const made = { sql: Buffer.concat([head, ...rows]), rows: rows.length };
    rows = [];
    size = head.length;
    return made;
  };
  for (let at = 0; at < records.length; ) {
    const { values, end } = literalsAt(load, records, at);
    const row = rowOf(load, values);
    at = end;
    if (rows.length > 0 && size + row.length + 1 > limit) yield statement();
    if (head.length + row.length + SLACK > longest) throw tooLarge(row.length, longest);
    if (rows.length > 0) row[0] = ','.charCodeAt(0);
    rows.push(row);
    size += row.length;
  }
  if (rows.length > 0) yield statement();
}

export function tooLarge(row: number, longest: number): DbimgError {
  return new DbimgError(
    'UNSUPPORTED',
    `A row of ${row} bytes is larger than the server's max_allowed_packet of ${longest}.`,
    { hint: 'Raise max_allowed_packet on the target server (at most 1G) and try again.' },
  );
}

/** Values of one row, each byte as the character of the same number: in quotes, NULL, or a document that is built. */
export type Literals = readonly string[];

/** Literals of the record that begins at `start`. @throws DbimgError `IMAGE_DAMAGED` if there is none. */
export function literalsAt(
  { columns }: TableLoad,
  records: Buffer,
  start: number,
): { readonly values: Literals; readonly end: number } {
  const values: string[] = [];
  let at = start;
  for (const { readAs } of columns) {
    if (at >= records.length) throw damaged();
    if (records[at] === NULL) {
      values.push('NULL');
      at += 1;
      continue;
    }
    const { value: length, size } = lengthAt(records, at);
    at += size;
    if (at + length > records.length) throw damaged();
    const value = records.subarray(at, at + length);
    const built = readAs === 'json' && holdsDecimals(value);
    values.push(built ? documentExpression(value) : quoted(value.toString('latin1')));
    at += length;
  }
  return { values, end: at };
}

/** A statement for one row. */
export function insertRow(load: TableLoad, values: Literals): Buffer {
  return Buffer.concat([headOf(load), rowOf(load, values)]);
}

function headOf({ table, columns }: TableLoad): Buffer {
  return Buffer.from(
    `INSERT INTO ${table} (${columns.map(({ name }) => identifier(name)).join(', ')}) VALUES `,
  );
}

/** ` (…)`: the first byte is free for a comma. */
function rowOf({ columns }: TableLoad, values: Literals): Buffer {
  const parts = values.map((value, index) =>
    value.startsWith("'") ? (expression(columns[index]?.readAs ?? 'plain', value) ?? value) : value,
  );
  return Buffer.from(` (${parts.join(',')})`, 'latin1');
}

function quoted(text: string): string {
  return `'${text.replace(/[\\'\0]/g, (byte) => (byte === '\0' ? '\\0' : `\\${byte}`))}'`;
}

function damaged(): DbimgError {
  return new DbimgError('IMAGE_DAMAGED', 'The records of a chunk are not of their encoding.');
}
