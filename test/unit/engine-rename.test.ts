/** `--rename`: which names become which. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renamed, renameRule } from '../../src/core/engine/rename.ts';
import { DbimgError } from '../../src/core/errors.ts';

const rules = (...texts: string[]) => texts.map(renameRule);

test('the first rule that matches gives the name', () => {
  const given = rules('shop.orders=shop.orders_old', 'shop.*=shop2.*');
  assert.deepEqual(renamed(given, ['shop', 'orders']), ['shop', 'orders_old']);
  assert.deepEqual(renamed(given, ['shop', 'customers']), ['shop2', 'customers']);
  assert.deepEqual(renamed(given, ['other', 'orders']), ['other', 'orders']);
});

test('dots belong to the last part of a name', () => {
  assert.deepEqual(renamed(rules('a.*=b.*'), ['a', 'x.y..z.']), ['b', 'x.y..z.']);
  assert.deepEqual(renamed(rules('*.public.*=*.app.*'), ['db', 'public', 't']), ['db', 'app', 't']);
});

test('nothing in a name is a pattern but the star', () => {
  assert.deepEqual(renamed(rules('a.b+(c)=a.d'), ['a', 'b+(c)']), ['a', 'd']);
  assert.deepEqual(renamed(rules('a.*=a.*_x'), ['a', '$&\n*']), ['a', '$&\n*_x']);
});

test('rules that make no sense are refused', () => {
  for (const text of ['', 'a', '=b', 'a=', 'a=b=c', 'a.*=b', 'a.*.*=b.*']) {
    assert.throws(
      () => renameRule(text),
      (error) => error instanceof DbimgError && error.code === 'USAGE',
      text,
    );
  }
  assert.throws(() => renamed(rules('a.*=*'), ['a', 'b']), /no name of 2 parts/);
});
