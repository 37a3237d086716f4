/** The types that come with PostgreSQL, each with a source of random values that leans towards the edges. */

import type { Random } from '../../random.ts';
import { literal } from './identifiers.ts';

export interface SqlType {
  /** As written in a column definition. */
  readonly sql: string;
  /** An SQL expression of this type, never NULL. Immutable: the same on every server. */
  value(random: Random): string;
  /** Ordered by btree, and every value fits into an index entry. */
  readonly indexable: boolean;
  /** First major version that has it. */
  readonly since?: number;
}

type Source = (random: Random) => string;

function type(sql: string, source: Source, options: { indexable?: boolean; since?: number } = {}): SqlType {
  return {
    sql,
    value: (random) => `${literal(source(random))}::${sql}`,
    indexable: options.indexable ?? false,
    ...(options.since === undefined ? {} : { since: options.since }),
  };
}

const among =
  (...choices: readonly (string | Source)[]): Source =>
  (random) => {
    const choice = random.pick(choices);
    return typeof choice === 'string' ? choice : choice(random);
  };

const digits = (random: Random, most: number): string =>
  random.times(1, most, () => random.integer(0, 9)).join('');
const hex = (random: Random, bytes: number): string =>
  Array.from({ length: bytes }, () => random.integer(0, 255).toString(16).padStart(2, '0')).join('');
const two = (n: number): string => String(n).padStart(2, '0');

const PIECES = [
  'a', 'Z', ' ', '  ', '\t', '\n', '\r\n', '\\', '\\.', '\\N', '\\\\', "'", '"', '""', '{', '}', '(', ')', ',', ';', '|', '$$', 'ß', 'é',
  'e\u0301', '中', '🐘', '\u202e', '\ufeff', '\u0001', '\u007f', 'null', 'NULL', '\n\\.\n', 'word ', '0', '-- ', '%', '\u{10ffff}',
]; // biome-ignore format: a list of snippets reads better on few lines

export const text: Source = (random) => {
  const length = random.chance(0.03) ? random.integer(1000, 6000) : random.integer(0, 12);
  return Array.from({ length }, () => random.pick(PIECES)).join('');
};
const short =
  (most: number): Source =>
  (random) =>
    [...text(random)].slice(0, random.integer(0, most)).join('');

const float: Source = among('NaN', 'Infinity', '-Infinity', '-0', '0', '0.1', '1e-30', '-1e30', (random) =>
  String((random.next() - 0.5) * 10 ** random.integer(-20, 20)),
);
const numeric: Source = among(
  'NaN',
  '0',
  '0.000',
  '-0.10',
  '1e50',
  (random) => `${random.chance(0.5) ? '-' : ''}${digits(random, 30)}.${digits(random, 30)}`,
);
const year = (random: Random): string => String(random.integer(1, 9999)).padStart(4, '0');
const day: Source = (random) =>
  random.chance(0.1)
    ? `${two(random.integer(1, 47))}${two(random.integer(0, 12))}-01-31 BC`
    : `${year(random)}-${two(random.integer(1, 12))}-${two(random.integer(1, 28))}`;
const time: Source = (random) =>
  `${two(random.integer(0, 23))}:${two(random.integer(0, 59))}:${two(random.integer(0, 59))}.${digits(random, 6)}`;
const zone: Source = (random) =>
  `${random.pick(['+', '-'])}${two(random.integer(0, 14))}:${random.pick(['00', '30', '45'])}`;
const at: Source = (random) =>
  `${year(random)}-${two(random.integer(1, 12))}-${two(random.integer(1, 28))} ${time(random)}`;
const interval: Source = (random) =>
  `${random.integer(-99, 99)} years ${random.integer(-11, 11)} mons ${random.integer(-400, 400)} days ${random.chance(0.5) ? '-' : ''}${time(random)}`;
const point: Source = (random) => `(${random.integer(-999, 999) / 8},${random.integer(-999, 999) / 8})`;
const points = (random: Random): string => random.times(1, 5, () => point(random)).join(',');

