/** Every built-in type there and back, in the binary and in the text format, and decoded without a server. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import {
  createDatabase,
  databaseUrl,
  dropDatabase,
  query,
  type RunningPostgres,
  startPostgres,
} from '../engines/postgres.ts';
import { digestsOf, dump, restore, valuesOf } from './adapter-job.ts';

/** Type and values, as literals. */
const SAMPLES: readonly (readonly [type: string, ...values: string[]])[] = [
  ['bool', 'true', 'false'],
  ['bytea', '\\x', '\\x00ff0a5c'],
  ['"char"', 'a', '\\377'],
  ['name', 'a "name"'],
  ['int2', '-32768', '32767'],
  ['int4', '-2147483648', '2147483647'],
  ['int8', '-9223372036854775808', '9223372036854775807'],
  ['oid', '0', '4294967295'],
  ['tid', '(0,1)', '(4294967295,65535)'],
  ['xid', '3'],
  ['cid', '4'],
  ['text', '', 'tab\tline\nback\\slash', '\\N', '\\.', 'ä🎉'],
  ['varchar(5)', 'abcde'],
  ['char(5)', 'ab'],
  ['json', '{"b":1, "a":  [null]}'],
  ['jsonb', '{"b":1,"a":[null,1.50,"x"]}'],
  ['jsonpath', '$."a"[*]?(@ > 3)'],
  ['point', '(1.5,-2)', '(0.1,1e300)'],
  ['lseg', '[(1,2),(3,4)]'],
  ['box', '(3,4),(1,2)'],
  ['path', '[(1,2),(3,4)]', '((1,2),(3,4))'],
  ['polygon', '((1,2),(3,4),(5,6))'],
  ['line', '{1,-1,0.5}'],
  ['circle', '<(1,2),3>'],
  ['float4', '1.1', '-0', 'NaN', 'Infinity', '-Infinity', '3.4028235e38', '1e-45'],
  ['float8', '0.1', '-0', 'NaN', 'Infinity', '-Infinity', '1.7976931348623157e308', '5e-324'],
  ['money', '1234567.89', '-0.01'],
  ['macaddr', '08:00:2b:01:02:03'],
  ['macaddr8', '08:00:2b:01:02:03:04:05'],
  ['inet', '192.168.0.1/24', '10.0.0.1', '::1', '2001:db8::1/64', '1:0:0:2:0:0:0:3'],
  ['cidr', '192.168.0.0/24', '2001:db8::/32', '10.0.0.0/32', '::/0'],
  ['date', '2020-02-29', '0044-03-15 BC', '12345-06-07', 'infinity', '-infinity', '0001-01-01', '1999-12-31'],
  ['time', '00:00:00', '23:59:59.999999', '24:00:00'],
  ['timetz', '12:34:56.7+05:30', '00:00:00-08'],
  [
    'timestamp',
    '2020-02-29 12:34:56.789012',
    '0044-03-15 00:00:01 BC',
    'infinity',
    '-infinity',
    '1969-07-20 20:17:40',
  ],
  [
    'timestamptz',
    '2020-02-29 12:34:56.789012+02',
    '12345-06-07 00:00:00Z',
    '-infinity',
    '1900-01-01 00:00:00Z',
  ],
  [
    'interval',
    '1 year 2 mons -3 days 04:05:06.789',
    '-1 day',
    '0',
    '-00:00:00.000001',
    '100:00:00',
    '-1 mons',
  ],
  ['bit(11)', '10101010101'],
  ['varbit', '', '1', '000000001'],
  [
    'numeric',
    '0',
    '-0.00001',
    '12345678901234567890.12345678901234567890',
    'NaN',
    '1e-20',
    '10000',
    '99990000',
    '1.500',
  ],
  ['numeric(10,2)', '3.10'],
  ['uuid', '00112233-4455-6677-8899-aabbccddeeff'],
  ['tsvector', "'a':1A,3B 'it''s':2 'plain'", ''],
  ['txid_snapshot', '10:20:10,14,15'],
  ['pg_lsn', '16/B374D848'],
  ['int4range', '[1,5)', 'empty', '(,3)', '[7,)', '(,)'],
  ['numrange', '(1.5,2.50]'],
  ['tstzrange', '[2020-01-01 00:00Z,)'],
  ['daterange', '[2020-01-01,2020-02-01)'],
  ['int4[]', '{}', '{1,NULL,3}', '{{1,2},{3,4}}', '[0:1]={5,6}'],
  ['text[]', '{a,"b c","d\\"e\\\\f",NULL,"NULL",""}'],
  ['timestamptz[]', '{2020-01-01 00:00:00Z}'],
  ['mood', 'happy', 'so so'],
  ['positive', '7'],
  ['moods', '[happy,so so]'],
];

