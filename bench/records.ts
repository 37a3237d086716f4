/** How fast the record kernel is: `node bench/records.ts`. Feeds the same rows over and over, in reads of 64 KiB. */
import { Recorder } from '../src/core/records/recorder.ts';

const READ = 64 * 1024;
const SECONDS = 1;

function messages(rowLength: number): Uint8Array {
  const message = Buffer.alloc(rowLength + 5);
  const copies = Math.max(1, Math.floor((16 * 1024 * 1024) / message.length));
  const all = Buffer.alloc(copies * message.length);
  for (let copy = 0; copy < copies; copy++) {
    message.write('d');
    message.writeInt32BE(rowLength + 4, 1);
    for (let at = 5; at + 4 <= message.length; at += 4)
      message.writeUInt32LE(Math.imul(copy * 8191 + at, 0x9e3779b1) >>> 0, at);
    all.set(message, copy * message.length);
  }
  return all;
}

function measure(wire: Uint8Array, keep: boolean): { bytesPerSecond: number; rowsPerSecond: number } {
  const recorder = new Recorder({ keep, onPiece: () => {} });
  const input = recorder.framed('pg-copy-text');
  const begin = performance.now();
  let seconds = 0;
  while (seconds < SECONDS) {
    for (let at = 0; at < wire.length; at += READ) {
      const read = wire.subarray(at, at + READ);
      input.buffer.set(read);
      input.feed(0, read.length);
    }
    seconds = (performance.now() - begin) / 1000;
  }
  const { records } = recorder.end();
  return { bytesPerSecond: recorder.bytes / seconds, rowsPerSecond: records / seconds };
}

for (const rowLength of [40, 400, READ]) {
  const wire = messages(rowLength);
  for (const keep of [true, false]) {
    measure(wire, keep);
    const { bytesPerSecond, rowsPerSecond } = measure(wire, keep);
    const rate = `${(bytesPerSecond / 1e9).toFixed(2)} GB/s  ${(rowsPerSecond / 1e6).toFixed(2)} M rows/s`;
    console.log(`${String(rowLength).padStart(6)} bytes  ${keep ? 'keep  ' : 'digest'}  ${rate}`);
  }
}
