/** Pages of a database as one snapshot sees them: from its file, or from a frame of its WAL. */
import { readSync } from 'node:fs';
import { PageDamage } from './damage.ts';
import { FRAME_HEADER_SIZE, readWalHeader, scanWal, WAL_HEADER_SIZE, type WalFrames } from './wal.ts';

/** Everything that is needed to read the pages of a held snapshot: plain data, for lanes in this process. */
export interface PageLayout {
  readonly [key: string]: number | readonly number[] | undefined;
  readonly fd: number;
  readonly pageSize: number;
  readonly usable: number;
  readonly pages: number;
  /** The WAL, if pages must be taken from it, and how many of its frames. */
  readonly walFd?: number;
  readonly walFrames?: number;
  readonly walSalts?: readonly number[];
}

/** The byte on which SQLite's locks lie. Its page holds nothing. */
const LOCK_BYTE = 2 ** 30;
/** How far is read ahead where pages are asked for in order. */
const AHEAD = 128 * 1024;
/** Where a page is asked for within so many pages of the last one, the reading counts as in order. */
const NEAR = 8;
const BLOCKS = 4;

interface Block {
  readonly bytes: Buffer;
  first: number;
  count: number;
}

export class PageSource {
  readonly pageSize: number;
  /** Bytes of a page that hold content. */
  readonly usable: number;
  /** Size of the database. Pages are numbered from 1. */
  readonly pages: number;
  /** The page that no tree may use; it may lie beyond the end. */
  readonly lockPage: number;
  readonly #layout: PageLayout;
  readonly #wal: WalFrames | undefined;
  /** A page of the WAL. */
  readonly #single: Block;
  readonly #blocks: Block[] = [];
  #oldest = 0;
  #window = 1;
  #last = 0;

  /** @throws PageDamage if the WAL does not hold the frames that belong to the snapshot. */
  constructor(layout: PageLayout) {
    this.#layout = layout;
    this.pageSize = layout.pageSize;
    this.usable = layout.usable;
    this.pages = layout.pages;
    this.lockPage = LOCK_BYTE / layout.pageSize + 1;
    this.#single = { bytes: Buffer.allocUnsafeSlow(layout.pageSize), first: 0, count: 1 };
    this.#wal = readFrames(layout);
  }

  /** A page; the bytes are valid until the next call. */
  page(number: number): Buffer {
    const block = this.#find(number);
    const at = (number - block.first) * this.pageSize;
    return block.bytes.subarray(at, at + this.pageSize);
  }

  /** A page, into memory of the caller. */
  copy(number: number, target: Uint8Array, to: number = 0): void {
    const block = this.#find(number);
    const at = (number - block.first) * this.pageSize;
    block.bytes.copy(target, to, at, at + this.pageSize);
  }

  #find(number: number): Block {
    this.#check(number);
    const frame = this.#wal?.frameOf(number) ?? 0;
    if (frame > 0) return this.#fromWal(number, frame);
    for (const block of this.#blocks) {
      if (number < block.first || number >= block.first + block.count) continue;
      this.#last = number;
      return block;
    }
    return this.#fromFile(number);
  }

  #check(number: number): void {
    if (number >= 1 && number <= this.pages && number !== this.lockPage) return;
    throw new PageDamage(
      number,
      number === this.lockPage ? 'is the locking page' : `is not among the ${this.pages} pages of the file`,
    );
  }

  #fromWal(number: number, frame: number): Block {
    const { walFd = -1 } = this.#layout;
    const at = WAL_HEADER_SIZE + (frame - 1) * (FRAME_HEADER_SIZE + this.pageSize) + FRAME_HEADER_SIZE;
    if (readSync(walFd, this.#single.bytes, 0, this.pageSize, at) < this.pageSize) {
      throw new PageDamage(number, `is missing in the WAL: it ends before frame ${frame}`);
    }
    this.#single.first = number;
    return this.#single;
  }

  #fromFile(number: number): Block {
    const { pageSize } = this;
    const most = Math.max(1, AHEAD / pageSize);
    this.#window = number > this.#last && number <= this.#last + NEAR ? Math.min(most, this.#window * 2) : 1;
    this.#last = number;
    const block = this.#block();
    const count = Math.min(this.#window, this.pages - number + 1, beforeLock(number, this.lockPage));
    block.count = 0;
    const got = readSync(this.#layout.fd, block.bytes, 0, count * pageSize, (number - 1) * pageSize);
    if (got < pageSize) throw new PageDamage(number, 'is missing: the file ends before it');
    block.first = number;
    block.count = Math.floor(got / pageSize);
    return block;
  }

  #block(): Block {
    this.#oldest = (this.#oldest + 1) % BLOCKS;
    let block = this.#blocks[this.#oldest];
    if (!block) {
      block = { bytes: Buffer.allocUnsafeSlow(Math.max(AHEAD, this.pageSize)), first: 0, count: 0 };
      this.#oldest = this.#blocks.push(block) - 1;
    }
    return block;
  }
}

/** Others hold locks on the page of the lock byte, and on some systems a locked byte cannot be read. */
function beforeLock(number: number, lockPage: number): number {
  return number < lockPage ? lockPage - number : Number.POSITIVE_INFINITY;
}

/** The frames of the last snapshot, for all who read it in this thread. */
let lastRead: { readonly key: string; readonly frames: WalFrames } | undefined;

function readFrames(layout: PageLayout): WalFrames | undefined {
  const { walFd, walFrames = 0, walSalts } = layout;
  if (walFd === undefined || walFrames === 0) return undefined;
  const key = JSON.stringify([walFd, walFrames, walSalts]);
  if (lastRead?.key === key) return lastRead.frames;
  const header = readWalHeader(walFd);
  if (header && header.salts[0] === walSalts?.[0] && header.salts[1] === walSalts[1]) {
    const { committed, frames } = scanWal(walFd, header, walFrames);
    if (committed === walFrames && header.pageSize === layout.pageSize) {
      lastRead = { key, frames };
      return frames;
    }
  }
  throw new PageDamage(1, 'has no valid WAL: checksums or salts of its frames are not those of the snapshot');
}
