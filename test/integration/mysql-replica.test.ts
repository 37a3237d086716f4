/** A replica as the source of an image: one committed state, at a position from which a new replica goes on. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection } from 'mysql2/promise';
import { dump, restore } from '../../src/index.ts';
import {
  type MysqlProduct,
  mysqlQuery,
  mysqlUrl,
  type RunningMysql,
  startMysql,
  withMysql,
} from '../engines/mysql.ts';
import { compareMysqlDatabases } from '../oracle/mysql.ts';

const ACCOUNTS = 4000;
const BALANCE = 1000;
const WRITERS = 3;
/** Between two transfers, so that replicas keep up. */
const PAUSE = 5;
const REPLICATOR = { user: 'follower', password: 'follows' };
/** Milliseconds after which a statement counts as long. */
const IDLE = 3000;
/** Seconds that a replica may take to catch up. */
const PATIENCE = 60;

const SETUP = `
  CREATE DATABASE bank; USE bank;
  CREATE TABLE accounts (id int PRIMARY KEY, balance bigint NOT NULL, filler varchar(200) NOT NULL);
  CREATE TABLE moves (id int AUTO_INCREMENT PRIMARY KEY, amount int NOT NULL, j json, f float);`;

async function fill(source: RunningMysql): Promise<void> {
  const { user, password } = REPLICATOR;
  await mysqlQuery(source.url, `CREATE USER ${user}@'%' IDENTIFIED BY '${password}'`);
  await mysqlQuery(source.url, `GRANT REPLICATION SLAVE ON *.* TO ${user}@'%'`);
  await mysqlQuery(source.url, SETUP);
  const rows = Array.from({ length: ACCOUNTS }, (_, id) => `(${id}, ${BALANCE}, REPEAT('x', 200))`);
  await mysqlQuery(mysqlUrl(source.url, 'bank'), `INSERT INTO accounts VALUES ${rows.join(', ')}`);
}

/** Follows the source from `position` on, or from its beginning. */
async function follow(replica: RunningMysql, source: RunningMysql, position?: string): Promise<void> {
  const { hostname, port } = new URL(source.url);
  const { user, password } = REPLICATOR;
  const to = (word: string): string =>
    `${word}_HOST = '${hostname}', ${word}_PORT = ${port}, ${word}_USER = '${user}', ${word}_PASSWORD = '${password}'`;
  const statements =
    replica.product === 'mysql'
      ? [
          'RESET BINARY LOGS AND GTIDS',
          ...(position === undefined ? [] : [`SET GLOBAL gtid_purged = '${position}'`]),
          `CHANGE REPLICATION SOURCE TO ${to('SOURCE')}, SOURCE_AUTO_POSITION = 1, GET_SOURCE_PUBLIC_KEY = 1`,
          'START REPLICA',
        ]
      : [
          'RESET MASTER',
          ...(position === undefined ? [] : [`SET GLOBAL gtid_slave_pos = '${position}'`]),
          `CHANGE MASTER TO ${to('MASTER')}, MASTER_USE_GTID = slave_pos`,
          'START SLAVE',
        ];
  for (const statement of statements) await mysqlQuery(replica.url, statement);
}

async function caughtUp(replica: RunningMysql, source: RunningMysql): Promise<void> {
  const mysql = replica.product === 'mysql';
  const expression = mysql ? "REPLACE(@@GLOBAL.gtid_executed, '\\n', '')" : '@@GLOBAL.gtid_binlog_pos';
  const [at] = await mysqlQuery(source.url, `SELECT ${expression} AS position`);
  const wait = mysql ? 'WAIT_FOR_EXECUTED_GTID_SET' : 'MASTER_GTID_WAIT';
  const [row] = await mysqlQuery(replica.url, `SELECT ${wait}('${at?.position}', ${PATIENCE}) AS late`);
  const [status = {}] = await mysqlQuery(replica.url, mysql ? 'SHOW REPLICA STATUS' : 'SHOW SLAVE STATUS');
  assert.equal(`${status.Last_IO_Error ?? ''}${status.Last_SQL_Error ?? ''}`, '');
  assert.equal(Number(row?.late), 0, `not at ${at?.position} after ${PATIENCE} s`);
}

