/** Questions to images of two engines, through the command line and the library. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type AnswerFormat, formatAnswer } from '../../src/cli/render/answer.ts';
import { DbimgError, dump, openStore, type ProgressEvent, query, type Store } from '../../src/index.ts';
import { makeChinook } from '../engines/chinook.ts';
import { query as ask, createDatabase } from '../engines/postgres.ts';
import { runCli, startCli } from './program.ts';
import { openShop, PASSWORD, type Shop } from './shop.ts';

let shop: Shop;
/** Of the music shop, by SQLite. */
let chinook: string;
let chinookFile: string;

before(async () => {
  shop = await openShop();
  chinookFile = join(shop.folder, 'chinook.db');
  chinook = join(shop.folder, 'chinook.dbimg');
  makeChinook(chinookFile);
  await dump({ source: chinookFile, image: chinook });
});

after(() => shop?.[Symbol.asyncDispose]());

/** Rows as the library gives them. */
async function rowsOf(image: string | Store, sql: string): Promise<unknown[][]> {
  await using answer = await query({ image, sql });
  const rows: unknown[][] = [];
  for await (const values of answer)
    rows.push(values.map((value) => ('value' in value ? value.value : null)));
  return rows;
}

test('rows of PostgreSQL, with the types that they have there', async () => {
  const run = await runCli(['query', shop.image, 'SELECT * FROM sales.orders WHERE id = 3']);
  assert.equal(run.code, 0, run.stderr);
  assert.equal(
    run.stdout,
    '{"id":3,"note":"note 3","amount":3.3,"paid":false,"at":"2026-01-01 00:00:00+00:00","data":{"n": 3},"raw":{"base64":"AP8="},"tags":["a",null]}\n',
  );
  assert.equal(run.stderr, '');
});

test('tables are found with their schema and without it, and under odd names', async () => {
  const names = ['sales.orders', 'orders', 'SALES.Orders', '"sales"."orders"'];
  for (const name of names)
    assert.deepEqual(await rowsOf(shop.image, `SELECT count(*) FROM ${name}`), [[5001n]]);
  assert.deepEqual(await rowsOf(shop.image, 'SELECT v + 1 FROM "odd.name ""x"""'), [[2n]]);
  assert.deepEqual(await rowsOf(shop.image, 'SELECT count(*) FROM empty'), [[0n]]);
});

test('answers are those of the engine itself', async () => {
  const questions = [
    'SELECT count(*), sum(id), min(note) FROM sales.orders WHERE paid AND id < 1000',
    'SELECT count(*) FROM sales.orders a JOIN sales.orders b USING (id)',
    `SELECT paid, count(*) FROM sales.orders GROUP BY 1 ORDER BY 1 NULLS LAST`,
    `SELECT id FROM sales.orders WHERE at = '2026-01-01 00:00:00+00:00' AND amount > 5499.95 ORDER BY 1`,
  ];
  for (const sql of questions) {
    const theirs = (await ask(shop.url, sql)).map((row) => Object.values(row).map((value) => String(value)));
    assert.deepEqual(
      (await rowsOf(shop.image, sql)).map((row) => row.map(String)),
      theirs,
      sql,
    );
  }
});

test('answers of an image of SQLite are those of SQLite', async () => {
  const questions = [
    'SELECT Country, sum(Total), count(*) FROM Invoice JOIN Customer USING (CustomerId) GROUP BY 1 ORDER BY 1',
    'SELECT count(*) FROM Track NATURAL JOIN Album',
    'SELECT (SELECT Title FROM Album a WHERE a.AlbumId = t.AlbumId) FROM Track t ORDER BY Name LIMIT 20',
    'SELECT Name FROM Artist WHERE EXISTS (SELECT 1 FROM Album WHERE Album.ArtistId = Artist.ArtistId) ORDER BY 1',
    'WITH RECURSIVE r (id) AS (SELECT 1 UNION ALL SELECT ReportsTo FROM Employee, r WHERE EmployeeId = id) SELECT count(*) FROM r LIMIT 5',
    'SELECT * FROM main.Genre ORDER BY 1',
  ];
  const database = new DatabaseSync(chinookFile, { readOnly: true });
  for (const sql of questions) {
    const theirs = database
      .prepare(sql)
      .all()
      .map((row) => Object.values(row).map(String));
    assert.deepEqual(
      (await rowsOf(chinook, sql)).map((row) => row.map(String)),
      theirs,
      sql,
    );
  }
  database.close();
});

/** The answer in a format, as it is printed. */
async function printed(sql: string, format: AnswerFormat): Promise<string> {
  await using answer = await query({ image: chinook, sql, limit: 3 });
  return (await Array.fromAsync(formatAnswer(answer, format))).join('');
}

