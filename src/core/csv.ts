/** Rows as CSV (RFC 4180, lines end with LF): a header, NULL as nothing, empty text as `""`, bytes as `\x` and hexadecimal. */
import type { Column, ObjectName } from './adapter.ts';
import { DbimgError } from './errors.ts';
import type { Value } from './value.ts';
import { valueToJson } from './value-json.ts';

export function csvHeader(columns: readonly Column[]): string {
  return columns.map(({ name }) => quoted(name, false)).join(',');
}

/** @throws DbimgError `UNSUPPORTED` for documents: they have no columns. */
export function csvLine(values: readonly Value[], object: ObjectName): string {
  return values.map((value) => field(value, object)).join(',');
}

function field(value: Value, object: ObjectName): string {
  switch (value.type) {
    case 'null':
      return '';
    case 'bytes':
      return `\\x${Buffer.from(value.value).toString('hex')}`;
    case 'text':
      return quoted(value.value, true);
    case 'boolean':
    case 'integer':
      return String(value.value);
    case 'float':
      return Object.is(value.value, -0) ? '-0' : String(value.value);
    case 'list':
      return quoted(valueToJson(value), false);
    case 'document':
      throw new DbimgError('UNSUPPORTED', 'Documents have no columns that CSV could hold.', {
        object,
        hint: 'Export them as JSON: leave out --format csv.',
      });
    default:
      return quoted(value.value, true);
  }
}

/** Text that is empty must not look like NULL. */
function quoted(text: string, emptyToo: boolean): string {
  const needed = /[",\r\n]/u.test(text) || (emptyToo && text === '');
  return needed ? `"${text.replaceAll('"', '""')}"` : text;
}
