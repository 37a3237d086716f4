/** Character sets of the servers as those of the platform. */

/** Text, or undefined where the bytes are no text of the character set, or the platform does not know it. */
export type DecodeText = (bytes: Uint8Array) => string | undefined;

/** Names that the platform gives to the same, or (for sets that it has in a larger form) to more. */
const LABELS: Readonly<Record<string, string>> = {
  utf8mb4: 'utf-8',
  utf8mb3: 'utf-8',
  utf8: 'utf-8',
  // MySQL's latin1 is cp1252, with the five holes as control characters, as the platform has it.
  latin1: 'windows-1252',
  latin2: 'iso-8859-2',
  latin7: 'iso-8859-13',
  greek: 'iso-8859-7',
  hebrew: 'iso-8859-8',
  koi8r: 'koi8-r',
  koi8u: 'koi8-u',
  cp866: 'ibm866',
  cp1250: 'windows-1250',
  cp1251: 'windows-1251',
  cp1256: 'windows-1256',
  cp1257: 'windows-1257',
  macroman: 'macintosh',
  tis620: 'windows-874',
  ujis: 'euc-jp',
  eucjpms: 'euc-jp',
  sjis: 'shift_jis',
  cp932: 'shift_jis',
  euckr: 'euc-kr',
  gb2312: 'gb18030',
  gbk: 'gb18030',
  gb18030: 'gb18030',
  big5: 'big5',
  ucs2: 'utf-16be',
  utf16: 'utf-16be',
  utf16le: 'utf-16le',
};

const decoders = new Map<string, DecodeText>();

export function textDecoder(characterSet: string): DecodeText {
  const known = decoders.get(characterSet);
  if (known) return known;
  const made = decoderOf(characterSet);
  decoders.set(characterSet, made);
  return made;
}

/** The one character that the servers read otherwise: 0x815F, a backslash to them, as 0x5C is. */
const sjis: DecodeText = (bytes) => textDecoder('cp932')(bytes)?.replaceAll('\uff3c', '\\');

function decoderOf(characterSet: string): DecodeText {
  if (characterSet === 'ascii') {
    return (bytes) =>
      bytes.every((byte) => byte < 0x80) ? Buffer.from(bytes).toString('latin1') : undefined;
  }
  if (characterSet === 'sjis') return sjis;
  if (characterSet === 'latin5') return latin5;
  if (characterSet === 'utf32') return utf32;
  const label = LABELS[characterSet];
  if (label === undefined) return () => undefined;
  const decoder = new TextDecoder(label, { ignoreBOM: true, fatal: true });
  return (bytes) => {
    try {
      return decoder.decode(bytes);
    } catch {
      return undefined;
    }
  };
}

/** ISO 8859-9: the platform's nearest is windows-1254, which differs where the standard has control characters. */
function latin5(bytes: Uint8Array): string | undefined {
  if (bytes.some((byte) => byte >= 0x80 && byte < 0xa0)) return undefined;
  return new TextDecoder('windows-1254').decode(bytes);
}

function utf32(bytes: Uint8Array): string | undefined {
  if (bytes.length % 4 !== 0) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let text = '';
  for (let at = 0; at < bytes.length; at += 4) {
    const point = view.getUint32(at, false);
    if (point > 0x10ffff || (point >= 0xd800 && point < 0xe000)) return undefined;
    text += String.fromCodePoint(point);
  }
  return text;
}
