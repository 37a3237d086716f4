/** Rows of MySQL and MariaDB as bytes and as values, whatever their type. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { MysqlDecoder } from '../../src/adapters/mysql/decoder.ts';
import type { Value } from '../../src/core/value.ts';
import {
  createMysqlDatabase,
  type MysqlProduct,
  mysqlQuery,
  type RunningMysql,
  startMysql,
  type TestMysqlDatabase,
} from '../engines/mysql.ts';
import { dump } from './adapter-job.ts';

const int = (value: bigint): Value => ({ type: 'integer', value });
const text = (value: string): Value => ({ type: 'text', value });
const bytes = (...value: number[]): Value => ({ type: 'bytes', value: new Uint8Array(value) });
const other = (name: string, value: string): Value => ({ type: 'other', name, value });
const NULL: Value = { type: 'null' };

/** Type of a column, a value as SQL, and what the decoder makes of it. */
const BOTH: readonly (readonly [type: string, sql: string, value: Value])[] = [
  ['bigint', '-9223372036854775808', int(-(2n ** 63n))],
  ['bigint unsigned', '18446744073709551615', int(2n ** 64n - 1n)],
  ['int(8) zerofill', '42', int(42n)],
  ['year', '2155', int(2155n)],
  ['bit(64)', "x'5C090A0D00271A22'", int(0x5c090a0d00271a22n)],
  ['float', '5592405.5', { type: 'float', value: 5592405.5 }],
  ['float', '0.1', { type: 'float', value: 0.1 }],
  ['float', '1.17549435e-38', { type: 'float', value: 1.1754944e-38 }],
  ['double', '5e-324', { type: 'float', value: 5e-324 }],
  ['double', '1.7976931348623157e308', { type: 'float', value: Number.MAX_VALUE }],
  [
    'decimal(65,30)',
    '-0.000000000000000000000000000001',
    { type: 'decimal', value: '-0.000000000000000000000000000001' },
  ],
  ['date', "'0000-00-00'", other('date', '0000-00-00')],
  ['date', "'2026-02-31'", other('date', '2026-02-31')],
  ['date', "'2024-02-29'", { type: 'date', value: '2024-02-29' }],
  ['time(6)', "'-838:59:59.000000'", other('time', '-838:59:59.000000')],
  ['time(3)', "'12:34:56.789'", { type: 'time', value: '12:34:56.789' }],
  ['datetime(6)', "'9999-12-31 23:59:59.999999'", { type: 'timestamp', value: '9999-12-31T23:59:59.999999' }],
  [
    'timestamp(6) NULL',
    "'2026-10-25 00:30:00.123456'",
    { type: 'timestamptz', value: '2026-10-25T00:30:00.123456Z' },
  ],
  ["enum('a','b''c','')", "'b''c'", text("b'c")],
  ["set('x','y','z')", "'x,z'", text('x,z')],
  ['varchar(20) CHARACTER SET latin1', "'Ü€'", text('Ü€')],
  ['varchar(20) CHARACTER SET utf16', "'😀'", text('😀')],
  ['varchar(20) CHARACTER SET ujis', "'日本語'", text('日本語')],
  ['text CHARACTER SET utf8mb4', "'\\\\N\\0\\t'", text('\\N\0\t')],
  ['varchar(20) CHARACTER SET cp850', "'ä'", bytes(0x84)],
  ['binary(3)', "'a'", bytes(0x61, 0, 0)],
  ['varbinary(3)', "x'FBFEFF'", bytes(0xfb, 0xfe, 0xff)],
  ['longblob', "''", bytes()],
  ['point', "ST_GeomFromText('POINT(1 2)', 3857)", bytes(...point(3857, 1, 2))],
  ['int', 'NULL', NULL],
];
const OWN: Readonly<Record<MysqlProduct, typeof BOTH>> = {
  mysql: [
    ['json', '\'{"a": [1, 2.5, "ü"]}\'', { type: 'json', value: '{"a": [1, 2.5, "ü"]}' }],
    [
      'vector(2)',
      "STRING_TO_VECTOR('[1,0.1]')",
      {
        type: 'list',
        value: [
          { type: 'float', value: 1 },
          { type: 'float', value: 0.1 },
        ],
      },
    ],
  ],
  mariadb: [
    ['json', '\'{"a": 1}\'', text('{"a": 1}')],
    ['inet6', "'2001:db8::1'", text('2001:db8::1')],
    [
      'uuid',
      "'123e4567-e89b-12d3-a456-426655440000'",
      { type: 'uuid', value: '123e4567-e89b-12d3-a456-426655440000' },
    ],
  ],
};

