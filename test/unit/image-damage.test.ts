import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import type { Keys } from '../../src/core/codec/keys.ts';
import { DbimgError } from '../../src/core/errors.ts';
import { ImageFile } from '../../src/core/image/file.ts';
import { encodeFooter, FOOTER_BYTES } from '../../src/core/image/footer.ts';
import { decodeHeader, FRAME, frameBytes, HEADER_BYTES, sealHeaderCrc } from '../../src/core/image/frame.ts';
import { preludeLength } from '../../src/core/image/prelude.ts';
import type { ImageOptions } from '../../src/core/image/writer.ts';
import { MemoryStore } from '../../src/core/store/store.ts';
import { collect, readAll, sample } from './image-samples.ts';

const { privateKey } = generateKeyPairSync('ed25519');
const encrypt = { passphrase: 'so secret', scryptLogN: 4 };
const keys: Keys = { passphrase: () => 'so secret' };

const VARIANTS: readonly (readonly [string, Partial<ImageOptions>])[] = [
  ['plain', { shebang: true }],
  ['encrypted', { shebang: true, encrypt }],
  ['signed', { shebang: true, sign: { privateKey } }],
];

const DAMAGE = new Set([
  'NOT_AN_IMAGE',
  'IMAGE_DAMAGED',
  'IMAGE_INCOMPLETE',
  'SIGNATURE_BAD',
  'FORMAT_UNSUPPORTED',
  'KEY_WRONG',
]);

/** Reads all of an image that must be refused, and says with which code. */
async function refusal(bytes: Uint8Array<ArrayBuffer>, what: string): Promise<string> {
  try {
    await readAll(bytes, keys);
  } catch (error) {
    assert.ok(error instanceof DbimgError && DAMAGE.has(error.code), `${what}: ${(error as Error).stack}`);
    return error.code;
  }
  return assert.fail(`${what} was not found`);
}

function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const seed = Number(process.env.DBIMG_SEED ?? Date.now() % 1e9);

for (const [name, options] of VARIANTS) {
  test(`a thousand single bytes changed in an image that is ${name} are all found (seed ${seed})`, async () => {
    const { bytes } = await sample(options);
    const random = randomFrom(seed);
    await readAll(bytes, keys);
    const before = process.memoryUsage().arrayBuffers;
    for (let i = 0; i < 1000; i += 1) {
      // The first positions in turn, so that the `#!` line and the magic have their share.
      const at = i < 60 ? i : Math.floor(random() * bytes.length);
      const change = 1 + Math.floor(random() * 255);
      const copy = bytes.slice();
      copy[at] = (copy[at] as number) ^ change;
      await refusal(copy, `byte ${at} ^ ${change}`);
    }
    assert.ok(process.memoryUsage().arrayBuffers - before < 256e6);
  });

  test(`two hundred truncations of an image that is ${name} are all found (seed ${seed})`, async () => {
    const { bytes } = await sample(options);
    const random = randomFrom(seed + 1);
    for (let i = 0; i < 200; i += 1) {
      const length = i < 20 ? bytes.length - 1 - i * 5 : Math.floor(random() * bytes.length);
      const code = await refusal(bytes.slice(0, length), `the first ${length} bytes`);
      if (length > 60) assert.equal(code, 'IMAGE_INCOMPLETE', `the first ${length} bytes`);
    }
  });
}

/** Reads everything there is by random access, and opens it. */
async function readByAccess(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  const file = await ImageFile.open(await new MemoryStore(bytes).open(), keys);
  await collect(file.catalog());
  for (const stream of await collect(file.streams())) {
    for await (const frame of file.frames(stream)) await file.openFrame(frame);
  }
  for await (const frame of file.log()) await file.openFrame(frame);
}

for (const [name, options] of VARIANTS) {
  test(`single bytes changed in an image that is ${name} are found by random access, too (seed ${seed})`, async () => {
    const { bytes } = await sample(options);
    const random = randomFrom(seed + 2);
    await readByAccess(bytes);
    for (let i = 0; i < 300; i += 1) {
      const at = i < 60 ? i : Math.floor(random() * bytes.length);
      const copy = bytes.with(at, (bytes[at] as number) ^ (1 + Math.floor(random() * 255)));
      await assert.rejects(
        readByAccess(copy),
        (error) => error instanceof DbimgError && DAMAGE.has(error.code),
        `byte ${at}`,
      );
    }
    for (const length of [1, 50, 500, bytes.length >> 1, bytes.length - 65, bytes.length - 1]) {
      await assert.rejects(readByAccess(bytes.slice(0, length)), `the first ${length} bytes`);
    }
  });
}