async function transfer(session: Connection, turn: number): Promise<void> {
  const [from, to] = [turn % ACCOUNTS, (turn * 7919 + 13) % ACCOUNTS].sort((a, b) => a - b);
  await session.beginTransaction();
  try {
    await session.query('UPDATE accounts SET balance = balance - 3 WHERE id = ?', [from]);
    await session.query(
      `INSERT INTO moves (amount, j, f) VALUES (3, JSON_OBJECT('price', 1.10, 'turn', ?), 5592405.5)`,
      [turn],
    );
    await session.query('UPDATE accounts SET balance = balance + 3 WHERE id = ?', [to]);
    await session.commit();
  } catch {
    // Two writers were in each other's way.
    await session.rollback();
  }
}

for (const product of ['mysql', 'mariadb'] satisfies MysqlProduct[]) {
  describe(`a replica of ${product}`, () => {
    it('is dumped while it follows, and a server restored from it follows from there', async () => {
      const directory = await mkdtemp(join(tmpdir(), 'dbimg-replica-'));
      const settings = product === 'mysql' ? {} : { 'log-slave-updates': 1, 'slave-parallel-threads': 3 };
      await using source = await startMysql({ product, settings: { 'server-id': 11 } });
      await using replica = await startMysql({ product, settings: { 'server-id': 12, ...settings } });
      await using fresh = await startMysql({ product, settings: { 'server-id': 13, ...settings } });
      const stop = new AbortController();
      let writing: Promise<unknown> = Promise.resolve();
      try {
        await fill(source);
        await follow(replica, source);
        await caughtUp(replica, source);
        await mysqlQuery(
          replica.url,
          `SET GLOBAL ${product === 'mysql' ? 'super_read_only' : 'read_only'} = 1`,
        );
        writing = Promise.all(
          Array.from({ length: WRITERS }, (_, writer) =>
            withMysql(mysqlUrl(source.url, 'bank'), async (session) => {
              for (let turn = writer; !stop.signal.aborted; turn += WRITERS) {
                await transfer(session, turn);
                await sleep(PAUSE);
              }
            }),
          ),
        );
        const image = join(directory, 'replica.dbimg');
        await sleep(IDLE);
        const moves = 'SELECT COUNT(*) AS n FROM bank.moves';
        const [before] = await mysqlQuery(replica.url, moves);
        const { warnings, position } = await dump({ source: replica.url, image, jobs: 3 });
        const [after] = await mysqlQuery(replica.url, moves);
        assert.ok(Number(after?.n) > Number(before?.n), 'the replica applied during the dump');
        assert.deepEqual(warnings, []);
        assert.equal(position.exact, true);
        // Of what the replica has applied: that includes all that its source had then.
        const { gtid, applied } = position.value as { gtid: string; applied?: string };
        await restore({ image, target: `${fresh.url}?binlog=off`, jobs: 2, prove: true, trust: true });
        const [sum] = await mysqlQuery(
          fresh.url,
          'SELECT SUM(balance) AS sum, COUNT(*) AS n FROM bank.accounts',
        );
        assert.deepEqual([Number(sum?.sum), Number(sum?.n)], [ACCOUNTS * BALANCE, ACCOUNTS]);
        await follow(fresh, source, applied ?? gtid);
        await sleep(500);
        stop.abort();
        await writing;
        await caughtUp(fresh, source);
        await caughtUp(replica, source);
        for (const other of [replica, fresh]) {
          const [a, b] = [source, other].map(({ url }) => mysqlUrl(url, 'bank')) as [string, string];
          assert.deepEqual(await compareMysqlDatabases(product, a, b), []);
        }
        // Threads that wait for their source are no statements that a lock would have to wait for.
        await sleep(IDLE);
        const idle = await dump({ source: replica.url, image: join(directory, 'idle.dbimg') });
        assert.deepEqual(idle.warnings, []);
      } finally {
        stop.abort();
        await writing.catch(() => {});
        await rm(directory, { recursive: true, force: true });
      }
    });
  });
}
