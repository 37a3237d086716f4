/** Dump, verify, inspect and cat of a PostgreSQL database. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { createDatabase, query } from '../engines/postgres.ts';
import { runCli, runOnTerminal, startCli } from './program.ts';
import { assertDocumented, openShop, PASSWORD, SCHEMA, type Shop } from './shop.ts';

let shop: Shop;

before(async () => {
  shop = await openShop();
});

after(() => shop?.[Symbol.asyncDispose]());

test('dump prints the name of the image and a summary, and never the password', async () => {
  const image = join(shop.folder, 'first.dbimg');
  const run = await runCli(['dump', shop.url, '-o', image]);
  assert.equal(run.code, 0, run.stderr);
  assert.equal(run.stdout, `${image}\n`);
  assert.match(run.stderr, /^PostgreSQL 18\S*: 3 objects, 5,002 rows, .*\nposition .*\ndone in .*\n$/u);
  assert.ok(!(run.stdout + run.stderr).includes(PASSWORD));
  assert.equal((await stat(image)).mode & 0o777, 0o600);
  assert.ok(!(await readFile(image)).includes(PASSWORD));
});

test('dump does not replace an image unless told to', async () => {
  const before = await readFile(shop.image);
  const refused = await runCli(['dump', shop.url, '-o', shop.image]);
  assert.equal(refused.code, 7, refused.stderr);
  assert.match(refused.stderr, /STORE_EXISTS/u);
  assert.deepEqual(await readFile(shop.image), before);
  const replaced = await runCli(['dump', shop.url, '-o', shop.image, '--overwrite', '--quiet']);
  assert.deepEqual([replaced.code, replaced.stderr], [0, '']);
});

test('dump without -o names the image after the database, and takes the source from the environment', async () => {
  const cwd = await mkdtemp(join(shop.folder, 'cwd-'));
  const run = await runCli(['dump', '--quiet'], { cwd, env: { DBIMG_SOURCE: shop.url } });
  assert.equal(run.code, 0, run.stderr);
  const [name, ...others] = await readdir(cwd);
  assert.deepEqual(others, []);
  assert.equal(run.stdout, `${name}\n`);
  assert.match(name ?? '', new RegExp(`^${shop.source.name}-\\d{8}-\\d{6}\\.dbimg$`, 'u'));
});

test('dump --json has the shape of docs/json-output.md', async () => {
  const output = join(shop.folder, 'json.dbimg');
  const run = await runCli(['dump', shop.url, '-o', output, '--json']);
  assert.equal(run.code, 0, run.stderr);
  assert.equal(run.stderr, '');
  const result = JSON.parse(run.stdout);
  await assertDocumented('dump', result);
  assert.deepEqual([result.output, result.objects, result.records], [output, 3, 5002]);
  assert.deepEqual(Object.keys(result.position).sort(), ['exact', 'time', 'type', 'value']);
});

test('verify, also against the database, for people and as JSON', async () => {
  const plain = await runCli(['verify', shop.image, '--against', shop.url]);
  assert.equal(plain.code, 0, plain.stderr);
  assert.match(
    plain.stdout,
    /^complete: 3 streams, .*\nnot signed, not encrypted\nequal to the database: 3 objects\n/u,
  );
  const json = await runCli(['verify', shop.image, '--against', shop.url, '--json']);
  const result = JSON.parse(json.stdout);
  await assertDocumented('verify', result);
  assert.deepEqual(result.against, { equal: 3, differing: [] });
  assert.ok(!(plain.stdout + plain.stderr + json.stdout + json.stderr).includes(PASSWORD));
});

test('verify --against a database that differs ends with 4 and says where', async () => {
  await using other = await createDatabase(shop.server);
  const name = other.name;
  await query(other.url, SCHEMA);
  await query(
    other.url,
    "UPDATE sales.orders SET note = 'x' WHERE id = 7; INSERT INTO sales.empty VALUES (1)",
  );
  const run = await runCli(['verify', shop.image, '--against', shop.target(name)]);
  assert.equal(run.code, 4, run.stderr);
  assert.match(run.stdout, /DIFFERENT from the database: 2 of 3 objects/u);
  assert.match(run.stdout, /sales\.orders: as many rows, but other contents/u);
  assert.match(run.stdout, /sales\.empty: 0 rows in the image, 1 in the database/u);
});

test('inspect shows objects, position and catalog; as JSON all of it', async () => {
  const run = await runCli(['inspect', shop.image]);
  assert.equal(run.code, 0, run.stderr);
  assert.match(run.stdout, /^server +PostgreSQL 18/mu);
  assert.match(run.stdout, /^sales\.orders +pg\.copy\.\S+ +1 +5,001 /mu);
  assert.match(run.stdout, /^public\."odd\.name ""x""" +pg\.copy\.\S+ +1 +1 /mu);
  const few = await runCli(['inspect', shop.image, '--limit', '1']);
  assert.match(few.stdout, /… and 2 more/u);
  const json = JSON.parse((await runCli(['inspect', shop.image, '--json'])).stdout);
  await assertDocumented('inspect', json);
  assert.equal(json.objects.length, 3);
  assert.equal(json.totals.records, 5002);
});

test('inspect --raw lists the frames of a file and of a pipe alike', async () => {
  const run = await runCli(['inspect', shop.image, '--raw', '--json']);
  assert.equal(run.code, 0, run.stderr);
  const frames = run.stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  for (const type of ['catalog', 'open', 'data', 'close'])
    assert.ok(
      frames.some((frame) => frame.type === type),
      type,
    );
  assert.ok(frames.every((frame) => frame.contentId.length === 64));
  const piped = await runCli(['inspect', '-', '--raw', '--json'], { input: await readFile(shop.image) });
  assert.equal(piped.stdout, run.stdout);
  const table = (await runCli(['inspect', shop.image, '--raw'])).stdout.trimEnd().split('\n');
  assert.equal(table.length, frames.length + 1);
});

test('cat prints rows without loss, by full and by short name', async () => {
  const run = await runCli(['cat', shop.image, 'sales.orders']);
  assert.equal(run.code, 0, run.stderr);
  const lines = run.stdout.trimEnd().split('\n');
  assert.equal(lines.length, 5001);
  const first = lines.find((line) => line.startsWith('{"id":1,')) ?? '';
  assert.deepEqual(JSON.parse(first), {
    id: 1,
    note: 'note 1',
    amount: 1.1,
    paid: false,
    at: JSON.parse(first).at,
    data: { n: 1 },
    raw: { base64: 'AP8=' },
    tags: ['a', null],
  });
  assert.match(first, /"amount":1\.10,.*"at":"2026-01-01T00:00:00(\.0+)?(Z|\+00(:?00)?)"/u);
  assert.ok(
    lines.some((line) => line.startsWith('{"id":9223372036854775807,"note":"line\\nbreak \\"quoted\\""')),
  );
  const short = await runCli(['cat', shop.image, 'orders', '--limit', '3']);
  assert.deepEqual(short.stdout, `${lines.slice(0, 3).join('\n')}\n`);
  assert.equal((await runCli(['cat', shop.image, 'empty'])).stdout, '');
});

test('cat of something that is not there ends with 2', async () => {
  const run = await runCli(['cat', shop.image, 'nothing', '--json']);
  assert.equal(run.code, 2);
  assert.equal(JSON.parse(run.stdout).error.code, 'USAGE');
});

test('cat into a reader that has seen enough ends with 0 and no word', async () => {
  const child = startCli(['cat', shop.image, 'orders']);
  let errors = '';
  child.stderr.on('data', (text) => {
    errors += text;
  });
  const closed = once(child, 'close');
  await Promise.race([once(child.stdout, 'data'), closed]);
  child.stdout.destroy();
  assert.deepEqual(await closed, [0, null]);
  assert.equal(errors, '');
});

test('doctor says what it found, with signs and as JSON', async () => {
  const run = await runCli(['doctor', shop.url]);
  assert.ok(run.code === 0 || run.code === 3, run.stderr);
  assert.match(run.stdout, /^PostgreSQL 18\S*\n[✔·!✖] /u);
  const json = await runCli(['doctor', shop.url, '--json']);
  assert.equal(json.code, run.code);
  await assertDocumented('doctor', JSON.parse(json.stdout));
});

test('progress on a terminal is drawn and gone at the end', async () => {
  const run = await runOnTerminal([
    'dump',
    shop.url,
    '-o',
    join(shop.folder, 'tty.dbimg'),
    '--rate',
    '400kB',
  ]);
  assert.equal(run.code, 0, run.stdout);
  assert.match(run.stdout, /data {6}\S+ \d+ % {2}.* of .* {2}[\d,]+ rows/u);
  assert.ok(run.stdout.includes('\u001b[J'));
  assert.ok(!run.stdout.includes(PASSWORD));
});
