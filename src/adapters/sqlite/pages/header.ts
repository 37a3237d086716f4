/** The first 100 bytes of a database file. https://www.sqlite.org/fileformat2.html#the_database_header */

export const HEADER_SIZE = 100;
const MAGIC = 'SQLite format 3\0';

export type TextEncoding = 'UTF-8' | 'UTF-16le' | 'UTF-16be';

export interface DatabaseHeader {
  readonly pageSize: number;
  /** Bytes of a page without those reserved for extensions. */
  readonly usable: number;
  /** 2 for WAL, 1 for a rollback journal. */
  readonly readVersion: number;
  readonly writeVersion: number;
  readonly changeCounter: number;
  /** Size in pages, as far as the header knows; 0 if it does not. */
  readonly pages: number;
  readonly freePages: number;
  readonly schemaCookie: number;
  /** 1 to 4. Below 4 the integers 0 and 1 take a byte each. */
  readonly schemaFormat: number;
  readonly autoVacuum: 'none' | 'full' | 'incremental';
  readonly encoding: TextEncoding;
  readonly userVersion: number;
  readonly applicationId: number;
}

/** Whether a file begins as a database does. Encrypted ones do not. */
export function isDatabase(start: Uint8Array): boolean {
  return Buffer.from(start.subarray(0, MAGIC.length)).toString('latin1') === MAGIC;
}

/** The header, or undefined if its fields make no sense. */
export function parseHeader(bytes: Uint8Array): DatabaseHeader | undefined {
  if (bytes.length < HEADER_SIZE || !isDatabase(bytes)) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, HEADER_SIZE);
  const size = view.getUint16(16);
  const pageSize = size === 1 ? 65536 : size;
  const usable = pageSize - view.getUint8(20);
  const encoding = ENCODINGS[view.getUint32(56)];
  if (pageSize < 512 || (pageSize & (pageSize - 1)) !== 0 || usable < 480 || !encoding) return undefined;
  const changeCounter = view.getUint32(24);
  const schemaFormat = view.getUint32(44);
  if (schemaFormat > 4) return undefined;
  const largestRoot = view.getUint32(52);
  return {
    pageSize,
    usable,
    writeVersion: view.getUint8(18),
    readVersion: view.getUint8(19),
    changeCounter,
    // Old versions of SQLite did not keep the size: it counts only if written with the last change.
    pages: view.getUint32(92) === changeCounter ? view.getUint32(28) : 0,
    freePages: view.getUint32(36),
    schemaCookie: view.getUint32(40),
    schemaFormat,
    autoVacuum: largestRoot === 0 ? 'none' : view.getUint32(64) === 0 ? 'full' : 'incremental',
    encoding,
    userVersion: view.getInt32(60),
    applicationId: view.getInt32(68),
  };
}

/** By number; a database in which nothing was made yet has 0. */
const ENCODINGS: readonly (TextEncoding | undefined)[] = ['UTF-8', 'UTF-8', 'UTF-16le', 'UTF-16be'];
