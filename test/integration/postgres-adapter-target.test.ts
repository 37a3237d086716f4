/** Restores appear whole or not at all, and leave nothing when they fail. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { adapter } from '../../src/adapters/postgres/adapter.ts';
import type { CatalogEntry } from '../../src/core/adapter.ts';
import { DbimgError } from '../../src/core/errors.ts';
import {
  createDatabase,
  databaseUrl,
  dropDatabase,
  query,
  type RunningPostgres,
  startPostgres,
} from '../engines/postgres.ts';
import { context, digestsOf, dump, type MemoryImage, restore } from './adapter-job.ts';

const ROWS = 30_000;
let server: RunningPostgres;
let image: MemoryImage;

before(async () => {
  server = await startPostgres({ version: 15 });
  await using source = await createDatabase(server, { name: 'source' });
  await query(
    source.url,
    `CREATE TABLE t (id int PRIMARY KEY, pad text);
     INSERT INTO t SELECT g, repeat(md5(g::text), 10) FROM generate_series(1, ${ROWS}) AS g;
     CREATE SEQUENCE s; SELECT nextval('s'); CREATE INDEX ON t (pad);
     CREATE VIEW v AS SELECT count(*) AS n FROM t`,
  );
  image = await dump(source.url);
});
after(() => server.stop());

async function failure(work: Promise<unknown>): Promise<DbimgError> {
  const error = await work.then(
    () => assert.fail('it should have failed'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof DbimgError, String(error));
  return error;
}

/** Databases, roles and sessions: what a restore could leave behind. */
async function inventory(): Promise<unknown> {
  for (let tries = 0; tries < 40; tries++) {
    const [row] = await query(
      server.url,
      "SELECT count(*)::int AS n FROM pg_stat_activity WHERE application_name = 'dbimg'",
    );
    if (row?.n === 0) break;
    await sleep(50);
  }
  return await query(
    server.url,
    `SELECT 'database' AS kind, datname AS name FROM pg_database UNION ALL SELECT 'role', rolname FROM pg_roles
     UNION ALL SELECT 'session', pid::text FROM pg_stat_activity WHERE application_name = 'dbimg' ORDER BY 1, 2`,
  );
}

async function count(url: string): Promise<number> {
  const [row] = await query(url, 'SELECT n::int FROM public.v');
  return row?.n as number;
}

function withEntries(
  ...entries: (Partial<CatalogEntry> & Pick<CatalogEntry, 'kind' | 'body'>)[]
): MemoryImage {
  const added = entries.map((entry, index) => ({
    ...{ id: 1_000_000 + index, object: ['source', 'public', 'x'], phase: 'pre-data' as const },
    ...entry,
  }));
  return { ...image, entries: [...added, ...image.entries] };
}

