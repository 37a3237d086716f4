import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { describe, it } from 'node:test';
import { PostgresDecoder } from '../../src/adapters/postgres/decoder.ts';
import type { StreamOpen } from '../../src/core/adapter.ts';
import { DbimgError } from '../../src/core/errors.ts';

function open(encoding: string, wire: readonly (string | null)[], clientEncoding = 'UTF8'): StreamOpen {
  return {
    object: ['db', 'public', 't'],
    part: 0,
    encoding,
    columns: wire.map((type, index) => ({ name: `c${index}`, type: type ?? 'pair' })),
    settings: { client_encoding: clientEncoding },
    details: { wire },
  };
}

function decode(stream: StreamOpen, chunk: Uint8Array): unknown[] {
  return [...new PostgresDecoder(stream).decode(chunk)];
}

describe('the decoder', () => {
  it('reads lines with escapes and nulls', () => {
    const stream = open('pg.copy.text', ['int4', 'text', null]);
    const lines = Buffer.from('1\ta\\tb\\\\\\n\\N\t(1,x)\n-2\t\\N\t\n');
    assert.deepEqual(decode(stream, lines), [
      [
        { type: 'integer', value: 1n },
        { type: 'text', value: 'a\tb\\\nN' },
        { type: 'other', name: 'pair', value: '(1,x)' },
      ],
      [{ type: 'integer', value: -2n }, { type: 'null' }, { type: 'other', name: 'pair', value: '' }],
    ]);
  });

  it('reads tables without columns', () => {
    assert.deepEqual(decode(open('pg.copy.text', []), Buffer.from('\n\n')), [[], []]);
    assert.deepEqual(decode(open('pg.copy.binary', []), Buffer.from([0, 0, 0, 0])), [[], []]);
  });

  it('reads text in the encoding of the database', () => {
    const stream = open('pg.copy.text', ['text'], 'LATIN1');
    assert.deepEqual(decode(stream, Buffer.from([0xe4, 0x80, 0x0a])), [[{ type: 'text', value: 'ä\u0080' }]]);
    assert.throws(
      () => decode(open('pg.copy.text', ['text'], 'MULE_INTERNAL'), Buffer.from('a\n')),
      /MULE_INTERNAL/,
    );
  });

  it('refuses records of other engines', () => {
    assert.throws(
      () => new PostgresDecoder(open('mysql.row', [])),
      (error) => error instanceof DbimgError && error.code === 'UNSUPPORTED',
    );
  });

  it('calls damage damage, whatever the bytes', () => {
    const seed = randomInt(2 ** 31);
    let state = seed;
    const next = (below: number): number => {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0;
      return (state >>> 8) % below;
    };
    const types = (
      'bool int2 int4 int8 numeric text bytea jsonb jsonpath uuid date time timetz timestamp timestamptz interval point ' +
      'path polygon line circle inet macaddr varbit money tsvector pg_snapshot array<int4> array<text> ' +
      'range<numeric> multirange<date> float4 enum xid8'
    ).split(' ');
    for (let round = 0; round < 20_000; round++) {
      const type = types[next(types.length)] as string;
      const length = next(40);
      const field = Buffer.alloc(length);
      for (let at = 0; at < length; at++) field[at] = next(3) === 0 ? next(256) : next(4);
      const head = Buffer.alloc(6);
      head.writeInt16BE(1);
      head.writeInt32BE(length, 2);
      const binary = next(2) === 0;
      try {
        decode(
          open(binary ? 'pg.copy.binary' : 'pg.copy.text', [type]),
          binary ? Buffer.concat([head, field]) : field,
        );
      } catch (error) {
        const damage = error instanceof DbimgError && error.code === 'IMAGE_DAMAGED';
        assert.ok(damage, `seed ${seed}, round ${round}, ${type} ${field.toString('hex')}: ${String(error)}`);
      }
    }
  });
});
