/** The last 64 bytes of an image: where its ROOT is, and proof that nothing is missing. */
import { crc32 } from 'node:zlib';
import { damaged } from './damage.ts';

export const FOOTER_BYTES = 64;
const MAGIC = new TextEncoder().encode('DBIMGEND');

export interface Footer {
  /** Where the ROOT frame begins. */
  readonly rootOffset: number;
  /** Length of the whole image, footer included. */
  readonly length: number;
  readonly rootId: Uint8Array;
}

export function encodeFooter(footer: Footer): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(FOOTER_BYTES);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(footer.rootOffset), true);
  view.setBigUint64(8, BigInt(footer.length), true);
  bytes.set(footer.rootId, 16);
  view.setUint32(52, crc32(bytes.subarray(0, 52)), true);
  bytes.set(MAGIC, 56);
  return bytes;
}

/** Whether these 64 bytes look like a footer, damaged or not. */
export function endsLikeFooter(bytes: Uint8Array): boolean {
  return bytes.length === FOOTER_BYTES && MAGIC.every((byte, i) => bytes[56 + i] === byte);
}

/** @throws DbimgError `IMAGE_DAMAGED` */
export function decodeFooter(bytes: Uint8Array): Footer {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [rootOffset, length] = [view.getBigUint64(0, true), view.getBigUint64(8, true)];
  const intact = endsLikeFooter(bytes) && view.getUint32(52, true) === crc32(bytes.subarray(0, 52));
  if (
    !intact ||
    view.getUint32(48, true) !== 0 ||
    length > BigInt(Number.MAX_SAFE_INTEGER) ||
    rootOffset >= length
  ) {
    throw damaged('The footer of the image is damaged.');
  }
  return { rootOffset: Number(rootOffset), length: Number(length), rootId: bytes.slice(16, 48) };
}
