import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import type { Keys } from '../../src/core/codec/keys.ts';
import { FOOTER_BYTES } from '../../src/core/image/footer.ts';
import { FrameOpener, type StoredFrame } from '../../src/core/image/frame-opener.ts';
import { preludeLength } from '../../src/core/image/prelude.ts';
import { type Found, Salvage } from '../../src/core/image/salvage.ts';
import { ImageWriter } from '../../src/core/image/writer.ts';
import { MemoryStore } from '../../src/core/store/store.ts';
import { collect, HEAD, POSITION, pieceOf, sample, sealStream, source } from './image-samples.ts';

const encrypt = { passphrase: 'so secret', scryptLogN: 4 };
const keys: Keys = { passphrase: () => 'so secret' };

async function salvage(
  bytes: Uint8Array<ArrayBuffer>,
): Promise<{ found: Found[]; opener: FrameOpener; head: boolean }> {
  const walk = await Salvage.open(source(bytes, 777), keys);
  const opener = new FrameOpener(walk.opening);
  return { found: await collect(walk.found()), opener, head: walk.head !== undefined };
}

function framesIn(found: readonly Found[]): StoredFrame[] {
  return found.flatMap((one) => (one.found === 'frame' ? [one.frame] : []));
}

/** What is found covers the image without holes, but for its prelude and footer. */
function assertCovers(found: readonly Found[], begin: number, end: number): void {
  let at = begin;
  for (const one of found) {
    const offset = one.found === 'frame' ? one.frame.offset : one.offset;
    assert.equal(offset, at);
    at += one.found === 'gap' ? one.length : 80 + one.frame.storedLength + (one.frame.flags & 8 ? 64 : 0);
  }
  assert.equal(at, end);
}

for (const [name, options] of [
  ['plain', { shebang: true }],
  ['encrypted', { encrypt }],
] as const) {
  test(`salvage of an image that is ${name} gives back all but the damaged frames`, async () => {
    const { bytes } = await sample(options);
    const begin = preludeLength(bytes);
    const whole = framesIn((await salvage(bytes)).found);
    for (const [i, victim] of whole.entries()) {
      if (i === 0) continue;
      for (const at of [victim.offset, victim.offset + 30, victim.offset + 80]) {
        const copy = bytes.slice();
        copy[at] = (copy[at] as number) ^ 0x55;
        const { found, opener } = await salvage(copy);
        assertCovers(found, begin, bytes.length - FOOTER_BYTES);
        const frames = framesIn(found);
        assert.deepEqual(frames, whole.toSpliced(i, 1), `byte ${at}`);
        for (const frame of frames) await opener.open(frame);
      }
    }
  });
}

test('bytes lost, bytes put in and a cut end cost only the frames they touch', async () => {
  const { bytes } = await sample();
  const whole = framesIn((await salvage(bytes)).found);
  const at = (whole[9] as StoredFrame).offset + 100;
  const lost = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 7)]);
  const put = Buffer.concat([bytes.subarray(0, at), Buffer.from('DBIF and the like'), bytes.subarray(at)]);
  for (const copy of [lost, put]) {
    const frames = framesIn((await salvage(new Uint8Array(copy))).found);
    assert.deepEqual(
      frames.map(({ contentId }) => contentId),
      whole.toSpliced(9, 1).map(({ contentId }) => contentId),
    );
  }
  const cut = framesIn((await salvage(bytes.slice(0, (whole[9] as StoredFrame).offset + 90))).found);
  assert.deepEqual(cut, whole.slice(0, 9));
});

test('without its HEAD a plain image still gives its rows', async () => {
  const { bytes } = await sample();
  const whole = framesIn((await salvage(bytes)).found);
  const { found, opener, head } = await salvage(bytes.slice(40));
  assert.equal(head, false);
  const frames = framesIn(found);
  assert.equal(frames.length, whole.length - 1);
  for (const frame of frames) await opener.open(frame);
});

test('an image inside an image is not taken for its frames', async () => {
  const inner = (await sample()).bytes;
  const store = new MemoryStore();
  const output = await store.create();
  const writer = await ImageWriter.create(output, { head: HEAD });
  // Twice, and shuffled with noise, so that zstd does not hide it.
  const noise = randomBytes(200_000);
  const pieces = [pieceOf(new Uint8Array(Buffer.concat([noise, inner, noise])))];
  for (const frame of await sealStream(writer, pieces)) await writer.write(frame);
  await writer.finish({ position: POSITION, omissions: [] });
  await output.commit();
  const bytes = store.bytes as Uint8Array<ArrayBuffer>;
  const whole = framesIn((await salvage(bytes)).found);
  const victim = whole.find(({ kind }) => kind === 'data') as StoredFrame;
  const copy = bytes.slice();
  copy[victim.offset + 100] = (copy[victim.offset + 100] as number) ^ 1;
  assert.deepEqual(
    framesIn((await salvage(copy)).found),
    whole.filter((frame) => frame !== victim),
  );
});