test('every format', async () => {
  const sql = `SELECT GenreId AS id, CASE GenreId WHEN 1 THEN NULL WHEN 2 THEN 'a,"b"' ELSE '' END AS "odd, name",
    x'00ff' AS b FROM Genre ORDER BY 1`;
  const csv = 'id,"odd, name",b\n1,,\\x00ff\n2,"a,""b""",\\x00ff\n3,"",\\x00ff\n';
  assert.equal(await printed(sql, 'csv'), csv);
  assert.equal(
    await printed(sql, 'table'),
    'id  odd, name  b\n 1  NULL       \\x00ff\n 2  a,"b"      \\x00ff\n 3             \\x00ff\n',
  );
  const objects = JSON.parse(await printed(sql, 'json')) as { id: number }[];
  assert.deepEqual(
    objects.map(({ id }) => id),
    [1, 2, 3],
  );
  const lines = (await printed(sql, 'ndjson')).trim().split('\n');
  assert.deepEqual(
    lines.map((line) => JSON.parse(line)),
    objects,
  );
  const none = 'SELECT Name FROM Genre WHERE 0';
  const formats = [
    ['csv', 'Name\n'],
    ['table', 'Name\n'],
    ['json', '[]\n'],
    ['ndjson', ''],
  ] as const;
  for (const [format, expected] of formats) assert.equal(await printed(none, format), expected, format);
  const run = await runCli(['query', chinook, sql, '--limit', '3', '--format', 'csv']);
  assert.deepEqual([run.code, run.stdout, run.stderr], [0, csv, '']);
  const json = await runCli(['query', chinook, sql, '--limit', '3', '--json']);
  assert.equal(json.stdout, `${lines.join('\n')}\n`);
});

test('names that are not there are answered with those that are near', async () => {
  const cases: [string, RegExp][] = [
    ['SELECT * FROM sales.ordrs', /no table sales\.ordrs\.[\s\S]*Did you mean sales\.orders\?/u],
    ['SELECT amuont FROM sales.orders', /no column amuont\.[\s\S]*Did you mean amount\?/u],
    ['SELECT * FROM nothing_like_it', /dbimg inspect IMAGE/u],
    ['SELEC 1', /syntax error[\s\S]*sqlite\.org/u],
    ['SELECT 1; SELECT 2', /more than one statement/u],
    ['DELETE FROM sales.orders', /does not only read/u],
    [`ATTACH '/tmp/x' AS x`, /does not only read/u],
    [`SELECT load_extension('x')`, /does not only read/u],
    ['EXPLAIN SELECT 1', /EXPLAIN would tell/u],
  ];
  for (const [sql, expected] of cases) {
    const error = await rowsOf(shop.image, sql).then(
      () => assert.fail(sql),
      (thrown: unknown) => thrown as DbimgError,
    );
    assert.equal(error.code, 'USAGE', sql);
    assert.match(`${error.message}\n${error.hint}`, expected, sql);
  }
  const run = await runCli(['query', shop.image, 'SELECT * FROM oders', '--json']);
  assert.equal(run.code, 2);
  assert.equal(JSON.parse(run.stdout).error.code, 'USAGE');
});

test('what is no SELECT is refused in one clear sentence', async () => {
  for (const [sql, message] of [
    ['', /^The statement cannot be understood: .*[^.]\.$/],
    ['EXPLAIN SELECT 1', /^EXPLAIN would tell/],
    ['SELECT 1; DELETE FROM orders', /^There is more than one statement\.$/],
    ['PRAGMA user_version', /does not only read\.$/],
    ['WITH a AS (SELECT 1) DELETE FROM orders', /does not only read\.$/],
  ] as const) {
    await assert.rejects(rowsOf(shop.image, sql), (error: DbimgError) => {
      assert.match(error.message, message);
      return error.code === 'USAGE';
    });
  }
});

test('a name alone must not mean two tables', async () => {
  await using source = await createDatabase(shop.server);
  await ask(
    source.url,
    `CREATE SCHEMA a; CREATE SCHEMA b; CREATE TABLE a.t (n int); CREATE TABLE b.t (n int); CREATE TABLE a.u (n int);
     INSERT INTO a.t VALUES (1); INSERT INTO b.t VALUES (2); CREATE TABLE public.u (n int); INSERT INTO u VALUES (3);
     CREATE VIEW v AS SELECT * FROM a.t; CREATE TABLE p (n int) PARTITION BY LIST (n);
     CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1); CREATE TABLE p2 PARTITION OF p DEFAULT; INSERT INTO p VALUES (1), (2)`,
  );
  const image = join(shop.folder, 'two.dbimg');
  await dump({ source: source.url, image });
  await assert.rejects(rowsOf(image, 'SELECT n FROM t'), {
    code: 'USAGE',
    message: /t names 2 tables: a\.t, b\.t/,
  });
  assert.deepEqual(await rowsOf(image, 'SELECT x.n, y.n FROM a.t x, b.t y'), [[1n, 2n]]);
  assert.deepEqual(await rowsOf(image, 'SELECT n FROM u'), [[3n]], 'public is the usual schema');
  assert.deepEqual(
    await rowsOf(image, 'SELECT n FROM p ORDER BY 1'),
    [[1n], [2n]],
    'partitions are one table',
  );
  assert.deepEqual(await rowsOf(image, 'SELECT count(*) FROM public.p2'), [[1n]]);
  await assert.rejects(rowsOf(image, 'SELECT * FROM v'), {
    code: 'UNSUPPORTED',
    message: /no rows of the view v/,
  });
});

