/** One database with every kind of object that MongoDB knows, every option of collections and indexes, odd names. */
import type { Db, Document } from 'mongodb';
import { array, code, document, double, field, int32, int64, string, timestamp } from './bson.ts';
import { insertRaw, setEmptyTimestamp } from './insert.ts';
import { BEYOND_TEXT, ID_VALUES, VALUES } from './values.ts';

const LARGEST_DOCUMENT = 16 * 1024 * 1024;

/** Commands in order. Indexes are made after the documents. */
const COLLECTIONS: readonly Document[] = [
  { create: 'empty' },
  { create: 'capped', capped: true, size: 1_048_576, max: 1000 },
  { create: 'capped full', capped: true, size: 4096 },
  {
    create: 'validated',
    validator: { $jsonSchema: { required: ['a'], properties: { a: { bsonType: 'int' } } } },
    validationLevel: 'moderate',
    validationAction: 'error',
  },
  { create: 'warned', validator: { $expr: { $gt: ['$a', '$b'] } }, validationAction: 'warn' },
  { create: 'unvalidated', validator: { z: 1, a: 1, $or: [{ y: 1 }, { b: 1 }] }, validationLevel: 'off' },
  {
    create: 'collated',
    collation: {
      locale: 'fr_CA',
      strength: 2,
      caseLevel: true,
      caseFirst: 'upper',
      numericOrdering: true,
      alternate: 'shifted',
      maxVariable: 'space',
      backwards: true,
      normalization: true,
    },
  },
  { create: 'clustered', clusteredIndex: { key: { _id: 1 }, unique: true, name: 'by id' } },
  {
    create: 'clustered for a time',
    clusteredIndex: { key: { _id: 1 }, unique: true },
    expireAfterSeconds: 1_000_000_000,
  },
  { create: 'pre-images', changeStreamPreAndPostImages: { enabled: true } },
  { create: 'engine', storageEngine: { wiredTiger: { configString: 'block_compressor=zlib' } } },
  {
    create: 'index engine',
    indexOptionDefaults: { storageEngine: { wiredTiger: { configString: 'prefix_compression=false' } } },
  },
  { create: 'weather', timeseries: { timeField: 'at', metaField: 'place', granularity: 'minutes' } },
  {
    create: 'weather for a time',
    timeseries: { timeField: 'at', granularity: 'hours' },
    expireAfterSeconds: 1_000_000_000,
  },
  {
    create: 'view',
    viewOn: 'ids',
    pipeline: [{ $match: { b: 1, a: { $gt: 0 } } }, { $project: { z: 1, a: 1 } }],
  },
  { create: 'view of a view', viewOn: 'view', pipeline: [{ $sort: { b: 1, a: -1 } }] },
  { create: 'view with collation', viewOn: 'ids', pipeline: [], collation: { locale: 'sv', strength: 1 } },
  {
    create: 'view of two',
    viewOn: 'ids',
    pipeline: [{ $lookup: { from: 'values', localField: '_id', foreignField: '_id', as: 'others' } }],
  },
  { create: 'view of nothing', viewOn: 'not there', pipeline: [] },
  { create: 'view of weather', viewOn: 'weather', pipeline: [{ $limit: 2 }] },
];

const INDEXES: readonly Document[] = [
  { key: { a: 1 }, name: 'ascending' },
  { key: { a: -1, b: 1, 'c.d.e': -1 }, name: 'compound' },
  { key: { 'c.$**': 1 }, name: 'wildcard below' },
  { key: { '$**': 1 }, name: 'wildcard', wildcardProjection: { a: 0, 'b.c': 0 } },
  { key: { u: 1 }, name: 'unique', unique: true, sparse: true },
  {
    key: { p: 1 },
    name: 'partial',
    partialFilterExpression: { p: { $gt: 5 }, $and: [{ q: { $exists: true } }] },
  },
  { key: { at: 1 }, name: 'ttl', expireAfterSeconds: 1_000_000_000 },
  { key: { h: 1 }, name: 'hidden', hidden: true },
  { key: { s: 'hashed' }, name: 'hashed' },
  { key: { k: 1, s: 'hashed', t: -1 }, name: 'hashed compound' },
  { key: { s: 1 }, name: 'collated', collation: { locale: 'de', strength: 1, numericOrdering: true } },
  {
    key: { x: 1, title: 'text', body: 'text' },
    name: 'text',
    weights: { title: 10, body: 3 },
    default_language: 'german',
    language_override: 'sprache',
  },
  { key: { place: '2dsphere', kind: 1 }, name: '2dsphere', '2dsphereIndexVersion': 3 },
  { key: { spot: '2d' }, name: '2d', min: -500, max: 500, bits: 20 },
  { key: { many: 1 }, name: 'multikey' },
  {
    key: { e: 1 },
    name: 'engine',
    storageEngine: { wiredTiger: { configString: 'prefix_compression=false' } },
  },
  { key: { old: 1 }, name: 'old version', v: 1 },
  { key: { 'odd name é "': 1 }, name: 'odd name é " . $' },
  { key: { n: 1.5 }, name: 'a number that is no one' },
];

