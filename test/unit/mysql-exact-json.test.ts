/** Documents of JSON whose numbers would come back otherwise from their text. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  documentExpression,
  doubleText,
  holdsDecimals,
  splitDocuments,
} from '../../src/adapters/mysql/exact-json.ts';
import { insertStatements } from '../../src/adapters/mysql/insert-rows.ts';
import type { TableLoad } from '../../src/adapters/mysql/table-load.ts';
import { DbimgError } from '../../src/core/errors.ts';

const LOAD: TableLoad = {
  table: '`s`.`t`',
  columns: [
    { name: 'id', readAs: 'plain' },
    { name: 'j', readAs: 'json' },
  ],
  versioned: false,
  counter: undefined,
};

const record = (...values: (string | null)[]): Buffer =>
  Buffer.concat(
    values.map((value) =>
      value === null
        ? Buffer.of(0xfb)
        : Buffer.concat([Buffer.of(Buffer.byteLength(value)), Buffer.from(value)]),
    ),
  );

const isDamage = (error: unknown): boolean => error instanceof DbimgError && error.code === 'IMAGE_DAMAGED';

describe('Documents with numbers that are DECIMAL', () => {
  for (const text of [
    ...['1.10', '-0.10', '[1, 2.00]', '{"a": 100000000000000000.5}', '12345678901234567890123'],
    ...[
      '18446744073709551616',
      '-9223372036854775809',
      '{"a\\"": "x", "b": 0.1000}',
      '[0.00]',
      '1000000000000000.0',
    ],
  ]) {
    it(`are known: ${text}`, () => assert.equal(holdsDecimals(Buffer.from(text)), true));
  }
  for (const text of [
    ...[
      '1.1',
      '-0.0',
      '0.0',
      '1.0',
      '1e100',
      '1.5e-16',
      '[1, -2, 3.25]',
      '18446744073709551615',
      'true',
      'null',
    ],
    ...[
      '-9223372036854775808',
      '"1.10"',
      '{"1.10": "\\"1.10", "\\\\": 5}',
      '1076383773431062.8',
      '100000000000000.0',
    ],
    ...['0.000001', '0.00000000000001', `${'9'.repeat(66)}`, `0.${'1'.repeat(31)}`],
  ]) {
    it(`are told from others: ${text}`, () => assert.equal(holdsDecimals(Buffer.from(text)), false));
  }
});

it('a DOUBLE is written as MySQL does', () => {
  const texts = [
    '1e-16',
    '1e15',
    '0.000000000000001',
    '2.5',
    '-1e16',
    '5e-324',
    '1.7976931348623157e308',
    '1234567890123456.8',
  ];
  for (const text of texts) assert.equal(doubleText(Number(text)), text);
  assert.equal(doubleText(1e14), '100000000000000.0');
  assert.equal(doubleText(1e-14), '0.00000000000001');
});

describe('Constructors', () => {
  const written = (text: string): string =>
    Buffer.from(documentExpression(Buffer.from(text)), 'latin1').toString('utf8');

  it('give each number its type', () => {
    assert.equal(
      written('[1.10, 1.5, 1e100, -0.0, 7, true, null, {}]'),
      'JSON_ARRAY(1.10,1.5e0,1e100,-0.0e0,7,true,null,JSON_OBJECT())',
    );
    assert.equal(written('1.10'), 'CAST(1.10 AS JSON)');
  });

  it('hold strings as they are', () => {
    assert.equal(
      written('{"ü🐬": "it\'s", "\\"\\\\\\n": [[]]}'),
      `JSON_OBJECT(_utf8mb4'ü🐬',_utf8mb4'it\\'s',_utf8mb4'"\\\\\n',JSON_ARRAY(JSON_ARRAY()))`,
    );
    assert.equal(written('["\\u0000"]'), "JSON_ARRAY(_utf8mb4'\\0')");
  });

  for (const text of ['{"a": 1.10', '[1.10, ', '{"a" 1.10}', '["x', '[x-]', '{1.10: 2}', '["\\x", 1.10]']) {
    it(`refuse what is no document: ${text}`, () => assert.throws(() => written(text), isDamage));
  }
});

it('rows with such documents are told from others, and built by INSERT', () => {
  const plain = [record('1', '{"a": 1.5}'), record('2', null), record('4', '[]')];
  const exact = record('3', '[1.10]');
  const split = splitDocuments(LOAD, Buffer.concat([plain[0], plain[1], exact, plain[2]] as Buffer[]));
  assert.deepEqual(split, { others: Buffer.concat(plain), exact, count: 1 });
  const [statement] = [...insertStatements(LOAD, exact, 1 << 20)];
  assert.equal(statement?.sql.toString(), "INSERT INTO `s`.`t` (`id`, `j`) VALUES  ('3',JSON_ARRAY(1.10))");
  assert.throws(() => splitDocuments(LOAD, exact.subarray(0, -1)), isDamage);
});
