/** `convert`, `export` and `import`, as they are typed. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { runCli as run } from './program.ts';

const folder = mkdtempSync(join(tmpdir(), 'dbimg-interchange-'));
after(() => rmSync(folder, { recursive: true }));

const DOCUMENTS = [
  '{"_id":{"$numberInt":"1"},"name":"a,\\"b\\"","n":{"$numberLong":"9007199254740993"},"n":{"$undefined":true}}',
  '{"_id":{"$oid":"0123456789abcdef01234567"},"d":{"$numberDecimal":"1.50"},"x":{"$numberDouble":"-0.0"}}',
];

function at(name: string): string {
  return join(folder, name);
}

test('Extended JSON goes into an image and comes out as it was', async () => {
  writeFileSync(at('array.json.gz'), gzipSync(`[\n${DOCUMENTS.join(',\n')}\n]\n`));
  writeFileSync(at('lines.json'), DOCUMENTS.join('\n'));
  for (const name of ['array.json.gz', 'lines.json']) {
    const image = at(`${name}.dbimg`);
    const done = await run(['import', at(name), image, '--object', 'shop.orders.old', '--json']);
    assert.equal(done.code, 0, done.stderr);
    assert.equal(JSON.parse(done.stdout).records, 2);
    const lines = await run(['export', image, 'orders.old']);
    assert.equal(lines.stdout, `${DOCUMENTS.join('\n')}\n`);
    const array = await run(['export', image, '*', '--array', '--limit', '1', '--format', 'relaxed-json']);
    assert.equal(
      array.stdout,
      '[\n{"_id":1,"name":"a,\\"b\\"","n":9007199254740993,"n":{"$undefined":true}}\n]\n',
    );
    const csv = await run(['export', image, '*', '--format', 'csv']);
    assert.equal(csv.code, 6);
  }
});

test('a text that breaks off leaves no image, and says where', async () => {
  writeFileSync(at('broken.json'), `${DOCUMENTS[0]}\n{"_id": 2, "a": [1, 2`);
  const done = await run(['import', at('broken.json'), at('broken.dbimg'), '--object', 'shop.orders']);
  assert.equal(done.code, 4);
  assert.match(done.stderr, /Document 2 cannot be read/);
  assert.throws(() => readFileSync(at('broken.dbimg')), { code: 'ENOENT' });
});

test('an image becomes an archive, and that an image again', async () => {
  writeFileSync(at('some.json'), DOCUMENTS.join('\n'));
  await run(['import', at('some.json'), at('some.dbimg'), '--object', 'shop.orders']);
  const there = await run(['convert', at('some.dbimg'), at('some.archive'), '--gzip', '--json']);
  assert.equal(there.code, 0, there.stderr);
  assert.partialDeepStrictEqual(JSON.parse(there.stdout), {
    from: 'dbimg',
    to: 'mongodump',
    objects: 1,
    records: 2,
  });
  const taken = await run(['convert', at('some.archive'), at('some.dbimg')]);
  assert.equal(taken.code, 7);
  const back = await run(['convert', at('some.archive'), at('back.dbimg')]);
  assert.equal(back.code, 0, back.stderr);
  assert.equal((await run(['export', at('back.dbimg'), 'orders'])).stdout, `${DOCUMENTS.join('\n')}\n`);
  const strange = await run(['convert', at('some.json'), at('strange.dbimg')]);
  assert.equal(strange.code, 2);
  assert.match(strange.stderr, /mongodump/);
});

test('tables become CSV that others read', async () => {
  const database = new DatabaseSync(at('shop.db'));
  database.exec(`CREATE TABLE t (id INTEGER PRIMARY KEY, "a ""b""" TEXT, c BLOB, d REAL);
    INSERT INTO t VALUES (1, NULL, x'00ff', 1.5), (2, '', NULL, -1e300), (3, 'x,"y"' || char(10) || 'z', x'', NULL)`);
  database.close();
  await run(['dump', at('shop.db'), '-o', at('shop.dbimg')]);
  const csv = await run(['export', at('shop.dbimg'), 't', '--format', 'csv', '--output', at('t.csv')]);
  assert.equal(csv.code, 0, csv.stderr);
  assert.equal(
    readFileSync(at('t.csv'), 'utf8'),
    'id,"a ""b""",c,d\n1,,\\x00ff,1.5\n2,"",,-1e+300\n3,"x,""y""\nz",\\x,\n',
  );
  const rows = await run(['export', at('shop.dbimg'), 't', '--limit', '1']);
  assert.equal(rows.stdout, '{"id":1,"a \\"b\\"":null,"c":{"base64":"AP8="},"d":1.5}\n');
  const archive = await run(['convert', at('shop.dbimg'), at('shop.archive')]);
  assert.equal(archive.code, 6);
});

test('an image is compared with a database of its own engine alone', async () => {
  writeFileSync(at('few.json'), '{"_id": 1}');
  await run(['import', at('few.json'), at('few.dbimg'), '--object', 'shop.orders']);
  const done = await run(['verify', at('few.dbimg'), '--against', at('none.db')]);
  assert.equal(done.code, 6, done.stderr);
  assert.match(done.stderr, /An image of mongodb cannot be compared with a database of sqlite.*\n.*--prove/);
});

test('what the system says is told without its own words for it', async () => {
  writeFileSync(at('one.json'), '{"_id": 1}');
  const nowhere = at('no/such/one.dbimg');
  for (const args of [
    ['import', at('one.json'), nowhere, '--object', 'shop.orders'],
    ['inspect', nowhere],
  ]) {
    const { code, stderr } = await run(args);
    assert.equal(code, 7, stderr);
    assert.match(stderr, /one\.dbimg failed: no such file or directory\. \[STORE_NOT_FOUND\]/);
    assert.doesNotMatch(stderr, /ENOENT|\.part/);
  }
});
