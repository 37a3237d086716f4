import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { describe, it } from 'node:test';
import { ServerError } from '../../src/adapters/mysql/errors.ts';
import { PacketWalker } from '../../src/adapters/mysql/packet-walker.ts';
import { ResultSet } from '../../src/adapters/mysql/result-set.ts';
import type { FramedInput } from '../../src/core/adapter.ts';
import { PlainRecorder } from '../../src/core/records/plain.ts';
import { Recorder } from '../../src/core/records/recorder.ts';
import { Random } from '../random.ts';

const LONGEST = 0xffffff;

function packet(payload: Buffer, sequence = 0): Buffer {
  const header = Buffer.alloc(4);
  header.writeUIntLE(payload.length, 0, 3);
  header[3] = sequence & 0xff;
  return Buffer.concat([header, payload]);
}

/** A row's payload as packets: several if it is long, the last of which may be empty. */
function packets(payload: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; ; at += LONGEST) {
    const piece = payload.subarray(at, at + LONGEST);
    parts.push(packet(piece, parts.length));
    if (piece.length < LONGEST) return Buffer.concat(parts);
  }
}

const EOF = packet(Buffer.from([0xfe, 3, 0, 2, 0]));
const COLUMNS = Buffer.concat([
  packet(Buffer.from([2])),
  packet(Buffer.alloc(40, 1)),
  packet(Buffer.alloc(300, 2)),
  EOF,
]);
const failure = (text: string): Buffer =>
  packet(Buffer.concat([Buffer.from([0xff, 0x2a, 0x04]), Buffer.from(`#42S02${text}`)]));

/** Feeds `wire` in pieces of at most `step` bytes, as a socket that writes into the memory it is shown. */
function feedAll(result: ResultSet, wire: Buffer, step: () => number): void {
  const own = new Uint8Array(1000);
  for (let at = 0; at < wire.length; ) {
    const buffer = result.buffer ?? own;
    const size = Math.min(step(), wire.length - at, buffer.length);
    buffer.set(wire.subarray(at, at + size));
    result.feed(buffer, size);
    at += size;
  }
}

describe('a result set', () => {
  it('gives rows to the kernel and understands the rest, however reads cut them', async () => {
    const seed = randomInt(2 ** 31);
    const random = new Random(seed);
    for (let round = 0; round < 150; round++) {
      const rows = Array.from({ length: random.integer(0, 29) }, (_, row) =>
        Buffer.alloc(random.integer(1, 300), row & 0x7f),
      );
      const wire = Buffer.concat([COLUMNS, ...rows.map(packets), EOF]);
      const taken: Buffer[] = [];
      const recorder = new PlainRecorder({
        keep: true,
        onPiece: (piece) => taken.push(Buffer.from(piece.bytes)),
      });
      const result = new ResultSet(recorder.framed('mysql-packet'));
      feedAll(result, wire, () => 1 + random.integer(0, 199));
      assert.deepEqual(await result.outcome, { affected: 0, warnings: 3, info: '' });
      assert.equal(recorder.end().records, rows.length, `seed ${seed}, round ${round}`);
      assert.deepEqual(Buffer.concat(taken), Buffer.concat(rows), `seed ${seed}, round ${round}`);
    }
  });

  it('joins packets of a row longer than 16 MiB, also if the last is empty', async () => {
    for (const length of [LONGEST - 1, LONGEST, LONGEST + 1, 2 * LONGEST]) {
      const recorder = new Recorder({ keep: false, onPiece: () => {} });
      const result = new ResultSet(recorder.framed('mysql-packet'));
      feedAll(
        result,
        Buffer.concat([COLUMNS, packets(Buffer.alloc(length, 7)), packets(Buffer.from('b')), EOF]),
        () => 70_000,
      );
      await result.outcome;
      assert.equal(recorder.bytes, length + 1);
      assert.equal(recorder.end().records, 2);
    }
  });

  it('rejects with the error that comes in the place of rows, and after some', async () => {
    for (const before of [Buffer.alloc(0), Buffer.concat([COLUMNS, packets(Buffer.from('row'))])]) {
      const recorder = new PlainRecorder({ keep: false, onPiece: () => {} });
      const result = new ResultSet(recorder.framed('mysql-packet'));
      feedAll(result, Buffer.concat([before, failure('no such thing')]), () => 3);
      await assert.rejects(result.outcome, (error: unknown) => {
        assert.ok(error instanceof ServerError);
        assert.equal(error.errno, 0x042a);
        assert.equal(error.sqlState, '42S02');
        assert.equal(error.message, 'no such thing');
        return true;
      });
    }
  });

  it('takes no more than one answer, and no file that nobody offered', () => {
    const ok = packet(Buffer.from([0, 0, 0, 2, 0, 0, 0]));
    const result = new ResultSet();
    assert.throws(() => result.feed(Buffer.concat([ok, ok]), 2 * ok.length), /more than one answer/);
    const file = packet(Buffer.from([0xfb, 0x2f, 0x65]));
    assert.throws(() => new ResultSet().feed(file, file.length), /not asked for/);
    assert.throws(() => new ResultSet().feed(COLUMNS, 5), /not asked for/);
  });
});

describe('the packet walker', () => {
  it('leaves what the kernel leaves, and passes on the rest as it is', () => {
    const seed = randomInt(2 ** 31);
    const random = new Random(seed);
    for (let round = 0; round < 300; round++) {
      const rows = Array.from({ length: random.integer(0, 11) }, (_, row) =>
        packets(Buffer.alloc(random.integer(1, 90), [0, 0xfb, 0xfc, 7][row & 3])),
      );
      const wire = Buffer.concat([...rows, EOF, Buffer.from('more')]);
      const passed: Buffer[] = [];
      const walker = new PacketWalker((bytes) => passed.push(Buffer.from(bytes)));
      const recorder = new PlainRecorder({ keep: false, onPiece: () => {} });
      const kernel: FramedInput = recorder.framed('mysql-packet');
      for (let at = 0; at < wire.length; ) {
        const size = Math.min(1 + random.integer(0, 59), wire.length - at);
        const slice = wire.subarray(at, at + size);
        walker.buffer.set(slice, 5);
        kernel.buffer.set(slice, 5);
        const taken = walker.feed(5, 5 + size);
        const expected = kernel.feed(5, 5 + size);
        assert.equal(taken, expected, `seed ${seed}, round ${round}`);
        at += size;
        if (taken < size) {
          assert.deepEqual(
            Buffer.from(walker.pending),
            Buffer.from(kernel.pending),
            `seed ${seed}, round ${round}`,
          );
          break;
        }
      }
      assert.deepEqual(Buffer.concat(passed), Buffer.concat(rows), `seed ${seed}, round ${round}`);
    }
  });
});
