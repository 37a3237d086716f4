/** The framings of docs/records.md, each by example: what is a record, what is foreign, what is refused. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EMPTY_DIGEST } from '../../src/core/records/digest.ts';
import { Recorder } from '../../src/core/records/recorder.ts';
import { BOTH, collect, isError } from './records-both.ts';
import { copyData, packets, SIGNATURE } from './records-wire.ts';

test('mysql-packet: packets of 2^24-1 bytes are joined, and an empty one may end a record', () => {
  for (const length of [0xffffff - 1, 0xffffff, 0xffffff + 1, 2 * 0xffffff]) {
    const row = Buffer.alloc(length, 'row');
    const fed = new Recorder({ keep: false, onPiece: () => {} });
    const input = fed.framed('mysql-packet');
    for (const part of packets(row)) {
      for (let at = 0; at < part.length; at += input.buffer.length) {
        const size = Math.min(input.buffer.length, part.length - at);
        input.buffer.set(part.subarray(at, at + size));
        assert.equal(input.feed(0, size), size);
      }
    }
    const appended = new Recorder({ keep: false, onPiece: () => {} });
    appended.append(row, true);
    assert.deepEqual(fed.end(), appended.end());
    assert.equal(fed.bytes, length);
  }
});

test('mysql-packet: a row may begin with FE if it fills its packet', () => {
  for (const Class of BOTH) {
    const { recorder } = collect(Class, { min: 0, target: 1, max: 100 });
    const input = recorder.framed('mysql-packet');
    input.buffer.set([0xff, 0xff, 0xff, 0, 0xfe, 1, 2]);
    assert.equal(input.feed(0, 7), 7);
    assert.throws(() => recorder.end(), isError('BUG', /middle/));
  }
});

test('mysql-packet: a header that came in an earlier feed is handed back', () => {
  for (const Class of BOTH) {
    for (let split = 1; split <= 4; split++) {
      const { recorder } = collect(Class, { min: 0, target: 1, max: 100 });
      const input = recorder.framed('mysql-packet');
      input.buffer.set([2, 0, 0, 0, 65, 66, 5, 0, 0, 1, 0xfe, 0, 0, 2, 0]);
      assert.equal(input.feed(0, 6 + split), 6 + split);
      assert.deepEqual([...input.pending], []);
      assert.equal(input.feed(6 + split, 15), 0);
      assert.deepEqual([...input.pending], [5, 0, 0, 1].slice(0, split));
      assert.deepEqual(recorder.end().records, 1);
    }
  }
});

test('pg-copy-binary: a row of no columns is no trailer, and a second COPY may follow', () => {
  const header = Buffer.concat([SIGNATURE, Buffer.alloc(8)]);
  const rows = [Buffer.concat([header, Buffer.from([0, 0])]), Buffer.from([0, 0]), Buffer.from([0xff, 0xff])];
  const wire = Buffer.concat([...rows, ...rows].map((row) => copyData(row)));
  for (const Class of BOTH) {
    const { recorder } = collect(Class, { min: 0, target: 1, max: 100 });
    const input = recorder.framed('pg-copy-binary');
    input.buffer.set(wire);
    assert.equal(input.feed(0, wire.length), wire.length);
    assert.deepEqual([recorder.end().records, recorder.bytes], [4, 8]);
  }
});

test('pg-copy-binary: an empty table is a header and a trailer in one message', () => {
  const extended = Buffer.concat([SIGNATURE, Buffer.from([0, 0, 0, 0, 0, 0, 0, 3, 7, 7, 7])]);
  for (const header of [Buffer.concat([SIGNATURE, Buffer.alloc(8)]), extended]) {
    const wire = copyData(Buffer.concat([header, Buffer.from([0xff, 0xff])]));
    for (const Class of BOTH) {
      for (let split = 0; split <= wire.length; split++) {
        const { recorder, pieces } = collect(Class, { min: 0, target: 1, max: 100 });
        const input = recorder.framed('pg-copy-binary');
        input.buffer.set(wire);
        assert.equal(input.feed(0, split) + input.feed(split, wire.length), wire.length);
        assert.deepEqual([recorder.end(), pieces], [EMPTY_DIGEST, []]);
      }
    }
  }
});

test('a stream that ends in the middle of a message is not complete', () => {
  const streams = [
    ['pg-copy-text', copyData(Buffer.from('row'))],
    ['pg-copy-binary', copyData(Buffer.concat([SIGNATURE, Buffer.alloc(8), Buffer.from([0, 0])]))],
    ['mysql-packet', [3, 0, 0, 0, 65, 66, 67]],
    ['bson', [6, 0, 0, 0, 1, 0]],
    ['bson-array', [3, 48, 0, 6, 0, 0, 0, 1, 0]],
  ] as const;
  for (const Class of BOTH) {
    for (const [framing, bytes] of streams) {
      for (let size = 1; size < bytes.length; size++) {
        const { recorder } = collect(Class, { min: 0, target: 1, max: 100 });
        const input = recorder.framed(framing);
        input.buffer.set(bytes);
        assert.equal(input.feed(0, size), size);
        assert.throws(() => recorder.end(), isError('BUG', /middle/));
      }
    }
  }
});

test('bytes that are not the framing are refused', () => {
  const header = Buffer.concat([SIGNATURE, Buffer.alloc(8)]);
  const flags = Buffer.from(header);
  flags[12] = 1;
  const extension = Buffer.from(header);
  extension[18] = 1;
  const cases = [
    ['pg-copy-text', [100, 0, 0, 0, 3], /smaller/],
    ['pg-copy-text', [100, 0xff, 0xff, 0xff, 0xff], /2 GiB/],
    ['pg-copy-binary', copyData(Buffer.from([0, 1])), /signature/],
    ['pg-copy-binary', copyData(Buffer.alloc(30)), /signature/],
    ['pg-copy-binary', copyData(flags), /flags/],
    ['pg-copy-binary', copyData(extension), /header/],
    ['mysql-packet', [0, 0, 0, 0], /empty/],
    ['bson', [4, 0, 0, 0], /smaller/],
    ['bson', [5, 0, 0, 0x80], /2 GiB/],
  ] as const;
  for (const Class of BOTH) {
    for (const [framing, bytes, text] of cases) {
      const { recorder } = collect(Class, { min: 0, target: 1, max: 100 });
      const input = recorder.framed(framing);
      input.buffer.set(bytes);
      assert.throws(() => input.feed(0, bytes.length), isError('SERVER_ERROR', text));
      assert.throws(() => input.feed(0, 0), isError('BUG', /broken/));
    }
  }
});
