import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { generateIdentity, identityToRecipient } from 'age-encryption';
import type { Keys } from '../../src/core/codec/keys.ts';
import { StreamSealer } from '../../src/core/codec/sealing.ts';
import type { ErrorCode } from '../../src/core/errors.ts';
import { parseReference, type Reference } from '../../src/core/image/entries.ts';
import { ImageFile } from '../../src/core/image/file.ts';
import { decodeLog } from '../../src/core/image/log.ts';
import { type ImageOptions, ImageWriter } from '../../src/core/image/writer.ts';
import { MemoryStore } from '../../src/core/store/store.ts';
import {
  collect,
  entry,
  HEAD,
  LIMITS,
  openOf,
  POSITION,
  pieceOf,
  type ReadBack,
  readAll,
  rows,
  sample,
  sealStream,
} from './image-samples.ts';

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const identity = await generateIdentity();
const recipient = await identityToRecipient(identity);
const passphrase = { passphrase: 'so secret', scryptLogN: 6 };
const bothKeys: Keys = { passphrase: () => 'so secret', identities: [identity] };

const VARIANTS: readonly (readonly [string, Partial<ImageOptions>, Keys])[] = [
  ['plain', {}, {}],
  ['with a #! line', { shebang: true }, {}],
  ['encrypted for an identity', { encrypt: { recipients: [recipient] } }, { identities: [identity] }],
  ['encrypted and signed', { encrypt: passphrase, sign: { privateKey } }, { passphrase: () => 'so secret' }],
];

async function openFile(bytes: Uint8Array<ArrayBuffer>, keys: Keys = {}): Promise<ImageFile> {
  return await ImageFile.open(await new MemoryStore(bytes).open(), keys);
}

for (const [name, options, keys] of VARIANTS) {
  test(`an image ${name} comes back as it was written`, async () => {
    const { bytes, root } = await sample(options);
    const { reader, frames, entries } = await readAll(bytes, keys);
    assert.deepEqual(reader.root, root);
    assert.deepEqual(
      entries,
      Array.from({ length: 10 }, (_, i) => entry(i + 1)),
    );
    assert.deepEqual(reader.head.position, POSITION);
    assert.equal(root.totals.streams, 6);
    assert.ok(root.blocks.length > 3 && root.pages.length === 3);
    const opens = frames.filter(({ frame }) => frame.kind === 'open');
    assert.deepEqual(
      await Promise.all(opens.map(({ frame }) => reader.openOf(frame))),
      [1, 2, 3, 4, 5, 6].map(openOf),
    );
    assert.equal(reader.bytes, bytes.length);
  });

  test(`a pipe and random access give the same of an image ${name}`, async () => {
    const { bytes, root } = await sample(options);
    const piped = await readAll(bytes, keys);
    const file = await openFile(bytes, keys);
    assert.deepEqual(file.root, root);
    assert.deepEqual(file.head, piped.reader.head);
    assert.deepEqual(await collect(file.catalog()), piped.entries);
    const streams = await collect(file.streams());
    assert.equal(streams.length, 6);
    for (const stream of streams) {
      const frames = await collect(file.frames(stream));
      assert.deepEqual(frames, framesOf(piped, stream.stream));
      assert.deepEqual(stream.object, openOf(stream.stream).object);
    }
    assert.deepEqual(await collect(file.log()), framesOf(piped, 0xffffff04));
  });
}

function framesOf({ frames }: ReadBack, stream: number): unknown[] {
  return frames.filter(({ frame }) => frame.stream === stream).map(({ frame }) => frame);
}

test('the content of frames is what was given, across codecs and long records', async () => {
  const store = new MemoryStore();
  const output = await store.create();
  const writer = await ImageWriter.create(output, { head: HEAD });
  const noise = crypto.getRandomValues(new Uint8Array(60000));
  const pieces = [
    pieceOf(rows(1, 2_000_000)),
    pieceOf(noise),
    pieceOf(new Uint8Array()),
    pieceOf(rows(2, 8 * 1024 * 1024), { unfinished: true }),
    pieceOf(rows(3, 1_000_000), { continued: true, unfinished: true }),
    pieceOf(rows(4, 10), { continued: true }),
  ];
  for (const frame of await sealStream(writer, pieces)) await writer.write(frame);
  await writer.finish({ position: POSITION, omissions: [] });
  await output.commit();
  const { frames } = await readAll(store.bytes as Uint8Array<ArrayBuffer>);
  const data = frames.filter(({ frame }) => frame.kind === 'data');
  for (const [i, piece] of pieces.entries()) assert.deepEqual(data[i]?.plain, piece.bytes);
  assert.deepEqual(
    data.map(({ frame }) => frame.codec),
    [1, 0, 0, 1, 1, 0],
  );
});

