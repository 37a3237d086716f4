import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stringify, stringifyWithList } from '../../src/cli/json.ts';
import type { Value } from '../../src/core/value.ts';
import { rowToJson, valueToJson } from '../../src/core/value-json.ts';

test('values become JSON without loss', () => {
  const cases: [Value, string][] = [
    [{ type: 'null' }, 'null'],
    [{ type: 'boolean', value: true }, 'true'],
    [{ type: 'integer', value: 9_223_372_036_854_775_807n }, '9223372036854775807'],
    [{ type: 'integer', value: -1n }, '-1'],
    [{ type: 'float', value: 0.1 }, '0.1'],
    [{ type: 'float', value: -0 }, '-0'],
    [{ type: 'float', value: 5e-324 }, '5e-324'],
    [{ type: 'float', value: Number.NaN }, '"NaN"'],
    [{ type: 'float', value: -Infinity }, '"-Infinity"'],
    [{ type: 'decimal', value: '12345678901234567890.10' }, '12345678901234567890.10'],
    [{ type: 'decimal', value: 'NaN' }, '"NaN"'],
    [{ type: 'decimal', value: '.5' }, '".5"'],
    [{ type: 'text', value: 'a"\n\u2028é' }, '"a\\"\\n\u2028é"'],
    [{ type: 'bytes', value: Uint8Array.of(0, 255, 1) }, '{"base64":"AP8B"}'],
    [{ type: 'timestamptz', value: '2026-11-23T00:00:00.123456Z' }, '"2026-11-23T00:00:00.123456Z"'],
    [
      { type: 'json', value: '{"b":1.10,\r\n "a":12345678901234567890}' },
      '{"b":1.10,  "a":12345678901234567890}',
    ],
    [{ type: 'json', value: '{broken' }, '"{broken"'],
    [{ type: 'other', name: 'point', value: '(1,2)' }, '"(1,2)"'],
  ];
  for (const [value, expected] of cases) {
    const line = valueToJson(value);
    assert.equal(line, expected);
    assert.ok(!line.includes('\n') && !line.includes('\r'), line);
    JSON.parse(line);
  }
});

test('embedded JSON keeps digits, order and repeated keys', () => {
  const stored = '{"b": 1.10,\n"a": 12345678901234567890, "a": 2}';
  assert.equal(valueToJson({ type: 'json', value: stored }), stored.replace('\n', ' '));
});

test('a row keeps the order of its columns, numbers as names included', () => {
  const columns = [
    { name: '2', type: 'integer' },
    { name: '1', type: 'list' },
    { name: '__proto__', type: 'document' },
  ];
  const row = rowToJson(columns, [
    { type: 'integer', value: 1n },
    { type: 'list', value: [{ type: 'null' }, { type: 'text', value: 'x' }] },
    { type: 'document', value: [['k', { type: 'boolean', value: false }]] },
  ]);
  assert.equal(row, '{"2":1,"1":[null,"x"],"__proto__":{"k":false}}');
});

test('results may hold bigint and bytes', () => {
  const result = {
    small: 5n,
    large: 2n ** 63n,
    bytes: Buffer.from('hi'),
    view: Uint8Array.of(1),
    map: new Map([['a', 1n]]),
  };
  assert.deepEqual(JSON.parse(stringify(result)), {
    small: 5,
    large: '9223372036854775808',
    bytes: 'aGk=',
    view: 'AQ==',
    map: { a: 1 },
  });
});

test('a list of any length is written in pieces, as one object', async () => {
  const collect = async (head: Record<string, unknown>, list: unknown[]): Promise<unknown> => {
    let text = '';
    for await (const piece of stringifyWithList(head, 'objects', list)) text += piece;
    assert.ok(text.endsWith('}\n'));
    return JSON.parse(text);
  };
  assert.deepEqual(await collect({ a: 1, objects: 'ignored' }, [1n, { b: 2 }]), {
    a: 1,
    objects: [1, { b: 2 }],
  });
  assert.deepEqual(await collect({ a: { b: [] } }, []), { a: { b: [] }, objects: [] });
  assert.deepEqual(await collect({}, [1]), { objects: [1] });
});
