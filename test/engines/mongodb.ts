/** MongoDB servers and databases for tests: replica sets of one and of three, stand-alones, with and without log-in. */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Document, MongoClient } from 'mongodb';
import { type Mongod, type MongodOptions, startMongod } from './mongod.ts';

export type { Mongod } from './mongod.ts';

export interface StartMongoOptions {
  /** Members of the replica set `rs0`, default 1; 0 is a stand-alone, without an oplog. */
  readonly members?: 0 | 1 | 3;
  /** Log-in is asked for; `url` is then that of a user `root`. */
  readonly auth?: boolean;
  /** MiB. A server from outside cannot be given any, so these make it one of ours. */
  readonly oplogMiB?: number;
  /** WiredTiger's cache in MiB. Default 256. */
  readonly cacheMiB?: number;
  /** Server parameters, as `--setParameter` takes them. */
  readonly parameters?: NonNullable<MongodOptions['parameters']>;
}

export interface RunningMongo extends AsyncDisposable {
  /** With the right to do everything, naming no database. */
  readonly url: string;
  /** Empty for a server from DBIMG_TEST_MONGODB_URL. */
  readonly members: readonly Mongod[];
  /** Stops our servers, leaves one from outside alone. Idempotent. */
  stop(): Promise<void>;
}

export const ROOT = { user: 'root', password: 'dbimg-throw-away' } as const;
const REPLICA_SET = 'rs0';
const ELECTION_TIMEOUT = 30_000;
/** The driver's own answer to a server that is still starting is to wait for half a minute. */
const PATIENCE = 10_000;

/** A server that is ready. Dispose it: `await using server = await startMongo({ members: 3 })`. */
export async function startMongo(options: StartMongoOptions = {}): Promise<RunningMongo> {
  const outside = process.env.DBIMG_TEST_MONGODB_URL;
  if (outside !== undefined && Object.values(options).every((value) => value === undefined)) {
    return { url: outside, members: [], stop: async () => {}, [Symbol.asyncDispose]: async () => {} };
  }
  return await ownServers(options);
}

async function ownServers(options: StartMongoOptions): Promise<RunningMongo> {
  const { members: count = 1, auth = false, ...rest } = options;
  const single: MongodOptions = count === 0 ? { ...rest, auth } : { ...rest, replicaSet: REPLICA_SET };
  const member = count > 0 && auth ? { ...single, key: randomBytes(60).toString('base64') } : single;
  const started = await Promise.allSettled(
    Array.from({ length: Math.max(1, count) }, () => startMongod(member)),
  );
  const members = started.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  const stop = async (): Promise<void> => void (await Promise.all(members.map((each) => each.stop())));
  try {
    for (const result of started) if (result.status === 'rejected') throw result.reason;
    if (count > 0) await initiate(members);
    if (auth) await createRoot(members, count > 0);
  } catch (error) {
    await stop();
    throw error;
  }
  return { url: urlOf(members, { auth, count }), members, stop, [Symbol.asyncDispose]: stop };
}

function urlOf(members: readonly Mongod[], { auth, count }: { auth: boolean; count: number }): string {
  const hosts = members.map(({ host, port }) => `${host}:${port}`).join(',');
  const login = auth ? `${ROOT.user}:${ROOT.password}@` : '';
  const options = [
    ...(count > 0 ? [`replicaSet=${REPLICA_SET}`] : []),
    ...(auth ? ['authSource=admin'] : []),
  ];
  return `mongodb://${login}${hosts}/${options.length > 0 ? `?${options.join('&')}` : ''}`;
}

/** One member alone, whatever its state. */
export function memberUrl(member: Mongod, login?: { user: string; password: string }): string {
  const user = login ? `${encodeURIComponent(login.user)}:${encodeURIComponent(login.password)}@` : '';
  return `mongodb://${user}${member.host}:${member.port}/?directConnection=true`;
}

