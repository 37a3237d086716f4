/** The answer to a statement, in the format that was asked for, piece by piece. */
import type { Column } from '../../core/adapter.ts';
import type { Value } from '../../core/value.ts';
import { rowToJson, valueToJson } from '../../core/value-json.ts';
import { printable } from '../names.ts';
import { formatTable } from '../table.ts';

export const ANSWER_FORMATS = ['ndjson', 'csv', 'table', 'json'] as const;
export type AnswerFormat = (typeof ANSWER_FORMATS)[number];

interface Rows extends AsyncIterable<readonly Value[]> {
  readonly columns: readonly Column[];
}

export function formatAnswer(rows: Rows, format: AnswerFormat): AsyncGenerator<string> {
  return { ndjson: ndjson, csv: csv, table: table, json: json }[format](rows);
}

async function* ndjson(rows: Rows): AsyncGenerator<string> {
  for await (const values of rows) yield `${rowToJson(rows.columns, values)}\n`;
}

async function* json(rows: Rows): AsyncGenerator<string> {
  let before = '[\n';
  for await (const values of rows) {
    yield `${before}  ${rowToJson(rows.columns, values)}`;
    before = ',\n';
  }
  yield before === '[\n' ? '[]\n' : '\n]\n';
}

/** RFC 4180, with lines that end as on Unix. NULL is nothing at all; an empty text is `""`. */
async function* csv(rows: Rows): AsyncGenerator<string> {
  yield `${rows.columns.map(({ name }) => csvField(name)).join(',')}\n`;
  for await (const values of rows) {
    yield `${values.map((value) => (value.type === 'null' ? '' : csvField(plain(value)))).join(',')}\n`;
  }
}

function csvField(text: string): string {
  return text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Rows that are aligned with each other, and held for it. */
const BLOCK = 1000;

async function* table(rows: Rows): AsyncGenerator<string> {
  let block: (readonly Value[])[] = [];
  let first = true;
  for await (const values of rows) {
    block.push(values);
    if (block.length < BLOCK) continue;
    yield tableBlock(rows.columns, block);
    block = [];
    first = false;
  }
  if (first || block.length > 0) yield tableBlock(rows.columns, block);
}

function tableBlock(columns: readonly Column[], block: readonly (readonly Value[])[]): string {
  const titles = columns.map(({ name }, at) => ({
    title: printable(name),
    right: block.some((values) => isNumber(values[at])),
  }));
  const cells = block.map((values) =>
    values.map((value) => (value.type === 'null' ? 'NULL' : printable(plain(value)))),
  );
  return formatTable(titles, cells)
    .map((line) => `${line}\n`)
    .join('');
}

function isNumber(value: Value | undefined): boolean {
  return value?.type === 'integer' || value?.type === 'float' || value?.type === 'decimal';
}

/** Text as it is; bytes in hexadecimal; what has parts as JSON. */
function plain(value: Value): string {
  switch (value.type) {
    case 'bytes':
      return `\\x${Buffer.from(value.value).toString('hex')}`;
    case 'text':
    case 'decimal':
    case 'json':
      return value.value;
    default:
      return valueToJson(value).replace(/^"(.*)"$/s, '$1');
  }
}
