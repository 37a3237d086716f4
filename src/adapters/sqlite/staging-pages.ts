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
  /** Whether the file has pointer maps, as auto_vacuum needs them. */
  readonly mapped: boolean;
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
  const { pageSize, reserved, encoding, autoVacuum, userVersion, applicationId } = body;
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
  page.writeUInt32BE(autoVacuum === 'none' ? 0 : 1, 52);
  page.writeUInt32BE(ENCODINGS.indexOf(encoding) + 1, 56);
  page.writeInt32BE(userVersion, 60);
  page.writeUInt32BE(autoVacuum === 'incremental' ? 1 : 0, 64);
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

/**
 * The page that the nth place of a file is: all but the one that holds the lock byte and, in mapped files, the pointer
 * maps.
 */
export function pageAt(place: number, geometry: Geometry): number {
  const page = unlocked(place, geometry);
  // A map that would lie on the lock page lies on the next, so that in any case one page less can be used.
  return page > LOCK_BYTE / geometry.pageSize ? unlocked(place + 1, geometry) : page;
}

function unlocked(place: number, geometry: Geometry): number {
  if (!geometry.mapped || place < 2) return place;
  return place + 1 + Math.floor((place - 2) / entriesOfMap(geometry));
}

/** The map that has the entry of a page. */
export function mapOf(page: number, geometry: Geometry): number {
  const stride = entriesOfMap(geometry) + 1;
  const map = Math.floor((page - 2) / stride) * stride + 2;
  return map === LOCK_BYTE / geometry.pageSize + 1 ? map + 1 : map;
}

/** The first place that lies behind a page. */
export function placeBehind(page: number, geometry: Geometry): number {
  let place = 1;
  for (let step = 2 ** 31; step >= 1; step /= 2) {
    if (pageAt(place + step, geometry) <= page) place += step;
  }
  return place + 1;
}

/** Bytes of an entry: what the page is, u8, and which page leads to it, u32. */
export const MAP_ENTRY = 5;

function entriesOfMap({ usable }: Geometry): number {
  return Math.floor(usable / MAP_ENTRY);
}