async function initiate(members: readonly Mongod[]): Promise<void> {
  const [first] = members as readonly [Mongod];
  await withMongo(memberUrl(first), async (client) => {
    await client.db('admin').command({
      replSetInitiate: {
        _id: REPLICA_SET,
        members: members.map(({ host, port }, _id) => ({ _id, host: `${host}:${port}` })),
        // Nothing here outlives a power cut, so nobody has to wait for the journal.
        writeConcernMajorityJournalDefault: false,
        settings: { electionTimeoutMillis: 1000, heartbeatIntervalMillis: 200 },
      },
    });
    for (const deadline = Date.now() + ELECTION_TIMEOUT; Date.now() < deadline; await sleep(20)) {
      const hello = await client.db('admin').command({ hello: 1 });
      // The others of a set need a moment longer to be of use.
      if (hello.primary !== undefined && (hello.isWritablePrimary || members.length > 1)) return;
    }
    throw new Error('the replica set elected no primary');
  });
}

/** The first user may be made by whoever comes from the same machine. */
async function createRoot(members: readonly Mongod[], replicaSet: boolean): Promise<void> {
  const [first] = members as readonly [Mongod];
  const url = replicaSet ? urlOf(members, { auth: false, count: members.length }) : memberUrl(first);
  await withMongo(url, async (client) => {
    await client.db('admin').command({ createUser: ROOT.user, pwd: ROOT.password, roles: ['root'] });
  });
}

/** Works with a client of its own, which is closed in the end. */
export async function withMongo<T>(url: string, work: (client: MongoClient) => Promise<T>): Promise<T> {
  const client = new MongoClient(url, { serverSelectionTimeoutMS: PATIENCE, appName: 'test of dbimg' });
  try {
    return await work(await client.connect());
  } finally {
    await client.close();
  }
}

/** The same URL with another database, and optionally another user, who is known in the database `admin`. */
export function mongoUrl(
  url: string,
  database: string,
  login?: { readonly user: string; readonly password: string },
): string {
  // A list of hosts is no URL to URL's own parser.
  const parts = /^(mongodb(?:\+srv)?:\/\/)(?:[^@/]*@)?([^/?]+)\/?[^?]*(\?.*)?$/.exec(url);
  if (parts === null) throw new Error('not a MongoDB URL');
  const [, scheme, hosts, options = ''] = parts;
  const [, oldLogin = ''] = /^[^/]+\/\/([^@/]*@)?/.exec(url) ?? [];
  const user = login ? `${encodeURIComponent(login.user)}:${encodeURIComponent(login.password)}@` : oldLogin;
  const query = new URLSearchParams(options);
  if (user !== '' && !query.has('authSource')) query.set('authSource', 'admin');
  const text = query.toString();
  return `${scheme}${user}${hosts}/${encodeURIComponent(database)}${text === '' ? '' : `?${text}`}`;
}

export interface TestMongoDatabase extends AsyncDisposable {
  readonly url: string;
  readonly name: string;
}

/** A name that no database has yet (MongoDB makes it at the first write); what it became is dropped when disposed. */
export function mongoDatabase(server: { readonly url: string }, prefix = 'test'): TestMongoDatabase {
  const name = `${prefix}_${randomBytes(6).toString('hex')}`;
  return {
    name,
    url: mongoUrl(server.url, name),
    [Symbol.asyncDispose]: async () => {
      // The server may be stopped already; a test's own error must not be hidden.
      await withMongo(server.url, (client) => client.db(name).dropDatabase()).catch(() => {});
    },
  };
}

/** Runs one command in a session of its own. */
export async function mongoCommand(url: string, database: string, command: Document): Promise<Document> {
  return await withMongo(url, (client) => client.db(database).command(command));
}

/** Has the primary of a set step down and waits for the next one. */
export async function forceElection(server: RunningMongo): Promise<void> {
  await withMongo(server.url, async (client) => {
    const before = await client.db('admin').command({ hello: 1 });
    for (const deadline = Date.now() + ELECTION_TIMEOUT; Date.now() < deadline; await sleep(50)) {
      const now = await client.db('admin').command({ hello: 1 });
      if (now.primary !== undefined && now.primary !== before.primary) return;
      // Refused while no other member may be elected: one that has just stepped down itself.
      await client
        .db('admin')
        .command({ replSetStepDown: 5, secondaryCatchUpPeriodSecs: 2 })
        .catch(() => {});
    }
    throw new Error('no other member became primary');
  });
}
