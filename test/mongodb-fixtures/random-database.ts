/** A random database: collections, options, indexes and documents follow from the seed. */
import { BSON, type Db, type Document, MongoServerError } from 'mongodb';
import { Random } from '../random.ts';
import {
  array,
  binary,
  document,
  double,
  type Field,
  field,
  int32,
  object,
  type Raw,
  string,
} from './bson.ts';
import { insertRaw } from './insert.ts';
import { BEYOND_TEXT, ID_VALUES, VALUES } from './values.ts';

export interface RandomDatabase {
  readonly collections: number;
  readonly documents: number;
  readonly indexes: number;
}

const LETTERS = [
  'a',
  'B',
  'z',
  '0',
  '.',
  '_',
  '-',
  ' ',
  '"',
  "'",
  '\\',
  '/',
  '\n',
  'é',
  '😀',
  '%',
  '*',
  '`',
  '\u0301',
];
const SYMBOL = 14;
const LOCALES = ['de', 'fr', 'sv', 'simple', 'en_US', 'zh'];

export async function createRandomDatabase(database: Db, seed: number): Promise<RandomDatabase> {
  const random = new Random(seed);
  const made = { collections: 0, documents: 0, indexes: 0 };
  const names = new Set(random.times(1, 12, () => nameOf(random)));
  const plain: string[] = [];
  for (const name of names) {
    const kind = random.integer(0, 9);
    if (kind === 0) await makeTimeSeries(database, name, random);
    else {
      const command = createCommand(name, random);
      await database.command(command);
      plain.push(name);
      made.documents += await fill(database, name, random, command.collation !== undefined);
    }
    for (const index of random.times(0, 5, (nth) => indexOf(random, nth)))
      made.indexes += (await createIndex(database, name, index)) ? 1 : 0;
    made.collections += 1;
  }
  for (const nth of random.times(0, 3, (n) => n)) {
    const viewOn = random.pick([...plain, 'nothing', ...names]);
    const pipeline = random.times(0, 3, () => ({ $match: { [fieldName(random)]: random.integer(0, 9) } }));
    await database.command({ create: `view ${nth}`, viewOn, pipeline });
  }
  return made;
}

/** Of collections: no `$`, no dot at the beginning. */
function nameOf(random: Random): string {
  const length = random.chance(0.1) ? 40 : random.integer(1, 8);
  return `c${Array.from({ length }, () => random.pick(LETTERS)).join('')}`;
}

function fieldName(random: Random): string {
  return random.pick(['a', 'b', 'c', 'd', 'e.f', 'é', 'name', 'x y']);
}

function createCommand(create: string, random: Random): Document {
  const command: Document = { create };
  if (random.chance(0.2)) Object.assign(command, { capped: true, size: random.integer(4096, 500_000) });
  else if (random.chance(0.15)) Object.assign(command, { clusteredIndex: { key: { _id: 1 }, unique: true } });
  if (random.chance(0.2)) {
    command.collation = {
      locale: random.pick(LOCALES.filter((locale) => locale !== 'simple')),
      strength: random.integer(1, 5),
    };
  }
  if (random.chance(0.2)) command.changeStreamPreAndPostImages = { enabled: true };
  if (random.chance(0.2)) {
    command.validator = { [fieldName(random)]: { $exists: false }, $nor: [{ never: random.integer(0, 9) }] };
    command.validationLevel = random.pick(['strict', 'moderate', 'off']);
    command.validationAction = random.pick(['warn', 'error']);
  }
  return command;
}

