/** Extended JSON: every type there and back as the same bytes, and the driver's own reader as a judge. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BSON } from 'mongodb';
import { ExtendedJsonWriter } from '../../src/adapters/mongodb/extended-json.ts';
import { parseExtendedJson } from '../../src/adapters/mongodb/extended-json-reader.ts';
import { document, field, int32, object, string } from '../mongodb-fixtures/bson.ts';
import { BEYOND_TEXT, ID_VALUES, VALUES } from '../mongodb-fixtures/values.ts';

const canonical = { relaxed: false };

test('canonical text gives the same bytes back, for values of every type', () => {
  for (const [what, value] of [...VALUES, ...ID_VALUES.map((id) => ['an id', id] as const)]) {
    const writer = new ExtendedJsonWriter(canonical);
    const bytes = document(field('', int32(1)), field(what, value), field('', int32(2)));
    const text = writer.document(bytes);
    assert.deepEqual(parseExtendedJson(text).value, bytes, `${what}: ${text}`);
    assert.equal(writer.inexact, 0, what);
  }
});

test('the driver reads the text as the same values', () => {
  // It has no type of its own for these any more.
  const gone = /undefined|DBPointer|Int64|int64|a symbol|binary 2|old|date|like a number|UUID of another/;
  for (const [what, value] of VALUES.filter(([name]) => !gone.test(name))) {
    const bytes = document(field('v', value));
    const text = new ExtendedJsonWriter(canonical).document(bytes);
    const read = BSON.EJSON.parse(text, { relaxed: false });
    const expected = BSON.EJSON.stringify(
      BSON.deserialize(bytes, { promoteValues: false, bsonRegExp: true }),
      {
        relaxed: false,
      },
    );
    assert.equal(BSON.EJSON.stringify(read, { relaxed: false }), expected, what);
  }
});

test('what text cannot say is counted', () => {
  for (const [what, value] of BEYOND_TEXT) {
    const writer = new ExtendedJsonWriter(canonical);
    const bytes = document(field('v', value));
    const text = writer.document(bytes);
    const same = Buffer.compare(parseExtendedJson(text).value, bytes) === 0;
    assert.equal(writer.inexact === 0, same, `${what}: ${text}`);
  }
  const writer = new ExtendedJsonWriter(canonical);
  writer.document(document(field('v', object(field('$oid', string('0123456789abcdef01234567'))))));
  assert.equal(writer.inexact, 1);
});

test('relaxed text has numbers and dates as people write them', () => {
  const writer = new ExtendedJsonWriter({ relaxed: true });
  const bytes = BSON.serialize({
    int: 1,
    long: BSON.Long.fromString('9007199254740993'),
    double: new BSON.Double(1),
    date: new Date('2026-11-26T01:02:03.004Z'),
    whole: new Date(0),
    old: new Date(-1),
  });
  assert.equal(
    writer.document(bytes),
    '{"int":1,"long":9007199254740993,"double":1.0,"date":{"$date":"2026-11-26T01:02:03.004Z"},"whole":{"$date":"1970-01-01T00:00:00Z"},"old":{"$date":{"$numberLong":"-1"}}}',
  );
  assert.deepEqual(parseExtendedJson(writer.document(bytes)).value, Buffer.from(bytes));
});

test('older forms are read, and what only looks like a type stays a document', () => {
  const same = (a: string, b: string): void =>
    assert.deepEqual(parseExtendedJson(a), parseExtendedJson(b), a);
  same('{"$binary":"AQ==","$type":"0"}', '{"$binary":{"base64":"AQ==","subType":"00"}}');
  same('{"$type":"80","$binary":"AQ=="}', '{"$binary":{"base64":"AQ==","subType":"80"}}');
  same('{"$date":5}', '{"$date":{"$numberLong":"5"}}');
  same('{"$date":"1970-01-01T01:00:00.005+01:00"}', '{"$date":{"$numberLong":"5"}}');
  same(
    '{"$uuid":"00112233-4455-6677-8899-aabbccddeeff"}',
    '{"$binary":{"base64":"ABEiM0RVZneImaq7zN3u/w==","subType":"04"}}',
  );
  for (const text of [
    '{"$oid":"12"}',
    '{"$numberInt":"1.5"}',
    '{"$date":{}}',
    '{"$regex":"a","$options":"i"}',
  ]) {
    assert.equal(parseExtendedJson(text).type, 3, text);
  }
  assert.throws(() => parseExtendedJson('1e999'), /too large/);
  assert.throws(() => parseExtendedJson('{"a":1'), Error);
  assert.throws(() => parseExtendedJson('['.repeat(300)), /levels/);
});