interface Pieces {
  readonly prelude: Uint8Array;
  readonly frames: readonly Uint8Array<ArrayBuffer>[];
  readonly footer: Uint8Array;
}

function takeApart(bytes: Uint8Array<ArrayBuffer>): Pieces {
  const begin = preludeLength(bytes);
  const frames: Uint8Array<ArrayBuffer>[] = [];
  let at = begin;
  while (at < bytes.length - FOOTER_BYTES) {
    const end = at + frameBytes(decodeHeader(bytes.subarray(at, at + HEADER_BYTES), at));
    frames.push(bytes.slice(at, end));
    at = end;
  }
  return { prelude: bytes.subarray(0, begin), frames, footer: bytes.subarray(-FOOTER_BYTES) };
}

/** With a footer that fits, or the old one. */
function putTogether(pieces: Pieces, fix: boolean): Uint8Array<ArrayBuffer> {
  const { prelude, frames, footer } = pieces;
  const body = Buffer.concat([prelude, ...frames]);
  const root = frames.at(-1) as Uint8Array;
  const fixed = encodeFooter({
    rootOffset: body.length - root.length,
    length: body.length + FOOTER_BYTES,
    rootId: root.subarray(32, 64),
  });
  return new Uint8Array(Buffer.concat([body, fix ? fixed : footer]));
}

function typeOf(frame: Uint8Array): number {
  return frame[4] as number;
}

const CHANGES: readonly (readonly [string, (frames: Uint8Array<ArrayBuffer>[], at: number) => void])[] = [
  ['dropped', (frames, at) => frames.splice(at, 1)],
  ['repeated', (frames, at) => frames.splice(at, 0, frames[at] as Uint8Array<ArrayBuffer>)],
  ['swapped with the next', (frames, at) => frames.splice(at, 2, ...frames.slice(at, at + 2).reverse())],
];

for (const [name, options] of VARIANTS) {
  for (const [what, change] of CHANGES) {
    test(`a frame that was ${what} in an image that is ${name} is found`, async () => {
      const pieces = takeApart((await sample(options)).bytes);
      await readAll(putTogether(pieces, true), keys);
      for (let at = 0; at < pieces.frames.length; at += 1) {
        const frames = [...pieces.frames];
        change(frames, at);
        if (frames.length === pieces.frames.length && at === frames.length - 1) continue;
        for (const fix of [false, true])
          await refusal(putTogether({ ...pieces, frames }, fix), `frame ${at} ${what}`);
      }
    });
  }
}

test('a frame that was dropped is found even if the numbers of the others were closed up', async () => {
  const pieces = takeApart((await sample()).bytes);
  const at = pieces.frames.findLastIndex((frame) => typeOf(frame) === FRAME.DATA);
  const stream = new DataView((pieces.frames[at] as Uint8Array<ArrayBuffer>).buffer).getUint32(8, true);
  const frames = pieces.frames.toSpliced(at, 1).map((frame, i) => {
    const view = new DataView(frame.buffer);
    if (i < at || view.getUint32(8, true) !== stream) return frame;
    const copy = frame.slice();
    new DataView(copy.buffer).setBigUint64(12, view.getBigUint64(12, true) - 1n, true);
    sealHeaderCrc(copy);
    return copy;
  });
  assert.equal(await refusal(putTogether({ ...pieces, frames }, true), 'a closed-up frame'), 'IMAGE_DAMAGED');
});

test('frames of another image are found in an encrypted and in a signed one', async () => {
  for (const options of [{ encrypt }, { sign: { privateKey } }]) {
    const [one, other] = [takeApart((await sample(options)).bytes), takeApart((await sample(options)).bytes)];
    const at = one.frames.findIndex((frame) => typeOf(frame) === FRAME.DATA);
    const frames = one.frames.with(at, other.frames[at] as Uint8Array<ArrayBuffer>);
    await refusal(putTogether({ ...one, frames }, true), 'a frame of another image');
  }
});

test('bytes after the end are found', async () => {
  const { bytes } = await sample();
  for (const tail of [Uint8Array.of(0), new Uint8Array(100), bytes]) {
    const code = await refusal(new Uint8Array(Buffer.concat([bytes, tail])), `${tail.length} more bytes`);
    assert.equal(code, 'IMAGE_DAMAGED');
  }
});
