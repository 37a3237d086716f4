/** Records of length-encoded values as delimited text: the kernel against the plain version, for any split. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DelimitedText } from '../../src/core/records/delimited.ts';
import { plainDelimited } from '../../src/core/records/plain-delimited.ts';
import { Random } from '../random.ts';
import { isError } from './records-both.ts';

const seed = Number(process.env.DBIMG_TEST_SEED ?? Date.now() % 2 ** 31);
const rounds = Number(process.env.DBIMG_TEST_ROUNDS ?? 25);
const DAMAGED = isError('IMAGE_DAMAGED', /not of their encoding/);

function lengthEncoded(value: Uint8Array | null, wide = 0): Buffer {
  if (value === null) return Buffer.from([0xfb]);
  const size = Math.max(
    wide,
    value.length <= 250 ? 0 : value.length <= 0xffff ? 2 : value.length <= 0xffffff ? 3 : 8,
  );
  const head = Buffer.alloc(1 + size);
  head[0] = size === 0 ? value.length : size === 2 ? 0xfc : size === 3 ? 0xfd : 0xfe;
  if (size === 8) head.writeBigUInt64LE(BigInt(value.length), 1);
  else if (size > 0) head.writeUIntLE(value.length, 1, size);
  return Buffer.concat([head, value]);
}

/** Bytes that need an escape are frequent, in runs, or missing. */
function randomValue(random: Random): Uint8Array | null {
  if (random.chance(0.1)) return null;
  const length = random.chance(0.05)
    ? random.integer(0, 70_000)
    : random.pick([0, 1, 7, 15, 16, 17, 31, 33, 250, 251]);
  const density = random.pick([0, 0.02, 0.3, 1]);
  return Uint8Array.from({ length }, () =>
    random.chance(density) ? random.pick([0, 9, 10, 92]) : random.integer(0, 255),
  );
}

function textOf(
  columns: number,
  pieces: readonly Uint8Array[],
  headroom = 0,
): { text: Uint8Array; records: number } {
  const delimited = new DelimitedText(columns, headroom);
  const parts: Uint8Array[] = [];
  try {
    for (const piece of pieces) for (const part of delimited.text(piece)) parts.push(part.subarray(headroom));
    return { text: Buffer.concat(parts), records: delimited.end() };
  } finally {
    delimited.drop();
  }
}

function split(random: Random, bytes: Uint8Array, most: number): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const size = random.integer(0, most);
    pieces.push(bytes.subarray(at, at + size));
    at += size;
  }
  return pieces;
}

test(`kernel and plain version agree, whatever the splits (seed ${seed})`, () => {
  for (let round = 0; round < rounds; round += 1) {
    const random = new Random(seed + round);
    const columns = random.pick([1, 2, 3, 17]);
    const values = random
      .times(0, 12, () => 0)
      .flatMap(() => Array.from({ length: columns }, () => randomValue(random)));
    const bytes = Buffer.concat(values.map((value) => lengthEncoded(value, random.pick([0, 0, 0, 2, 3, 8]))));
    const expected = plainDelimited(bytes, columns);
    const where = `seed ${seed + round}`;
    assert.equal(expected.records, values.length / columns, where);
    assert.deepEqual(textOf(columns, [bytes]), { ...expected, text: Buffer.from(expected.text) }, where);
    const pieces = split(random, bytes, random.pick([20, 100, 100_000]));
    assert.deepEqual(textOf(columns, pieces, 4), { ...expected, text: Buffer.from(expected.text) }, where);
  }
});

test(`both refuse the same damaged bytes (seed ${seed})`, () => {
  for (let round = 0; round < rounds; round += 1) {
    const random = new Random(seed + round);
    const columns = random.pick([1, 2, 3]);
    const count = random.integer(1, 9) * columns;
    const bytes = Buffer.concat(Array.from({ length: count }, () => lengthEncoded(randomValue(random))));
    bytes[random.integer(0, Math.min(40, bytes.length - 1))] = random.pick([
      0xfb, 0xfc, 0xfd, 0xfe, 0xff, 3, 0,
    ]);
    const outcome = (work: () => { text: Uint8Array; records: number }): unknown => {
      try {
        const { text, records } = work();
        return { text: Buffer.from(text), records };
      } catch (error) {
        assert.ok(DAMAGED(error));
        return 'damaged';
      }
    };
    assert.deepEqual(
      outcome(() => textOf(columns, split(random, bytes, 50))),
      outcome(() => plainDelimited(bytes, columns)),
      `seed ${seed + round}`,
    );
  }
});

test('escapes, NULL, and the empty value, to the letter', () => {
  const values = [
    Buffer.from('a\tb\nc\\d\0'),
    null,
    Buffer.from(''),
    Buffer.from('\\N'),
    Buffer.from('\'\r"é\x1a'),
  ];
  const { text, records } = textOf(5, [Buffer.concat(values.map((value) => lengthEncoded(value)))]);
  assert.equal(Buffer.from(text).toString(), 'a\\tb\\nc\\\\d\\0\t\\N\t\t\\\\N\t\'\r"é\x1a\n');
  assert.equal(records, 1);
});

test('bytes beside the input are of no consequence', () => {
  textOf(1, [lengthEncoded(Buffer.alloc(200_000, 0x0a))]);
  const value = Buffer.from('x'.repeat(19));
  assert.equal(Buffer.from(textOf(1, [lengthEncoded(value)]).text).toString(), `${value}\n`);
});

test('a long value comes in buffers of bounded size', () => {
  const value = Buffer.alloc(3_000_000, 0x5c);
  const delimited = new DelimitedText(1, 4);
  let length = 0;
  for (const part of delimited.text(lengthEncoded(value))) {
    assert.ok(part.length <= 768 * 1024 + 4);
    length += part.length - 4;
  }
  assert.equal(length, 6_000_001);
  assert.equal(delimited.end(), 1);
});

test('a length beyond any record is refused, and so is an end inside of one', () => {
  assert.throws(() => textOf(1, [Buffer.from([0xfe, 0, 0, 0, 0x80, 0, 0, 0, 0])]), DAMAGED);
  assert.throws(() => textOf(1, [Buffer.from([0xff])]), DAMAGED);
  for (const bytes of [[5, 1], [0xfc, 1], [0xfd], [0, 0, 0]]) {
    assert.throws(() => textOf(2, [Buffer.from(bytes)]), DAMAGED);
  }
});
