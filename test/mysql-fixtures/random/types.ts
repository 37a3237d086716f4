/** Column types with random values of each, as they stand in a statement under the modes of a draft. */
import type { MysqlProduct } from '../../engines/mysql.ts';
import type { Random } from '../../random.ts';

export interface MysqlType {
  readonly sql: string;
  value(random: Random): string;
  /** How it may be indexed. */
  readonly key: 'whole' | 'prefix' | 'spatial' | 'none';
  /** May have a literal as default. */
  readonly literalDefault: boolean;
  /** Words can be searched in it. */
  readonly words?: boolean;
}

type Make = (random: Random) => MysqlType;

const INTEGERS = [
  ['tinyint', 8],
  ['smallint', 16],
  ['mediumint', 24],
  ['int', 32],
  ['bigint', 64],
] as const;

function integer(random: Random): MysqlType {
  const [name, bits] = random.pick(INTEGERS);
  const unsigned = random.chance(0.3);
  const low = unsigned ? 0n : -(1n << BigInt(bits - 1));
  const high = unsigned ? (1n << BigInt(bits)) - 1n : (1n << BigInt(bits - 1)) - 1n;
  const zerofill = unsigned && random.chance(0.2) ? ' zerofill' : '';
  return {
    sql: `${name}${unsigned ? ' unsigned' : ''}${zerofill}`,
    key: 'whole',
    literalDefault: true,
    value: (r) => String(r.pick([low, high, 0n, 1n, (high / 1000n) * BigInt(r.integer(0, 999))])),
  };
}

function decimal(random: Random): MysqlType {
  const scale = random.integer(0, 30);
  const whole = random.integer(1, 65 - scale);
  const digits = (r: Random, count: number): string =>
    Array.from({ length: count }, () => r.integer(0, 9)).join('');
  return {
    sql: `decimal(${whole + scale},${scale})`,
    key: 'whole',
    literalDefault: true,
    value: (r) =>
      `${r.pick(['', '-'])}${digits(r, r.integer(1, whole))}${scale > 0 ? `.${digits(r, r.integer(1, scale))}` : ''}`,
  };
}

/** Any bits, so that denormals and every exponent come up. */
function bits(random: Random, double: boolean): number {
  const view = new DataView(new ArrayBuffer(8));
  view.setUint32(0, random.integer(0, 2 ** 32 - 1));
  view.setUint32(4, random.integer(0, 2 ** 32 - 1));
  const value = double ? view.getFloat64(0) : view.getFloat32(0);
  return Number.isFinite(value) ? value : 0.1;
}

function floating(random: Random): MysqlType {
  const double = random.chance(0.5);
  return {
    sql: double ? 'double' : 'float',
    key: 'none',
    literalDefault: false,
    value: (r) => {
      const value = r.pick([bits(r, double), r.integer(-(2 ** 24), 2 ** 24) / 8, 0, r.integer(1, 99) / 10]);
      return Object.is(value, -0) ? "'-0'" : `'${value}'`;
    },
  };
}

function bitField(random: Random): MysqlType {
  const size = random.integer(1, 64);
  return {
    sql: `bit(${size})`,
    key: 'whole',
    literalDefault: false,
    value: (r) => `b'${Array.from({ length: r.integer(1, size) }, () => r.integer(0, 1)).join('')}'`,
  };
}

/** Character sets with text that they can hold. */
const CHARSETS: readonly (readonly [name: string, texts: readonly string[]])[] = [
  ['utf8mb4', ['😀', 'ü', '中文', 'plain', 'e\u0301', '\u202e']],
  ['utf8mb4 COLLATE utf8mb4_bin', ['😀A', 'a', 'A']],
  ['utf8mb3', ['中文', 'é', 'plain']],
  ['latin1', ['é', 'ß€', 'plain']],
  ['latin2', ['łódź', 'plain']],
  ['ascii', ['plain', 'text']],
  ['utf16', ['😀', 'ü', 'plain']],
  ['utf32', ['😀', 'plain']],
  ['ucs2', ['中', 'plain']],
  ['ujis', ['日本語', 'plain']],
  ['sjis', ['日本語', '表示', 'plain']],
  ['gbk', ['中文', 'plain']],
  ['big5', ['中文', '功', 'plain']],
  ['koi8r', ['Привет', 'plain']],
  ['cp1251', ['Привет', 'plain']],
];
const ANYWHERE = [
  '',
  ' ',
  '\\',
  "'",
  '"',
  '\n',
  '\t',
  '\r',
  '\0',
  '\x1a',
  '\\N',
  'NULL',
  '%',
  '`',
  ';',
  '--',
  'a b',
];