function json(random: Random, depth = 0): unknown {
  const kind = random.integer(0, depth > 2 ? 4 : 6);
  if (kind === 0) return null;
  if (kind === 1) return random.chance(0.5);
  if (kind === 2) return random.integer(-1e9, 1e9) / 100;
  if (kind < 5) return short(8)(random);
  if (kind === 5) return random.times(0, 4, () => json(random, depth + 1));
  return Object.fromEntries(
    random.times(0, 4, (nth) => [`${nth}${short(4)(random)}`, json(random, depth + 1)]),
  );
}
const jsonText: Source = (random) => JSON.stringify(json(random), null, random.chance(0.3) ? 1 : 0);

/** A range literal over two values in order. */
function range(bound: (random: Random) => number, show: (n: number) => string): Source {
  return (random) => {
    if (random.chance(0.1)) return 'empty';
    const low = bound(random);
    const high = low + 1 + Math.abs(bound(random));
    const from = random.chance(0.15) ? '(' : `${random.pick(['[', '('])}${show(low)}`;
    return `${from},${random.chance(0.15) ? '' : show(high)}${random.pick([']', ')'])}`;
  };
}
const integers = range((random) => random.integer(-1000, 1000), String);
const days = range(
  (random) => random.integer(0, 20_000),
  (n) => new Date(n * 86_400_000).toISOString().slice(0, 10),
);
const instants = range(
  (random) => random.integer(0, 1e9),
  (n) => `"${new Date(n * 1000).toISOString()}"`,
);
const multi =
  (one: Source): Source =>
  (random) =>
    `{${random.times(0, 3, () => one(random)).join(',')}}`;

const LEXEMES = ['cat', "o''clock", 'größe', '🐘', 'x'];
const vector: Source = (random) =>
  random
    .times(
      0,
      5,
      (nth) => `'${random.pick(LEXEMES)}${nth}':${random.integer(1, 99)}${random.pick(['', 'A', 'B,200'])}`,
    )
    .join(' ');

