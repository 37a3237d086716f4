/** The WebAssembly kernel against the plain recorder: same pieces, same digests, same counts, for any input. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Framing } from '../../src/core/adapter.ts';
import type { CutLimits } from '../../src/core/records/piece.ts';
import { PlainRecorder } from '../../src/core/records/plain.ts';
import { Recorder } from '../../src/core/records/recorder.ts';
import {
  type PlayOptions,
  play,
  playAppends,
  Random,
  randomRecord,
  shortest,
  wireOf,
} from './records-wire.ts';

const FRAMINGS: readonly Framing[] = ['pg-copy-binary', 'pg-copy-text', 'mysql-packet', 'bson', 'bson-array'];
const LIMITS: readonly CutLimits[] = [
  { min: 0, target: 1, max: 16 },
  { min: 16, target: 16, max: 64 },
  { min: 100, target: 256, max: 1000 },
  { min: 50, target: 2 ** 20, max: 100 },
];
const STEPS = [1, 3, 7, 40, 3000];
const seed = Number(process.env.DBIMG_TEST_SEED ?? Date.now() % 2 ** 31);
const rounds = Number(process.env.DBIMG_TEST_ROUNDS ?? 60);

function randomRecords(random: Random, framing: Framing | undefined, limits: CutLimits): Uint8Array[] {
  const longest = random.pick([4, 20, 60, limits.max, limits.max * 3]);
  return Array.from({ length: random.between(0, 60) }, () => {
    const odd = random.pick([
      0,
      1,
      2,
      15,
      16,
      17,
      limits.min,
      limits.max - 1,
      limits.max,
      limits.max + 1,
      limits.max * 2,
    ]);
    const length = random.chance(15) ? odd : random.between(0, longest);
    return randomRecord(random, framing, Math.max(shortest(framing), length));
  });
}

for (const framing of FRAMINGS) {
  test(`${framing}: kernel and plain recorder agree, whatever the splits (seed ${seed})`, () => {
    for (let round = 0; round < rounds; round++) {
      const random = new Random(seed + round);
      const limits = random.pick(LIMITS);
      const records = randomRecords(random, framing, limits);
      const wire = wireOf(random, framing, records);
      const keep = random.chance(80);
      const step = random.pick(STEPS);
      const options = (splits: number, most = step): PlayOptions => ({
        ...{ limits, keep, step: most },
        random: new Random(seed + round + splits),
      });
      const expected = play(PlainRecorder, framing, wire, options(1));
      const where = `seed ${seed + round}, ${framing}, step ${step}`;
      assert.equal(expected.error, undefined, where);
      assert.equal(expected.digest?.records, records.length, where);
      assert.deepEqual(play(Recorder, framing, wire, options(1)), expected, where);
      const otherwise = play(Recorder, framing, wire, options(2, random.pick(STEPS)));
      assert.deepEqual({ ...otherwise, feeds: [] }, { ...expected, feeds: [] }, where);
      assert.deepEqual(expected.stops, [...wire.foreign.keys()], where);
      const appended = playAppends(Recorder, records, options(3));
      assert.deepEqual({ ...appended, stops: [], feeds: [] }, { ...expected, stops: [], feeds: [] }, where);
    }
  });

  test(`${framing}: both refuse the same damaged input at the same byte (seed ${seed})`, () => {
    for (let round = 0; round < rounds; round++) {
      const random = new Random(seed + round);
      const limits = random.pick(LIMITS);
      const wire = wireOf(random, framing, randomRecords(random, framing, limits));
      if (wire.bytes.length === 0) continue;
      for (let flips = random.between(1, 3); flips > 0; flips--) {
        wire.bytes[random.between(0, Math.min(wire.bytes.length - 1, 300))] = random.pick([
          0, 1, 0x7f, 0xff, 100,
        ]);
      }
      const step = random.pick(STEPS);
      const options = (): PlayOptions => ({ limits, keep: true, step, random: new Random(seed + round) });
      const expected = play(PlainRecorder, framing, wire, options());
      const actual = play(Recorder, framing, wire, options());
      // A record that is refused half-way may have left pieces already.
      const pieces = expected.error === undefined ? actual.pieces : expected.pieces;
      const where = `seed ${seed + round}, ${framing}`;
      assert.deepEqual(
        { ...actual, pieces, digest: 0, bytes: 0 },
        { ...expected, digest: 0, bytes: 0 },
        where,
      );
    }
  });
}

test('a stream split in three, at every two bytes, gives the same as in one', () => {
  const limits: CutLimits = { min: 16, target: 2 ** 31, max: 16 };
  for (const framing of FRAMINGS) {
    const random = new Random(1);
    const lengths = [14, 2, 15, 2, 2, 16, 1, 17, 2, 40].map((length) => Math.max(shortest(framing), length));
    const wire = wireOf(
      random,
      framing,
      lengths.map((length) => randomRecord(random, framing, length)),
    );
    const expected = play(PlainRecorder, framing, wire, { limits, keep: true, step: 0, random });
    for (let first = 0; first < wire.bytes.length; first++) {
      for (let second = first; second < wire.bytes.length; second++) {
        const options = { limits, keep: true, step: 0, random, splits: [first, second] };
        const actual = play(Recorder, framing, wire, options);
        assert.deepEqual(
          { ...actual, feeds: [] },
          { ...expected, feeds: [] },
          `${framing} at ${first}, ${second}`,
        );
      }
    }
  }
});

test(`append: kernel and plain recorder agree (seed ${seed})`, () => {
  for (let round = 0; round < rounds; round++) {
    const random = new Random(seed + round);
    const limits = random.pick(LIMITS);
    const records = randomRecords(random, undefined, limits);
    const options = (splits: number): PlayOptions => ({
      ...{ limits, keep: true, step: random.pick(STEPS) },
      random: new Random(seed + round + splits),
    });
    const expected = playAppends(PlainRecorder, records, options(1));
    assert.deepEqual(playAppends(Recorder, records, options(2)), expected, `seed ${seed + round}`);
  }
});

test(`real limits: kernel and plain recorder agree, framed or appended (seed ${seed})`, () => {
  const random = new Random(seed);
  const base = random.bytes(4_500_000);
  const lengths = [
    base.length,
    700_000,
    1 << 20,
    ...Array.from({ length: 40 }, () => random.between(6, 60_000)),
  ];
  const records = lengths.map((length) => {
    const start = random.between(0, base.length - length);
    return Buffer.concat([Uint8Array.of(0, 1), base.subarray(start + 2, start + length)]);
  });
  const wire = wireOf(random, 'pg-copy-binary', records);
  const options = (): PlayOptions => ({ keep: true, step: 250_000, random: new Random(seed) });
  const expected = play(PlainRecorder, 'pg-copy-binary', wire, options());
  assert.ok(expected.pieces.length > 3);
  assert.deepEqual(play(Recorder, 'pg-copy-binary', wire, options()), expected);
  assert.deepEqual(playAppends(Recorder, records, options()).pieces, expected.pieces);
});
