/** What comes out of a recorder: runs of records, cut where `docs/records.md` says. */
import type { Digest } from './digest.ts';

/** The bytes of a chunk, or of a part of one if a record is larger than a chunk. */
export interface Piece {
  /**
   * Whole records one after the other, without anything between them. The receiver owns the memory, and may give it
   * back with `returnPieceMemory` when nobody reads it any longer.
   */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Records that end in this piece. */
  readonly records: number;
  /** Digest of the records that end in this piece. */
  readonly digest: Digest;
  /** The piece begins inside a record, which the piece before began. */
  readonly continued: boolean;
  /** The last record goes on in the next piece. */
  readonly unfinished: boolean;
}

/** Where pieces are cut, in bytes. */
export interface CutLimits {
  /** No piece that is cut by content is smaller. */
  readonly min: number;
  /** Mean distance between `min` and a cut, if records are much smaller. A power of two. */
  readonly target: number;
  /** No piece is larger. At most {@link CUT_LIMITS}`.max`. */
  readonly max: number;
}

/** The limits of every image. Others are for tests. */
export const CUT_LIMITS: CutLimits = { min: 512 * 1024, target: 512 * 1024, max: 4 * 1024 * 1024 };

/** No record is longer than this, in bytes. */
export const MAX_RECORD = 0x7fffffff;

export interface RecorderOptions {
  /** Whether the records are wanted; without it they are only hashed and counted, and `onPiece` is never called. */
  readonly keep: boolean;
  readonly limits?: CutLimits;
  /** Called synchronously from `feed`, `append` and `end`, in order. If it throws, the recorder is broken. */
  onPiece(piece: Piece): void;
}