describe('a restore beside', () => {
  let left: unknown;
  beforeEach(async () => {
    left = await inventory();
  });

  it('makes the database if asked to, and only then', async () => {
    const url = databaseUrl(server.url, 'made');
    const error = await failure(restore(image, url));
    assert.equal(error.code, 'DATABASE_UNKNOWN');
    assert.match(error.hint ?? '', /--create/);
    assert.deepEqual(await inventory(), left);
    try {
      await restore(image, url, { create: true, analyze: true });
      assert.equal(await count(url), ROWS);
      assert.deepEqual(digestsOf(await dump(url)), digestsOf(image));
      const [comment] = await query(
        url,
        `SELECT shobj_description(oid, 'pg_database') AS text FROM pg_database WHERE datname = 'made'`,
      );
      assert.equal(comment?.text, null);
      const [statistics] = await query(url, "SELECT count(*)::int AS n FROM pg_stats WHERE tablename = 't'");
      assert.equal(statistics?.n, 2);
    } finally {
      await dropDatabase(server.url, 'made');
    }
    assert.deepEqual(await inventory(), left);
  });

  it('refuses a database that is not empty', async () => {
    await using full = await createDatabase(server);
    await query(full.url, 'CREATE TABLE mine AS SELECT 1 AS a');
    const error = await failure(restore(image, full.url));
    assert.equal(error.code, 'TARGET_NOT_EMPTY');
    assert.equal((await query(full.url, 'SELECT a FROM mine')).length, 1);
  });

  it('counts a function, a type or a large object as something', async () => {
    for (const sql of [
      'CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$',
      'CREATE TYPE e AS ENUM ()',
      'SELECT lo_create(0)',
      'CREATE SCHEMA empty',
    ]) {
      await using full = await createDatabase(server);
      await query(full.url, sql);
      assert.equal((await failure(restore(image, full.url))).code, 'TARGET_NOT_EMPTY', sql);
    }
  });

  it('fills an empty database, with an extension that was there', async () => {
    await using empty = await createDatabase(server);
    await query(empty.url, 'CREATE EXTENSION hstore');
    await restore(image, empty.url);
    assert.equal(await count(empty.url), ROWS);
  });

  it('refuses an empty database that others use', async () => {
    await using empty = await createDatabase(server);
    const other = new pg.Client({ connectionString: empty.url, application_name: 'somebody' });
    await other.connect();
    const error = await failure(restore(image, empty.url));
    assert.equal(error.code, 'LOCK_TIMEOUT');
    assert.match(error.message, /somebody/);
    await other.end();
  });

  it('does not throw away what somebody put into the empty database meanwhile', async () => {
    await using empty = await createDatabase(server);
    const before = await inventory();
    let filled = false;
    const error = await failure(
      restore(image, empty.url, {
        onLoaded: async () => {
          if (filled) return;
          filled = true;
          await query(empty.url, 'CREATE TABLE mine ()');
        },
      }),
    );
    assert.equal(error.code, 'TARGET_NOT_EMPTY');
    assert.deepEqual(await inventory(), before);
  });

  it('replaces: the old is there until the new takes its name, then it is gone with its sessions', async () => {
    await using old = await createDatabase(server);
    await query(old.url, 'CREATE TABLE mine AS SELECT 42 AS a');
    const before = await inventory();
    const other = new pg.Client({ connectionString: old.url });
    other.on('error', () => {});
    await other.connect();
    let seen: unknown;
    await restore(image, old.url, {
      replace: true,
      onLoaded: async () => {
        seen ??= (await query(old.url, 'SELECT a FROM mine'))[0]?.a;
      },
    });
    assert.equal(seen, 42);
    assert.equal(await count(old.url), ROWS);
    await assert.rejects(query(old.url, 'SELECT a FROM mine'));
    await assert.rejects(other.query('SELECT 1'));
    assert.deepEqual(await inventory(), before);
  });

  it('replaces a database whose clients connect again at once', async () => {
    await using old = await createDatabase(server);
    await query(old.url, 'CREATE TABLE mine AS SELECT 42 AS a');
    const stop = new AbortController();
    const clients = [1, 2, 3, 4].map(async () => {
      while (!stop.signal.aborted) await query(old.url, 'SELECT pg_sleep(0.05)').catch(() => {});
    });
    try {
      await restore(image, old.url, { replace: true });
    } finally {
      stop.abort();
      await Promise.all(clients);
    }
    assert.equal(await count(old.url), ROWS);
  });

  it('leaves nothing when it is interrupted, and the old as it was', async () => {
    await using old = await createDatabase(server);
    await query(old.url, 'CREATE TABLE mine AS SELECT 42 AS a');
    const before = await inventory();
    const abort = new AbortController();
    const error = await failure(
      restore(
        withEntries({ kind: 'role', body: { sql: ['CREATE ROLE brought'], role: 'brought' } }),
        old.url,
        {
          replace: true,
          context: context({ signal: abort.signal }),
          onLoaded: (chunks) => {
            if (chunks === 2) abort.abort();
          },
        },
      ),
    );
    assert.equal(error.code, 'CANCELLED');
    assert.deepEqual(await inventory(), before);
    assert.equal((await query(old.url, 'SELECT a FROM mine'))[0]?.a, 42);
  });

  it('ends within a second while an index is built', async () => {
    const slow = withEntries({
      ...{ kind: 'index', phase: 'post-data', body: { sql: ['SELECT pg_sleep(30)'] } },
    });
    const abort = new AbortController();
    const restoring = restore(slow, databaseUrl(server.url, 'slow'), {
      create: true,
      context: context({ signal: abort.signal }),
      onLoaded: () => void setTimeout(() => abort.abort(), 1000),
    });
    await once(abort.signal);
    const aborted = performance.now();
    assert.equal((await failure(restoring)).code, 'CANCELLED');
    assert.ok(performance.now() - aborted < 2500);
    assert.deepEqual(await inventory(), left);
    const [running] = await query(
      server.url,
      "SELECT count(*)::int AS n FROM pg_stat_activity WHERE query LIKE '%pg_sleep(30)%' AND pid <> pg_backend_pid()",
    );
    assert.equal(running?.n, 0);
  });

  it('keeps a role that was there, and removes one that it made', async () => {
    await query(server.url, 'CREATE ROLE kept');
    try {
      const roles = withEntries(
        {
          kind: 'role',
          body: {
            sql: ['CREATE ROLE kept'],
            role: 'kept',
            exists: "SELECT 1 FROM pg_roles WHERE rolname = 'kept'",
          },
        },
        {
          kind: 'role',
          body: {
            sql: ['CREATE ROLE brought'],
            role: 'brought',
            exists: "SELECT 1 FROM pg_roles WHERE rolname = 'brought'",
          },
        },
        {
          kind: 'table',
          object: ['source', 'public', 'broken'],
          body: { sql: ['CREATE TABLE public.broken (a nonsense)'] },
        },
      );
      const error = await failure(restore(roles, databaseUrl(server.url, 'never'), { create: true }));
      assert.equal(error.code, 'SERVER_ERROR');
      assert.match(error.message, /table public\.broken.*nonsense/);
      assert.deepEqual(error.object, ['source', 'public', 'broken']);
      const [kept] = await query(
        server.url,
        "SELECT count(*)::int AS n FROM pg_roles WHERE rolname IN ('kept', 'brought')",
      );
      assert.equal(kept?.n, 1);
    } finally {
      await query(server.url, 'DROP ROLE kept');
    }
    assert.deepEqual(await inventory(), left);
  });

  it('lists what would act as a superuser and is not there yet, and asks for trust', async () => {
    const role = { kind: 'role', object: ['', '', 'postgres'], traits: ['superuser'] as const };
    const there = { ...role, body: { sql: ['CREATE ROLE postgres SUPERUSER'], exists: 'SELECT 1' } };
    const asking = withEntries(there, {
      kind: 'event-trigger',
      traits: ['superuser'],
      body: { sql: ['SELECT 1'] },
    });
    const url = databaseUrl(server.url, 'untrusted');
    const error = await failure(restore(asking, url, { create: true, trust: false }));
    assert.equal(error.code, 'UNTRUSTED');
    assert.match(error.message, /: event-trigger public\.x\.$/);
    assert.deepEqual(await inventory(), left);
    await restore(withEntries(there), url, { create: true, trust: false });
    await dropDatabase(server.url, 'untrusted');
  });

  it('names an extension that the server does not have', async () => {
    const needs = withEntries({
      kind: 'extension',
      object: ['source', '', 'postgis'],
      body: { sql: ['CREATE EXTENSION postgis'] },
    });
    const error = await failure(restore(needs, databaseUrl(server.url, 'never'), { create: true }));
    assert.equal(error.code, 'UNSUPPORTED');
    assert.match(error.message, /postgis is not installed/);
  });

  it('makes the database with the locale of the image, or warns that it cannot', async () => {
    const database = (create: { [key: string]: string }) =>
      withEntries({ kind: 'database', body: { sql: [], create } });
    try {
      await restore(
        database({ encoding: 'LATIN1', provider: 'libc', collate: 'C', ctype: 'C' }),
        databaseUrl(server.url, 'latin'),
        { create: true },
      );
      const [row] = await query(databaseUrl(server.url, 'latin'), 'SHOW server_encoding');
      assert.equal(row?.server_encoding, 'LATIN1');
      const asked = context();
      await restore(
        database({ encoding: 'UTF8', collate: 'xx_YY', ctype: 'xx_YY' }),
        databaseUrl(server.url, 'latin'),
        { replace: true, context: asked },
      );
      assert.deepEqual(
        asked.warnings.map(({ code }) => code),
        ['locale'],
      );
    } finally {
      await dropDatabase(server.url, 'latin');
    }
  });

  it('makes no half chunk when its pieces fail', async () => {
    await using place = await createDatabase(server);
    await query(place.url, 'CREATE TABLE t (id int, pad text)');
    const { open, pieces } = image.streams[0] ?? assert.fail();
    const endpoint = (await import('../../src/adapters/postgres/location.ts')).endpointsOf;
    const [at] = await endpoint(place.url, {});
    const invitation = { endpoint: { ...at }, trust: true, noSecrets: false };
    await using lane = await adapter.joinWriteLane(invitation as never, context());
    const damaged = new DbimgError('IMAGE_DAMAGED', 'a piece is damaged');
    const failing = (function* () {
      yield pieces[0]?.bytes ?? new Uint8Array();
      throw damaged;
    })();
    assert.equal(await failure(lane.load(open, { records: 1, pieces: failing })), damaged);
    assert.equal((await query(place.url, 'SELECT FROM t')).length, 0);
    const whole = pieces[0] ?? assert.fail();
    assert.equal(await lane.load(open, { records: whole.records, pieces: [whole.bytes] }), whole.records);
    const cut = [whole.bytes.subarray(0, 12_345), whole.bytes.subarray(12_345)];
    assert.equal(await lane.load(open, { records: whole.records, pieces: cut }), whole.records);
    await assert.rejects(lane.load(open, { records: 1, pieces: [whole.bytes.subarray(0, 1000)] }));
    assert.equal((await query(place.url, 'SELECT FROM t')).length, 2 * whole.records);
  });

  it('tells the plan and what stands in the way without changing anything', async () => {
    await using full = await createDatabase(server);
    await query(full.url, 'CREATE TABLE mine ()');
    const before = await inventory();
    await using database = await adapter.connect(full.url, context());
    await using refusing = await database.target({ lanes: 2 });
    assert.match((await refusing.plan(image)).obstacles[0]?.what ?? '', /not empty/);
    await using willing = await database.target({ lanes: 2, replace: true });
    const plan = await willing.plan(image);
    assert.deepEqual(plan.obstacles, []);
    assert.match(plan.steps.join('\n'), /make a new database beside[\s\S]*drop the old one/);
    assert.deepEqual(await inventory(), before);
  });

  it('reports a database that a dead restore left', async () => {
    await using _left = await createDatabase(server, { name: 'dbimg_0123456789ab' });
    await using database = await adapter.connect(server.url, context());
    const findings = await Array.fromAsync(database.examine());
    assert.ok(findings.some(({ level, what }) => level === 'warning' && what.includes('dbimg_0123456789ab')));
  });
});

