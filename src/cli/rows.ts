/** Rows as JSON without loss: what `cat` prints. The conventions are in docs/json-output.md. */
import type { Column, Value } from '../core/adapter.ts';
import { valueToJson } from '../core/value-json.ts';

/** One row as one line of JSON: an object with the columns' names in their order. */
export function rowToJson(columns: readonly Column[], values: readonly Value[]): string {
  const members = values.map(
    (value, i) => `${JSON.stringify(columns[i]?.name ?? `column${i + 1}`)}:${valueToJson(value)}`,
  );
  return `{${members.join(',')}}`;
}
