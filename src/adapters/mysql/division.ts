/** Even parts of a large table, also where its keys lie in lumps. */
import { isInteger } from './column-type.ts';
import { qualified, type Schemas, type Table, type TableColumn } from './inventory.ts';
import { hex, identifier, literal } from './quoting.ts';
import { type Bound, type KeyRange, rangeCondition, rangesBetween } from './ranges.ts';
import type { RawRow, Session } from './session.ts';

/** Bytes that a part is made for. */
const PART_BYTES = 64 * 1024 * 1024;
/** Tables from this size on are cut, in bytes. */
export const LARGE: number = 2 * PART_BYTES;
const FEWEST_ROWS = 64;
/** No more than this many halvings deep, and this many questions to the server, for one table. */
const MOST_QUESTIONS = 4096;

/** Types whose values can be written as literals that compare as the column does. Never ENUM, never FLOAT. */
const COMPARABLE: ReadonlySet<string> = new Set(
  'char varchar binary varbinary decimal date datetime timestamp uuid inet6 inet4'.split(' '),
);

/** A range that begins at `bound`, and how many rows the server believes to be in it. */
interface Estimated {
  readonly bound: Bound;
  readonly rows: number;
}

/**
 * Cuts a table, or one partition of it, by its key. Cuts come from another moment than the snapshot; since both ends
 * are open they fit any. Yields ranges as they are found: lanes need not wait for the last.
 */
export class Divider {
  readonly #session: Session;
  readonly #table: Table;
  readonly #relation: string;
  /** With the index by whose order it is cut. */
  readonly #source: string;
  readonly #columns: readonly TableColumn[];
  readonly #names: readonly string[];
  /** Rows that a part is made for. */
  readonly #target: number;
  #questions = 0;

