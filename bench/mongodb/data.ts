/** The database of the bench: what a shop has, in documents of three shapes. The same size gives the same documents. */
import { BSON, type Db, Decimal128, Long, MongoClient, ObjectId } from 'mongodb';
import { insertRaw } from '../../test/mongodb-fixtures/insert.ts';
import { Random } from '../../test/random.ts';

export interface BenchCollection {
  readonly name: string;
  readonly documents: number;
  /** Of documents as BSON. */
  readonly bytes: number;
}

const BATCH_BYTES = 8e6;
const WORDS = 'lorem ipsum dolor sit amet consectetur adipiscing elit sed do eiusmod tempor incididunt'.split(
  ' ',
);

/** Share of the bytes, indexes, and one document. */
const SHAPES: Readonly<
  Record<
    string,
    { readonly share: number; readonly indexes: readonly string[]; make(random: Random, nth: number): object }
  >
> = {
  events: { share: 0.5, indexes: ['at', 'user'], make: event },
  orders: { share: 0.35, indexes: ['customer'], make: order },
  articles: { share: 0.15, indexes: ['slug'], make: article },
};

/** About 190 bytes. */
function event(random: Random, nth: number): object {
  return {
    _id: idOf(random, nth),
    at: new Date(1_700_000_000_000 + nth * 137),
    user: random.integer(1, 1_000_000),
    kind: random.pick(['view', 'click', 'search', 'buy', 'return']),
    path: `/shop/${random.pick(WORDS)}/${random.integer(1, 100_000)}`,
    ms: random.next() * 1000,
    ok: random.chance(0.97),
    ip: hex(random, 8),
  };
}

/** About 800 bytes. */
function order(random: Random, nth: number): object {
  return {
    _id: nth,
    customer: Long.fromNumber(random.integer(1, 500_000)),
    placed: new Date(1_600_000_000_000 + nth * 4001),
    status: random.pick(['new', 'paid', 'sent', 'back']),
    total: Decimal128.fromString(`${random.integer(1, 99_999)}.${random.integer(10, 99)}`),
    ship: { street: text(random, 4), city: random.pick(WORDS), code: String(random.integer(10_000, 99_999)) },
    lines: random.times(1, 8, () => ({
      article: random.integer(1, 90_000),
      title: text(random, 3),
      count: random.integer(1, 9),
      price: Decimal128.fromString(`${random.integer(1, 999)}.${random.integer(10, 99)}`),
    })),
  };
}

/** About 8 KB. */
function article(random: Random, nth: number): object {
  return {
    _id: idOf(random, nth),
    slug: `${random.pick(WORDS)}-${nth}`,
    tags: random.some(WORDS, 6),
    body: text(random, 1100),
    embedding: Array.from({ length: 64 }, () => random.next()),
  };
}

/** As drivers make them: time first, then what differs. */
function idOf(random: Random, nth: number): ObjectId {
  const seconds = (1_700_000_000 + Math.floor(nth / 100)).toString(16);
  return ObjectId.createFromHexString(
    `${seconds}${hex(random, 10)}${(nth % 0xffffff).toString(16).padStart(6, '0')}`,
  );
}

function hex(random: Random, digits: number): string {
  return Array.from({ length: digits }, () => random.integer(0, 15).toString(16)).join('');
}

function text(random: Random, words: number): string {
  return Array.from({ length: words }, () => random.pick(WORDS)).join(' ');
}

/** Fills the database at `url` with about so many bytes of BSON. */
export async function makeBenchDatabase(url: string, bytes: number): Promise<readonly BenchCollection[]> {
  await using client = await new MongoClient(url).connect();
  const made: BenchCollection[] = [];
  for (const [name, { share, indexes, make }] of Object.entries(SHAPES)) {
    made.push(await fill(client.db(), name, bytes * share, make));
    for (const field of indexes)
      await client
        .db()
        .collection(name)
        .createIndex({ [field]: 1 });
  }
  await client.db('admin').command({ fsync: 1 });
  return made;
}

/** Documents are made once and come again under other ids: far enough apart that no compressor of chunks sees it. */
const POOL_BYTES = 24e6;

async function fill(
  database: Db,
  name: string,
  bytes: number,
  make: (random: Random, nth: number) => object,
): Promise<BenchCollection> {
  const random = new Random(name.length * 7919);
  const pool: Buffer[] = [];
  for (let length = 0; length < Math.min(bytes, POOL_BYTES); length += pool.at(-1)?.length ?? 0) {
    pool.push(Buffer.from(BSON.serialize(make(random, pool.length))));
  }
  let [nth, length] = [0, 0];
  while (length < bytes) {
    const batch: Buffer[] = [];
    for (let left = BATCH_BYTES; left > 0 && length < bytes; nth += 1) {
      const document = pool[nth % pool.length] as Buffer;
      batch.push(withId(document, nth));
      left -= document.length;
      length += document.length;
    }
    await insertRaw(database, name, batch, { ordered: false });
  }
  return { name, documents: nth, bytes: length };
}

/** `_id` comes first, behind the length, its type and its name. */
const ID_AT = 9;
const OBJECT_ID = 7;

function withId(document: Buffer, nth: number): Buffer {
  const copy = Buffer.from(document);
  if (copy[4] !== OBJECT_ID) copy.writeInt32LE(nth, ID_AT);
  else {
    copy.writeUInt32BE(1_700_000_000 + Math.floor(nth / 100), ID_AT);
    copy.writeUIntBE(nth % 0xffffff, ID_AT + 9, 3);
  }
  return copy;
}
