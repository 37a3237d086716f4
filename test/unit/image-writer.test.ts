import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type SealedFrame, StreamSealer } from '../../src/core/codec/sealing.ts';
import { DbimgError } from '../../src/core/errors.ts';
import { ImageWriter } from '../../src/core/image/writer.ts';
import { MemoryStore, type StoreWriter } from '../../src/core/store/store.ts';
import {
  entry,
  HEAD,
  LIMITS,
  longRecord,
  openOf,
  POSITION,
  pieceOf,
  readAll,
  rows,
  sealStream,
  totalOf,
} from './image-samples.ts';

async function newWriter(output: StoreWriter): Promise<ImageWriter> {
  return await ImageWriter.create(output, { head: HEAD, limits: LIMITS });
}

test('many lanes at once: frames of one record stay together and every stream is whole', async () => {
  const store = new MemoryStore();
  const output = await store.create();
  const writer = await newWriter(output);
  await Promise.all(
    Array.from({ length: 40 }, async (_, lane) => {
      const pieces = [
        pieceOf(rows(lane, 300)),
        ...longRecord(lane),
        ...longRecord(lane + 50),
        pieceOf(rows(lane, 90)),
      ];
      for (const frame of await sealStream(writer, pieces)) {
        if ((frame.sequence + lane) % 5 === 0) await sleep(1);
        await writer.write(frame);
      }
    }),
  );
  await writer.finish({ position: POSITION, omissions: [] });
  await output.commit();
  const { frames, reader } = await readAll(store.bytes as Uint8Array<ArrayBuffer>);
  assert.equal(reader.root?.totals.streams, 40);
  let owner: number | undefined;
  let switches = 0;
  for (const [i, { frame }] of frames.entries()) {
    if (owner !== undefined) assert.equal(frame.stream, owner);
    owner = frame.flags & 2 ? frame.stream : undefined;
    if (frame.stream !== frames[i - 1]?.frame.stream) switches += 1;
  }
  assert.ok(switches > 80, `streams took turns ${switches} times`);
});

test('while a record is unfinished other lanes wait, and go on in their order', async () => {
  const order: number[] = [];
  const output = await new MemoryStore().create();
  const writer = await newWriter(output);
  const [a, b, c] = await Promise.all([
    sealStream(writer, longRecord(1)),
    sealStream(writer, [pieceOf(rows(2, 100))]),
    sealStream(writer, [pieceOf(rows(3, 100))]),
  ]);
  const write = (frame: SealedFrame | undefined): Promise<number> =>
    writer.write(frame as SealedFrame).then(() => order.push((frame as SealedFrame).stream));
  await write(a[0]);
  await write(a[1]);
  const others = [write(b[0]), write(c[0]), write(b[1])];
  await sleep(10);
  assert.deepEqual(order, [1, 1]);
  await write(a[2]);
  await write(a[3]);
  await Promise.all(others);
  assert.deepEqual(order, [1, 1, 1, 1, 2, 3, 2]);
});

test('a writer that fails tells a pipe why, and everybody who waits', async () => {
  const store = new MemoryStore();
  const output = await store.create();
  const writer = await newWriter(output);
  await writer.catalog(entry(1));
  await writer.endCatalog();
  const [open, first] = await sealStream(writer, longRecord(1));
  const [other] = await sealStream(writer, []);
  await writer.write(open as SealedFrame);
  await writer.write(first as SealedFrame);
  const waiting = writer.write(other as SealedFrame);
  const reason = new DbimgError('PERMISSION_DENIED', 'permission denied for table t', {
    object: ['d', 's', 't'],
    hint: 'GRANT',
  });
  const [rejected] = await Promise.allSettled([waiting, writer.abort(reason)]);
  assert.equal(rejected.status === 'rejected' && rejected.reason, reason);
  await assert.rejects(writer.write(other as SealedFrame), reason);
  await output.commit();
  await assert.rejects(readAll(store.bytes as Uint8Array<ArrayBuffer>), (error: DbimgError) => {
    assert.equal(error.code, 'IMAGE_ABORTED');
    assert.match(error.message, /permission denied for table t/);
    assert.deepEqual(error.object, ['d', 's', 't']);
    return error.hint === 'GRANT';
  });
});

test('a full store fails every write, and abort does not wait for it', async () => {
  const full = new DbimgError('STORE_FULL', 'no space');
  let room = 2;
  const output: StoreWriter = {
    write: async () => {
      room -= 1;
      if (room < 0) throw full;
    },
    commit: async () => {},
    discard: async () => {},
  };
  const writer = await newWriter(output);
  const frames = await sealStream(writer, [pieceOf(rows(1, 100))]);
  const writes = await Promise.allSettled(frames.map((frame) => writer.write(frame)));
  assert.ok(writes.some((write) => write.status === 'rejected' && write.reason === full));
  await assert.rejects(writer.finish({ position: POSITION, omissions: [] }), full);
  await writer.abort(full);
});

test('abort gives up on a store that does not move', async () => {
  let stuck = false;
  const output: StoreWriter = {
    write: () => (stuck ? new Promise(() => {}) : Promise.resolve()),
    commit: async () => {},
    discard: async () => {},
  };
  const writer = await newWriter(output);
  const [open] = await sealStream(writer, []);
  stuck = true;
  writer.write(open as SealedFrame).catch(() => {});
  const begin = performance.now();
  await writer.abort(new DbimgError('CANCELLED', 'cancelled'));
  assert.ok(performance.now() - begin < 5000);
});

test('misuse is a bug and says so', async () => {
  const swapped = async (writer: ImageWriter): Promise<void> => {
    const [open, data] = await sealStream(writer, [pieceOf(rows(1, 100))]);
    await writer.write(data as SealedFrame);
    await writer.write(open as SealedFrame);
  };
  const unclosed = async (writer: ImageWriter): Promise<void> => {
    await writer.write(await new StreamSealer(writer.sealing, writer.nextStream()).open(openOf(1)));
    await writer.finish({ position: POSITION, omissions: [] });
  };
  const miscounted = async (writer: ImageWriter): Promise<void> => {
    const sealer = new StreamSealer(writer.sealing, writer.nextStream());
    await writer.write(await sealer.open(openOf(1)));
    await writer.write(await sealer.close(totalOf([pieceOf(rows(1, 10))])));
  };
  const late = async (writer: ImageWriter): Promise<void> => {
    for (const frame of await sealStream(writer, [])) await writer.write(frame);
    await writer.catalog(entry(1));
    await writer.endCatalog();
  };
  const again = async (writer: ImageWriter): Promise<void> => {
    for (const frame of await sealStream(writer, [])) await writer.write(frame);
    const sealer = new StreamSealer(writer.sealing, 1);
    await writer.write(await sealer.open(openOf(1)));
  };
  const unnamed = async (writer: ImageWriter): Promise<void> => {
    const sealer = new StreamSealer(writer.sealing, writer.nextStream());
    await writer.write(await sealer.open({ ...openOf(1), object: ['x'.repeat(5000)] }));
  };
  for (const misuse of [swapped, unclosed, miscounted, late, again, unnamed]) {
    const writer = await newWriter(await new MemoryStore().create());
    await assert.rejects(misuse(writer), { code: 'BUG' }, misuse.name);
  }
});
