/** Snapshots of MySQL and MariaDB: one moment for all, the least locking, and what an account without rights gets. */
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { MysqlDecoder } from '../../src/adapters/mysql/decoder.ts';
import { DbimgError, type ErrorCode } from '../../src/core/errors.ts';
import {
  createMysqlDatabase,
  type MysqlProduct,
  mysqlQuery,
  mysqlUrl,
  type RunningMysql,
  startMysql,
  type TestMysqlDatabase,
  withMysql,
} from '../engines/mysql.ts';
import { context, digestOf, dump, valuesOf } from './adapter-job.ts';

const SETUP = `
  CREATE TABLE t (id int PRIMARY KEY, v varchar(20)); INSERT INTO t VALUES (1, 'a'), (2, 'b'), (3, 'c');
  CREATE TABLE u (id int PRIMARY KEY, v int); INSERT INTO u VALUES (1, 1);
  CREATE TABLE m (id int PRIMARY KEY, v int) ENGINE = MyISAM; INSERT INTO m VALUES (1, 1), (2, 2);`;

function failsWith(code: ErrorCode, pattern: RegExp = /./): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof DbimgError, String(error));
    assert.equal(error.code, code, error.message);
    assert.match(`${error.message} ${error.hint ?? ''}`, pattern);
    return true;
  };
}

