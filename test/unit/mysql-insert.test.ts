/** Records as INSERT statements and as LOAD DATA statements, and statements in the character set of their makers. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { textEncoder } from '../../src/adapters/mysql/client-charset.ts';
import { insertStatements } from '../../src/adapters/mysql/insert-rows.ts';
import { endpointOf } from '../../src/adapters/mysql/location.ts';
import { splitMomentary } from '../../src/adapters/mysql/momentary-rows.ts';
import { rehomed } from '../../src/adapters/mysql/rehome.ts';
import { loadStatement, type TableLoad } from '../../src/adapters/mysql/table-load.ts';
import { DbimgError } from '../../src/core/errors.ts';

const LOAD: TableLoad = {
  table: '`s`.`t`',
  columns: [
    { name: 'id', readAs: 'plain' },
    { name: 'e`', readAs: 'number' },
    { name: 'j', readAs: 'json' },
  ],
  versioned: false,
  counter: undefined,
};

function record(...values: (string | null)[]): Buffer {
  return Buffer.concat(
    values.map((value) =>
      value === null
        ? Buffer.of(0xfb)
        : Buffer.concat([Buffer.of(value.length), Buffer.from(value, 'latin1')]),
    ),
  );
}

function isError(code: string) {
  return (error: unknown): boolean => error instanceof DbimgError && error.code === code;
}

describe('INSERT statements', () => {
  it('quote every value as bytes', () => {
    const records = Buffer.concat([record('1', '2', "it's\\"), record('2', null, '\0\xe9')]);
    const [statement, ...rest] = [...insertStatements(LOAD, records, 1 << 20)];
    assert.equal(rest.length, 0);
    assert.equal(statement?.rows, 2);
    assert.equal(
      statement?.sql.toString('latin1'),
      "INSERT INTO `s`.`t` (`id`, `e```, `j`) VALUES  ('1',CAST('2' AS UNSIGNED),CONVERT('it\\'s\\\\' USING utf8mb4))," +
        "('2',NULL,CONVERT('\\0\xe9' USING utf8mb4))",
    );
  });

  it('are cut before they are larger than the server takes, and hold every row once', () => {
    const records = Buffer.concat(
      Array.from({ length: 500 }, (_, id) => record(String(id), null, 'x'.repeat(200))),
    );
    const statements = [...insertStatements(LOAD, records, 4096)];
    assert.ok(statements.length > 30);
    assert.equal(
      statements.reduce((sum, { rows }) => sum + rows, 0),
      500,
    );
    for (const { sql } of statements) assert.ok(sql.length < 4096);
  });

  it('refuse a row that the server would not take, and bytes that are no records', () => {
    assert.throws(
      () => [...insertStatements(LOAD, record('1', null, 'x'.repeat(240)), 1100)],
      isError('UNSUPPORTED'),
    );
    const whole = record('1', '2', 'three');
    for (let end = 1; end < whole.length; end += 1) {
      assert.throws(
        () => [...insertStatements(LOAD, whole.subarray(0, end), 1 << 20)],
        isError('IMAGE_DAMAGED'),
      );
    }
  });
});

describe('LOAD DATA statements', () => {
  it('compute what must be computed', () => {
    const text = loadStatement(LOAD);
    assert.match(
      text,
      /\(`id`, @dbimg1, @dbimg2\) SET `e``` = CAST\(@dbimg1 AS UNSIGNED\), `j` = CONVERT\(@dbimg2 USING utf8mb4\)$/,
    );
    assert.match(
      text,
      /INTO TABLE `s`\.`t` CHARACTER SET binary FIELDS TERMINATED BY '\\t' ESCAPED BY '\\\\' LINES TERMINATED BY '\\n'/,
    );
  });

  it('name the counter again where a computed column would make it count', () => {
    assert.match(
      loadStatement({ ...LOAD, counter: '`id`' }),
      /\(@dbimg0, @dbimg1, @dbimg2\) SET `id` = @dbimg0,/,
    );
  });
});

it('rows of a single moment are told from others', () => {
  const versioned: TableLoad = { ...LOAD, versioned: true };
  const records = Buffer.concat([record('1', 'a', 'b'), record('2', 'c', 'c'), record('3', 'd', 'e')]);
  const { others, momentary } = splitMomentary(versioned, records);
  assert.deepEqual(momentary, [["'2'", "'c'", "'c'"]]);
  assert.deepEqual(others, Buffer.concat([record('1', 'a', 'b'), record('3', 'd', 'e')]));
});

describe('Statements in the character set of their makers', () => {
  const cases: readonly [set: string, text: string, hex: string][] = [
    ['utf8mb4', 'ü🐬', 'c3bcf09f90ac'],
    ['latin1', 'ü€', 'fc80'],
    ['cp1251', 'Ж', 'c6'],
    ['sjis', '日本', '93fa967b'],
    ['ujis', '日本', 'c6fccbdc'],
    ['gbk', '中', 'd6d0'],
    ['big5', '中', 'a4a4'],
  ];
  for (const [set, text, hex] of cases) {
    it(`${set}: ${text}`, () => assert.equal(textEncoder(set)(text).toString('hex'), hex));
  }
  it('refuses what the character set does not have', () => {
    assert.throws(() => textEncoder('latin1')('日'), isError('UNSUPPORTED'));
  });
});

it('references to databases of the image go to where those grow', () => {
  const schemas = new Map([
    ['a', 'dbimg_a'],
    ['b`', 'dbimg_b'],
  ]);
  const statement =
    "ALTER TABLE `t` ADD CONSTRAINT `REFERENCES ``a``.` FOREIGN KEY (`x`) REFERENCES `b```.`p` (`id`), COMMENT 'REFERENCES `a`.`x`', ADD FOREIGN KEY (`y`) REFERENCES `other`.`p` (`id`)";
  const entry = {
    id: 1,
    kind: 'foreign key',
    object: ['a', 't'],
    phase: 'post-data' as const,
    body: { statements: [statement] },
  };
  const { statements } = rehomed(entry, schemas).body as { statements: string[] };
  assert.equal(statements[0], statement.replace('REFERENCES `b```.', 'REFERENCES `dbimg_b`.'));
});

it('the URL says what may be converted, and nothing else', async () => {
  const endpoint = await endpointOf('mysql://h/d?convert=collations,TYPES&binlog=off', { HOME: '/nowhere' });
  assert.deepEqual(endpoint.convert, ['collations', 'types']);
  assert.equal(endpoint.binlog, 'off');
  await assert.rejects(endpointOf('mysql://h/d?convert=everything', { HOME: '/nowhere' }), isError('USAGE'));
  await assert.rejects(endpointOf('mysql://h/d?binlog=maybe', { HOME: '/nowhere' }), isError('USAGE'));
});
