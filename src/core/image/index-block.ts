/** INDEX blocks: one entry for every frame, in the order of the image. `docs/format.md` section 8. */
import { damaged } from './damage.ts';
import { decodeHeader, type FrameHeader, frameBytes, HEADER_BYTES, SYNC, sealHeaderCrc } from './frame.ts';

/** No block has more entries. */
export const MAX_ENTRIES = 4096;
/** offset u64, bytes 4…67 of the header, digest sum as 16 bytes little-endian. */
export const ENTRY_BYTES = 88;
const HEADER_AT = 8;
const SUM_AT = 72;

export interface IndexEntry {
  readonly offset: number;
  /** The frame's header, as it must stand in the image. */
  readonly header: Uint8Array<ArrayBuffer>;
  readonly frame: FrameHeader;
  /** DATA and REF: sum of the hashes of the records that end in it. */
  readonly sum: bigint;
}

/** Collects the entries of one block. */
export class IndexBlock {
  #bytes = new Uint8Array(ENTRY_BYTES * 64);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  add(offset: number, header: Uint8Array, sum: bigint): void {
    const at = this.#count * ENTRY_BYTES;
    if (at === this.#bytes.length) {
      const larger = new Uint8Array(this.#bytes.length * 2);
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    const view = new DataView(this.#bytes.buffer, at);
    view.setBigUint64(0, BigInt(offset), true);
    this.#bytes.set(header.subarray(4, 68), at + HEADER_AT);
    view.setBigUint64(SUM_AT, sum & 0xffffffffffffffffn, true);
    view.setBigUint64(SUM_AT + 8, sum >> 64n, true);
    this.#count += 1;
  }

  /** The block so far; the next one begins empty. */
  take(): Uint8Array<ArrayBuffer> {
    const bytes = this.#bytes.slice(0, this.#count * ENTRY_BYTES);
    this.#count = 0;
    return bytes;
  }
}

/**
 * Checks a block as a whole: its frames lie side by side and the last ends at `end`, where the block's own frame begins.
 * @throws DbimgError `IMAGE_DAMAGED`
 */
export function checkIndexBlock(bytes: Uint8Array, end: number): void {
  if (bytes.length === 0 || bytes.length % ENTRY_BYTES !== 0 || bytes.length > MAX_ENTRIES * ENTRY_BYTES) {
    throw damaged('An INDEX block has an impossible length.');
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let next = view.getBigUint64(0, true);
  for (let at = 0; at < bytes.length; at += ENTRY_BYTES) {
    if (view.getBigUint64(at, true) !== next)
      throw damaged('The frames of an INDEX block do not lie side by side.');
    const flags = view.getUint16(at + HEADER_AT + 2, true);
    const storedLength = view.getUint32(at + HEADER_AT + 24, true);
    next += BigInt(frameBytes({ storedLength, flags }));
  }
  if (next !== BigInt(end)) throw damaged('An INDEX block does not follow the frames that it lists.');
}

/**
 * The entries of one stream in a block that {@link checkIndexBlock} has seen.
 * @throws DbimgError `IMAGE_DAMAGED`
 */
export function* entriesOf(bytes: Uint8Array, stream: number): Generator<IndexEntry> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at < bytes.length; at += ENTRY_BYTES) {
    if (view.getUint32(at + HEADER_AT + 4, true) !== stream) continue;
    const header = new Uint8Array(HEADER_BYTES);
    new DataView(header.buffer).setUint32(0, SYNC, true);
    header.set(bytes.subarray(at + HEADER_AT, at + SUM_AT), 4);
    sealHeaderCrc(header);
    const offset = Number(view.getBigUint64(at, true));
    yield { offset, header, frame: decodeHeader(header, offset), sum: sumAt(bytes, at) };
  }
}

/** Sum of the digests of all entries; `null` if the blocks differ in anything but digests, which headers do not hold. */
export function sumIfSameFrames(listed: Uint8Array, seen: Uint8Array): bigint | null {
  if (listed.length !== seen.length) return null;
  let sum = 0n;
  for (let at = 0; at < listed.length; at += ENTRY_BYTES) {
    if (Buffer.compare(listed.subarray(at, at + SUM_AT), seen.subarray(at, at + SUM_AT)) !== 0) return null;
    sum += sumAt(listed, at);
  }
  return BigInt.asUintN(128, sum);
}

function sumAt(bytes: Uint8Array, at: number): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at + SUM_AT, 16);
  return view.getBigUint64(0, true) | (view.getBigUint64(8, true) << 64n);
}