for (const product of ['mysql', 'mariadb'] satisfies MysqlProduct[]) {
  describe(`a snapshot of ${product}`, () => {
    let server: RunningMysql;
    let database: TestMysqlDatabase;
    before(async () => {
      server = await startMysql({ product });
    });
    after(async () => await server.stop());
    beforeEach(async () => {
      database = await createMysqlDatabase(server);
      await mysqlQuery(database.url, SETUP);
    });
    afterEach(async () => await database[Symbol.asyncDispose]());

    /** An account with these privileges and no others; dropped by whoever asked. */
    async function account(grants: readonly string[]): Promise<{ url: string } & AsyncDisposable> {
      const user = `weak_${Math.random().toString(36).slice(2, 10)}`;
      await mysqlQuery(server.url, `CREATE USER ${user}@'%' IDENTIFIED BY 'pw'`);
      for (const grant of grants) await mysqlQuery(database.url, `GRANT ${grant} TO ${user}@'%'`);
      return {
        url: mysqlUrl(server.url, database.name, { user, password: 'pw' }),
        [Symbol.asyncDispose]: async () => {
          await mysqlQuery(server.url, `DROP USER ${user}@'%'`);
        },
      };
    }

    it('shows what was there, and nothing that came later', async () => {
      const image = await dump(database.url, {
        onSnapshot: async () => {
          await mysqlQuery(
            database.url,
            "UPDATE t SET v = 'later'; DELETE FROM u; INSERT INTO m VALUES (3, 3)",
          );
        },
      });
      const stream = image.streams.find(({ open }) => open.object[1] === 't');
      assert.ok(stream);
      const rows = [...new MysqlDecoder(stream.open).decode(stream.pieces[0]?.bytes ?? new Uint8Array())];
      assert.deepEqual(
        rows.map(([, value]) => value),
        ['a', 'b', 'c'].map((value) => ({ type: 'text', value })),
      );
      assert.equal(digestOf(image, 'u').records, 1);
      assert.equal(digestOf(image, 'm').records, 2, 'rows without transactions are those of the moment too');
    });

    it('knows its position', async () => {
      const { position } = await dump(database.url);
      assert.equal(position.type, 'mysql.binlog');
      assert.equal(position.exact, true);
      const { file, offset, gtid } = position.value as { file: string; offset: number; gtid: string };
      assert.match(file, /\.\d+$/);
      assert.ok(offset > 0);
      const expression = product === 'mysql' ? '@@GLOBAL.gtid_executed' : '@@GLOBAL.gtid_binlog_pos';
      const [row] = await mysqlQuery(server.url, `SELECT REPLACE(${expression}, '\\n', '') AS gtid`);
      if (row?.gtid !== '') assert.equal(gtid, row?.gtid);
    });

    it('leaves no lock, transaction or session', async () => {
      await dump(database.url);
      await mysqlQuery(
        database.url,
        "INSERT INTO t VALUES (4, 'd'); INSERT INTO m VALUES (4, 4); ALTER TABLE t ADD x int",
      );
      const rows = await mysqlQuery(
        server.url,
        `SELECT ID FROM information_schema.PROCESSLIST WHERE DB = '${database.name}'`,
      );
      assert.deepEqual(rows, []);
    });

    it('is not stopped by a transaction that stays open, nor stops it', async () => {
      await withMysql(database.url, async (session) => {
        await session.query('BEGIN');
        await session.query("UPDATE t SET v = 'uncommitted' WHERE id = 1");
        const before_ = await dump(database.url);
        await session.query('COMMIT');
        const after_ = await dump(database.url);
        assert.equal(digestOf(before_, 't').records, 3);
        assert.notEqual(digestOf(before_, 't').sum, digestOf(after_, 't').sum);
      });
    });

    it('does not make others wait behind a long statement', async () => {
      const running = withMysql(database.url, async (session) => {
        await session.query('SELECT SLEEP(8) FROM u');
      });
      await sleep(2500);
      const watching = context({ lockTimeout: 500 });
      let longest = 0;
      let done = false;
      const others = (async () => {
        while (!done) {
          const begin = performance.now();
          await mysqlQuery(database.url, 'SELECT COUNT(*) FROM u; UPDATE t SET v = v; UPDATE m SET v = v');
          longest = Math.max(longest, performance.now() - begin);
          await sleep(20);
        }
      })();
      await dump(database.url, { context: watching });
      done = true;
      await others;
      assert.ok(longest < 4000, `somebody waited ${Math.round(longest)} ms`);
      if (product === 'mysql') {
        assert.ok(watching.warnings.some(({ code }) => code === 'lock-retry'));
        assert.match(watching.warnings[0]?.message ?? '', /has been running for \d+ s/);
      }
      await running;
    });

    it("is in nobody's way who writes to tables without transactions", async () => {
      await using other = await createMysqlDatabase(server);
      await mysqlQuery(other.url, SETUP);
      const stop = new AbortController();
      let longest = 0;
      const writing = [database, database, database, other].map(async ({ url }) =>
        withMysql(url, async (session) => {
          for (let turn = 0; !stop.signal.aborted; turn += 1) {
            const begin = performance.now();
            await session.query('UPDATE m SET v = v + 1 WHERE id IN (1, 2)');
            longest = Math.max(longest, performance.now() - begin);
            await sleep(turn % 2);
          }
        }),
      );
      try {
        for (let turn = 0; turn < 3; turn += 1) {
          const watching = context({ lockTimeout: 5000 });
          const image = await dump(database.url, { context: watching });
          assert.deepEqual(watching.warnings, []);
          // One statement changes both rows.
          const [first, second] = valuesOf(image, 'm') as { value: bigint }[][];
          assert.equal((second?.[1]?.value ?? 0n) - (first?.[1]?.value ?? 0n), 1n);
        }
      } finally {
        stop.abort();
        await Promise.all(writing);
      }
      assert.ok(longest < 3000, `somebody waited ${Math.round(longest)} ms`);
    });

    for (const [what, statement] of [
      ['altered', 'ALTER TABLE u ADD more int'],
      ['dropped', 'DROP TABLE u'],
      ['renamed', 'RENAME TABLE u TO elsewhere'],
      ['made', 'CREATE TABLE newcomer (id int)'],
    ] as const) {
      it(`notices a table that is ${what} meanwhile`, async () => {
        const change = async (): Promise<void> => void (await mysqlQuery(database.url, statement));
        const named = what === 'made' ? /newcomer/ : /\bu\b/;
        await assert.rejects(dump(database.url, { onSnapshot: change }), failsWith('SOURCE_CHANGED', named));
        if (what === 'altered') await mysqlQuery(database.url, 'ALTER TABLE u DROP more');
        if (what === 'renamed') await mysqlQuery(database.url, 'RENAME TABLE elsewhere TO u');
        if (what === 'dropped') await mysqlQuery(database.url, 'CREATE TABLE u (id int PRIMARY KEY, v int)');
        if (what === 'made') await mysqlQuery(database.url, 'DROP TABLE newcomer');
        await assert.rejects(dump(database.url, { onCatalog: change }), failsWith('SOURCE_CHANGED', named));
      });
    }

    it('notices a table that is emptied before it was read', async () => {
      const emptied = dump(database.url, {
        onSnapshot: async () => void (await mysqlQuery(database.url, 'TRUNCATE TABLE t')),
      });
      await assert.rejects(emptied, failsWith('SOURCE_CHANGED', /\bt\b/));
    });

    it('names every table that may not be read', async () => {
      await using weak = await account(['SHOW VIEW, LOCK TABLES ON *', 'SELECT ON t']);
      await assert.rejects(dump(weak.url), failsWith('PERMISSION_DENIED', /\.m, .*\.u\b/));
      const image = await dump(weak.url, { selects: ([, name]) => name === 't' });
      assert.equal(digestOf(image, 't').records, 3);
    });

    it('names loadable functions, which are files of the server', async () => {
      // Only the list is read: no library is needed.
      await mysqlQuery(server.url, "INSERT INTO mysql.func VALUES ('far_away', 0, 'far.so', 'function')");
      const whole = await dump(server.url);
      const one = await dump(database.url);
      await mysqlQuery(server.url, "DELETE FROM mysql.func WHERE name = 'far_away'");
      const named = (image: typeof whole): unknown[] =>
        image.omissions.filter(({ kind }) => kind === 'loadable function').map(({ object }) => object);
      assert.deepEqual(named(whole), [['far_away']]);
      assert.deepEqual(named(one), []);
    });

    it('is as good with LOCK TABLES alone', async () => {
      await using weak = await account(['SELECT, LOCK TABLES ON *']);
      const image = await dump(weak.url, {
        onSnapshot: async () => void (await mysqlQuery(database.url, 'DELETE FROM t; DELETE FROM m')),
      });
      assert.equal(digestOf(image, 't').records, 3);
      assert.equal(digestOf(image, 'm').records, 2);
      assert.ok(
        image.omissions.some(({ kind }) => kind === 'trigger'),
        'what cannot be seen is named',
      );
      assert.ok(image.omissions.some(({ kind }) => kind === 'account'));
    });

    it('goes on without any lock only if it is asked to', async () => {
      await using weak = await account(['SELECT ON *']);
      await assert.rejects(dump(weak.url), failsWith('PERMISSION_DENIED', /RELOAD.*--allow weak-snapshot/));
      const watching = context();
      const image = await dump(weak.url, { context: watching, allow: ['weak-snapshot'] });
      assert.equal(image.position.exact, false);
      assert.ok(watching.warnings.some(({ code }) => code === 'weaker-consistency'));
    });

    it('needs no lock where one lane reads tables with transactions', async () => {
      await using weak = await account(['SELECT ON *']);
      const image = await dump(weak.url, { lanes: 1, selects: ([, name]) => name !== 'm' });
      assert.equal(digestOf(image, 't').records, 3);
    });

    it('ends within a second of an abort, whatever it waits for', async () => {
      await withMysql(database.url, async (blocker) => {
        await blocker.query('LOCK TABLES m WRITE');
        const controller = new AbortController();
        const job = dump(database.url, {
          context: context({ signal: controller.signal, lockTimeout: 60_000 }),
        });
        await Promise.all([
          assert.rejects(job, failsWith('CANCELLED')),
          (async () => {
            await sleep(1500);
            const begin = performance.now();
            controller.abort();
            await job.catch(() => {});
            assert.ok(performance.now() - begin < 1500);
          })(),
        ]);
        await blocker.query('UNLOCK TABLES');
      });
      const rows = await mysqlQuery(
        server.url,
        `SELECT ID FROM information_schema.PROCESSLIST WHERE DB = '${database.name}' AND INFO IS NOT NULL`,
      );
      assert.deepEqual(rows, []);
    });

    it('reads a value of 40 MiB in pieces, with and without TLS', async () => {
      await mysqlQuery(
        database.url,
        'SET GLOBAL max_allowed_packet = 134217728; CREATE TABLE big (id int PRIMARY KEY, b longblob)',
      );
      await mysqlQuery(database.url, "INSERT INTO big VALUES (1, REPEAT('x', 41943040)), (2, 'small')");
      const only = { selects: ([, name]: readonly string[]) => name === 'big' };
      const image = await dump(database.url, only);
      const stream = image.streams[0];
      assert.equal(stream?.digest.records, 2);
      assert.ok(stream?.pieces.every(({ bytes }) => bytes.length <= 4 << 20));
      const secure = await dump(`${database.url}?ssl-mode=required`, only).catch((error: unknown) => error);
      if (product === 'mysql')
        assert.deepEqual(digestOf(secure as typeof image, 'big'), digestOf(image, 'big'));
    });
  });
}
