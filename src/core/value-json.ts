/** Typed values as JSON text without loss. The conventions are in docs/json-output.md. */
import type { Column } from './adapter.ts';
import type { Value } from './value.ts';

/** One row as one line of JSON: an object with the columns' names in their order. */
export function rowToJson(columns: readonly Column[], values: readonly Value[]): string {
  const members = values.map(
    (value, i) => `${JSON.stringify(columns[i]?.name ?? `column${i + 1}`)}:${valueToJson(value)}`,
  );
  return `{${members.join(',')}}`;
}

/** A value as JSON text in one line. */
export function valueToJson(value: Value): string {
  switch (value.type) {
    case 'null':
      return 'null';
    case 'boolean':
      return String(value.value);
    case 'integer':
      return value.value.toString();
    case 'float':
      return floatToJson(value.value);
    case 'decimal':
      return JSON_NUMBER.test(value.value) ? value.value : JSON.stringify(value.value);
    case 'bytes':
      return `{"base64":"${Buffer.from(value.value).toString('base64')}"}`;
    case 'json':
      return embedJson(value.value);
    case 'list':
      return `[${value.value.map(valueToJson).join(',')}]`;
    case 'document':
      return `{${value.value.map(([name, member]) => `${JSON.stringify(name)}:${valueToJson(member)}`).join(',')}}`;
    default:
      return JSON.stringify(value.value);
  }
}

const JSON_NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/u;

function floatToJson(value: number): string {
  if (!Number.isFinite(value)) return `"${value}"`;
  return Object.is(value, -0) ? '-0' : String(value);
}

/** As stored, digit for digit. Line breaks can only stand between tokens, where a space means the same. */
function embedJson(text: string): string {
  try {
    JSON.parse(text);
  } catch {
    return JSON.stringify(text);
  }
  return text.replace(/[\r\n]+/gu, ' ');
}