/** Types without a stable binary form. */
const TEXT_ONLY: readonly (readonly [type: string, ...values: string[]])[] = [
  ['xml', '<a b="c"/>'],
  ['tsquery', "'fat' & 'rat'", ''],
  ['int2vector', '1 2 3', ''],
  ['oidvector', '1 2 3', ''],
  ['regclass', 'pg_class'],
  ['mood[]', '{happy,"so so"}'],
  ['pair', '(1,"a b")'],
  ['positive[]', '{1,2}'],
];

const TYPES = `
  CREATE TYPE mood AS ENUM ('sad', 'happy', 'so so', 'zzz');
  CREATE DOMAIN positive AS int4 CHECK (VALUE > 0);
  CREATE TYPE moods AS RANGE (subtype = mood);
  CREATE TYPE pair AS (a int, b text)`;

function tableOf(name: string, samples: readonly (readonly [string, ...string[]])[]): string {
  const columns = samples.map(([type], index) => `c${index} ${type}`);
  const rows = Math.max(...samples.map((sample) => sample.length - 1));
  const quote = (text: string): string => ` E'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
  const value = (sample: readonly string[], row: number): string =>
    sample[row + 1] === undefined ? 'NULL' : `${quote(sample[row + 1] as string)}::${sample[0]}`;
  const tuples = Array.from(
    { length: rows },
    (_, row) => `(${samples.map((sample) => value(sample, row)).join(',')})`,
  );
  return `CREATE TABLE ${name} (${columns.join(', ')}); INSERT INTO ${name} VALUES ${tuples.join(', ')}`;
}

for (const version of [12, 15, 18] as const) {
  describe(`types of PostgreSQL ${version}`, () => {
    let server: RunningPostgres;
    before(async () => {
      server = await startPostgres({ version });
    });
    after(() => server.stop());

    const samples = [
      ...SAMPLES,
      ...(version >= 13
        ? ([
            ['xid8', '18446744073709551615'],
            ['pg_snapshot', '10:20:10,14'],
          ] as const)
        : []),
      ...(version >= 14
        ? ([
            ['int4multirange', '{}', '{[1,3),[5,7)}'],
            ['numeric', 'Infinity', '-Infinity'],
          ] as const)
        : []),
      ...(version >= 17 ? ([['interval', 'infinity', '-infinity']] as const) : []),
    ];

    it('carries every value, in both formats, and decodes both to the same', async () => {
      await using database = await createDatabase(server);
      await query(database.url, `SET TimeZone = 'Asia/Kathmandu'; SET lc_monetary = 'C'; ${TYPES}`);
      await query(database.url, tableOf('binary_rows', samples));
      await query(database.url, tableOf('text_rows', [...samples, ...TEXT_ONLY]));
      const image = await dump(database.url);
      const encodings = new Map(image.streams.map(({ open }) => [open.object.at(-1), open.encoding]));
      assert.equal(encodings.get('binary_rows'), 'pg.copy.binary');
      assert.equal(encodings.get('text_rows'), 'pg.copy.text');

      const binary = valuesOf(image, 'binary_rows') as unknown[][];
      const text = valuesOf(image, 'text_rows') as unknown[][];
      for (const [row, values] of binary.entries()) {
        for (const [column, value] of values.entries()) {
          assert.deepEqual(
            value,
            text[row]?.[column],
            `${samples[column]?.[0]}: ${samples[column]?.[row + 1]}`,
          );
        }
      }

      const copy = databaseUrl(server.url, `${database.name}_copy`);
      try {
        await restore(image, copy, { create: true });
        assert.deepEqual(digestsOf(await dump(copy)), digestsOf(image));
      } finally {
        await dropDatabase(server.url, `${database.name}_copy`);
      }
    });

    for (const [type] of TEXT_ONLY) {
      it(`sends ${type} as text`, async () => {
        await using database = await createDatabase(server);
        await query(database.url, `${TYPES}; CREATE TABLE t (a int, b ${type})`);
        const image = await dump(database.url);
        assert.equal(image.streams[0]?.open.encoding, 'pg.copy.text');
      });
    }
  });
}