  constructor(session: Session, table: Table, schemas: Schemas, partition?: string) {
    this.#session = session;
    this.#table = table;
    const part = partition === undefined ? '' : ` PARTITION (${identifier(partition)})`;
    this.#relation = `${qualified(schemas, table.object)}${part}`;
    this.#source = `${this.#relation} FORCE INDEX (${identifier(table.index)})`;
    this.#columns = table.key.flatMap(
      ({ name }) => table.columns.find((column) => column.name === name) ?? [],
    );
    this.#names = this.#columns.map(({ name }) => name);
    const width = Math.max(1, table.bytes / Math.max(1, table.rows));
    this.#target = Math.max(FEWEST_ROWS, Math.round(PART_BYTES / width));
  }

  /** Whether the key can be cut at all. A generated column in it has no values in the rows. */
  static fits(table: Table): boolean {
    const columns = table.key.map(({ name }) => table.columns.find((column) => column.name === name));
    return (
      table.key.length > 0 &&
      columns.every((column) => column && (isInteger(column.parsed) || COMPARABLE.has(column.parsed.name)))
    );
  }

  async *ranges(): AsyncGenerator<KeyRange> {
    const [first] = this.#columns;
    if (first && isInteger(first.parsed)) {
      yield* rangesBetween(await this.#integerBounds([]));
    } else if (this.#table.key.every(({ descending }) => !descending)) yield* this.#walk();
    else yield {};
  }

  /**
   * Bounds by halving the space of an integer column where it holds too many rows, at multiples of powers of two, so
   * that they stay where they are while the table grows elsewhere. A single value that holds too many is divided by the
   * next column.
   */
  async #integerBounds(prefix: Bound): Promise<Bound[]> {
    const column = this.#columns[prefix.length];
    if (!column || !isInteger(column.parsed)) return [];
    const name = identifier(column.name);
    const where = this.#equal(prefix);
    const row = await this.#session.row(
      `SELECT CAST(MIN(${name}) AS CHAR) AS low, CAST(MAX(${name}) AS CHAR) AS high FROM ${this.#source}${where}`,
    );
    if (row.low === null || row.high === null) return [];
    const [low, high] = [BigInt(row.low as string), BigInt(row.high as string)];
    // No power of two spans both sides of zero.
    const sides =
      low < 0n && high >= 0n ? [[low, -1n] as const, [0n, high] as const] : [[low, high] as const];
    const ranges: Estimated[] = [];
    for (const [first, last] of sides) {
      let step = 1n;
      while (floorTo(first, step) + step <= last) step *= 2n;
      ranges.push(...(await this.#halve(prefix, floorTo(first, step), step)));
    }
    return this.#joined(ranges);
  }

  /** Ranges that begin at `start` and after it, up to `start + step`. */
  async #halve(prefix: Bound, start: bigint, step: bigint): Promise<Estimated[]> {
    const own: Bound = [...prefix, String(start)];
    const rows = await this.#estimate({ from: own, to: [...prefix, String(start + step)] });
    if (rows <= this.#target * 1.5) return [{ bound: own, rows }];
    if (step === 1n) {
      const within = await this.#integerBounds(own);
      return [own, ...within].map((bound) => ({ bound, rows: rows / (within.length + 1) }));
    }
    const half = step / 2n;
    return [...(await this.#halve(prefix, start, half)), ...(await this.#halve(prefix, start + half, half))];
  }

  /** Bounds between ranges, after neighbours that hold little were joined. The first range begins openly. */
  #joined(ranges: readonly Estimated[]): Bound[] {
    const bounds: Bound[] = [];
    let held = 0;
    for (const { bound, rows } of ranges) {
      if (held > 0 && held + rows > this.#target * 1.5) {
        bounds.push(bound);
        held = 0;
      }
      held += Math.max(1, rows);
    }
    return bounds;
  }

  /**
   * How many rows the server believes to be in a range. It looks at the ends of the range in the index, unless the index
   * is forced: MySQL then saves itself the look.
   */
  async #estimate(range: KeyRange): Promise<number> {
    if (++this.#questions > MOST_QUESTIONS) return 1;
    const where = rangeCondition(range, this.#names) ?? '1';
    const columns = this.#names.map(identifier).join(', ');
    const [row] = await this.#session.query(
      `EXPLAIN FORMAT=TRADITIONAL SELECT ${columns} FROM ${this.#relation} USE INDEX (${identifier(this.#table.index)}) WHERE ${where}`,
    );
    return (Number(row?.rows ?? 0) * Number(row?.filtered ?? 100)) / 100;
  }

  /** Bounds by walking along the index, a part at a time. */
  async *#walk(): AsyncGenerator<KeyRange> {
    const selected = this.#columns.map(keyValue).join(', ');
    const order = this.#names.map(identifier).join(', ');
    let from: Bound | undefined;
    for (;;) {
      const where = from ? ` WHERE ${rangeCondition({ from }, this.#names)}` : '';
      const [row] = await this.#session.raw(
        `SELECT ${selected} FROM ${this.#source}${where} ORDER BY ${order} LIMIT ${this.#target}, 1`,
        { what: 'The table could not be divided', object: this.#table.object },
      );
      if (!row) break;
      const to = this.#columns.map((column, index) => keyLiteral(column, row, index));
      yield { ...(from ? { from } : {}), to };
      from = to;
    }
    yield from ? { from } : {};
  }

  #equal(prefix: Bound): string {
    if (prefix.length === 0) return '';
    return ` WHERE ${prefix.map((value, index) => `${identifier(this.#names[index] as string)} = ${value}`).join(' AND ')}`;
  }
}

function floorTo(value: bigint, step: bigint): bigint {
  const rest = value % step;
  return value - (rest < 0n ? rest + step : rest);
}

/** Text as its bytes, so that no character set stands between. */
function keyValue(column: TableColumn, index: number): string {
  const name = identifier(column.name);
  return `${isText(column) ? `CAST(${name} AS BINARY)` : name} AS k${index}`;
}

const isText = ({ parsed }: TableColumn): boolean => /^(var)?(char|binary)$/.test(parsed.name);

function keyLiteral(column: TableColumn, row: RawRow, index: number): string {
  const bytes = row[`k${index}`] ?? Buffer.alloc(0);
  if (isInteger(column.parsed) || column.parsed.name === 'decimal') return bytes.toString('latin1');
  if (!isText(column)) return literal(bytes.toString('latin1'));
  const { characterSet } = column;
  return characterSet === null || bytes.length === 0 ? hex(bytes) : `_${characterSet} ${hex(bytes)}`;
}
