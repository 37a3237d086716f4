/** JSON as the command line writes it: big integers exact, bytes as base64, lists of any length. */

/** `JSON.stringify` that knows bigint (a number if that is exact, else a string) and bytes (base64). */
export function stringify(value: unknown, indent?: number): string {
  return JSON.stringify(value, replace, indent) ?? 'null';
}

function replace(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value.toString();
  }
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (value instanceof Map) return Object.fromEntries(value);
  if (value instanceof Set) return [...value];
  if (isSerializedBuffer(value)) return Buffer.from(value.data).toString('base64');
  return value;
}

/** `Buffer.toJSON` runs before the replacer sees the value. */
function isSerializedBuffer(value: unknown): value is { data: number[] } {
  const object = value as { type?: unknown; data?: unknown } | null;
  return typeof object === 'object' && object?.type === 'Buffer' && Array.isArray(object.data);
}

/**
 * One object whose property `list` may be longer than memory: the text comes in pieces. The list is the last property.
 */
export async function* stringifyWithList(
  head: Readonly<Record<string, unknown>>,
  list: string,
  entries: AsyncIterable<unknown> | Iterable<unknown>,
): AsyncGenerator<string> {
  const { [list]: _, ...rest } = head;
  const opening = stringify(rest, 2);
  yield opening === '{}' ? '{' : `${opening.slice(0, -2)},`;
  yield `\n  ${JSON.stringify(list)}: [`;
  let count = 0;
  for await (const entry of entries) yield `${count++ === 0 ? '' : ','}\n    ${stringify(entry)}`;
  yield count === 0 ? ']\n}\n' : '\n  ]\n}\n';
}
