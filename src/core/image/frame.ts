/** Frames: the 80-byte header that stands before all stored bytes of an image. `docs/format.md` section 3. */
import { crc32 } from 'node:zlib';
import { damaged, unsupportedFormat } from './damage.ts';

/** What a frame carries. */
export const FRAME = {
  HEAD: 1,
  CATALOG: 2,
  OPEN: 3,
  DATA: 4,
  REF: 5,
  CLOSE: 6,
  LOG: 7,
  INDEX: 8,
  TABLE: 9,
  ROOT: 10,
  ABORT: 11,
} as const;
export type FrameType = (typeof FRAME)[keyof typeof FRAME];

/** How the plain bytes became the stored bytes, before encryption. */
export const CODEC = { RAW: 0, ZSTD: 1 } as const;
export type Codec = (typeof CODEC)[keyof typeof CODEC];

export const FLAG = {
  /** The frame begins inside a record that the frame before began. */
  CONTINUED: 1,
  /** The last record goes on in the next frame. */
  UNFINISHED: 2,
  ENCRYPTED: 4,
  /** 64 bytes of Ed25519 follow the stored bytes. */
  SIGNED: 8,
} as const;
const KNOWN_FLAGS = FLAG.CONTINUED | FLAG.UNFINISHED | FLAG.ENCRYPTED | FLAG.SIGNED;

/** Stream numbers that are no streams of records: one counter of frames each. */
export const STREAM = {
  CATALOG: 0,
  /** First number that is reserved. */
  RESERVED: 0xffffff00,
  HEAD: 0xffffff00,
  INDEX: 0xffffff01,
  TABLE: 0xffffff02,
  ROOT: 0xffffff03,
  LOG: 0xffffff04,
  ABORT: 0xffffff05,
} as const;

/** The stream of all frames of a type, where that is fixed. */
export const STREAM_OF: { readonly [type: number]: number } = {
  [FRAME.HEAD]: STREAM.HEAD,
  [FRAME.CATALOG]: STREAM.CATALOG,
  [FRAME.INDEX]: STREAM.INDEX,
  [FRAME.TABLE]: STREAM.TABLE,
  [FRAME.ROOT]: STREAM.ROOT,
  [FRAME.LOG]: STREAM.LOG,
  [FRAME.ABORT]: STREAM.ABORT,
};

export const HEADER_BYTES = 80;
export const SIGNATURE_BYTES = 64;
/** Added to the stored bytes by encryption. */
export const TAG_BYTES = 16;
/** No frame has more plain bytes. */
export const MAX_PLAIN: number = 8 * 1024 * 1024;
/** No frame has more stored bytes. */
export const MAX_STORED: number = 16 * 1024 * 1024;

/** 'DBIF', little-endian. */
export const SYNC = 0x46494244;

export interface FrameHeader {
  readonly type: FrameType;
  readonly codec: Codec;
  readonly flags: number;
  readonly stream: number;
  /** Counts all frames of the stream from 0. */
  readonly sequence: number;
  /** Records that end in this frame. */
  readonly records: number;
  readonly plainLength: number;
  readonly storedLength: number;
  /** SHA-256 of the plain bytes; HMAC-SHA-256 under the chain's id key if encrypted. */
  readonly contentId: Uint8Array<ArrayBuffer>;
}

export type FrameKind = Lowercase<keyof typeof FRAME>;

const KINDS = Object.fromEntries(
  Object.entries(FRAME).map(([name, type]) => [type, name.toLowerCase()]),
) as unknown as { readonly [type in FrameType]: FrameKind };

export function kindOf(type: FrameType): FrameKind {
  return KINDS[type];
}

/** A frame as it stands in an image, its CRCs and signature checked. Plain data: it may cross into a worker. */
export interface StoredFrame extends FrameHeader {
  readonly kind: FrameKind;
  /** Where its header begins in the image. */
  readonly offset: number;
  readonly header: Uint8Array<ArrayBuffer>;
  /** The stored bytes. */
  readonly payload: Uint8Array<ArrayBuffer>;
}

