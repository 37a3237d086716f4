/**
 * Every type of PostgreSQL in SQLite: what SQLite reads must be what PostgreSQL itself writes as text, in the form that
 * docs/cross-engine.md promises.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { DbimgError, dump, type RestoreResult, restore } from '../../src/index.ts';
import {
  createDatabase,
  query,
  type RunningPostgres,
  startPostgres,
  type TestDatabase,
} from '../engines/postgres.ts';
import { loadEveryKind } from '../postgres-fixtures/load.ts';

type Crossing = NonNullable<RestoreResult['crossing']>;
type Stored = null | bigint | number | string | Uint8Array;

const SESSION = `SET TimeZone = 'UTC'; SET DateStyle = 'ISO, YMD'; SET IntervalStyle = 'iso_8601'; SET lc_monetary = 'C';
  SET bytea_output = 'hex'; SET extra_float_digits = 1; SET search_path = pg_catalog;`;

/** What PostgreSQL's text becomes, by its type. */
function expected(text: string, type: string): Stored {
  const name = type.replace(/\(.*?\)/g, '').trim();
  switch (name) {
    case 'smallint':
    case 'integer':
    case 'bigint':
    case 'oid':
    case 'types.small_positive':
      return BigInt(text);
    case 'boolean':
      return text === 't' ? 1n : 0n;
    case 'real':
    case 'double precision':
      return text === 'NaN' ? text : Number(text);
    case 'bytea':
      return new Uint8Array(Buffer.from(text.slice(2), 'hex'));
    case 'date':
    case 'timestamp without time zone':
    case 'timestamp with time zone':
      return moment(text);
    case 'time with time zone':
      return text.replace(/([+-]\d\d)$/, '$1:00');
    default:
      return text;
  }
}

/** `0044-03-15 BC` is the year −43; years beyond 9999 have a sign; offsets have minutes. */
function moment(text: string): string {
  const match = /^(\d+)(-\d\d-\d\d)( [\d:.]+)?(\+00)?( BC)?$/.exec(text);
  if (!match) return text;
  const [, digits = '', day, time = '', zone, before] = match;
  const year = before ? 1 - Number(digits) : Number(digits);
  const shown = `${year < 0 ? '-' : year > 9999 ? '+' : ''}${String(Math.abs(year)).padStart(4, '0')}`;
  return `${shown}${day}${time}${zone ? '+00:00' : ''}`;
}

for (const version of [15, 18] as const) {
  describe(`types of PostgreSQL ${version} in SQLite`, () => {
    const folder = mkdtempSync(join(tmpdir(), 'dbimg-types-'));
    let server: RunningPostgres;
    let source: TestDatabase;
    let crossing: Crossing;
    let result: RestoreResult;
    let copy: DatabaseSync;

    before(async () => {
      server = await startPostgres({ version });
      source = await createDatabase(server);
      await loadEveryKind(source.url);
      const image = join(folder, 'every.dbimg');
      await dump({ source: source.url, image });
      const target = `sqlite:${folder}/every.db`;
      const refusal = await restore({ image, target, create: true }).catch((error: unknown) => error);
      assert.ok(refusal instanceof DbimgError && refusal.code === 'UNSUPPORTED', String(refusal));
      assert.match(
        `${refusal.message} ${refusal.hint}`,
        /--skip 'Odd Schema\.Case' --skip 'Odd Schema\.case'/,
      );
      assert.deepEqual(readdirSync(folder), ['every.dbimg'], 'nothing was left');
      result = await restore({
        image,
        target,
        create: true,
        prove: true,
        skip: ['Odd Schema.Case', 'Odd Schema.case', 'rel.t'],
      });
      crossing = result.crossing as Crossing;
      copy = new DatabaseSync(join(folder, 'every.db'), { readOnly: true });
    });

    after(async () => {
      copy?.close();
      await source?.[Symbol.asyncDispose]();
      await server?.[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true, force: true });
    });

    test('every value', async () => {
      const tables = crossing.tables.filter(({ source: [, schema] }) => schema === 'vals');
      assert.ok(tables.length > 5);
      let values = 0;
      const problems: string[] = [];
      for (const { source: object, target, columns } of tables) {
        if (!columns.some(({ column }) => column === 'id')) continue;
        const table = `"${object.at(-2)}"."${object.at(-1)}"`;
        for (const { column, from, note } of columns) {
          const quoted = `"${column.replaceAll('"', '""')}"`;
          // Not a cast: some types have casts to text that are not their text form.
          const form = `format('%s', ${quoted})`;
          const json =
            note === 'JSON array'
              ? `CASE WHEN ${form} LIKE '[%' THEN ${form} ELSE to_json(${quoted})::text END`
              : form;
          const rows = await query<{ key: string; text: string | null }>(
            source.url,
            `${SESSION} SELECT id::text AS key, CASE WHEN ${quoted} IS DISTINCT FROM NULL THEN ${json} END AS text FROM ${table} ORDER BY id`,
          );
          const select = copy.prepare(`SELECT id, ${quoted} AS value FROM "${target.at(-1)}" ORDER BY id`);
          select.setReadBigInts(true);
          const ours = select.all() as { id: bigint; value: Stored }[];
          assert.equal(ours.length, rows.length);
          for (const [at, { key, text }] of rows.entries()) {
            const where = `${table} ${column} (${from}), id ${key}`;
            const value = ours[at]?.value as Stored;
            values += 1;
            problems.push(...check(value, text, from, note, where));
          }
        }
      }
      assert.deepEqual(problems.slice(0, 30), []);
      assert.ok(values > 500, String(values));
    });

    test('SQLite finds the database whole', () => {
      assert.deepEqual(
        copy
          .prepare('PRAGMA integrity_check')
          .all()
          .map((row) => Object.values(row)),
        [['ok']],
      );
      // Foreign keys that were never validated are broken in the source too.
      const broken = copy.prepare('PRAGMA foreign_key_check').all();
      assert.deepEqual(
        broken.map(({ table }) => table),
        version >= 18 ? ['con.orphans', 'part.not_valid_key'] : ['con.orphans'],
      );
    });
  });
}

/** Arrays that begin elsewhere than at 1 are in PostgreSQL's own form; in the others bytes and times have our form. */
function expectedArray(text: string, type: string): Stored {
  if (/^\[-?\d+:/.test(text)) return text;
  const form = (element: unknown): unknown => {
    if (Array.isArray(element)) return element.map(form);
    if (typeof element !== 'string') return element;
    if (type === 'bytea[]') return { base64: Buffer.from(element.slice(2), 'hex').toString('base64') };
    return type.startsWith('timestamp') ? element.replace('+00:00', 'Z') : element;
  };
  return JSON.stringify(form(JSON.parse(text)));
}

function parsed(json: string): string {
  return JSON.stringify(JSON.parse(json));
}

/** What is wrong with a value, if anything. */
function check(
  value: Stored,
  text: string | null,
  from: string,
  note: string | undefined,
  where: string,
): string[] {
  const number = note?.startsWith('all digits; zeros') === true;
  const right =
    text === null
      ? null
      : note === 'JSON array'
        ? expectedArray(text, from)
        : number && text !== 'NaN'
          ? Number(text)
          : expected(text, from);
  const left =
    note === 'JSON array' && typeof value === 'string' && !/^\[-?\d+:/.test(value)
      ? parsed(value)
      : number && typeof value === 'bigint'
        ? Number(value)
        : value;
  if (isDeepStrictEqual(left, right)) return [];
  return [`${where}: ${show(left)}, not ${show(right)}`];
}

function show(value: Stored): string {
  return `${typeof value} ${String(value).slice(0, 200)}`;
}
