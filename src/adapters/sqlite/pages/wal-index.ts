/**
 * The header of a WAL index, the `-shm` file. https://www.sqlite.org/walformat.html#the_wal_index_file_format
 * Its numbers are in the byte order of the machine.
 */
import { readSync } from 'node:fs';
import { endianness } from 'node:os';

/** The header twice, and how far the WAL has been copied back. What follows is locked by others on Windows. */
const SIZE = 100;
const COPY = 48;
const VERSION = 3007000;
const LITTLE = endianness() === 'LE';

export interface WalIndexHeader {
  /** Rises with every transaction. */
  readonly change: number;
  /** Frames of the WAL that are committed. */
  readonly frames: number;
  /** Size of the database in pages after the last of them. */
  readonly pages: number;
  /** Checksum of the last frame, and what ties the frames to this run of the WAL. */
  readonly checksum: readonly [number, number];
  readonly salts: readonly [number, number];
  /** Frames that are in the database file already. */
  readonly copied: number;
}

/** The header, or undefined while somebody is writing it, or if there is none yet. */
export function readWalIndexHeader(fd: number): WalIndexHeader | undefined {
  const bytes = Buffer.alloc(SIZE);
  if (readSync(fd, bytes, 0, SIZE, 0) < SIZE) return undefined;
  if (!bytes.subarray(0, COPY).equals(bytes.subarray(COPY, 2 * COPY))) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, SIZE);
  if (view.getUint32(0, LITTLE) !== VERSION || view.getUint8(12) !== 1) return undefined;
  return {
    change: view.getUint32(8, LITTLE),
    frames: view.getUint32(16, LITTLE),
    pages: view.getUint32(20, LITTLE),
    checksum: [view.getUint32(24, LITTLE), view.getUint32(28, LITTLE)],
    // Copied byte by byte from the WAL's header, which is big-endian.
    salts: [view.getUint32(32), view.getUint32(36)],
    copied: view.getUint32(96, LITTLE),
  };
}

export function sameTransaction(a: WalIndexHeader, b: WalIndexHeader): boolean {
  return (
    a.change === b.change && a.frames === b.frames && a.salts[0] === b.salts[0] && a.salts[1] === b.salts[1]
  );
}