test('a catalog entry may be longer than a frame', async () => {
  const store = new MemoryStore();
  const output = await store.create();
  const writer = await ImageWriter.create(output, { head: HEAD, limits: { catalogBytes: 100_000 } });
  const entries = [1, 2, 3].map((id) => ({ ...entry(id), body: 'x'.repeat(id === 2 ? 1_000_000 : 10) }));
  for (const item of entries) await writer.catalog(item);
  await writer.finish({ position: POSITION, omissions: [] });
  await output.commit();
  const bytes = store.bytes as Uint8Array<ArrayBuffer>;
  assert.deepEqual((await readAll(bytes)).entries, entries);
  assert.deepEqual(await collect((await openFile(bytes)).catalog()), entries);
});

test('log batches come back whole, also those longer than a frame', async () => {
  const store = new MemoryStore();
  const output = await store.create();
  const writer = await ImageWriter.create(output, { head: HEAD });
  const batches = [0, 10, 9_000_000].map((size, i) => ({
    from: { ...POSITION, value: i },
    to: { ...POSITION, value: i + 1 },
    records: i,
    bytes: rows(i, size),
  }));
  await Promise.all(batches.map((batch) => writer.log('pg.wal', batch)));
  await writer.finish({ position: POSITION, omissions: [] });
  await output.commit();
  const read: { from: unknown; to: unknown; records: number; bytes: Buffer; encoding: string }[] = [];
  for (const { frame, plain } of (await readAll(store.bytes as Uint8Array<ArrayBuffer>)).frames) {
    const part = decodeLog(plain, frame.flags);
    if (part.begin) read.push({ ...part.begin, records: 0, bytes: Buffer.alloc(0) });
    const batch = read.at(-1) as (typeof read)[number];
    batch.bytes = Buffer.concat([batch.bytes, part.bytes]);
    batch.records += frame.records;
  }
  assert.deepEqual(
    read,
    batches.map((batch) => ({ ...batch, bytes: Buffer.from(batch.bytes), encoding: 'pg.wal' })),
  );
});

test('a REF frame counts as the chunk that it stands for', async () => {
  const store = new MemoryStore();
  const output = await store.create();
  const writer = await ImageWriter.create(output, { head: HEAD, limits: LIMITS });
  const sealer = new StreamSealer(writer.sealing, writer.nextStream());
  const digest = { records: 7, sum: 123456789n };
  const reference: Reference = {
    image: writer.image,
    offset: 99,
    id: 'ab'.repeat(32),
    bytes: 5000,
    stored: 900,
    digest,
  };
  await writer.write(await sealer.open(openOf(1)));
  await writer.write(await sealer.reference(reference));
  await writer.write(await sealer.close({ digest, bytes: 5000 }));
  const root = await writer.finish({ position: POSITION, omissions: [] });
  await output.commit();
  assert.equal(root.totals.records, 7);
  const { frames } = await readAll(store.bytes as Uint8Array<ArrayBuffer>);
  const found = frames.find(({ frame }) => frame.kind === 'ref');
  assert.deepEqual(parseReference(found?.plain as Uint8Array), reference);
});

test('an image without anything in it is an image', async () => {
  const store = new MemoryStore();
  const output = await store.create();
  const writer = await ImageWriter.create(output, { head: HEAD });
  await writer.finish({ position: POSITION, omissions: [] });
  await output.commit();
  const bytes = store.bytes as Uint8Array<ArrayBuffer>;
  assert.equal((await readAll(bytes)).frames.length, 0);
  assert.deepEqual(await collect((await openFile(bytes)).streams()), []);
});

test('omissions beyond what ROOT can hold are counted', async () => {
  const store = new MemoryStore();
  const writer = await ImageWriter.create(await store.create(), { head: HEAD });
  const omissions = Array.from({ length: 50_000 }, (_, i) => ({
    kind: 'view',
    object: ['d', 's', `v${i}`],
    reason: 'r',
  }));
  const root = await writer.finish({ position: POSITION, omissions });
  const last = root.omissions.at(-1);
  assert.match(last?.reason ?? '', new RegExp(`and ${omissions.length - root.omissions.length + 1} more`));
});

async function refusal(open: () => Promise<unknown>): Promise<{ code: ErrorCode; hint: string | undefined }> {
  try {
    await open();
  } catch (error) {
    return error as { code: ErrorCode; hint: string | undefined };
  }
  return assert.fail('it was not refused');
}

