/** Images of MySQL and MariaDB in SQLite: the music shop, and every type judged by the server's own text. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { dump, query, restore } from '../../src/index.ts';
import { assertSameShop, makeChinook } from '../engines/chinook.ts';
import {
  createMysqlDatabase,
  type MysqlProduct,
  mysqlName,
  mysqlQuery,
  type RunningMysql,
  startMysql,
} from '../engines/mysql.ts';
import { loadChinook, loadEveryKind } from '../mysql-fixtures/load.ts';

type Stored = null | bigint | number | string | Uint8Array;

for (const product of ['mysql', 'mariadb'] as const satisfies readonly MysqlProduct[]) {
  describe(`images of ${product} in SQLite`, () => {
    const folder = mkdtempSync(join(tmpdir(), 'dbimg-cross-'));
    let server: RunningMysql;

    before(async () => {
      server = await startMysql({ product });
    });

    after(async () => {
      await server?.stop();
      rmSync(folder, { recursive: true, force: true });
    });

    test('the music shop', async () => {
      await using source = await createMysqlDatabase(server);
      await loadChinook(product, source.url);
      const [image, copy, script] = ['shop.dbimg', 'shop.db', 'script.db'].map((name) =>
        join(folder, name),
      ) as [...[string, string, string]];
      await dump({ source: source.url, image });
      const result = await restore({ image, target: `sqlite:${copy}`, create: true, prove: true });
      assert.deepEqual(result.omissions, []);
      assert.equal(result.proven?.records, 15_607);
      makeChinook(script);
      assertSameShop(copy, script);
      const names = [source.name, 'main'];
      for (const [at, sqlImage] of [image].entries()) {
        await using answer = await query({
          image: sqlImage,
          sql: `SELECT count(*), sum(Total) FROM ${mysqlName(names[at] as string)}.Invoice`,
        });
        for await (const [count, total] of answer) {
          assert.deepEqual(
            [count, total],
            [
              { type: 'integer', value: 412n },
              { type: 'float', value: 2328.6 },
            ],
          );
        }
      }
    });

    test('every type', async () => {
      await using source = await createMysqlDatabase(server);
      await loadEveryKind(product, source.url);
      const image = join(folder, 'every.dbimg');
      await dump({ source: source.url, image, allow: ['damaged'] });
      const result = await restore({
        image,
        target: `sqlite:${folder}/every.db`,
        create: true,
        prove: true,
        skip: ['shop'],
      });
      using copy = new DatabaseSync(join(folder, 'every.db'), { readOnly: true });
      assert.deepEqual(copy.prepare('PRAGMA integrity_check').all().map(Object.values), [['ok']]);
      const problems: string[] = [];
      let values = 0;
      for (const { source: object, target, columns } of result.crossing?.tables ?? []) {
        const table = mysqlName(object.at(-1) as string);
        const key = columns.find(({ column }) => column === 'id')?.column;
        // Tables with a history have their old rows too.
        if (!key || /^versioned/.test(object.at(-1) as string)) continue;
        for (const { column, from, to } of columns) {
          const name = mysqlName(column);
          const rows: { k: string; v: Buffer | null }[] = await mysqlQuery(
            source.url,
            `SELECT CAST(${mysqlName(key)} AS CHAR) AS k, CAST(${textForm(name, from, to)} AS BINARY) AS v FROM ${table} ORDER BY ${mysqlName(key)}`,
          );
          const select = copy.prepare(
            `SELECT ${quote(column)} AS v FROM ${quote(target.at(-1) as string)} ORDER BY ${quote(key)}`,
          );
          select.setReadBigInts(true);
          const ours = select.all() as { v: Stored }[];
          assert.equal(ours.length, rows.length, table);
          for (const [at, { k, v }] of rows.entries()) {
            values += 1;
            const value = ours[at]?.v as Stored;
            const right = v === null ? null : expected(v, from, to);
            if (!isDeepStrictEqual(form(value, from), right)) {
              problems.push(`${table}.${name} (${from}), ${k}: ${show(value)}, not ${show(right)}`);
            }
          }
        }
      }
      assert.deepEqual(problems.slice(0, 20), []);
      assert.ok(values > 100, String(values));
    });
  });
}

/** What the server is asked for: text in which nothing is rounded. */
function textForm(name: string, type: string, to: string): string {
  if (to === 'BLOB' || /^bit/.test(type)) return name;
  if (/^vector/.test(type)) return `VECTOR_TO_STRING(${name})`;
  if (/^float/.test(type)) return `CAST(${name} AS DOUBLE)`;
  if (/^timestamp/.test(type)) return `COALESCE(CONVERT_TZ(${name}, @@session.time_zone, '+00:00'), ${name})`;
  return `CONVERT(CAST(${name} AS CHAR) USING utf8mb4)`;
}

function expected(bytes: Buffer, from: string, to: string): Stored {
  const text = bytes.toString('utf8');
  if (to === 'BLOB') return new Uint8Array(bytes);
  if (/^bit/.test(from) || /^bigint.*unsigned/.test(from)) {
    const number = /^bit/.test(from) ? BigInt(`0x${bytes.toString('hex')}`) : BigInt(text);
    return number < 2n ** 63n ? number : String(number);
  }
  if (to === 'INTEGER') return BigInt(text);
  if (to === 'REAL') return /^float/.test(from) ? Math.fround(Number(text)) : Number(text);
  if (to === 'NUMERIC') return Number.isInteger(Number(text)) ? BigInt(Number(text)) : Number(text);
  // The zero date is at no moment.
  if (/^timestamp/.test(from)) return text.startsWith('0000') ? text : `${text}+00:00`;
  return /^vector/.test(from) ? vector(text) : text;
}

/** Single precision is the shortest decimal that means the number, which the server writes as a double. */
function form(value: Stored, from: string): Stored {
  if (/^float/.test(from) && typeof value === 'number') return Math.fround(value);
  return /^vector/.test(from) && typeof value === 'string' ? vector(value) : value;
}

function vector(text: string): string {
  return JSON.stringify((JSON.parse(text) as number[]).map(Math.fround));
}

function show(value: Stored): string {
  return value instanceof Uint8Array
    ? `bytes ${Buffer.from(value).toString('hex').slice(0, 80)}`
    : `${typeof value} ${String(value).slice(0, 120)}`;
}

function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
