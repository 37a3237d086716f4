import assert from 'node:assert/strict';
import { createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { zstdCompressSync } from 'node:zlib';
import {
  createChainKey,
  idKeyOf,
  imageKeyOf,
  readKeyWrap,
  unwrapChainKey,
} from '../../src/core/codec/keys.ts';
import { encodeJson, type Sealing, StreamSealer, sealFrame } from '../../src/core/codec/sealing.ts';
import { compress, decompress } from '../../src/core/codec/zstd.ts';
import { decodeHeader, FRAME, HEADER_BYTES, kindOf, STREAM, sealHeader } from '../../src/core/image/frame.ts';
import { FrameOpener, type Opening, type StoredFrame } from '../../src/core/image/frame-opener.ts';
import type { Head } from '../../src/core/image/head.ts';
import { MAX_JSON_DEPTH, parseJson } from '../../src/core/image/json.ts';
import { encodePrelude } from '../../src/core/image/prelude.ts';
import { ImageReader } from '../../src/core/image/reader.ts';
import { HEAD, openOf, pieceOf, rows, source } from './image-samples.ts';

const image = new Uint8Array(randomBytes(16));
const keys = { imageKey: new Uint8Array(randomBytes(32)), idKey: new Uint8Array(randomBytes(32)) };
const headHash = new Uint8Array(randomBytes(32));
const plainSealing: Sealing = { level: 1, image, headHash };
const secretSealing: Sealing = { ...plainSealing, keys };
const opening: Opening = { image, headHash, keys };

async function storedFrame(sealing: Sealing, bytes: Uint8Array<ArrayBuffer>): Promise<StoredFrame> {
  const sealed = await new StreamSealer(sealing, 5).data(pieceOf(bytes));
  return stored(sealed.parts[0] as Uint8Array<ArrayBuffer>, sealed.parts[1] as Uint8Array<ArrayBuffer>);
}

function stored(header: Uint8Array<ArrayBuffer>, payload: Uint8Array<ArrayBuffer>): StoredFrame {
  const fields = decodeHeader(header, 0);
  return { ...fields, kind: kindOf(fields.type), offset: 0, header, payload };
}

test('compression keeps only what it gains, and its results may be transferred', async () => {
  for (const size of [0, 1, 127, 200, 5000, 20_000, 3_000_000]) {
    const plain = rows(size, size);
    const packed = await compress(plain, 1);
    if (packed === undefined) assert.ok(size < 200);
    else {
      structuredClone(packed, { transfer: [packed.buffer.slice(0)] });
      assert.deepEqual(await decompress(structuredClone(packed, { transfer: [packed.buffer] }), size), plain);
    }
  }
  assert.equal(await compress(new Uint8Array(randomBytes(100_000)), 1), undefined);
});

test('decompression never gives more than the header says', async () => {
  const bomb = zstdCompressSync(Buffer.alloc(100_000_000));
  for (const length of [0, 1, 1000, 100_000]) await assert.rejects(decompress(bomb, length));
  // By hand: a frame whose descriptor asks for a window of 8 MiB, then of 2 GiB, and three raw bytes.
  const frameOf = (window: number): Uint8Array =>
    Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0, window, 25, 0, 0, 97, 98, 99);
  assert.equal(Buffer.from(await decompress(frameOf((23 - 10) << 3), 3)).toString(), 'abc');
  await assert.rejects(decompress(frameOf((31 - 10) << 3), 3));
  const twice = Buffer.concat([zstdCompressSync(Buffer.alloc(500)), zstdCompressSync(Buffer.alloc(500))]);
  await assert.rejects(decompress(twice, 1000));
});

test('a frame whose lengths or content lie is refused', async () => {
  const honest = await storedFrame(plainSealing, rows(1, 5000));
  const opener = new FrameOpener({ image, headHash });
  assert.deepEqual(await opener.open(honest), rows(1, 5000));
  for (const [at, value] of [
    [24, 4999],
    [24, 5001],
    [32, 0],
  ] as const) {
    const header = honest.header.slice();
    new DataView(header.buffer).setUint32(at, value, true);
    sealHeader(header, honest.payload);
    await assert.rejects(opener.open(stored(header, honest.payload)), { code: 'IMAGE_DAMAGED' });
  }
});

