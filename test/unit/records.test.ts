/** The record rules of docs/records.md, each by example: hash, digest, cut, misuse. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import {
  addDigests,
  type Digest,
  digestFromJSON,
  digestToJSON,
  EMPTY_DIGEST,
  equalDigests,
} from '../../src/core/records/digest.ts';
import { murmur3 } from '../../src/core/records/murmur.ts';
import type { CutLimits, Piece } from '../../src/core/records/piece.ts';
import { Recorder } from '../../src/core/records/recorder.ts';
import { BOTH, collect, counted, isError } from './records-both.ts';

/** From Python's mmh3 5 over the bytes (i * 7 + length) mod 251: h1 + h2 * 2^64 in hexadecimal. */
const VECTORS: readonly (readonly [length: number, hash: string])[] = [
  [0, '00000000000000000000000000000000'],
  [1, '778867e4430e67857ace5c908374fe16'],
  [2, 'fa5614ca7bfa9080ddf2dacce216c6f7'],
  [7, 'f0644e885447b02fe277ac6b700d5492'],
  [8, '1f3498f636b70dbe8e6056328613078e'],
  [9, '4b9f7b9873379f1e7f01458a0eca6ff7'],
  [15, '5c030c6b6d8dbaeb44c1a5c6a4b8986b'],
  [16, 'b9d61434fd86c1ab23d3b0ab94c30bfa'],
  [17, '546064aab6cc0cc005d02b803709866c'],
  [31, '7ef37fb51a1f44f33f7f451a4b3e1669'],
  [32, '8cfad3cd2fcf0444dfcac6e26cdc287a'],
  [33, 'c12cd4cdd9d5bb9016c5469f86e5f570'],
  [40, 'eb5a4ad80e0fdd18cf049f28a0879865'],
  [255, '3bd844c8fe067dad8ec36ff24701dd84'],
  [4096, '38bf2669f9386219c85bcfa236de25b7'],
  [100000, 'fffcad3507abe78068e82a4e1c43e9a2'],
];

/** MurmurHash3_x64_128 of well-known strings. */
const KNOWN: readonly (readonly [text: string, hash: string])[] = [
  ['', '00000000000000000000000000000000'],
  ['a', 'e6b53a48510e895a85555565f6597889'],
  ['The quick brown fox jumps over the lazy dog', '7a433ca9c49a9347e34bbc7bbc071b6c'],
];

/** Records whose hash's low 32 bits are below (or not below) the given limit. */
function recordWhere(length: number, wanted: (low: bigint) => boolean): Uint8Array<ArrayBuffer> {
  for (let attempt = 0; ; attempt++) {
    const record = new Uint8Array(length);
    new DataView(record.buffer).setUint32(0, attempt);
    if (wanted(murmur3(record).h1 & 0xffffffffn)) return record;
  }
}

test('the record hash is MurmurHash3_x64_128, in the kernel and in plain TypeScript', () => {
  const cases = [
    ...VECTORS.map(([length, hash]) => [counted(length), hash] as const),
    ...KNOWN.map(([text, hash]) => [Buffer.from(text), hash] as const),
  ];
  for (const [record, hash] of cases) {
    const { h1, h2 } = murmur3(record);
    assert.equal((h1 + (h2 << 64n)).toString(16).padStart(32, '0'), hash);
    for (const keep of [true, false]) {
      const recorder = new Recorder({ keep, onPiece: () => {} });
      recorder.append(record, true);
      assert.deepEqual(digestToJSON(recorder.digest), { records: 1, sum: hash });
      assert.deepEqual(digestToJSON(recorder.end()), { records: 1, sum: hash });
      assert.equal(recorder.bytes, record.length);
    }
  }
});

test('digests add up modulo 2^128, in any order, and go through JSON', () => {
  const a: Digest = { records: 2, sum: 2n ** 128n - 1n };
  const b: Digest = { records: 3, sum: 5n };
  assert.deepEqual(addDigests(a, b), { records: 5, sum: 4n });
  assert.ok(equalDigests(addDigests(a, b), addDigests(b, a)));
  assert.ok(!equalDigests(a, { ...a, records: 3 }) && !equalDigests(a, { ...a, sum: 1n }));
  for (const digest of [a, b, EMPTY_DIGEST]) assert.deepEqual(digestFromJSON(digestToJSON(digest)), digest);
  const sum = '0'.repeat(32);
  for (const bad of [
    ...[null, 1, 'x', [], {}, { records: 1 }, { sum }, { records: -1, sum }, { records: 1.5, sum }],
    ...[
      { records: '1', sum },
      { records: 1, sum: sum.slice(1) },
      { records: 1, sum: `${sum.slice(1)}G` },
    ],
    ...[
      { records: 1, sum: `-${sum.slice(1)}` },
      { records: 2 ** 53, sum },
    ],
  ]) {
    assert.throws(() => digestFromJSON(bad), isError('IMAGE_DAMAGED', /digest/));
  }
});

