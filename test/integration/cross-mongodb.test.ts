/** Images of MongoDB in SQLite: every document as Extended JSON, asked by SQLite and compared with the driver's own. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, test } from 'node:test';
import { EJSON } from 'bson';
import { dump, query, restore } from '../../src/index.ts';
import { mongoDatabase, type RunningMongo, startMongo, withMongo } from '../engines/mongodb.ts';
import { chinookDocuments, createChinook } from '../mongodb-fixtures/chinook.ts';

const folder = mkdtempSync(join(tmpdir(), 'dbimg-cross-'));
let server: RunningMongo;

before(async () => {
  server = await startMongo();
});

after(async () => {
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

test('the music shop: documents, ids and answers', async () => {
  await using source = mongoDatabase(server);
  await withMongo(source.url, (client) => createChinook(client.db(source.name)));
  const image = join(folder, 'shop.dbimg');
  await dump({ source: source.url, image });
  const path = join(folder, 'shop.db');
  const result = await restore({ image, target: `sqlite:${path}`, create: true, prove: true });
  assert.deepEqual([...new Set(result.omissions.map(({ kind }) => kind))], ['index']);
  using copy = new DatabaseSync(path, { readOnly: true });
  assert.deepEqual(copy.prepare('PRAGMA integrity_check').all().map(Object.values), [['ok']]);
  for (const [collection, documents] of await chinookDocuments()) {
    const rows = copy.prepare(`SELECT document FROM "${collection}"`).all();
    const ours = rows.map(({ document }) => JSON.stringify(EJSON.parse(String(document)))).sort();
    assert.deepEqual(ours, documents.map((document) => JSON.stringify(document)).sort(), collection);
  }
  const sql = `SELECT document->>'$.Country' AS country, count(*) AS n FROM Customer GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 3`;
  const expected = [
    ['USA', 13n],
    ['Canada', 8n],
    ['Brazil', 5n],
  ];
  await using answer = await query({ image, sql });
  const rows = [];
  for await (const values of answer)
    rows.push(values.map((value) => ('value' in value ? value.value : null)));
  assert.deepEqual(rows, expected);
  await using byId = await query({
    image,
    sql: `SELECT document FROM "${source.name}".Artist WHERE _id = 1`,
  });
  for await (const [value] of byId) {
    assert.deepEqual(value, { type: 'json', value: '{"_id":1,"ArtistId":1,"Name":"AC/DC"}' });
  }
});

test('ids of every type keep what they are', async () => {
  await using source = mongoDatabase(server);
  await withMongo(source.url, async (client) => {
    const ids = client.db(source.name).collection<{ _id: unknown }>('ids');
    await ids.insertMany([{ _id: 1 }, { _id: '1' }, { _id: 2.5 }, { _id: { a: 1 } }, { _id: true }]);
    await ids.insertOne({ _id: new Date(0) });
  });
  const image = join(folder, 'ids.dbimg');
  await dump({ source: source.url, image });
  const path = join(folder, 'ids.db');
  await restore({ image, target: `sqlite:${path}`, create: true, prove: true });
  using copy = new DatabaseSync(path, { readOnly: true });
  const types = copy.prepare('SELECT typeof(_id) AS type, _id AS id FROM ids ORDER BY 1, 2').all();
  assert.deepEqual(
    types.map(({ type, id }) => [type, id]),
    [
      ['integer', 1],
      ['real', 2.5],
      ['text', '1'],
      ['text', 'true'],
      ['text', '{"$date":"1970-01-01T00:00:00Z"}'],
      ['text', '{"a":1}'],
    ],
  );
});