export function literal(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''").replaceAll('\0', '\\0').replaceAll('\x1a', '\\Z')}'`;
}

function characters(random: Random): MysqlType {
  const [charset, texts] = random.pick(CHARSETS);
  const size = random.integer(12, 80);
  const name = random.pick([
    `varchar(${size})`,
    `varchar(${size})`,
    `char(${size})`,
    'text',
    'mediumtext',
    'longtext',
  ]);
  const long = name.endsWith('text');
  return {
    sql: `${name} CHARACTER SET ${charset}`,
    key: long ? 'prefix' : 'whole',
    literalDefault: !long,
    words: /^utf8|^latin1/.test(charset),
    value: (r) => {
      const text = r.some([...texts, ...ANYWHERE], 3).join('');
      return long && r.chance(0.1) ? `REPEAT(${literal(text)}, ${r.integer(10, 2000)})` : literal(text);
    },
  };
}

function hex(random: Random, length: number): string {
  const byte = (): number =>
    random.chance(0.3) ? random.pick([0, 9, 10, 13, 26, 39, 92, 251, 255]) : random.integer(0, 255);
  return Array.from({ length }, () => byte().toString(16).padStart(2, '0')).join('');
}

function bytes(random: Random): MysqlType {
  const size = random.integer(1, 60);
  const name = random.pick([
    `varbinary(${size})`,
    `binary(${size})`,
    'tinyblob',
    'blob',
    'mediumblob',
    'longblob',
  ]);
  const long = name.endsWith('blob');
  return {
    sql: name,
    key: long ? 'prefix' : 'whole',
    literalDefault: false,
    value: (r) => {
      const value = `x'${hex(r, r.integer(0, long ? 60 : size))}'`;
      return long && name !== 'tinyblob' && r.chance(0.1) ? `REPEAT(${value}, ${r.integer(1, 500)})` : value;
    },
  };
}

const two = (n: number): string => String(n).padStart(2, '0');

function fraction(random: Random, digits: number): string {
  return digits === 0 || random.chance(0.3)
    ? ''
    : `.${String(random.integer(0, 10 ** digits - 1)).padStart(digits, '0')}`;
}

function clock(random: Random, digits: number): string {
  return `${two(random.integer(0, 23))}:${two(random.integer(0, 59))}:${two(random.integer(0, 59))}${fraction(random, digits)}`;
}

function date(random: Random, from: number, to: number): string {
  return `${String(random.integer(from, to)).padStart(4, '0')}-${two(random.integer(1, 12))}-${two(random.integer(1, 28))}`;
}

function moment(random: Random): MysqlType {
  const digits = random.integer(0, 6);
  const precision = digits === 0 ? '' : `(${digits})`;
  const kinds: { readonly [sql: string]: (r: Random) => string } = {
    date: (r) => `'${r.pick([date(r, 1000, 9999), '0000-00-00', '2026-02-31', '2024-00-00', '0000-01-01'])}'`,
    [`time${precision}`]: (r) =>
      `'${r.pick(['-838:59:59', '838:59:59', `-${clock(r, digits)}`, clock(r, digits)])}'`,
    [`datetime${precision}`]: (r) =>
      `'${r.pick([`${date(r, 1, 9999)} ${clock(r, digits)}`, '0000-00-00', '2026-11-31 01:02:03'])}'`,
    [`timestamp${precision} NULL`]: (r) =>
      `'${r.pick([`${date(r, 1971, 2037)} ${clock(r, digits)}`, '0000-00-00'])}'`,
    year: (r) => r.pick(['0', '1901', '2155', String(r.integer(1902, 2154))]),
  };
  const sql = random.pick(Object.keys(kinds));
  return {
    sql,
    key: 'whole',
    literalDefault: false,
    value: (r) => kinds[sql]?.(r) ?? 'NULL',
  };
}

