/** Values of other engines as SQLite's records: SQLite reads back what was written, and would not store it otherwise. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, it } from 'node:test';
import { adapter } from '../../src/adapters/sqlite/adapter.ts';
import { storageOf } from '../../src/adapters/sqlite/column-mapping.ts';
import { decoder } from '../../src/adapters/sqlite/decoder.ts';
import { encoder } from '../../src/adapters/sqlite/encoder.ts';
import { exactNumber, storedValue } from '../../src/adapters/sqlite/stored-values.ts';
import type { StreamOpen } from '../../src/core/adapter.ts';
import type { Relation, RelationColumn, ValueKind } from '../../src/core/relation.ts';
import type { Value } from '../../src/core/value.ts';
import { Random } from '../random.ts';

const STORAGE = ['INTEGER', 'REAL', 'NUMERIC', 'TEXT', 'BLOB', 'ANY'] as const;

function openOf(types: readonly string[]): StreamOpen {
  return {
    object: ['main', 't'],
    part: 0,
    encoding: 'sqlite.row',
    columns: types.map((type, at) => ({ name: `c${at}`, type })),
    settings: { encoding: 'UTF-8' },
    details: { withoutRowid: false, rowidColumn: null },
  };
}

function digits(random: Random, count: number): string {
  return Array.from({ length: count }, () => random.integer(0, 9)).join('');
}

function decimal(random: Random, most: number): string {
  const fraction = random.integer(0, most - 1);
  const whole = digits(random, random.integer(1, most - fraction)).replace(/^0+(?=\d)/, '');
  return `${random.chance(0.5) ? '-' : ''}${whole}${fraction > 0 ? `.${digits(random, fraction)}` : ''}`;
}

function integer(random: Random): bigint {
  const bits = BigInt(random.integer(0, 63));
  const value = BigInt.asIntN(
    64,
    (BigInt(Math.floor(random.next() * 2 ** 32)) << 32n) | BigInt(Math.floor(random.next() * 2 ** 32)),
  );
  return random.pick([value >> bits, -(1n << bits), (1n << bits) - 1n, 0n, 1n]);
}

function float(random: Random): number {
  const any = new DataView(new ArrayBuffer(8));
  any.setUint32(0, random.next() * 2 ** 32);
  any.setUint32(4, random.next() * 2 ** 32);
  return random.pick([any.getFloat64(0), 0, -0, 0.1, 1e15, -3, Infinity, -Infinity, Number.NaN, 5e-324]);
}

function text(random: Random): string {
  const alphabet = ['a', 'ß', '🐘', '\0', '\n', '1', '.', ' ', 'e'];
  const length = random.pick([0, 1, 5, 60, 3000]);
  return Array.from({ length }, () => random.pick(alphabet)).join('');
}

function valueFor(random: Random, storage: (typeof STORAGE)[number]): Value {
  if (random.chance(0.1)) return { type: 'null' };
  const values: { readonly [type in (typeof STORAGE)[number]]: () => Value } = {
    INTEGER: () =>
      random.pick<Value>([
        { type: 'integer', value: integer(random) },
        { type: 'boolean', value: true },
      ]),
    REAL: () => ({ type: 'float', value: float(random) }),
    NUMERIC: () => ({ type: 'decimal', value: random.pick([decimal(random, 15), 'NaN']) }),
    TEXT: () =>
      random.pick<Value>([
        { type: 'text', value: text(random) },
        { type: 'decimal', value: decimal(random, 40) },
        { type: 'list', value: [{ type: 'integer', value: integer(random) }, { type: 'null' }] },
      ]),
    BLOB: () => ({ type: 'bytes', value: new Uint8Array(Buffer.from(text(random))) }),
    ANY: () => valueFor(random, random.pick(['INTEGER', 'REAL', 'TEXT', 'BLOB'])),
  };
  return values[storage]();
}

describe('records for SQLite', () => {
  const seed = Number(process.env.DBIMG_TEST_SEED ?? Math.floor(Math.random() * 2 ** 32));

  it(`are read back as they were written (DBIMG_TEST_SEED=${seed})`, () => {
    const random = new Random(seed);
    for (let round = 0; round < 40; round += 1) {
      const types = Array.from({ length: random.integer(1, 130) }, () => random.pick(STORAGE));
      const open = openOf(types);
      const encode = encoder(open);
      const rows = Array.from({ length: 5 }, () => types.map((type) => valueFor(random, type)));
      const chunk = Buffer.concat(rows.map((row, number) => encode.encode(row, number)));
      const read = [...decoder(open).decode(chunk)];
      assert.equal(read.length, rows.length);
      for (const [at, row] of rows.entries()) {
        for (const [column, value] of row.entries()) {
          const stored = storedValue(value, types[column] as (typeof STORAGE)[number]);
          const back = read[at]?.[column] as Value;
          const real = types[column] === 'REAL' && typeof stored === 'bigint';
          assert.deepEqual(
            'value' in back ? back.value : null,
            real ? Number(stored) : stored,
            `${types[column]}`,
          );
        }
      }
    }
  });

  it(`hold what SQLite itself would store (DBIMG_TEST_SEED=${seed})`, () => {
    const random = new Random(seed + 1);
    using database = new DatabaseSync(':memory:');
    database.exec(
      `CREATE TABLE t (${STORAGE.map((type, at) => `c${at} ${type === 'ANY' ? '' : type}`).join(', ')})`,
    );
    const insert = database.prepare(`INSERT INTO t VALUES (${STORAGE.map(() => '?').join(', ')})`);
    const select = database.prepare('SELECT * FROM t WHERE rowid = ?');
    select.setReadBigInts(true);
    for (let row = 1; row <= 500; row += 1) {
      const stored = STORAGE.map((type) => storedValue(valueFor(random, type), type));
      // Text of node:sqlite ends at a NUL.
      const values = stored.map((value) => (typeof value === 'string' ? value.replaceAll('\0', '') : value));
      insert.run(...values);
      // -0 is a number of its own in a record, but not to SQLite's arithmetic.
      const plain = (value: unknown): unknown => (Object.is(value, -0) ? 0 : value);
      assert.deepEqual(Object.values(select.get(row) ?? {}).map(plain), values.map(plain));
    }
  });

  it('keeps decimals as numbers only if no digit is lost', () => {
    const random = new Random(seed + 2);
    for (let round = 0; round < 5000; round += 1) {
      const written = decimal(random, random.integer(1, 22));
      const number = exactNumber(written);
      if (number === undefined) continue;
      const [whole = '', fraction = ''] = written.replace(/^(-?)0+(?=\d)/, '$1').split('.');
      const trimmed = fraction.replace(/0+$/, '');
      const expected = trimmed === '' ? whole.replace(/^-0$/, '0') : `${whole}.${trimmed}`;
      const shown = typeof number === 'bigint' ? number.toString() : fixed(number, trimmed.length);
      assert.equal(shown, expected, written);
    }
    assert.equal(exactNumber('9223372036854775808'), undefined);
    assert.equal(exactNumber('-9223372036854775808'), -(2n ** 63n));
    assert.equal(exactNumber('0.1234567890123456'), undefined);
  });

  it('refuse numbers that have no place', () => {
    assert.throws(() => storedValue({ type: 'integer', value: 2n ** 63n }, 'INTEGER'), {
      code: 'UNSUPPORTED',
    });
    assert.throws(() => storedValue({ type: 'decimal', value: '1.00000000000000001' }, 'NUMERIC'), {
      code: 'UNSUPPORTED',
    });
    assert.equal(storedValue({ type: 'integer', value: 2n ** 63n }, 'ANY'), '9223372036854775808');
  });
});

function fixed(value: number, places: number): string {
  return value.toFixed(places);
}

function column(name: string, value: ValueKind, more: Partial<RelationColumn> = {}): RelationColumn {
  return { name, type: value.kind, value, nullable: true, ...more };
}

function relation(object: string[], columns: RelationColumn[], more: Partial<Relation> = {}): Relation {
  return { object, name: object.at(-1) as string, columns, ...more };
}

describe('definitions for SQLite', () => {
  const translate = (...relations: Relation[]) => {
    const translation = adapter.translator?.translate({ relations, omissions: [], local: {} }, {} as never);
    assert.ok(translation);
    return translation;
  };

  it('are what SQLite makes of keys, defaults, names and comments', () => {
    const folder = mkdtempSync(join(tmpdir(), 'dbimg-definitions-'));
    const parent = relation(
      ['d', 'public', 'parent'],
      [
        column('id', { kind: 'integer', bits: 64 }, { nullable: false, counted: true, comment: 'its\nkey' }),
        column('a "b"', { kind: 'text' }, { default: { type: 'text', value: "it's" } }),
        column(
          'n',
          { kind: 'decimal', precision: 4, scale: 2 },
          { default: { type: 'number', value: '-1.50' } },
        ),
        column('at', { kind: 'timestamp' }, { default: { type: 'now', as: 'timestamp' }, nullable: false }),
        column('ok', { kind: 'boolean' }, { default: { type: 'boolean', value: true } }),
      ],
      {
        primaryKey: { columns: ['id'] },
        unique: [{ name: 'once', columns: ['n', 'ok'] }],
        comment: 'of all -- ages',
      },
    );
    const child = relation(
      ['d', 'other', 'parent'],
      [column('x', { kind: 'integer', bits: 32 }), column('y', { kind: 'uuid' })],
      {
        schema: 'other',
        primaryKey: { columns: ['x', 'y'] },
        indexes: [
          { name: 'parent', unique: false, columns: [{ name: 'y', descending: true }] },
          { name: 'sqlite_x', unique: true, columns: [{ name: 'x' }] },
        ],
        foreignKeys: [
          {
            columns: ['x'],
            references: ['d', 'public', 'parent'],
            referenced: ['id'],
            onDelete: 'cascade',
            deferred: true,
          },
          { name: 'no_key', columns: ['x'], references: ['d', 'public', 'parent'], referenced: ['n'] },
          { columns: ['x'], references: ['d', 'gone'], referenced: ['id'] },
        ],
      },
    );
    const { entries, mappings, omissions } = translate(parent, child, relation(['d', 'none'], []));
    using database = new DatabaseSync(join(folder, 'x.db'));
    for (const { kind, body } of entries) {
      if (kind !== 'database') database.exec((body as { sql: string[] }).sql[0] as string);
    }
    assert.deepEqual(
      omissions.map(({ kind, object }) => `${kind} ${object.at(-1)}`),
      ['foreign-key no_key', 'foreign-key x', 'table none'],
    );
    assert.deepEqual(
      mappings.map(({ target }) => target),
      [
        ['main', 'parent'],
        ['main', 'other.parent'],
      ],
    );
    database.exec(`INSERT INTO parent DEFAULT VALUES; INSERT INTO "other.parent" VALUES (1, 'u')`);
    const row = database.prepare('SELECT id, "a ""b""" AS a, n, ok FROM parent').get();
    assert.deepEqual({ ...row }, { id: 1, a: "it's", n: -1.5, ok: 1 });
    database.exec('PRAGMA foreign_keys = ON; DELETE FROM parent');
    assert.equal(database.prepare('SELECT count(*) AS n FROM "other.parent"').get()?.n, 0, 'cascade');
    const names = database
      .prepare(`SELECT name FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL ORDER BY 1`)
      .all();
    assert.deepEqual(
      names.map(({ name }) => name),
      ['other.parent_parent', 'other.parent_sqlite_x'],
    );
    rmSync(folder, { recursive: true });
  });

  it('refuse two tables of one name, and a table with two columns of one', () => {
    const one = (...object: string[]) => relation(object, [column('a', { kind: 'text' })]);
    assert.throws(() => translate(one('d', 'T'), one('d', 't')), {
      code: 'UNSUPPORTED',
      hint: /--skip 'd\.t'/,
    });
    const twice = relation(['d', 'c'], [column('a', { kind: 'text' }), column('A', { kind: 'text' })]);
    assert.match(translate(twice).omissions[0]?.reason ?? '', /case/);
  });

  it('store every kind of value somewhere', () => {
    const kinds: [ValueKind, string, string][] = [
      [{ kind: 'integer', bits: 64, unsigned: true }, 'ANY', 'form'],
      [{ kind: 'integer', bits: 32, unsigned: true }, 'INTEGER', 'exact'],
      [{ kind: 'decimal', precision: 18, scale: 0 }, 'INTEGER', 'exact'],
      [{ kind: 'decimal', precision: 19, scale: 0 }, 'TEXT', 'form'],
      [{ kind: 'decimal', precision: 15, scale: 5 }, 'NUMERIC', 'form'],
      [{ kind: 'decimal', precision: 16, scale: 5 }, 'TEXT', 'form'],
      [{ kind: 'decimal', precision: 2, scale: -3 }, 'INTEGER', 'exact'],
      [{ kind: 'decimal', precision: 3, scale: 20 }, 'TEXT', 'form'],
      [{ kind: 'decimal' }, 'TEXT', 'form'],
      [{ kind: 'float', bits: 32 }, 'REAL', 'exact'],
      [{ kind: 'bytes' }, 'BLOB', 'exact'],
      [{ kind: 'any' }, 'ANY', 'form'],
      [{ kind: 'list', of: { kind: 'text' } }, 'TEXT', 'form'],
    ];
    for (const [kind, storage, fidelity] of kinds) {
      const mapping = storageOf(column('c', kind), false);
      assert.deepEqual([mapping.storage, mapping.fidelity], [storage, fidelity], JSON.stringify(kind));
    }
  });
});