async function fill(database: Db, name: string, random: Random, collated: boolean): Promise<number> {
  const odd = random.chance(0.5);
  // An index with a collation takes no symbols.
  const ids = random.chance(0.3) ? ID_VALUES.filter(([type]) => type !== SYMBOL || !collated) : undefined;
  const count = ids ? random.integer(0, ids.length) : random.pick([0, 1, random.integer(2, 2000)]);
  const documents = Array.from({ length: count }, (_, nth) =>
    document(
      field('_id', ids?.[nth] ?? int32((nth * 7919) % 1_000_003)),
      ...Array.from({ length: random.integer(0, 8) }, (_unused, at) => randomField(random, odd, at)),
    ),
  );
  if (random.chance(0.1)) documents.push(large(random));
  await insertRaw(database, name, documents, { bypassDocumentValidation: true });
  return documents.length;
}

function randomField(random: Random, odd: boolean, at: number): Field {
  const name =
    odd && random.chance(0.3)
      ? random.pick(['', '$x', 'a.b', 'same', '__proto__'])
      : `${fieldName(random)}${at}`;
  return field(random.chance(0.5) ? fieldName(random) : name, randomValue(random, odd, 3));
}

function randomValue(random: Random, odd: boolean, levels: number): Raw {
  if (levels > 0 && random.chance(0.2)) {
    const values = random.times(0, 4, () => randomValue(random, odd, levels - 1));
    return random.chance(0.5)
      ? array(...values)
      : object(...values.map((value, at) => field(`${at}x`, value)));
  }
  if (random.chance(0.3)) return int32(random.integer(-1000, 1000));
  if (random.chance(0.3)) return string(random.pick(LETTERS).repeat(random.integer(0, 50)));
  if (random.chance(0.2)) return double(random.next() * 10 ** random.integer(-20, 20));
  if (odd && random.chance(0.2)) return random.pick(BEYOND_TEXT)[1];
  return random.pick(VALUES)[1];
}

/** Larger than a chunk. */
function large(random: Random): Buffer {
  const bytes = Buffer.alloc(random.integer(1, 9) * 1_000_000);
  for (let at = 0; at < bytes.length; at += 997) bytes[at] = random.integer(0, 255);
  return document(field('_id', string(`large ${random.integer(0, 9)}`)), field('bytes', binary(0, bytes)));
}

function indexOf(random: Random, nth: number): Document {
  const direction = (): number | string => random.pick([1, -1, 1, -1, 'hashed']);
  const fields = random.some(['a', 'b', 'c', 'd', 'é', 'e.f'], 3);
  const key = Object.fromEntries(
    fields.map((name, at) => [name, at === 0 ? direction() : random.pick([1, -1])]),
  );
  const index: Document = { key: random.chance(0.1) ? { '$**': 1 } : key, name: `index ${nth}` };
  const which = random.integer(0, 5);
  if (which === 0) index.sparse = true;
  if (which === 1) index.partialFilterExpression = { a: { $gt: random.integer(0, 9) } };
  if (random.chance(0.2)) index.hidden = true;
  if (random.chance(0.2)) index.collation = { locale: random.pick(LOCALES) };
  if (random.chance(0.2) && fields.length === 1)
    index.expireAfterSeconds = 1_000_000_000 + random.integer(0, 9);
  if (random.chance(0.1)) index.unique = true;
  return index;
}

/** The server does not take every combination; which it takes is its own business. */
async function createIndex(database: Db, collection: string, index: Document): Promise<boolean> {
  try {
    await database.command({ createIndexes: collection, indexes: [index] });
    return true;
  } catch (error) {
    if (error instanceof MongoServerError) return false;
    throw error;
  }
}

async function makeTimeSeries(database: Db, name: string, random: Random): Promise<void> {
  const granularity = random.pick(['seconds', 'minutes', 'hours']);
  const metaField = random.chance(0.7) ? { metaField: 'place' } : {};
  await database.command({ create: name, timeseries: { timeField: 'at', granularity, ...metaField } });
  const measured = random.times(1, 300, (n) => ({
    at: new Date(1_700_000_000_000 + n * random.integer(0, 100_000)),
    place: random.integer(0, 5),
    value: random.chance(0.1) ? BSON.Decimal128.fromString('1.50') : random.next(),
  }));
  await database.collection(name).insertMany(measured);
}