test('impossible headers are refused before anything is allocated', () => {
  const fields = {
    type: FRAME.DATA as number,
    codec: 1,
    flags: 0,
    stream: 1,
    plain: 10,
    stored: 10,
    reserved: 0,
  };
  const headerOf = (change: Partial<typeof fields>): Uint8Array<ArrayBuffer> => {
    const { type, codec, flags, stream, plain, stored: length, reserved } = { ...fields, ...change };
    const header = new Uint8Array(HEADER_BYTES);
    header.set([0x44, 0x42, 0x49, 0x46, type, codec, flags, 0]);
    const view = new DataView(header.buffer);
    view.setUint32(8, stream, true);
    view.setUint32(24, plain, true);
    view.setUint32(28, length, true);
    view.setUint32(68, reserved, true);
    sealHeader(header, new Uint8Array());
    return header;
  };
  decodeHeader(headerOf({}), 0);
  for (const change of [
    { plain: 8 * 1024 * 1024 + 1 },
    { stored: 16 * 1024 * 1024 + 1 },
    { plain: 0xffffffff },
    { codec: 0, stored: 9 },
    { flags: 4, stored: 15 },
    { reserved: 1 },
  ]) {
    assert.throws(() => decodeHeader(headerOf(change), 0), { code: 'IMAGE_DAMAGED' }, JSON.stringify(change));
  }
  const unknown: Partial<typeof fields>[] = [{ type: 0 }, { type: 12 }, { codec: 2 }, { flags: 16 }];
  for (const change of unknown) {
    assert.throws(
      () => decodeHeader(headerOf(change), 0),
      { code: 'FORMAT_UNSUPPORTED' },
      JSON.stringify(change),
    );
  }
});

test('encryption binds a frame to its content, its place and its image', async () => {
  const bytes = rows(1, 3000);
  const frame = await storedFrame(secretSealing, bytes);
  const opener = new FrameOpener(opening);
  assert.deepEqual(await opener.open(frame), bytes);
  assert.deepEqual(Buffer.from(frame.contentId), createHmac('sha256', keys.idKey).update(bytes).digest());
  for (const at of [4, 8, 12, 20, 24, 33]) {
    const header = frame.header.slice();
    header[at] = (header[at] as number) ^ 1;
    sealHeader(header, frame.payload);
    await assert.rejects(
      opener.open(stored(header, frame.payload)),
      { code: 'IMAGE_DAMAGED' },
      `header byte ${at}`,
    );
  }
  const payload = frame.payload.with(10, (frame.payload[10] as number) ^ 1);
  await assert.rejects(opener.open({ ...frame, payload }), { code: 'IMAGE_DAMAGED' });
  const elsewhere = new FrameOpener({ ...opening, headHash: new Uint8Array(32) });
  await assert.rejects(elsewhere.open(frame), { code: 'IMAGE_DAMAGED' });
  const plain = await storedFrame(plainSealing, bytes);
  await assert.rejects(opener.open(plain), { code: 'IMAGE_DAMAGED' });
  await assert.rejects(new FrameOpener({ image, headHash }).open(frame), { code: 'IMAGE_DAMAGED' });
});

test('sequence numbers are taken at the call, so no nonce is used twice', async () => {
  const sealer = new StreamSealer(secretSealing, 9);
  const frames = await Promise.all([
    sealer.open(openOf(9)),
    sealer.data(pieceOf(rows(1, 2_000_000))),
    sealer.data(pieceOf(rows(2, 10))),
    sealer.close({ digest: { records: 6, sum: 0n }, bytes: 2_000_010 }),
  ]);
  assert.deepEqual(
    frames.map(({ sequence }) => sequence),
    [0, 1, 2, 3],
  );
  assert.equal(
    new Set(frames.map(({ parts }) => Buffer.from(parts[0] as Uint8Array).toString('hex', 8, 20))).size,
    4,
  );
});

test('sealing and frames cross into a worker and back', async () => {
  const script = `
    const { parentPort, workerData } = require('node:worker_threads');
    (async () => {
      const { StreamSealer } = await import(workerData.module);
      const piece = { bytes: new Uint8Array(50000).fill(7), records: 1, digest: { records: 1, sum: 1n }, continued: false, unfinished: false };
      const frame = await new StreamSealer(workerData.sealing, 3).data(piece);
      parentPort.postMessage(frame, frame.parts.map((part) => part.buffer));
    })();`;
  const module = new URL('../../src/core/codec/sealing.ts', import.meta.url).href;
  const worker = new Worker(script, { eval: true, workerData: { module, sealing: secretSealing } });
  const frame = await new Promise<{ parts: Uint8Array<ArrayBuffer>[] }>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
  const [header, payload] = frame.parts as [Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>];
  const opened = await new FrameOpener(structuredClone(opening)).open(
    structuredClone(stored(header, payload)),
  );
  assert.deepEqual(opened, new Uint8Array(50000).fill(7));
  await worker.terminate();
});

