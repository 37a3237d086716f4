/** One moment for all lanes, whatever others do meanwhile; and what happens when it cannot be had. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectTcp, createServer, type Server } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { adapter } from '../../src/adapters/postgres/adapter.ts';
import { DbimgError } from '../../src/core/errors.ts';
import type { Value } from '../../src/core/value.ts';
import {
  createDatabase,
  databaseUrl,
  dropDatabase,
  query,
  type RunningPostgres,
  startPostgres,
} from '../engines/postgres.ts';
import { catchUp, startStandby } from '../engines/standby.ts';
import { context, digestsOf, dump, type MemoryImage, restore, valuesOf } from './adapter-job.ts';

let server: RunningPostgres;
before(async () => {
  server = await startPostgres({
    version: 15,
    roles: [
      { name: 'reader', password: 'secret' },
      { name: 'owner', password: 'secret' },
    ],
  });
});
after(() => server.stop());

/** Sessions of dbimg, once they had a moment to end. */
async function sessionsLeft(): Promise<number> {
  for (let tries = 0; ; tries++) {
    const [row] = await query(
      server.url,
      "SELECT count(*)::int AS n FROM pg_stat_activity WHERE application_name = 'dbimg'",
    );
    if (row?.n === 0 || tries === 20) return row?.n as number;
    await sleep(50);
  }
}

async function hold(url: string, sql: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(`BEGIN; ${sql}`);
  return client;
}

