/** The write-ahead log: which of its frames hold a page. https://www.sqlite.org/walformat.html */
import { readSync } from 'node:fs';

export const WAL_HEADER_SIZE = 32;
export const FRAME_HEADER_SIZE = 24;
/** Little- and big-endian checksums. */
const MAGIC = [0x377f0682, 0x377f0683];
const BLOCK = 1024 * 1024;

export interface WalHeader {
  readonly bigEndian: boolean;
  readonly pageSize: number;
  /** Of the header: the checksum of the first frame goes on from it. */
  readonly checksum: readonly [number, number];
  readonly salts: readonly [number, number];
}

/** The header, or undefined if there is none that is valid: then no frame is. */
export function readWalHeader(fd: number): WalHeader | undefined {
  const bytes = Buffer.alloc(WAL_HEADER_SIZE);
  if (readSync(fd, bytes, 0, bytes.length, 0) < bytes.length) return undefined;
  const magic = bytes.readUInt32BE(0);
  if (!MAGIC.includes(magic)) return undefined;
  const bigEndian = (magic & 1) === 1;
  const checksum = addChecksum([0, 0], bytes, 0, 24, bigEndian);
  if (checksum[0] !== bytes.readUInt32BE(24) || checksum[1] !== bytes.readUInt32BE(28)) return undefined;
  return {
    bigEndian,
    pageSize: bytes.readUInt32BE(8),
    salts: [bytes.readUInt32BE(16), bytes.readUInt32BE(20)],
    checksum,
  };
}

/** Pages to the last committed frame that holds them. */
export class WalFrames {
  #pages: Uint32Array = new Uint32Array(1024);
  #frames: Uint32Array = new Uint32Array(1024);
  #used = 0;

  /** How many pages have a frame. */
  get size(): number {
    return this.#used;
  }

  /** The frame, from 1, or 0 if the page is not in the log. */
  frameOf(page: number): number {
    return this.#frames[this.#slot(page)] as number;
  }

  set(page: number, frame: number): void {
    const slot = this.#slot(page);
    if (this.#pages[slot] === 0) {
      this.#pages[slot] = page;
      this.#used += 1;
    }
    this.#frames[slot] = frame;
    if (this.#used * 2 > this.#pages.length) this.#grow();
  }

  #slot(page: number): number {
    const mask = this.#pages.length - 1;
    let slot = Math.imul(page, 0x9e3779b1) & mask;
    while (this.#pages[slot] !== 0 && this.#pages[slot] !== page) slot = (slot + 1) & mask;
    return slot;
  }

  #grow(): void {
    const pages = this.#pages;
    const frames = this.#frames;
    this.#pages = new Uint32Array(pages.length * 2);
    this.#frames = new Uint32Array(pages.length * 2);
    for (const [at, page] of pages.entries()) {
      if (page === 0) continue;
      const slot = this.#slot(page);
      this.#pages[slot] = page;
      this.#frames[slot] = frames[at] as number;
    }
  }
}

export interface ScannedWal {
  readonly frames: WalFrames;
  /** Frames up to and with the last one that commits. */
  readonly committed: number;
  /** Size of the database in pages after it; 0 if there is none. */
  readonly pages: number;
  readonly checksum: readonly [number, number];
}

/**
 * Reads the log from its begin while salts and checksums hold, but no more than `limit` frames. Frames after the last
 * commit do not count: they are of a transaction that never ended, or has not yet.
 */
export function scanWal(fd: number, header: WalHeader, limit: number): ScannedWal {
  const { pageSize, bigEndian, salts } = header;
  const size = FRAME_HEADER_SIZE + pageSize;
  const perBlock = Math.max(1, Math.floor(BLOCK / size));
  const block = Buffer.alloc(perBlock * size);
  const frames = new WalFrames();
  /** Pages of the frames after the last commit. */
  let pending: number[] = [];
  let result: Omit<ScannedWal, 'frames'> = { committed: 0, pages: 0, checksum: header.checksum };
  let checksum = header.checksum;
  for (let frame = 1; frame <= limit; ) {
    const got = readSync(fd, block, 0, block.length, WAL_HEADER_SIZE + (frame - 1) * size);
    const whole = Math.min(Math.floor(got / size), limit - frame + 1);
    for (let at = 0; at < whole * size; at += size, frame += 1) {
      const page = block.readUInt32BE(at);
      const commit = block.readUInt32BE(at + 4);
      if (block.readUInt32BE(at + 8) !== salts[0] || block.readUInt32BE(at + 12) !== salts[1] || page === 0) {
        return { ...result, frames };
      }
      checksum = addChecksum(checksum, block, at, at + 8, bigEndian);
      checksum = addChecksum(checksum, block, at + FRAME_HEADER_SIZE, at + size, bigEndian);
      if (checksum[0] !== block.readUInt32BE(at + 16) || checksum[1] !== block.readUInt32BE(at + 20)) {
        return { ...result, frames };
      }
      pending.push(page);
      if (commit === 0) continue;
      for (const [nth, held] of pending.entries()) frames.set(held, result.committed + 1 + nth);
      pending = [];
      result = { committed: frame, pages: commit, checksum };
    }
    if (whole === 0) break;
  }
  return { ...result, frames };
}

/** The running checksum over `[start, end)`, a multiple of 8 bytes. */
export function addChecksum(
  before: readonly [number, number],
  bytes: Buffer,
  start: number,
  end: number,
  bigEndian: boolean,
): [number, number] {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  let [first, second] = before;
  first |= 0;
  second |= 0;
  for (let at = start; at < end; at += 8) {
    first = (first + view.getInt32(at, !bigEndian) + second) | 0;
    second = (second + view.getInt32(at + 4, !bigEndian) + first) | 0;
  }
  return [first >>> 0, second >>> 0];
}