test('many sums carry from the low into the high half', () => {
  const recorder = new Recorder({ keep: false, onPiece: () => assert.fail('no pieces without keep') });
  let expected = 0n;
  for (let i = 0; i < 300; i++) {
    const { h1, h2 } = murmur3(counted(i));
    expected += h1 + (h2 << 64n);
    recorder.append(counted(i), true);
  }
  assert.deepEqual(recorder.end(), { records: 300, sum: BigInt.asUintN(128, expected) });
});

test('a piece is cut after a record only if it has the least length and the hash says so', () => {
  const limits: CutLimits = { min: 40, target: 2 ** 12, max: 1000 };
  const limit = BigInt((20 * 2 ** 32) / limits.target);
  const cutting = recordWhere(20, (low) => low < limit);
  const other = recordWhere(20, (low) => low >= limit);
  for (const Class of BOTH) {
    const { recorder, pieces } = collect(Class, limits);
    for (const record of [cutting, other, other, cutting, other, cutting, cutting])
      recorder.append(record, true);
    recorder.end();
    assert.deepEqual(
      pieces.map((piece) => piece.records),
      [4, 2, 1],
    );
    assert.ok(pieces.every((piece) => !piece.continued && !piece.unfinished));
  }
});

test('a record that would make a piece too long begins a new one; one that fits exactly does not', () => {
  const limits: CutLimits = { min: 100, target: 2 ** 31, max: 100 };
  const record = (length: number) => recordWhere(length, (low) => low > 1000n);
  for (const Class of BOTH) {
    const { recorder, pieces } = collect(Class, limits);
    for (const length of [60, 40, 60, 41, 100]) recorder.append(record(length), true);
    recorder.end();
    assert.deepEqual(
      pieces.map((piece) => piece.bytes.length),
      [100, 60, 41, 100],
    );
  }
});

test('a record longer than a piece is alone in full pieces, and a cut follows', () => {
  const limits: CutLimits = { min: 0, target: 2 ** 31, max: 100 };
  const small = recordWhere(10, (low) => low > 1000n);
  for (const Class of BOTH) {
    const { recorder, pieces } = collect(Class, limits);
    for (const length of [200, 250]) {
      recorder.append(small, true);
      recorder.append(counted(length), true);
    }
    recorder.append(small, true);
    recorder.end();
    const shape = (piece: Piece) => [piece.bytes.length, piece.records, piece.continued, piece.unfinished];
    assert.deepEqual(pieces.map(shape), [
      ...[
        [10, 1, false, false],
        [100, 0, false, true],
        [100, 1, true, false],
      ],
      ...[
        [10, 1, false, false],
        [100, 0, false, true],
        [100, 0, true, true],
        [50, 1, true, false],
      ],
      [10, 1, false, false],
    ]);
    assert.equal(digestToJSON(pieces[6]?.digest as Digest).sum, murmurHex(counted(250)));
  }
});

function murmurHex(bytes: Uint8Array): string {
  const { h1, h2 } = murmur3(bytes);
  return (h1 + (h2 << 64n)).toString(16).padStart(32, '0');
}

test('pieces are about 1 MiB, whatever the length of the records, and cuts find back after an insertion', () => {
  for (const length of [24, 400, 9000]) {
    const cutsOf = (insertion: boolean): string[] => {
      const pieces: string[] = [];
      let bytes = 0;
      const onPiece = (piece: Piece) => {
        bytes += piece.bytes.length;
        pieces.push(digestToJSON(piece.digest).sum);
      };
      const recorder = new Recorder({ keep: true, onPiece });
      if (insertion) recorder.append(counted(777), true);
      const record = Buffer.alloc(length);
      for (let at = 0; at < 64 << 20; at += length) {
        record.writeUInt32LE(at);
        recorder.append(record, true);
      }
      recorder.end();
      const mean = bytes / pieces.length / 2 ** 20;
      assert.ok(mean > 0.75 && mean < 1.35, `records of ${length} bytes: mean piece ${mean} MiB`);
      return pieces;
    };
    const plain = new Set(cutsOf(false));
    const shifted = cutsOf(true).filter((sum) => plain.has(sum));
    assert.ok(
      shifted.length > plain.size * 0.8,
      `${shifted.length} of ${plain.size} pieces are the same again`,
    );
  }
});