function point(srid: number, x: number, y: number): Buffer {
  const value = Buffer.alloc(25);
  value.writeUInt32LE(srid, 0);
  value.writeUInt8(1, 4);
  value.writeUInt32LE(1, 5);
  value.writeDoubleLE(x, 9);
  value.writeDoubleLE(y, 17);
  return value;
}

for (const product of ['mysql', 'mariadb'] satisfies MysqlProduct[]) {
  describe(`rows of ${product}`, () => {
    let server: RunningMysql;
    let database: TestMysqlDatabase;
    before(async () => {
      server = await startMysql({ product });
      database = await createMysqlDatabase(server);
    });
    after(async () => {
      await database[Symbol.asyncDispose]();
      await server.stop();
    });

    it('become the values that were stored', async () => {
      const cases = [...BOTH, ...OWN[product]];
      const columns = cases.map(([type], at) => `c${at} ${type}`).join(', ');
      // The server's own time zone must not matter, nor what a session is in.
      await mysqlQuery(
        database.url,
        `SET NAMES utf8mb4; SET SESSION time_zone = '+00:00', sql_mode = 'ALLOW_INVALID_DATES';
         CREATE TABLE t (id int PRIMARY KEY, ${columns}) DEFAULT CHARSET utf8mb4;
         INSERT INTO t VALUES (0, ${cases.map(([, sql]) => sql).join(', ')});
         SET GLOBAL time_zone = '+05:30'`,
      );
      const image = await dump(database.url);
      await mysqlQuery(server.url, 'SET GLOBAL time_zone = DEFAULT');
      const [stream] = image.streams;
      assert.ok(stream);
      const [row] = new MysqlDecoder(stream.open).decode(stream.pieces[0]?.bytes ?? new Uint8Array());
      for (const [at, [type, sql, value]] of cases.entries()) {
        assert.deepEqual(row?.[at + 1], value, `${type}: ${sql}`);
      }
    });

    it('have invisible columns and no generated ones', async () => {
      await mysqlQuery(
        database.url,
        'CREATE TABLE v (g int AS (id + 1) VIRTUAL, id int PRIMARY KEY, h int INVISIBLE DEFAULT 7, s int AS (id * 2) STORED); INSERT INTO v (id) VALUES (5)',
      );
      const image = await dump(database.url, { selects: ([, name]) => name === 'v' });
      const [stream] = image.streams;
      assert.deepEqual(
        stream?.open.columns?.map(({ name }) => name),
        ['id', 'h'],
      );
      const [row] = new MysqlDecoder(stream.open).decode(stream.pieces[0]?.bytes ?? new Uint8Array());
      assert.deepEqual(row, [int(5n), int(7n)]);
    });

    it('are refused by the decoder if they end too early', async () => {
      const image = await dump(database.url, { selects: ([, name]) => name === 'v' });
      const [stream] = image.streams;
      assert.ok(stream);
      const whole = stream.pieces[0]?.bytes ?? new Uint8Array();
      for (const cut of [
        whole.subarray(0, -1),
        whole.subarray(0, 1),
        new Uint8Array([0xff, 1]),
        new Uint8Array([0xfe, 1, 2]),
      ]) {
        assert.throws(() => [...new MysqlDecoder(stream.open).decode(cut)], { code: 'IMAGE_DAMAGED' });
      }
    });
  });
}