export const ODD_NAMES: readonly string[] = [
  'a.b..c.',
  "it's",
  'a"b',
  'line\nend',
  '😀 shop',
  'back\\slash/slash',
  '__proto__',
  'constructor',
  '*',
  '%41',
  'Ünï.cödé',
  'system',
];

/** A name so long that the namespace has 255 bytes, the most there may be. */
export function longestName(database: Db): string {
  return 'é'.repeat(127).slice(0, Math.floor((254 - Buffer.byteLength(database.databaseName)) / 2));
}

export interface EveryKindOptions {
  /** With documents of 16 MiB. Default true. */
  readonly large?: boolean;
  /** With values that text forms cannot say. Default true. */
  readonly beyondText?: boolean;
  /** Default true. */
  readonly users?: boolean;
}

export async function createEveryKind(database: Db, options: EveryKindOptions = {}): Promise<void> {
  for (const command of COLLECTIONS) await database.command(command);
  await fillValues(database, options.beyondText ?? true);
  await fillOptions(database);
  if (options.large ?? true) await fillLarge(database);
  await makeIndexes(database);
  for (const name of [...ODD_NAMES, longestName(database)]) {
    await insertRaw(database, name, [document(field('_id', int32(1)), field(name, string(name)))]);
    await database.collection(name).createIndex({ n: 1 }, { name: `${name}!` });
  }
  await insertRaw(database, 'system.js', [
    document(field('_id', string('twice')), field('value', code('function (x) { return 2 * x; }'))),
  ]);
  if (options.users ?? true) await makeUsers(database);
}

async function fillValues(database: Db, beyondText: boolean): Promise<void> {
  const numbered = (values: typeof VALUES): Buffer[] =>
    values.map(([what, value], at) => document(field('_id', int32(at)), field(what, value)));
  await insertRaw(database, 'values', numbered(VALUES));
  await insertRaw(database, 'all at once', [
    document(field('_id', int32(0)), ...VALUES.map(([what, value]) => field(what, value))),
  ]);
  await insertRaw(
    database,
    'ids',
    ID_VALUES.map((id, at) => document(field('n', int32(at)), field('_id', id))),
  );
  await insertRaw(database, 'field names', [
    document(
      ...[field('_id', int32(1)), field('', int32(1)), field('$a', int32(1)), field('$a.b', int32(1))],
      ...[
        field('a.b', int32(1)),
        field('__proto__', int32(1)),
        field('é "\n', int32(1)),
        field('$date', int32(1)),
      ],
    ),
    document(field('_id', int32(2)), field('empty', timestamp(5, 5)), field('z', array(timestamp(0, 0)))),
  ]);
  await setEmptyTimestamp(database, 'field names', 2);
  if (!beyondText) return;
  await insertRaw(database, 'beyond text', numbered(BEYOND_TEXT));
  await insertRaw(database, 'one name twice', [
    document(field('_id', int32(1)), field('a', int32(1)), field('a', string('two')), field('a', int32(3))),
  ]);
}