test('a cut that is asked for ends a piece between two records, and only there', () => {
  for (const Class of BOTH) {
    const { recorder, pieces } = collect(Class, { min: 1000, target: 1024, max: 4096 });
    recorder.cut();
    recorder.append(counted(10), true);
    recorder.append(counted(20), true);
    recorder.cut();
    recorder.cut();
    recorder.append(counted(30), true);
    const digest = recorder.end();
    assert.deepEqual(
      pieces.map(({ records, bytes }) => [records, bytes.length]),
      [
        [2, 30],
        [1, 30],
      ],
    );
    assert.equal(digest.records, 3);
    const { recorder: inside } = collect(Class, { min: 1000, target: 1024, max: 4096 });
    inside.append(counted(10), false);
    assert.throws(() => inside.cut(), isError('BUG', /middle of a record/));
  }
});

test('pieces own their memory', () => {
  const { recorder, pieces } = collect(Recorder, { min: 0, target: 1, max: 100 });
  for (let i = 0; i < 3; i++) recorder.append(counted(50 + i), true);
  recorder.end();
  for (const [i, piece] of pieces.entries()) {
    assert.equal(piece.bytes.buffer.byteLength, 50 + i);
    assert.deepEqual(piece.bytes, counted(50 + i));
  }
});

test('a record longer than 2 GiB is refused, one of 2 GiB - 1 is not', () => {
  const recorder = new Recorder({ keep: false, onPiece: () => {} });
  const half = Buffer.alloc(2 ** 28);
  for (let i = 0; i < 7; i++) recorder.append(half, false);
  recorder.append(half.subarray(1), false);
  assert.throws(() => recorder.append(half.subarray(0, 1), true), isError('UNSUPPORTED', /2 GiB/));
});

test('misuse is a bug, and a broken recorder accepts nothing more', () => {
  for (const Class of BOTH) {
    const limits: CutLimits = { min: 0, target: 1, max: 100 };
    const mixed = collect(Class, limits).recorder;
    mixed.append(counted(3), false);
    assert.throws(() => mixed.framed('bson'), isError('BUG', /middle/));
    assert.throws(() => mixed.end(), isError('BUG', /middle/));
    const framed = collect(Class, limits).recorder;
    const input = framed.framed('bson');
    assert.throws(() => framed.framed('bson'), isError('BUG', /one framing/));
    assert.throws(() => framed.append(counted(3), true), isError('BUG', /framing/));
    assert.throws(() => input.feed(0, input.buffer.length + 1), isError('BUG', /buffer/));
    const failing = new Class({
      keep: true,
      limits,
      onPiece: () => {
        throw new Error('disk on fire');
      },
    });
    assert.throws(() => failing.append(counted(30), true), /disk on fire/);
    assert.throws(() => failing.end(), isError('BUG', /broken/));
  }
});

test('drop can come at any time and twice', () => {
  const recorder = new Recorder({ keep: true, onPiece: () => {} });
  const { buffer } = recorder.framed('bson');
  recorder.drop();
  recorder.drop();
  assert.throws(() => recorder.end(), isError('BUG', /dropped/));
  const next = new Recorder({ keep: true, onPiece: () => {} });
  assert.notEqual(next.framed('bson').buffer.buffer, buffer.buffer);
  assert.deepEqual(next.end(), EMPTY_DIGEST);
  next.drop();
  assert.deepEqual(next.digest, EMPTY_DIGEST);
});

test('a recorder that borrows a used kernel starts afresh', () => {
  for (let round = 0; round < 3; round++) {
    const { recorder, pieces } = collect(Recorder, { min: 1000, target: 2 ** 31, max: 1000 });
    recorder.append(counted(10), true);
    assert.equal(digestToJSON(recorder.end()).sum, murmurHex(counted(10)));
    assert.deepEqual(
      pieces.map((piece) => [piece.bytes.length, piece.continued]),
      [[10, false]],
    );
  }
});

test('the compiled kernel is fresh', () => {
  const build = fileURLToPath(new URL('../../src/core/records/build.mjs', import.meta.url));
  execFileSync(process.execPath, [build, '--check'], { stdio: 'pipe' });
});