test('encrypted images, with the key and without', async () => {
  const image = join(shop.folder, 'sealed.dbimg');
  await dump({ source: chinookFile, image, encrypt: { passphrase: PASSWORD } });
  const file = join(shop.folder, 'passphrase.txt');
  await writeFile(file, `${PASSWORD}\n`, { mode: 0o600 });
  const sql = 'SELECT count(*) AS n FROM Track';
  const run = await runCli(['query', image, sql, '--passphrase-file', file]);
  assert.deepEqual([run.code, run.stdout], [0, '{"n":3503}\n']);
  assert.equal((await runCli(['query', image, sql])).code, 2);
});

test('a pipe, a physical image and a damaged one are refused in clear words', async () => {
  const pipe = await runCli(['query', '-', 'SELECT 1'], { input: 'x' });
  assert.equal(pipe.code, 2);
  assert.match(pipe.stderr, /an image in a file[\s\S]*dbimg restore - sqlite:/u);
  const physical = join(shop.folder, 'physical.dbimg');
  await dump({ source: chinookFile, image: physical, kind: 'physical' });
  await assert.rejects(rowsOf(physical, 'SELECT 1'), { code: 'UNSUPPORTED', hint: /without --physical/ });
});

/** A store that counts what is read of it. */
function counting(path: string, count: (bytes: number) => void): Store {
  const store = openStore(path);
  return {
    ...store,
    create: store.create.bind(store),
    async open() {
      const reader = await store.open();
      return {
        size: reader.size as number,
        stream: () => reader.stream(),
        async read(offset: number, length: number) {
          count(length);
          return await (reader.read as NonNullable<typeof reader.read>)(offset, length);
        },
        close: () => reader.close(),
      };
    },
  };
}

test('only what the statement reads is taken out of the image', async () => {
  const file = join(shop.folder, 'wide.db');
  const database = new DatabaseSync(file);
  database.exec(`CREATE TABLE big (id INTEGER PRIMARY KEY, filler BLOB); CREATE TABLE small (id INTEGER PRIMARY KEY);
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4000)
      INSERT INTO big SELECT i, randomblob(4000) FROM n; INSERT INTO small SELECT id FROM big LIMIT 10`);
  database.close();
  const image = join(shop.folder, 'wide.dbimg');
  await dump({ source: file, image });
  const bytesFor = async (sql: string): Promise<number> => {
    let bytes = 0;
    await rowsOf(
      counting(image, (length) => {
        bytes += length;
      }),
      sql,
    );
    return bytes;
  };
  assert.ok((await bytesFor('SELECT sum(id) FROM small')) < 500_000);
  assert.ok((await bytesFor('SELECT count(*) FROM big')) < 500_000, 'rows are only counted');
  assert.ok((await bytesFor('SELECT sum(id) FROM big')) > 15_000_000);
});

test('nothing readable lies in the temporary directory, and nothing stays there', async () => {
  const tmp = join(shop.folder, 'tmp');
  await mkdir(tmp);
  const sql = 'WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i, Name FROM n, Genre';
  const child = startCli(['query', chinook, sql, '--tmp', tmp]);
  await once(child.stdout, 'data');
  assert.deepEqual(await readdir(tmp), []);
  child.kill('SIGKILL');
  await once(child, 'close');
  await sleep(10);
  assert.deepEqual(await readdir(tmp), []);
  const lost = await runCli(['query', chinook, 'SELECT 1', '--tmp', join(tmp, 'missing')]);
  assert.equal(lost.code, 7);
  assert.match(lost.stderr, /--tmp/u);
});

test('an abort ends a question', async () => {
  const controller = new AbortController();
  const sql = 'WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n';
  await using answer = await query({ image: chinook, sql, signal: controller.signal });
  let rows = 0;
  await assert.rejects(
    async () => {
      for await (const _ of answer)
        if (++rows === 5000) controller.abort(new DbimgError('CANCELLED', 'enough'));
    },
    { code: 'CANCELLED' },
  );
  assert.ok(rows < 7000);
});

test('what is taken out of the image is told as it comes, and an abort ends that too', async () => {
  const events: ProgressEvent[] = [];
  const sql = 'SELECT count(Name) FROM Track';
  await using answer = await query({ image: chinook, sql, onProgress: (event) => events.push(event) });
  assert.equal(answer.columns.length, 1);
  assert.deepEqual(
    events.flatMap((event) => (event.type === 'step' ? [`${event.step} ${event.state}`] : [])),
    ['data begin', 'data end'],
  );
  assert.ok(events.some((event) => event.type === 'progress' && event.bytes > 100_000));
  const signal = AbortSignal.abort();
  await assert.rejects(query({ image: chinook, sql, signal }), { code: 'CANCELLED' });
});