test('a chain key has one id key, and an image key for every image', async () => {
  const { key, wraps } = await createChainKey({ passphrase: 'Ä', scryptLogN: 4 });
  assert.deepEqual(await unwrapChainKey(wraps, { passphrase: () => 'A\u0308' }), key);
  assert.deepEqual(Buffer.from(idKeyOf(key)), Buffer.from(hkdfSync('sha256', key, '', 'dbimg id key', 32)));
  assert.notDeepEqual(imageKeyOf(key, image), imageKeyOf(key, new Uint8Array(16)));
});

test('a wrap that would cost more than an image may ask for is refused', () => {
  const wrap = { type: 'scrypt', salt: `${'A'.repeat(43)}=`, logN: 16, wrapped: 'A'.repeat(64) };
  readKeyWrap(wrap);
  for (const change of [
    { logN: 18 },
    { logN: 1000 },
    { logN: 0 },
    { logN: 16.5 },
    { salt: '' },
    { wrapped: 'AA' },
  ]) {
    assert.throws(
      () => readKeyWrap({ ...wrap, ...change }),
      { code: 'IMAGE_DAMAGED' },
      JSON.stringify(change),
    );
  }
  assert.throws(() => readKeyWrap({ type: 'age', file: 'A'.repeat(100_000) }), { code: 'IMAGE_DAMAGED' });
  assert.throws(() => readKeyWrap({ type: 'rot13' }), { code: 'FORMAT_UNSUPPORTED' });
});

test('JSON is bounded in depth, and brackets in strings do not count', () => {
  const nested = (depth: number): Uint8Array =>
    new TextEncoder().encode('['.repeat(depth) + ']'.repeat(depth));
  parseJson(nested(MAX_JSON_DEPTH), 'test');
  assert.throws(() => parseJson(nested(MAX_JSON_DEPTH + 1), 'test'), { code: 'IMAGE_DAMAGED' });
  assert.throws(() => parseJson(nested(1_000_000), 'test'), { code: 'IMAGE_DAMAGED' });
  const quoted = '["'.concat('\\"[{'.repeat(1000), '"]');
  assert.deepEqual(parseJson(new TextEncoder().encode(quoted), 'test'), ['"[{'.repeat(1000)]);
  assert.throws(() => parseJson(Uint8Array.of(0x22, 0xff, 0x22), 'test'), { code: 'IMAGE_DAMAGED' });
});

test('a hostile HEAD is refused whatever it holds', async () => {
  const good: Head = { format: 0, image: '01234567-89ab-4cde-8f01-23456789abcd', ...HEAD };
  const readHead = async (head: unknown): Promise<Head> => {
    const plan = { type: FRAME.HEAD, stream: STREAM.HEAD, sequence: 0, records: 0 };
    const { parts } = await sealFrame(plainSealing, plan, encodeJson(head));
    const bytes = new Uint8Array(Buffer.concat([encodePrelude(false), ...parts]));
    return (await ImageReader.open(source(bytes), {})).head;
  };
  assert.deepEqual(await readHead(good), good);
  assert.deepEqual(await readHead({ ...good, later: 'field' }), good);
  const changes: readonly Record<string, unknown>[] = [
    { image: '../../etc/passwd' },
    { image: 7 },
    { kind: undefined },
    { adapter: {} },
    { server: [] },
    { server: { product: 'x', version: '1', settings: { a: 1 } } },
    { position: null },
    { position: { ...HEAD.position, exact: 'yes' } },
    { cipher: 'aes-256-gcm' },
    { keys: [] },
    { publicKey: 'short' },
    { parent: { image: good.image, root: 'zz' } },
  ];
  for (const change of changes) {
    await assert.rejects(readHead({ ...good, ...change }), { code: 'IMAGE_DAMAGED' }, JSON.stringify(change));
  }
  for (const change of [{ format: 1 }, { kind: 'other' }, { cipher: 'rot13', keys: [] }]) {
    await assert.rejects(
      readHead({ ...good, ...change }),
      { code: 'FORMAT_UNSUPPORTED' },
      JSON.stringify(change),
    );
  }
  for (const other of [null, 7, 'x', []]) await assert.rejects(readHead(other), { code: 'IMAGE_DAMAGED' });
});
