/** Memory of pieces, used again: a dump makes thousands, and fresh pages and garbage cost it a tenth of its time. */
import { CUT_LIMITS } from './piece.ts';

/** Buffers that may lie idle in this thread. Only pages that were once written are resident. */
const IDLE = 16;

const idle: ArrayBuffer[] = [];

/** Room for a piece of `length` bytes. Its content is whatever was there. */
export function takePieceMemory(length: number): Uint8Array<ArrayBuffer> {
  const buffer = idle.pop() ?? new ArrayBuffer(CUT_LIMITS.max);
  return new Uint8Array(buffer, 0, length);
}

/** Gives the memory of a piece back. The caller holds no view of it any longer; other memory is left to the collector. */
export function returnPieceMemory(bytes: Uint8Array<ArrayBuffer>): void {
  if (bytes.buffer.byteLength === CUT_LIMITS.max && idle.length < IDLE) idle.push(bytes.buffer);
}