const fixed = { indexable: true };
export const BUILTIN_TYPES: readonly SqlType[] = [
  type(
    'smallint',
    among('-32768', '32767', (random) => String(random.integer(-999, 999))),
    fixed,
  ),
  type(
    'integer',
    among('-2147483648', '2147483647', (random) => String(random.integer(-99999, 99999))),
    fixed,
  ),
  type(
    'bigint',
    among('-9223372036854775808', '9223372036854775807', (random) => digits(random, 17)),
    fixed,
  ),
  type('numeric', numeric),
  type('numeric(12,3)', (random) => `${random.integer(-99999999, 99999999)}.${digits(random, 3)}`, fixed),
  type('real', float, fixed),
  type('double precision', float, fixed),
  type('money', (random) => `${random.integer(-1e9, 1e9)}.${digits(random, 2)}`, fixed),
  type('boolean', among('true', 'false'), fixed),
  type('text', text),
  type('varchar(10)', short(10), fixed),
  type('char(5)', short(5), fixed),
  type('varchar', text),
  type('"char"', among('', 'a', '\\', ' ', '\n'), fixed),
  type('name', short(15), fixed),
  type('bytea', (random) => `\\x${hex(random, random.chance(0.05) ? 5000 : random.integer(0, 20))}`),
  type('bit(9)', (random) => random.integer(0, 511).toString(2).padStart(9, '0'), fixed),
  type('bit varying(40)', (random) => random.times(0, 40, () => random.integer(0, 1)).join(''), fixed),
  type('date', among('infinity', '-infinity', '4713-01-01 BC', day), fixed),
  type('time', among('24:00:00', '00:00:00', time), fixed),
  type('time(2) with time zone', (random) => time(random) + zone(random), fixed),
  type('timestamp', among('infinity', '-infinity', at), fixed),
  type(
    'timestamptz',
    among('infinity', '-infinity', 'epoch', (random) => at(random) + zone(random)),
    fixed,
  ),
  type('timestamp(1)', at, fixed),
  type('interval', interval, fixed),
  type('interval year to month', (random) => `${random.integer(-999, 999)} months`, fixed),
  type('uuid', (random) => hex(random, 16), fixed),
  type(
    'inet',
    among(
      '::/0',
      '255.255.255.255/3',
      (random) => `10.${random.integer(0, 255)}.0.1/${random.integer(0, 32)}`,
    ),
    fixed,
  ),
  type('cidr', (random) => `10.${random.integer(0, 255)}.0.0/16`, fixed),
  type('macaddr', (random) => hex(random, 6), fixed),
  type('macaddr8', (random) => hex(random, 8), fixed),
  type('pg_lsn', (random) => `${hex(random, 2)}/${hex(random, 3)}`, fixed),
  type('oid', (random) => String(random.integer(0, 4294967295)), fixed),
  type('xid8', (random) => `1${digits(random, 17)}`, fixed),
  type('tid', (random) => `(${random.integer(0, 99999)},${random.integer(0, 300)})`, fixed),
  type('regtype', among('integer', 'pg_catalog.text', '-')),
  type('regclass', among('pg_class', 'pg_catalog.pg_type', '-')),
  type('json', jsonText),
  type('jsonb', jsonText),
  type('jsonpath', among('$', '$.a[*] ? (@ > 1)', 'strict $."odd \\"key"')),
  type('xml', among('<a/>', 'text', '<a b="&quot;">x<!-- c --></a>', '')),
  type('tsvector', vector),
  type('tsquery', among('', "'a' & !b", "'x y' <-> c:*A")),
  type('point', point),
  type('box', (random) => `${point(random)},${point(random)}`),
  type('lseg', (random) => `[${point(random)},${point(random)}]`),
  type('path', (random) => (random.chance(0.5) ? `[${points(random)}]` : `(${points(random)})`)),
  type('polygon', (random) => `(${points(random)})`),
  type('circle', (random) => `<${point(random)},${random.integer(0, 99) / 4}>`),
  type('line', among('{1,-1,0}', '{0,2.5,-7}')),
  type('int4range', integers, fixed),
  type('int8range', integers, fixed),
  type('numrange', integers),
  type('daterange', days, fixed),
  type('tstzrange', instants, fixed),
  type('int4multirange', multi(integers), { since: 14 }),
  type('datemultirange', multi(days), { since: 14 }),
];

/** A type whose binary form names other types by number is an own matter for whoever copies it: arrays are common. */
export function arrayOf(element: SqlType): SqlType {
  return {
    sql: `${element.sql}[]`,
    indexable: false,
    ...(element.since === undefined ? {} : { since: element.since }),
    value: (random) => {
      const item = (): string => (random.chance(0.15) ? 'NULL' : element.value(random));
      const row = (length: number): string => `ARRAY[${Array.from({ length }, item).join(', ')}]`;
      const length = random.integer(0, 4);
      if (length === 0) return `'{}'::${element.sql}[]`;
      if (random.chance(0.8)) return `${row(length)}::${element.sql}[]`;
      return `ARRAY[${row(length)}, ${row(length)}]::${element.sql}[]`;
    },
  };
}

/** Values of more than a mebibyte, for text and bytea. */
export function hugeValue(sql: string, random: Random): string | undefined {
  const rows = random.integer(34_000, 60_000);
  const salt = random.integer(0, 999);
  if (sql === 'text')
    return `(SELECT string_agg(md5((g + ${salt})::text), E'\\n' ORDER BY g) FROM generate_series(1, ${rows}) AS g)`;
  if (sql === 'bytea')
    return `(SELECT decode(string_agg(md5((g + ${salt})::text), '' ORDER BY g), 'hex') FROM generate_series(1, ${rows * 2}) AS g)`;
  return undefined;
}
