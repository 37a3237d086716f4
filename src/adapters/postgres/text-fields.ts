/** Splits a line of COPY's text format. Source: PostgreSQL documentation, COPY, "Text Format". */

const TAB = 9;
const BACKSLASH = 92;
const NULL_LETTER = 'N'.charCodeAt(0);

const ESCAPES: ReadonlyMap<number, number> = new Map(
  Object.entries({ b: 8, f: 12, n: 10, r: 13, t: 9, v: 11 }).map(([letter, byte]) => [
    letter.charCodeAt(0),
    byte,
  ]),
);

/** Fields with their escapes resolved; undefined is NULL. Every encoding of a server keeps ASCII bytes to themselves. */
export function textFields(line: Uint8Array): (Uint8Array | undefined)[] {
  const fields: (Uint8Array | undefined)[] = [];
  for (let start = 0; start <= line.length; ) {
    const tab = line.indexOf(TAB, start);
    const end = tab < 0 ? line.length : tab;
    fields.push(unescapeField(line.subarray(start, end)));
    start = end + 1;
  }
  return fields;
}

function unescapeField(field: Uint8Array): Uint8Array | undefined {
  let slash = field.indexOf(BACKSLASH);
  if (slash < 0) return field;
  if (field.length === 2 && field[1] === NULL_LETTER) return undefined;
  const out = new Uint8Array(field.length);
  let length = 0;
  let start = 0;
  while (slash >= 0) {
    out.set(field.subarray(start, slash), length);
    length += slash - start;
    const escaped = field[slash + 1] ?? BACKSLASH;
    out[length++] = ESCAPES.get(escaped) ?? escaped;
    start = slash + 2;
    slash = field.indexOf(BACKSLASH, start);
  }
  out.set(field.subarray(start), length);
  return out.subarray(0, length + field.length - start);
}
