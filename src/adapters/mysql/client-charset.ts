/** Statements as bytes of the character set that their makers spoke, since routines and views remember it. */
import { DbimgError } from '../../core/errors.ts';
import { textDecoder } from './charsets.ts';

export type EncodeText = (text: string) => Buffer;

const UTF8: ReadonlySet<string> = new Set(['utf8mb4', 'utf8mb3', 'utf8', 'binary']);
const encoders = new Map<string, EncodeText>();

/** @throws DbimgError `UNSUPPORTED`, from the encoder, for text that the character set does not have. */
export function textEncoder(characterSet: string): EncodeText {
  const known = encoders.get(characterSet);
  if (known) return known;
  const made = UTF8.has(characterSet) ? (text: string): Buffer => Buffer.from(text) : encoderOf(characterSet);
  encoders.set(characterSet, made);
  return made;
}

function encoderOf(characterSet: string): EncodeText {
  let table: ReadonlyMap<string, Buffer> | undefined;
  return (text) => {
    if (/^[\0-\x7f]*$/.test(text)) return Buffer.from(text, 'latin1');
    table ??= tableOf(characterSet);
    return Buffer.concat(Array.from(text, (character) => bytesOf(character, table, characterSet)));
  };
}

function bytesOf(
  character: string,
  table: ReadonlyMap<string, Buffer> | undefined,
  characterSet: string,
): Buffer {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x80) return Buffer.of(code);
  const bytes = table?.get(character);
  if (bytes) return bytes;
  throw new DbimgError(
    'UNSUPPORTED',
    `A statement made in ${characterSet} holds ${JSON.stringify(character)}, which that character set does not have.`,
  );
}

/** Characters of one, two or three bytes that are not ASCII. */
function tableOf(characterSet: string): Map<string, Buffer> {
  const decode = textDecoder(characterSet);
  const table = new Map<string, Buffer>();
  const add = (...bytes: number[]): void => {
    const encoded = Buffer.from(bytes);
    const text = decode(encoded);
    if (text !== undefined && [...text].length === 1 && !table.has(text)) table.set(text, encoded);
  };
  for (let first = 0x80; first < 0x100; first += 1) add(first);
  for (let first = 0x81; first < 0xff; first += 1) {
    for (let second = 0x40; second < 0xff; second += 1) add(first, second);
  }
  // The third plane of EUC-JP.
  if (/^(ujis|eucjpms)$/.test(characterSet)) {
    for (let second = 0xa1; second < 0xff; second += 1) {
      for (let third = 0xa1; third < 0xff; third += 1) add(0x8f, second, third);
    }
  }
  return table;
}