async function fillOptions(database: Db): Promise<void> {
  const numbers = (count: number): Buffer[] =>
    Array.from({ length: count }, (_, n) =>
      document(field('_id', int32((n * 7919) % 10_007)), field('a', int32(n)), field('b', int64(BigInt(-n)))),
    );
  for (const name of ['capped', 'capped full', 'pre-images', 'engine', 'index engine', 'clustered', 'warned'])
    await insertRaw(database, name, numbers(300));
  await insertRaw(database, 'clustered for a time', numbers(20));
  // It was there before the validator.
  await insertRaw(
    database,
    'validated',
    [document(field('_id', int32(1)), field('a', string('no number')))],
    {
      bypassDocumentValidation: true,
    },
  );
  const words = ['cote', 'Cote', 'coté', 'côte', 'côté', 'a10', 'a9', 'co-te'];
  await insertRaw(
    database,
    'collated',
    words.map((word) => document(field('_id', string(`${word}!`)), field('s', string(word)))),
  );
  const measured = Array.from({ length: 200 }, (_, n) => ({
    at: new Date(1_700_000_000_000 + n * 977_000),
    place: n % 3 === 0 ? { name: `p${n % 7}`, z: 1, a: 2 } : n % 7,
    temperature: n / 10,
    [`field ${n % 5}`]: `${n}`,
  }));
  await database.collection('weather').insertMany(measured);
  await database.collection('weather for a time').insertMany(measured.map(({ place: _, ...rest }) => rest));
}

/** The largest that there may be, one byte less, and one of many small fields. */
async function fillLarge(database: Db): Promise<void> {
  const shell = document(field('_id', int32(0)), field('s', string(''))).length;
  const filled = (id: number, size: number): Buffer =>
    document(
      field('_id', int32(id)),
      field('s', string('é'.repeat((size - shell) >> 1) + 'x'.repeat((size - shell) & 1))),
    );
  const many = document(
    field('_id', int32(3)),
    ...Array.from({ length: 60_000 }, (_, n) => field(`f${n}`, double(n))),
  );
  await insertRaw(database, 'large', [filled(1, LARGEST_DOCUMENT), filled(2, LARGEST_DOCUMENT - 1), many]);
}

async function makeIndexes(database: Db): Promise<void> {
  await insertRaw(
    database,
    'indexed',
    Array.from({ length: 100 }, (_, n) =>
      document(
        ...[
          field('_id', int32(n)),
          field('a', int32(n % 7)),
          field('u', int32(n)),
          field('p', int32(n % 11)),
        ],
        ...[field('s', string(`s${n}`)), field('many', array(int32(n), string('x')))],
        ...[field('title', string('das Haus')), field('spot', array(double(n), double(-n)))],
        field('place', array(double(n % 90), double(n % 45))),
      ),
    ),
  );
  for (const index of INDEXES) await database.command({ createIndexes: 'indexed', indexes: [index] });
  await database.command({ createIndexes: 'collated', indexes: [{ key: { s: 1 }, name: 'inherited' }] });
  const simple = { key: { s: 1 }, name: 'simple', collation: { locale: 'simple' } };
  await database.command({ createIndexes: 'collated', indexes: [simple] });
  await database.command({ createIndexes: 'clustered', indexes: [{ key: { a: 1 }, name: 'a' }] });
  const secondary = [
    { key: { place: 1, at: -1 }, name: 'place and time' },
    { key: { 'place.name': 1 }, name: 'partial', partialFilterExpression: { at: { $gt: new Date(0) } } },
    { key: { temperature: 1 }, name: 'a measurement' },
  ];
  await database.command({ createIndexes: 'weather', indexes: secondary });
}

async function makeUsers(database: Db): Promise<void> {
  const db = database.databaseName;
  await database.command({
    createRole: 'clerk',
    privileges: [
      { resource: { db, collection: 'values' }, actions: ['find', 'insert'] },
      { resource: { db, collection: '' }, actions: ['listCollections'] },
      { resource: { db, collection: 'system.js' }, actions: ['find'] },
    ],
    roles: [{ role: 'read', db }],
    authenticationRestrictions: [{ clientSource: ['127.0.0.1'], serverAddress: ['127.0.0.1'] }],
  });
  await database.command({
    createRole: 'head clerk',
    privileges: [],
    roles: ['clerk', { role: 'dbAdmin', db }],
  });
  await database.command({
    createUser: "anne 'é' @",
    pwd: 'p:w@/%é',
    roles: ['head clerk', { role: 'read', db: 'elsewhere' }],
    customData: { z: 1, a: { b: [1, 2] } },
  });
  await database.command({
    createUser: 'old',
    pwd: 'secret',
    roles: [],
    mechanisms: ['SCRAM-SHA-1'],
    authenticationRestrictions: [{ clientSource: ['10.0.0.0/8'] }],
  });
}

/** Users and roles outlive their database. */
export async function dropUsers(database: Db): Promise<void> {
  await database.command({ dropAllUsersFromDatabase: 1 });
  await database.command({ dropAllRolesFromDatabase: 1 });
}
