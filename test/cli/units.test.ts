import assert from 'node:assert/strict';
import { test } from 'node:test';
import { displayName, displayWidth, printable, truncate } from '../../src/cli/names.ts';
import { formatTable } from '../../src/cli/table.ts';
import {
  formatBytes,
  formatDuration,
  formatEstimate,
  formatNumber,
  formatPercent,
  parseDuration,
  parseSize,
} from '../../src/cli/units.ts';
import { DbimgError } from '../../src/core/errors.ts';

const isUsage = (error: unknown): boolean => error instanceof DbimgError && error.code === 'USAGE';

test('bytes have three digits and never a thousand of a unit', () => {
  const cases: [number, string][] = [
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.00 kB'],
    [1234, '1.23 kB'],
    [12_345, '12.3 kB'],
    [999_499, '999 kB'],
    [999_500, '1.00 MB'],
    [607_000_000, '607 MB'],
    [9_996_000_000, '10.0 GB'],
    [2 ** 63, '9.22 EB'],
    [Number.NaN, '?'],
  ];
  for (const [bytes, text] of cases) assert.equal(formatBytes(bytes), text);
});

test('durations and estimates never show sixty seconds or sixty minutes', () => {
  assert.deepEqual(
    [0, 999.4, 999.6, 12_340, 59_949, 59_950, 200_000, 3_599_600, 7_500_000].map(formatDuration),
    ['0 ms', '999 ms', '1.0 s', '12.3 s', '59.9 s', '1 min 00 s', '3 min 20 s', '1 h 00 min', '2 h 05 min'],
  );
  assert.deepEqual([10, 14_000, 59_600, 3_599_000, 7_500_000].map(formatEstimate), [
    '1 s',
    '14 s',
    '1 min 00 s',
    '1 h 00 min',
    '2 h 05 min',
  ]);
});

test('a percentage says 100 only of all', () => {
  assert.deepEqual([0, 0.29, 0.999, 1, 1.5, -1].map(formatPercent), [
    '0 %',
    '29 %',
    '99 %',
    '100 %',
    '100 %',
    '0 %',
  ]);
});

test('one row, two rows', () => {
  assert.deepEqual([formatNumber(1, 'row'), formatNumber(1234567, 'row')], ['1 row', '1,234,567 rows']);
});

test('sizes are read with and without units, and nonsense is refused', () => {
  assert.deepEqual(['500', '50MB', '64MiB', '1.5 gb', '10k'].map(parseSize), [500, 5e7, 2 ** 26, 1.5e9, 1e4]);
  for (const bad of ['', '0', 'x', '5x', '-5', '1e99', '5 MB/s', '0.1'])
    assert.throws(() => parseSize(bad), isUsage, bad);
});

test('lengths of time are read with and without units, and nonsense is refused', () => {
  assert.deepEqual(['5', '500ms', '2min', '1h', '0'].map(parseDuration), [5000, 500, 120_000, 3_600_000, 0]);
  for (const bad of ['', 's', '5d', '-1s']) assert.throws(() => parseDuration(bad), isUsage, bad);
});

test('names cannot move the cursor, and odd ones are quoted', () => {
  assert.equal(displayName(['shop', 'public', 'orders']), 'public.orders');
  assert.equal(displayName(['shop', 'public', 'orders'], true), 'shop.public.orders');
  assert.equal(displayName(['shop', 'public', 'a.b\u001b[2J\n']), 'public."a.b\\u{1b}[2J\\u{a}"');
  assert.equal(displayName(['public', '']), 'public.""');
  assert.equal(displayName(['', '', 'a role']), '"a role"');
  assert.equal(displayName(['', '', 'someone'], true), 'someone');
  assert.equal(displayName(['s', 'x"y']), 's."x""y"');
  assert.equal(printable('a\u202eb\u0007'), 'a\\u{202e}b\\u{7}');
  assert.equal(printable('größe 🙂'), 'größe 🙂');
});

test('widths count wide characters twice', () => {
  assert.deepEqual(['abc', '表', '🙂', 'é'].map(displayWidth), [3, 2, 2, 1]);
  assert.equal(truncate('orders', 6), 'orders');
  assert.equal(truncate('orders', 5), 'orde…');
  assert.equal(truncate('表表表', 5), '表表…');
  assert.equal(truncate('orders', 0), '');
});

test('table columns line up', () => {
  const lines = formatTable(
    [{ title: 'object' }, { title: 'rows', right: true }],
    [
      ['表', '1'],
      ['orders', '12,345'],
    ],
  );
  assert.deepEqual(lines, ['object    rows', '表           1', 'orders  12,345']);
});