const KEY_CASES: readonly (readonly [string, Partial<ImageOptions>, Keys, ErrorCode])[] = [
  ['no key for an encrypted image', { encrypt: passphrase }, {}, 'KEY_MISSING'],
  ['an identity for a passphrase', { encrypt: passphrase }, { identities: [identity] }, 'KEY_MISSING'],
  ['the wrong passphrase', { encrypt: passphrase }, { passphrase: () => 'guess' }, 'KEY_WRONG'],
  [
    'the wrong identity',
    { encrypt: { recipients: [recipient] } },
    { identities: [await generateIdentity()] },
    'KEY_WRONG',
  ],
  [
    'no identity at all',
    { encrypt: passphrase },
    { identities: ['nonsense'], passphrase: () => 'x' },
    'KEY_WRONG',
  ],
  [
    'an unsigned image where a signer is required',
    {},
    { trustedSigners: [`${'A'.repeat(43)}=`] },
    'SIGNATURE_BAD',
  ],
  ['another signer', { sign: { privateKey } }, { trustedSigners: [`${'A'.repeat(43)}=`] }, 'SIGNATURE_BAD'],
  ['a signer that is no key', { sign: { privateKey } }, { trustedSigners: ['nonsense'] }, 'USAGE'],
];

for (const [name, options, keys, code] of KEY_CASES) {
  test(`${name}: ${code}, on a pipe and at random access`, async () => {
    const { bytes } = await sample(options);
    assert.equal((await refusal(() => readAll(bytes, keys))).code, code);
    assert.equal((await refusal(() => openFile(bytes, keys))).code, code);
  });
}

test('either key opens an image that has two, and a trusted signer is accepted in both forms', async () => {
  const { bytes } = await sample({
    encrypt: { ...passphrase, recipients: [recipient] },
    sign: { privateKey },
  });
  const pem = publicKey.export({ format: 'pem', type: 'spki' }).toString();
  const raw = Buffer.from(publicKey.export({ format: 'jwk' }).x as string, 'base64url').toString('base64');
  for (const keys of [bothKeys, { identities: [identity] }, { passphrase: () => 'so secret' }]) {
    for (const trustedSigners of [[pem], [raw]]) await readAll(bytes, { ...keys, trustedSigners });
  }
});

test('what cannot be a key to write with is refused', async () => {
  const output = await new MemoryStore().create();
  for (const options of [
    { encrypt: {} },
    { encrypt: { recipients: ['age1nonsense'] } },
    { sign: { privateKey: 'nonsense' } },
    { sign: { privateKey: generateKeyPairSync('x25519').privateKey } },
  ]) {
    assert.equal((await refusal(() => ImageWriter.create(output, { head: HEAD, ...options }))).code, 'USAGE');
  }
});

const STRANGERS: readonly (readonly [string, string | Uint8Array, ErrorCode, RegExp])[] = [
  ['an empty file', '', 'NOT_AN_IMAGE', /stopped|full/],
  ['a pg_dump archive', 'PGDMP\x01\x0f', 'NOT_AN_IMAGE', /pg_restore/],
  ['an SQL script of pg_dump', '--\n-- PostgreSQL database dump\n--\n', 'NOT_AN_IMAGE', /psql/],
  ['a shell script', '#!/bin/sh\necho no\n', 'NOT_AN_IMAGE', /dbimg dump/],
  ['a #! line without end', `#!${'x'.repeat(5000)}`, 'NOT_AN_IMAGE', /dbimg dump/],
  ['something short', 'x', 'NOT_AN_IMAGE', /dbimg dump/],
  ['something long', 'x'.repeat(100_000), 'NOT_AN_IMAGE', /dbimg dump/],
];

for (const [name, content, code, hint] of STRANGERS) {
  test(`${name} is no image`, async () => {
    const bytes = new Uint8Array(Buffer.from(content));
    for (const open of [() => readAll(bytes), () => openFile(bytes)]) {
      const error = await refusal(open);
      assert.equal(error.code, code);
      assert.match(error.hint ?? '', hint);
    }
  });
}

test('a newer format version and unknown features are refused by name', async () => {
  const { bytes } = await sample();
  for (const at of [10, 12]) {
    const copy = bytes.slice();
    copy[at] = 1;
    for (const open of [() => readAll(copy), () => openFile(copy)]) {
      const error = await refusal(open);
      assert.equal(error.code, 'FORMAT_UNSUPPORTED');
      assert.match(error.hint ?? '', /newer/);
    }
  }
});