describe('a restore inside the only database of a user', () => {
  const login = { user: 'tenant', password: 'secret' };

  async function tenant() {
    await query(server.url, "CREATE ROLE tenant LOGIN PASSWORD 'secret'");
    const database = await createDatabase(server, { name: 'tenancy', clause: 'OWNER tenant' });
    return {
      url: databaseUrl(server.url, 'tenancy', login),
      [Symbol.asyncDispose]: async () => {
        await database[Symbol.asyncDispose]();
        await query(server.url, 'DROP OWNED BY tenant; DROP ROLE tenant');
      },
    };
  }

  /** The image as it is for a user who owns everything and is nobody else. */
  function own(): MemoryImage {
    const statements = (entry: CatalogEntry): string[] => (entry.body as { sql: string[] }).sql;
    return {
      ...image,
      entries: image.entries
        .filter(({ kind }) => !['role', 'database', 'schema', 'extension'].includes(kind))
        .map((entry) => ({
          ...entry,
          body: { sql: statements(entry).filter((sql) => !/OWNER TO|GRANT|REVOKE/.test(sql)) },
        })),
    };
  }

  it('fills it behind a mark, and takes the mark away at the end', async () => {
    await using place = await tenant();
    let marks = 0;
    await restore(own(), place.url, {
      onLoaded: async () => {
        marks += (await query(place.url, "SELECT FROM pg_namespace WHERE nspname = 'dbimg_unfinished'"))
          .length;
      },
    });
    assert.ok(marks > 0);
    assert.equal(await count(place.url), ROWS);
    assert.deepEqual(
      await query(place.url, "SELECT FROM pg_namespace WHERE nspname = 'dbimg_unfinished'"),
      [],
    );
    const error = await failure(restore(own(), place.url, { replace: true }));
    assert.equal(error.code, 'PERMISSION_DENIED');
    assert.match(error.hint ?? '', /CREATEDB/);
  });

  it('empties it again when it fails', async () => {
    await using place = await tenant();
    const abort = new AbortController();
    const asked = context({ signal: abort.signal });
    const error = await failure(restore(own(), place.url, { context: asked, onLoaded: () => abort.abort() }));
    assert.equal(error.code, 'CANCELLED');
    assert.deepEqual(asked.warnings, []);
    const objects = await query(
      place.url,
      'SELECT relname FROM pg_class WHERE oid >= 16384 AND relnamespace >= 2200',
    );
    assert.deepEqual(objects, []);
    await restore(own(), place.url);
    assert.equal(await count(place.url), ROWS);
  });

  it('finds what a dead restore left, and removes it with --replace', async () => {
    await using place = await tenant();
    await query(
      place.url,
      "CREATE SCHEMA dbimg_unfinished; COMMENT ON SCHEMA dbimg_unfinished IS 'dbimg: half'; CREATE TABLE t (a int); CREATE TYPE left_over AS ENUM ()",
    );
    const error = await failure(restore(own(), place.url));
    assert.equal(error.code, 'TARGET_NOT_EMPTY');
    assert.match(error.message, /dbimg: half/);
    await restore(own(), place.url, { replace: true });
    assert.equal(await count(place.url), ROWS);
    assert.deepEqual(await query(place.url, "SELECT FROM pg_type WHERE typname = 'left_over'"), []);
  });
});

function once(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
