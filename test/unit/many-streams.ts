/** Child process: writes an image of so many streams to a file, then reads it both ways, and says how much memory that took. */
import { StreamSealer } from '../../src/core/codec/sealing.ts';
import { ImageFile } from '../../src/core/image/file.ts';
import { ImageReader } from '../../src/core/image/reader.ts';
import { ImageWriter } from '../../src/core/image/writer.ts';
import { openStore } from '../../src/core/store/store.ts';
import { HEAD, openOf, POSITION, pieceOf, rows, totalOf } from './image-samples.ts';

const [path, streams] = [process.argv[2] as string, Number(process.argv[3])];
/** Streams that are written at once. */
const LANES = 32;

async function write(): Promise<void> {
  const output = await openStore(path).create();
  const writer = await ImageWriter.create(output, { head: HEAD });
  const piece = pieceOf(rows(1, 60));
  const lane = async (): Promise<void> => {
    for (let stream = writer.nextStream(); stream <= streams; stream = writer.nextStream()) {
      const sealer = new StreamSealer(writer.sealing, stream);
      const frames = await Promise.all([
        sealer.open(openOf(stream)),
        sealer.data(piece),
        sealer.close(totalOf([piece])),
      ]);
      await Promise.all(frames.map((frame) => writer.write(frame)));
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  await writer.finish({ position: POSITION, omissions: [] });
  await output.commit();
}

async function readPiped(): Promise<number> {
  const store = await openStore(path).open();
  const reader = await ImageReader.open(store.stream(), {});
  let closed = 0;
  for await (const frame of reader.frames()) if (frame.kind === 'close') closed += 1;
  await store.close();
  return closed;
}

async function readFile(): Promise<number> {
  const store = await openStore(path).open();
  const file = await ImageFile.open(store, {});
  let seen = 0;
  for await (const stream of file.streams()) {
    seen += 1;
    // One in so many is read: enough to go through every INDEX block.
    if (seen % 500 === 0) for await (const frame of file.frames(stream)) await file.openFrame(frame);
  }
  await store.close();
  return seen;
}

const begin = performance.now();
let peak = 0;
setInterval(() => {
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  peak = Math.max(peak, heapUsed + arrayBuffers);
}, 20).unref();
await write();
const written = performance.now();
const [piped, listed] = [await readPiped(), await readFile()];
const seconds = [written - begin, performance.now() - written].map((time) => Math.round(time / 100) / 10);
console.log(JSON.stringify({ piped, listed, peak, rss: process.resourceUsage().maxRSS * 1024, seconds }));