/** Length of the whole frame in the image. */
export function frameBytes(frame: { readonly storedLength: number; readonly flags: number }): number {
  return HEADER_BYTES + frame.storedLength + (frame.flags & FLAG.SIGNED ? SIGNATURE_BYTES : 0);
}

/** The header up to its two CRCs: what encryption authenticates. {@link sealHeader} adds the rest. */
export function encodeHeader(frame: FrameHeader): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(HEADER_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, SYNC, true);
  bytes[4] = frame.type;
  bytes[5] = frame.codec;
  view.setUint16(6, frame.flags, true);
  view.setUint32(8, frame.stream, true);
  view.setBigUint64(12, BigInt(frame.sequence), true);
  view.setUint32(20, frame.records, true);
  view.setUint32(24, frame.plainLength, true);
  view.setUint32(28, frame.storedLength, true);
  bytes.set(frame.contentId, 32);
  return bytes;
}

/** Writes both CRCs into a header made by {@link encodeHeader}. */
export function sealHeader(header: Uint8Array<ArrayBuffer>, stored: Uint8Array): void {
  new DataView(header.buffer, header.byteOffset).setUint32(64, crc32(stored), true);
  sealHeaderCrc(header);
}

/** Writes the header's own CRC, the last of its fields. */
export function sealHeaderCrc(header: Uint8Array<ArrayBuffer>): void {
  new DataView(header.buffer, header.byteOffset).setUint32(76, crc32(header.subarray(0, 76)), true);
}

/** Whether these 80 bytes are a header that arrived unharmed; says nothing of whether its fields make sense. */
export function isHeader(bytes: Uint8Array): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return view.getUint32(0, true) === SYNC && view.getUint32(76, true) === crc32(bytes.subarray(0, 76));
}

/**
 * Decodes a header and refuses lengths above the caps before anything is allocated for them.
 * @throws DbimgError `IMAGE_DAMAGED`, `FORMAT_UNSUPPORTED`
 */
export function decodeHeader(bytes: Uint8Array, offset: number): FrameHeader {
  if (!isHeader(bytes)) throw damaged(`There is no valid frame header at byte ${offset} of the image.`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const type = bytes[4] as FrameType;
  const codec = bytes[5] as Codec;
  const flags = view.getUint16(6, true);
  const sequence = view.getBigUint64(12, true);
  const plainLength = view.getUint32(24, true);
  const storedLength = view.getUint32(28, true);
  if (type < FRAME.HEAD || type > FRAME.ABORT || codec > CODEC.ZSTD || (flags & ~KNOWN_FLAGS) !== 0) {
    throw unsupportedFormat(
      `The frame at byte ${offset} has a type, codec or flag that this version does not know.`,
    );
  }
  if (view.getBigUint64(68, true) !== 0n || sequence > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw damaged(`The frame at byte ${offset} uses reserved bytes.`);
  }
  const overhead = flags & FLAG.ENCRYPTED ? TAG_BYTES : 0;
  const impossible =
    storedLength < overhead || (codec === CODEC.RAW && storedLength !== plainLength + overhead);
  if (plainLength > MAX_PLAIN || storedLength > MAX_STORED || impossible) {
    throw damaged(`The frame at byte ${offset} has impossible lengths.`);
  }
  return {
    type,
    codec,
    flags,
    stream: view.getUint32(8, true),
    sequence: Number(sequence),
    records: view.getUint32(20, true),
    plainLength,
    storedLength,
    contentId: Uint8Array.prototype.slice.call(bytes, 32, 64) as Uint8Array<ArrayBuffer>,
  };
}

/**
 * Compares the stored bytes with the header's CRC.
 * @throws DbimgError `IMAGE_DAMAGED`
 */
export function checkStored(header: Uint8Array, stored: Uint8Array, offset: number): void {
  const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
  if (view.getUint32(64, true) !== crc32(stored)) {
    throw damaged(`The stored bytes of the frame at byte ${offset} are not what its CRC says.`);
  }
}
