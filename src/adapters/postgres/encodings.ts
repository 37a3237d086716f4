/** PostgreSQL's names of encodings as the platform's. */
import { DbimgError } from '../../core/errors.ts';

export type DecodeText = (bytes: Uint8Array) => string;

const LABELS: Readonly<Record<string, string>> = {
  UTF8: 'utf-8',
  SQL_ASCII: 'utf-8',
  EUC_CN: 'gb18030',
  EUC_JP: 'euc-jp',
  EUC_KR: 'euc-kr',
  ISO_8859_5: 'iso-8859-5',
  ISO_8859_6: 'iso-8859-6',
  ISO_8859_7: 'iso-8859-7',
  ISO_8859_8: 'iso-8859-8',
  KOI8R: 'koi8-r',
  KOI8U: 'koi8-u',
  LATIN2: 'iso-8859-2',
  LATIN3: 'iso-8859-3',
  LATIN4: 'iso-8859-4',
  LATIN6: 'iso-8859-10',
  LATIN7: 'iso-8859-13',
  LATIN8: 'iso-8859-14',
  LATIN9: 'iso-8859-15',
  LATIN10: 'iso-8859-16',
  WIN866: 'ibm866',
  WIN874: 'windows-874',
  WIN1250: 'windows-1250',
  WIN1251: 'windows-1251',
  WIN1252: 'windows-1252',
  WIN1253: 'windows-1253',
  WIN1254: 'windows-1254',
  WIN1255: 'windows-1255',
  WIN1256: 'windows-1256',
  WIN1257: 'windows-1257',
  WIN1258: 'windows-1258',
};

/** @throws DbimgError `UNSUPPORTED` when text is first decoded, if the platform does not know the encoding. */
export function textDecoder(encoding: string): DecodeText {
  // The platform takes "latin1" for windows-1252; PostgreSQL means ISO 8859-1.
  if (encoding === 'LATIN1') return (bytes) => Buffer.from(bytes).toString('latin1');
  const label = LABELS[encoding];
  if (label === undefined) {
    return () => {
      throw new DbimgError('UNSUPPORTED', `Text in the encoding ${encoding} cannot be shown here.`, {
        hint: 'Restore the image into a server and look there.',
      });
    };
  }
  const decoder = new TextDecoder(label, { ignoreBOM: true });
  return (bytes) => decoder.decode(bytes);
}
