/** What becomes of a stream's columns when they are loaded: names, and what is computed from what was sent. */
import type { StreamOpen } from '../../core/adapter.ts';
import { DbimgError } from '../../core/errors.ts';
import type { Product } from './facts.ts';
import { identifier } from './quoting.ts';
import { detailsOf, ENCODING, type ReadAs } from './types.ts';

export interface TableLoad {
  /** Quoted, with its schema. */
  readonly table: string;
  readonly columns: readonly { readonly name: string; readonly readAs: ReadAs }[];
  /** A system-versioned table with its history. */
  readonly versioned: boolean;
  /** Quoted name of the column that the server may number, where that matters. */
  readonly counter: string | undefined;
}

/** @throws DbimgError `UNSUPPORTED` or `IMAGE_DAMAGED` if the stream is none of this adapter's. */
export function tableLoadOf(open: StreamOpen, schema: string, product: Product): TableLoad {
  const { object, encoding, columns } = open;
  if (encoding !== ENCODING) {
    throw new DbimgError('UNSUPPORTED', `MySQL takes no records of ${encoding}.`, { object });
  }
  const { readAs = [], versioned } = detailsOf(open) ?? {};
  if (columns === undefined || columns.length === 0 || readAs.length !== columns.length) {
    throw new DbimgError('IMAGE_DAMAGED', 'A stream does not say what its columns are.', { object });
  }
  return {
    table: `${identifier(schema)}.${identifier(object.at(-1) ?? '')}`,
    columns: columns.map(({ name }, index) => ({
      name,
      readAs: computed(readAs[index] ?? 'plain', product),
    })),
    versioned: versioned ?? false,
    counter: undefined,
  };
}

/** MariaDB's JSON is text. */
function computed(readAs: ReadAs, product: Product): ReadAs {
  return readAs === 'json' && product === 'MariaDB' ? 'plain' : readAs;
}

/** Whether any column is computed: MariaDB then numbers zeros in an AUTO_INCREMENT column that is not. */
export function computes(load: TableLoad): boolean {
  return load.columns.some(({ readAs }) => expression(readAs, '') !== undefined);
}

/** What is stored of `value`, if not the value itself. */
export function expression(readAs: ReadAs, value: string): string | undefined {
  // A binary string is no JSON and no address; CONVERT says that it is text.
  if (readAs === 'json' || readAs === 'text') return `CONVERT(${value} USING utf8mb4)`;
  if (readAs === 'number') return `CAST(${value} AS UNSIGNED)`;
  return undefined;
}

/** A LOAD DATA LOCAL statement for the text that the kernel makes. */
export function loadStatement({ table, columns, counter }: TableLoad): string {
  const targets: string[] = [];
  const sets: string[] = [];
  for (const [index, { name, readAs }] of columns.entries()) {
    const column = identifier(name);
    const set = expression(readAs, `@dbimg${index}`) ?? (column === counter ? `@dbimg${index}` : undefined);
    targets.push(set === undefined ? column : `@dbimg${index}`);
    if (set !== undefined) sets.push(`${column} = ${set}`);
  }
  const lines = "CHARACTER SET binary FIELDS TERMINATED BY '\\t' ESCAPED BY '\\\\' LINES TERMINATED BY '\\n'";
  const set = sets.length === 0 ? '' : ` SET ${sets.join(', ')}`;
  return `LOAD DATA LOCAL INFILE 'dbimg' INTO TABLE ${table} ${lines} (${targets.join(', ')})${set}`;
}