const LABELS = ['a', 'b', "it's", 'ü', 'x y', '', '\\', '"', 'NULL', '1'];

function choice(random: Random): MysqlType {
  const set = random.chance(0.4);
  const labels = random.some(set ? LABELS.filter((label) => label !== '') : LABELS, 8);
  const list = labels.map(literal).join(', ');
  return {
    sql: `${set ? 'set' : 'enum'}(${list}) CHARACTER SET utf8mb4`,
    key: 'whole',
    literalDefault: false,
    // A number: 0 is the value of an error for an enum, the empty set for a set.
    value: (r) => String(set ? r.integer(0, 2 ** labels.length - 1) : r.integer(1, labels.length)),
  };
}

function json(): MysqlType {
  const texts = [
    'null',
    '{}',
    '[]',
    '1',
    '-0.0',
    '1e100',
    '"x\\\\n\\\\"ü😀"',
    '{"a": [1, 2.5, null, true], "b": {"c": "d"}}',
  ];
  return { sql: 'json', key: 'none', literalDefault: false, value: (r) => `'${r.pick(texts)}'` };
}

function shape(random: Random): MysqlType {
  const shapes: { readonly [type: string]: (r: Random) => string } = {
    point: (r) => `POINT(${r.integer(-80, 80)} ${r.integer(-80, 80) / 4})`,
    linestring: (r) => `LINESTRING(0 0, ${r.integer(1, 9)} 1, 3 ${r.integer(2, 9)})`,
    polygon: (r) => `POLYGON((0 0, ${r.integer(1, 9)} 0, 9 ${r.integer(1, 9)}, 0 0))`,
    multipoint: (r) => `MULTIPOINT(0 0, ${r.integer(1, 9)} 5)`,
    geometry: (r) => `POINT(${r.integer(0, 9)} 1)`,
  };
  const sql = random.pick(Object.keys(shapes));
  return {
    sql,
    key: 'spatial',
    literalDefault: false,
    value: (r) => `ST_GeomFromText('${shapes[sql]?.(r)}'${r.chance(0.3) ? ', 3857' : ''})`,
  };
}

function vector(random: Random): MysqlType {
  const size = random.integer(1, 40);
  return {
    sql: `vector(${size})`,
    key: 'none',
    literalDefault: false,
    value: (r) =>
      `STRING_TO_VECTOR('[${Array.from({ length: size }, () => r.integer(-999, 999) / 7).join(',')}]')`,
  };
}

function address(random: Random): MysqlType {
  const kinds: { readonly [sql: string]: readonly string[] } = {
    inet6: ['::1', '2001:db8::ff00:42:8329', '::', '::ffff:10.0.0.1'],
    inet4: ['127.0.0.1', '0.0.0.0', '255.255.255.255'],
    uuid: [
      '123e4567-e89b-12d3-a456-426655440000',
      '00000000-0000-0000-0000-000000000000',
      'ffffffff-ffff-4fff-bfff-ffffffffffff',
    ],
  };
  const sql = random.pick(Object.keys(kinds));
  return { sql, key: 'whole', literalDefault: true, value: (r) => `'${r.pick(kinds[sql] ?? [])}'` };
}

const COMMON: readonly Make[] = [
  ...[integer, integer, decimal, floating, floating, bitField, characters, characters, characters],
  ...[bytes, bytes, moment, moment, moment, choice, json, shape],
];
const OF_PRODUCT: { readonly [product in MysqlProduct]: readonly Make[] } = {
  mysql: [vector],
  mariadb: [address],
};

export function randomType(random: Random, product: MysqlProduct): MysqlType {
  return random.pick([...COMMON, ...OF_PRODUCT[product]])(random);
}