async function failure(work: Promise<unknown>): Promise<DbimgError> {
  const error = await work.then(
    () => assert.fail('it should have failed'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof DbimgError, String(error));
  return error;
}

function integers(image: MemoryImage, table: string, column: number): bigint[] {
  return (valuesOf(image, table) as Value[][]).map((row) => (row[column] as { value: bigint }).value);
}

describe('snapshot', () => {
  it('reads each row of a large table exactly once and at one moment, by several lanes, under writers', async () => {
    await using database = await createDatabase(server);
    const count = 150_000;
    await query(
      database.url,
      `CREATE TABLE accounts (id int8, balance int8, pad text) WITH (fillfactor = 60);
       INSERT INTO accounts SELECT g, 1000, repeat('x', 600) FROM generate_series(1, ${count}) AS g`,
    );
    const stop = new AbortController();
    let moved = 0;
    const writers = [1, 2].map(async (seed) => {
      const client = new pg.Client({ connectionString: database.url });
      await client.connect();
      for (let at = seed; !stop.signal.aborted; at = (at * 7919 + seed) % count) {
        await client.query(
          `UPDATE accounts SET balance = balance + CASE WHEN id = $1 THEN 5 ELSE -5 END WHERE ctid = ANY (
             ARRAY[(SELECT min(ctid) FROM accounts WHERE id = $1), (SELECT min(ctid) FROM accounts WHERE id = $2)])`,
          [at + 1, count - at],
        );
        moved++;
      }
      await client.end();
    });
    await sleep(200);
    const before = moved;
    try {
      const image = await dump(database.url, { lanes: 3 });
      assert.ok(moved > before, 'the writers wrote meanwhile');
      assert.ok(image.streams.length > 1, 'the table was cut');
      const ids = integers(image, 'accounts', 0);
      assert.equal(ids.length, count);
      assert.equal(new Set(ids).size, count);
      assert.equal(
        integers(image, 'accounts', 1).reduce((sum, value) => sum + value, 0n),
        BigInt(count) * 1000n,
      );
    } finally {
      stop.abort();
      await Promise.all(writers);
    }
  });

  it('cuts by key before PostgreSQL 14, and reads each row exactly once', async () => {
    await using old = await startPostgres({ version: 13 });
    await using database = await createDatabase(old);
    await query(
      database.url,
      `CREATE TABLE t (id int PRIMARY KEY, pad text);
       INSERT INTO t SELECT g * 3 - 500000, repeat('x', 600) FROM generate_series(1, 250000) AS g; ANALYZE t`,
    );
    const image = await dump(database.url);
    assert.ok(image.streams.length > 1, 'the table was cut');
    assert.equal(new Set(integers(image, 't', 0)).size, 250_000);
    assert.equal(integers(image, 't', 0).length, 250_000);
  });

  it('sees a table as it is when the lock is granted, not as it was when it was asked for', async () => {
    await using database = await createDatabase(server);
    await query(database.url, 'CREATE TABLE t AS SELECT 1 AS a; CREATE TABLE gone AS SELECT 1 AS a');
    const holder = await hold(database.url, 'TRUNCATE t; INSERT INTO t VALUES (2), (3); DROP TABLE gone');
    const dumping = dump(database.url, { context: context({ lockTimeout: 5000 }) });
    await sleep(400);
    await holder.query('COMMIT');
    const image = await dumping;
    await holder.end();
    assert.deepEqual(integers(image, 't', 0), [2n, 3n]);
    assert.deepEqual(Object.keys(digestsOf(image)), ['public.t']);
  });

  it('takes along a table that is made while the locks are waited for', async () => {
    await using database = await createDatabase(server);
    await query(database.url, 'CREATE TABLE t AS SELECT 1 AS a');
    const holder = await hold(database.url, 'LOCK TABLE t; CREATE TABLE late AS SELECT 7 AS a');
    const dumping = dump(database.url, { context: context({ lockTimeout: 5000 }) });
    await sleep(300);
    await holder.query('COMMIT');
    assert.deepEqual(integers(await dumping, 'late', 0), [7n]);
    await holder.end();
  });

  it('gives a lock up that is not granted, naming table and holder, and leaves nothing', async () => {
    await using database = await createDatabase(server);
    await query(database.url, 'CREATE TABLE free (a int); CREATE TABLE busy (a int)');
    const holder = await hold(database.url, 'LOCK TABLE busy');
    const [row] = (await holder.query('SELECT pg_backend_pid() AS pid')).rows;
    const asked = context({ lockTimeout: 300 });
    const error = await failure(dump(database.url, { context: asked }));
    assert.equal(error.code, 'LOCK_TIMEOUT');
    assert.match(error.message, /public\.busy/);
    assert.match(error.message, new RegExp(`process ${row.pid} of postgres`));
    assert.deepEqual(
      asked.warnings.map(({ code }) => code),
      ['lock-retry', 'lock-retry'],
    );
    await holder.query('ALTER TABLE free ADD COLUMN b int');
    await holder.end();
    assert.equal(await sessionsLeft(), 0);
  });

  it('goes on when the lock is granted at the second try', async () => {
    await using database = await createDatabase(server);
    await query(database.url, 'CREATE TABLE busy AS SELECT 1 AS a');
    const holder = await hold(database.url, 'LOCK TABLE busy');
    const asked = context({ lockTimeout: 400 });
    const dumping = dump(database.url, { context: asked });
    await sleep(700);
    await holder.query('COMMIT');
    await holder.end();
    assert.deepEqual(integers(await dumping, 'busy', 0), [1n]);
    assert.ok(asked.warnings.length >= 1);
  });

  it('names every table that may not be read before it reads any', async () => {
    await using database = await createDatabase(server);
    await query(
      database.url,
      'CREATE TABLE a (x int); CREATE TABLE b (x int); CREATE TABLE c (x int); GRANT SELECT ON b TO reader',
    );
    const url = databaseUrl(server.url, database.name, { user: 'reader', password: 'secret' });
    const error = await failure(dump(url));
    assert.equal(error.code, 'PERMISSION_DENIED');
    assert.match(error.message, /public\.a, public\.c/);
    assert.match(error.hint ?? '', /GRANT/);
    const selects = (object: readonly string[]): boolean => !['a', 'c'].includes(object[2] ?? '');
    assert.deepEqual(Object.keys(digestsOf(await dump(url, { selects }))), ['public.b']);
  });

  it('refuses a table of which row-level security hides rows', async () => {
    await using database = await createDatabase(server);
    await query(
      database.url,
      'CREATE TABLE a (x int); ALTER TABLE a ENABLE ROW LEVEL SECURITY; GRANT SELECT ON a TO reader',
    );
    const error = await failure(
      dump(databaseUrl(server.url, database.name, { user: 'reader', password: 'secret' })),
    );
    assert.equal(error.code, 'PERMISSION_DENIED');
    assert.match(error.message, /Row-level security.*public\.a/);
  });

  it('carries what is unusual: odd names, no columns, generated columns, inheritance, partitions', async () => {
    await using database = await createDatabase(server);
    await query(
      database.url,
      `CREATE SCHEMA "sch""ema 🎉"; CREATE TABLE "sch""ema 🎉"."ta\nble'" ("co""l\t" int, "${'ü'.repeat(31)}" text);
       INSERT INTO "sch""ema 🎉"."ta\nble'" VALUES (1, 'a');
       CREATE TABLE nothing (); INSERT INTO nothing DEFAULT VALUES; INSERT INTO nothing DEFAULT VALUES;
       CREATE TABLE made (a int, b int GENERATED ALWAYS AS (a * 2) STORED, c int); INSERT INTO made (a, c) VALUES (1, 3);
       CREATE TABLE parent (a int); CREATE TABLE child (b int) INHERITS (parent);
       INSERT INTO parent VALUES (1); INSERT INTO child VALUES (2, 3);
       CREATE TABLE whole (a int) PARTITION BY LIST (a); CREATE TABLE leaf PARTITION OF whole DEFAULT;
       INSERT INTO whole VALUES (1), (2); CREATE TEMPORARY TABLE temporary (a int);
       CREATE TABLE dropped (a int, b int, c int); ALTER TABLE dropped DROP COLUMN b; INSERT INTO dropped VALUES (1, 3)`,
    );
    const records = Object.entries(digestsOf(await dump(database.url))).map(([name, digest]) => [
      name,
      digest.records,
    ]);
    assert.deepEqual(Object.fromEntries(records), {
      ...{ 'sch"ema 🎉.ta\nble\'': 1, 'public.nothing': 2, 'public.made': 1, 'public.parent': 1 },
      ...{ 'public.child': 1, 'public.leaf': 2, 'public.dropped': 1 },
    });
  });

  it('gives rows in key order if asked to', async () => {
    await using database = await createDatabase(server);
    await query(database.url, 'CREATE TABLE t (a int PRIMARY KEY); INSERT INTO t VALUES (3), (1), (2)');
    assert.deepEqual(integers(await dump(database.url, { order: 'key' }), 't', 0), [1n, 2n, 3n]);
  });

  it('finds the parts of an image again, and says which column differs', async () => {
    await using database = await createDatabase(server);
    await query(database.url, 'CREATE TABLE t (a int, b text); CREATE TABLE other (a int8)');
    const image = await dump(database.url);
    const open = (name: string) => {
      const stream = image.streams.find((candidate) => candidate.open.object.at(-1) === name);
      assert.ok(stream);
      return stream.open;
    };
    await query(database.url, 'ALTER TABLE t ALTER b TYPE varchar(3); DROP TABLE other');
    await using connected = await adapter.connect(database.url, context());
    await using snapshot = await connected.snapshot({ kind: 'logical', lanes: 1 });
    assert.deepEqual(await Array.fromAsync(snapshot.partsOf(open('other'))), []);
    const error = await failure(Array.fromAsync(snapshot.partsOf(open('t'))));
    assert.equal(error.code, 'MISMATCH');
    assert.match(error.message, /column b is character varying\(3\), not text/);
  });
});

describe('a standby', () => {
  it('is dumped, but for the rows of unlogged tables, which it names', async () => {
    await using primary = await startPostgres({
      version: 15,
      settings: { wal_level: 'replica', max_wal_senders: 4 },
    });
    await using standby = await startStandby(primary);
    await query(
      primary.url,
      'CREATE TABLE kept AS SELECT 1 AS a; CREATE UNLOGGED TABLE lost AS SELECT 1 AS a',
    );
    await catchUp(primary, standby);
    const image = await dump(standby.url);
    assert.deepEqual(integers(image, 'kept', 0), [1n]);
    assert.deepEqual(
      image.omissions.map(({ kind, object }) => [kind, object.at(-1)]),
      [['unlogged-rows', 'lost']],
    );
    assert.equal(image.position.exact, false);
    await using database = await adapter.connect(standby.url, context());
    await using target = await database.target({ lanes: 1, replace: true });
    assert.match((await target.plan(image)).obstacles[0]?.what ?? '', /standby/);
    const findings = await Array.fromAsync(database.examine());
    assert.ok(findings.some(({ what }) => what.includes('standby')));
  });
});

describe('a dump that is interrupted', () => {
  it('ends within a second of the signal and leaves no session', async () => {
    await using database = await createDatabase(server);
    await query(
      database.url,
      "CREATE TABLE t AS SELECT repeat('x', 1000) AS a FROM generate_series(1, 60000)",
    );
    const abort = new AbortController();
    let aborted = 0;
    const dumping = dump(database.url, {
      context: context({ signal: abort.signal }),
      pressure: () => {
        if (aborted === 0) {
          aborted = performance.now();
          abort.abort();
        }
        return new Promise(() => {});
      },
    });
    assert.equal((await failure(dumping)).code, 'CANCELLED');
    assert.ok(performance.now() - aborted < 1000);
    assert.equal(await sessionsLeft(), 0);
  });

  it('ends while it waits for a lock', async () => {
    await using database = await createDatabase(server);
    await query(database.url, 'CREATE TABLE busy (a int)');
    const holder = await hold(database.url, 'LOCK TABLE busy');
    const signal = AbortSignal.timeout(300);
    const begin = performance.now();
    const error = await failure(dump(database.url, { context: context({ signal, lockTimeout: 60_000 }) }));
    assert.equal(error.code, 'CANCELLED');
    assert.ok(performance.now() - begin < 1500);
    await holder.end();
    assert.equal(await sessionsLeft(), 0);
  });

  it('says so when the server ends its sessions', async () => {
    await using database = await createDatabase(server);
    await query(
      database.url,
      "CREATE TABLE t AS SELECT repeat('x', 1000) AS a FROM generate_series(1, 60000)",
    );
    let ended: Promise<unknown> | undefined;
    const dumping = dump(database.url, {
      lanes: 1,
      pressure: () => {
        ended ??= query(
          server.url,
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'dbimg'",
        );
        return ended.then(() => {});
      },
    });
    assert.equal((await failure(dumping)).code, 'CONNECTION_LOST');
    assert.equal(await sessionsLeft(), 0);
  });

  it('takes a fault in its sink as its own, and ends', async () => {
    await using database = await createDatabase(server);
    await query(
      database.url,
      "CREATE TABLE t AS SELECT repeat('x', 1000) AS a FROM generate_series(1, 60000)",
    );
    const full = new DbimgError('STORE_FULL', 'no space');
    assert.equal(await failure(dump(database.url, { lanes: 1, pressure: () => Promise.reject(full) })), full);
    assert.equal(await sessionsLeft(), 0);
  });
});

describe('something between client and server', () => {
  /** Sends the first `own` connections to one server and the rest to another. */
  async function proxy(own: number, other: RunningPostgres): Promise<Server> {
    let connections = 0;
    const listener = createServer((near) => {
      const far = connectTcp(++connections <= own ? server.port : other.port, '127.0.0.1');
      near.pipe(far).pipe(near);
      near.on('error', () => far.destroy());
      far.on('error', () => near.destroy());
    });
    listener.listen(0, '127.0.0.1');
    await once(listener, 'listening');
    return listener;
  }

  it('is named when lanes cannot see the snapshot', async () => {
    await using other = await startPostgres({ version: 15 });
    await using database = await createDatabase(server);
    await query(other.url, `CREATE DATABASE ${database.name}`);
    await query(database.url, 'CREATE TABLE t AS SELECT 1 AS a');
    const listener = await proxy(3, other);
    try {
      const url = new URL(database.url);
      url.port = String((listener.address() as { port: number }).port);
      const error = await failure(dump(url.href));
      assert.equal(error.code, 'POOLER_IN_BETWEEN');
      assert.match(error.hint ?? '', /PgBouncer/);
    } finally {
      listener.close();
    }
    assert.equal(await sessionsLeft(), 0);
  });
});

describe('databases in other encodings', () => {
  for (const encoding of ['LATIN1', 'SQL_ASCII', 'EUC_JP']) {
    it(`carries ${encoding} as it is`, async () => {
      await using database = await createDatabase(server, { clause: `ENCODING '${encoding}' LOCALE 'C'` });
      const name = encoding === 'EUC_JP' ? '表' : 'tä';
      await query(
        database.url,
        `CREATE TABLE "${name}" (a text); INSERT INTO "${name}" VALUES ('${encoding === 'EUC_JP' ? '日本' : 'ä\\x'}');
         CREATE TABLE t (a text, b xml); INSERT INTO t VALUES ('${encoding === 'EUC_JP' ? '日本' : 'ä'}', '<x/>')`,
      );
      const image = await dump(database.url);
      assert.equal(image.streams[0]?.open.settings?.client_encoding, encoding);
      const [[first]] = valuesOf(image, name) as [[Value]];
      assert.deepEqual(first, { type: 'text', value: encoding === 'EUC_JP' ? '日本' : 'ä\\x' });
      const copy = databaseUrl(server.url, `${database.name}_copy`);
      try {
        await restore(image, copy, { create: true });
        assert.deepEqual(digestsOf(await dump(copy)), digestsOf(image));
        const [row] = await query(copy, 'SHOW server_encoding');
        assert.equal(row?.server_encoding, encoding);
      } finally {
        await dropDatabase(server.url, `${database.name}_copy`);
      }
    });
  }
});
