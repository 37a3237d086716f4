import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { describe, it } from 'node:test';
import { Demultiplexer } from '../../src/adapters/postgres/demultiplexer.ts';
import { PlainRecorder } from '../../src/core/records/plain.ts';

function message(type: string, body: Buffer | string = ''): Buffer {
  const bytes = Buffer.from(body);
  const head = Buffer.alloc(5);
  head.write(type);
  head.writeUInt32BE(bytes.length + 4, 1);
  return Buffer.concat([head, bytes]);
}

/** A small generator of numbers, so that a failure can be repeated. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return (state >>> 8) % below;
  };
}

describe('the demultiplexer', () => {
  it('gives rows to the kernel and everything else to the driver, however reads cut them', () => {
    const seed = randomInt(2 ** 31);
    const next = random(seed);
    for (let round = 0; round < 200; round++) {
      const rows = Array.from({ length: next(20) }, (_, row) => Buffer.alloc(next(300), row));
      const between = (): Buffer[] => (next(4) === 0 ? [message('N', 'notice'), message('S', 'a\0b\0')] : []);
      const copy = [
        message('H', '\0\0\x01\0\0'),
        ...rows.flatMap((row) => [message('d', row), ...between()]),
        message('c'),
      ];
      const before = [message('C', 'SET\0')];
      const after = [message('C', 'COPY 3\0'), message('Z', 'T'), message('d', 'for the driver')];
      const wire = Buffer.concat([...before, ...copy, ...after]);

      const driver: Buffer[] = [];
      const taken: Buffer[] = [];
      const demultiplexer = new Demultiplexer((bytes) => driver.push(bytes));
      const recorder = new PlainRecorder({
        keep: true,
        onPiece: (piece) => taken.push(Buffer.from(piece.bytes)),
      });
      demultiplexer.arm(recorder.framed('pg-copy-text'));
      const own = new Uint8Array(1000);
      for (let at = 0; at < wire.length; ) {
        const buffer = demultiplexer.buffer ?? own;
        const size = Math.min(1 + next(400), wire.length - at, buffer.length);
        buffer.set(wire.subarray(at, at + size));
        demultiplexer.feed(buffer, size);
        at += size;
      }
      const digest = recorder.end();
      assert.equal(digest.records, rows.length, `seed ${seed}, round ${round}`);
      assert.deepEqual(Buffer.concat(taken), Buffer.concat(rows), `seed ${seed}, round ${round}`);
      const foreign = [...before, ...copy.filter((part) => part[0] !== 'd'.charCodeAt(0)), ...after];
      assert.deepEqual(Buffer.concat(driver), Buffer.concat(foreign), `seed ${seed}, round ${round}`);
    }
  });

  it('gives everything to the driver when no rows are expected', () => {
    const driver: Buffer[] = [];
    const demultiplexer = new Demultiplexer((bytes) => driver.push(bytes));
    const wire = Buffer.concat([message('H', '\0\0\0'), message('d', 'x'), message('c'), message('Z', 'I')]);
    demultiplexer.feed(wire, wire.length);
    assert.deepEqual(Buffer.concat(driver), wire);
  });

  it('stops taking rows when the server reports an error', () => {
    const driver: Buffer[] = [];
    const demultiplexer = new Demultiplexer((bytes) => driver.push(bytes));
    const recorder = new PlainRecorder({ keep: false, onPiece: () => {} });
    demultiplexer.arm(recorder.framed('pg-copy-text'));
    const wire = Buffer.concat([
      message('H', '\0\0\0'),
      message('d', 'x'),
      message('E', 'S\0'),
      message('Z', 'E'),
    ]);
    demultiplexer.feed(wire, wire.length);
    assert.equal(recorder.end().records, 1);
    assert.equal(demultiplexer.buffer, undefined);
    assert.deepEqual(
      Buffer.concat(driver)
        .toString('latin1')
        .match(/[HEZ](?=\0\0)/g),
      ['H', 'E', 'Z'],
    );
  });
});
