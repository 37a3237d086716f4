/** The database file that a restore makes: its first page, and where pages may lie. */
import { DbimgError } from '../../core/errors.ts';
import type { DatabaseBody } from './catalog.ts';
import { HEADER_SIZE } from './pages/header.ts';
import { PAGE_TYPE } from './pages/page.ts';

/** Sizes that all pages of a file share. */
export interface Geometry {
  readonly pageSize: number;
  /** Bytes of a page without those reserved for extensions. */
  readonly usable: number;
}

/** The byte on which SQLite's locks lie. No page may hold it. */
const LOCK_BYTE = 2 ** 30;
const NEWEST_FORMAT = 4;
const ENCODINGS: readonly string[] = ['UTF-8', 'UTF-16le', 'UTF-16be'];
const LEAST_USABLE = 480;

/**
 * A database without tables. The header is written here because reserved bytes cannot be asked for by SQL.
 *
 * @throws DbimgError `IMAGE_DAMAGED` if no database can be like that.
 */
export function emptyDatabase(body: DatabaseBody): Buffer {
  const { pageSize, reserved, encoding, userVersion, applicationId } = body;
  const size = Number.isInteger(pageSize) && pageSize >= 512 && pageSize <= 65536 ? pageSize : 0;
  const usable = size - reserved;
  const valid = size > 0 && (size & (size - 1)) === 0 && reserved >= 0 && usable >= LEAST_USABLE;
  if (!valid || !ENCODINGS.includes(encoding)) {
    throw new DbimgError('IMAGE_DAMAGED', 'The image does not say what kind of database file it is of.');
  }
  const page = Buffer.alloc(size);
  page.write('SQLite format 3\0', 'latin1');
  page.writeUInt16BE(size === 65536 ? 1 : size, 16);
  page.set([1, 1, reserved, 64, 32, 32], 18);
  page.writeUInt32BE(1, 24);
  page.writeUInt32BE(1, 28);
  page.writeUInt32BE(1, 40);
  page.writeUInt32BE(NEWEST_FORMAT, 44);
  page.writeUInt32BE(ENCODINGS.indexOf(encoding) + 1, 56);
  page.writeInt32BE(userVersion, 60);
  page.writeInt32BE(applicationId, 68);
  page.writeUInt32BE(1, 92);
  startPage(page, HEADER_SIZE, PAGE_TYPE.tableLeaf, { cells: 0, content: usable });
  return page;
}

/** Writes the header of a b-tree page that begins at `at`. */
export function startPage(
  page: Buffer,
  at: number,
  type: number,
  { cells, content }: { readonly cells: number; readonly content: number },
): void {
  page[at] = type;
  page.writeUInt16BE(0, at + 1);
  page.writeUInt16BE(cells, at + 3);
  page.writeUInt16BE(content === 65536 ? 0 : content, at + 5);
  page[at + 7] = 0;
}

/** The page that the nth place of a file is: all but the one that holds the lock byte. */
export function pageAt(place: number, pageSize: number): number {
  return place > LOCK_BYTE / pageSize ? place + 1 : place;
}

/** The other way round. */
export function placeOf(page: number, pageSize: number): number {
  return page > LOCK_BYTE / pageSize ? page - 1 : page;
}
