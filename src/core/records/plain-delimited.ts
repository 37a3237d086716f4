/** `DelimitedText` in plain TypeScript: what the kernel must do, written to be read. Tests compare the two. */
import { damaged } from './delimited.ts';
import { MAX_RECORD } from './piece.ts';

const ESCAPES: Readonly<Record<string, string>> = { '\0': '\\0', '\t': '\\t', '\n': '\\n', '\\': '\\\\' };

/**
 * The text of whole records and how many they are.
 *
 * @throws DbimgError `IMAGE_DAMAGED` if the bytes are no records of so many values.
 */
export function plainDelimited(bytes: Uint8Array, columns: number): { text: Uint8Array; records: number } {
  const lines: string[] = [];
  let values: string[] = [];
  for (const value of valuesOf(bytes)) {
    values.push(value === null ? '\\N' : value.replace(/[\0\t\n\\]/g, (byte) => ESCAPES[byte] as string));
    if (values.length < columns) continue;
    lines.push(`${values.join('\t')}\n`);
    values = [];
  }
  if (values.length > 0) throw damaged('they end in the middle of one');
  return { text: Buffer.from(lines.join(''), 'latin1'), records: lines.length };
}

/** Each byte as the character of the same number. */
function* valuesOf(bytes: Uint8Array): Generator<string | null> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const need = (end: number): void => {
    if (end > buffer.length) throw damaged('they end in the middle of one');
  };
  for (let at = 0; at < buffer.length; ) {
    const first = buffer[at] as number;
    at += 1;
    if (first === 0xfb) {
      yield null;
      continue;
    }
    if (first === 0xff) throw damaged('a length is none');
    let length = first;
    const size = first === 0xfc ? 2 : first === 0xfd ? 3 : first === 0xfe ? 8 : 0;
    if (size > 0) {
      need(at + size);
      length = size === 8 ? Number(buffer.readBigUInt64LE(at)) : buffer.readUIntLE(at, size);
      at += size;
    }
    if (length > MAX_RECORD) throw damaged('a length is none');
    need(at + length);
    yield buffer.toString('latin1', at, at + length);
    at += length;
  }
}
