/** Every way not to get in, and TLS in each of libpq's modes. */
import assert from 'node:assert/strict';
import { chmod, chown, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { adapter } from '../../src/adapters/postgres/adapter.ts';
import { readFacts } from '../../src/adapters/postgres/facts.ts';
import { endpointsOf } from '../../src/adapters/postgres/location.ts';
import { Session, UNINTERRUPTED } from '../../src/adapters/postgres/session.ts';
import { DbimgError } from '../../src/core/errors.ts';
import { databaseUrl, query, type RunningPostgres, startPostgres } from '../engines/postgres.ts';
import { context, digestsOf, dump } from './adapter-job.ts';

/** Made for these tests: secures nothing. */
const KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgKW0jf1ikBYlCtfnL
W2fBTRJJQezdZWz6s2eIy9dQKeahRANCAASFCXxejUR+YXVp+P8T5yOrg4D8X3Lj
feN+Vu+zvZmspw2twtuNFow+MEArNF08WJtLFP8MU20AwQNopESPsbtQ
-----END PRIVATE KEY-----
`;
/** For another name than the server's. */
const ELSEWHERE = `-----BEGIN CERTIFICATE-----
MIIBWzCCAQGgAwIBAgIBATAKBggqhkjOPQQDAjASMRAwDgYDVQQDDAdkYi50ZXN0
MCAXDTIwMDEwMTAwMDAwMFoYDzIxMjAwMTAxMDAwMDAwWjASMRAwDgYDVQQDDAdk
Yi50ZXN0MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEhQl8Xo1EfmF1afj/E+cj
q4OA/F9y433jflbvs72ZrKcNrcLbjRaMPjBAKzRdPFibSxT/DFNtAMEDaKREj7G7
UKNGMEQwDwYDVR0TAQH/BAUwAwEB/zASBgNVHREECzAJggdkYi50ZXN0MB0GA1Ud
DgQWBBRYjtJyac44c3XnVn5tN95NoJtGizAKBggqhkjOPQQDAgNIADBFAiB1lEtx
YHwtbzeO2fW+cCntGJTcoNUS1c72sSetohDoJAIhAM/FjbadcQwC10Hy3yvbGpU2
nItZlUFqU0+z4CGkwxZK
-----END CERTIFICATE-----
`;
/** For 127.0.0.1. */
const HERE = `-----BEGIN CERTIFICATE-----
MIIBYzCCAQmgAwIBAgIBAjAKBggqhkjOPQQDAjASMRAwDgYDVQQDDAdkYi50ZXN0
MCAXDTIwMDEwMTAwMDAwMFoYDzIxMjAwMTAxMDAwMDAwWjASMRAwDgYDVQQDDAdk
Yi50ZXN0MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEhQl8Xo1EfmF1afj/E+cj
q4OA/F9y433jflbvs72ZrKcNrcLbjRaMPjBAKzRdPFibSxT/DFNtAMEDaKREj7G7
UKNOMEwwDwYDVR0TAQH/BAUwAwEB/zAaBgNVHREEEzARhwR/AAABgglsb2NhbGhv
c3QwHQYDVR0OBBYEFFiO0nJpzjhzdedWfm033k2gm0aLMAoGCCqGSM49BAMCA0gA
MEUCIQDGthzkc1G0FKUaYhLU/Cq8G+zpB0QaNQSNOl9EbCQsvgIgN4fj0aR2KBON
uiIzfn1CTGPQge7uKgyAA7H4FhebCnk=
-----END CERTIFICATE-----
`;

let server: RunningPostgres;
let files: string;
before(async () => {
  server = await startPostgres({ version: 15 });
  files = await mkdtemp(join(tmpdir(), 'dbimg-tls-'));
  await writeFile(join(files, 'here.pem'), HERE);
  await writeFile(join(files, 'elsewhere.pem'), ELSEWHERE);
});
after(async () => {
  await server.stop();
  await rm(files, { recursive: true, force: true });
});

async function failure(url: string): Promise<DbimgError> {
  const error = await adapter.connect(url, context()).then(
    () => assert.fail('it should have failed'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof DbimgError, String(error));
  const secret = /:([^:@/]+)@/.exec(url)?.[1] ?? 'dbimg-throw-away';
  assert.ok(!JSON.stringify([error, error.message]).includes(secret), 'no secret in the error');
  return error;
}

function changed(change: { [K in 'username' | 'password' | 'hostname' | 'port']?: string }): string {
  return Object.assign(new URL(server.url), change).href;
}

describe('a connection that fails', () => {
  it('for the password', async () => {
    const error = await failure(changed({ password: 'wrong-secret' }));
    assert.equal(error.code, 'LOGIN_FAILED');
    assert.match(error.hint ?? '', /pgpass/);
  });

  it('for want of a password', async () => {
    assert.equal((await failure(changed({ password: '' }))).code, 'LOGIN_FAILED');
  });

  it('for the user', async () => {
    assert.equal((await failure(changed({ username: 'nobody' }))).code, 'LOGIN_FAILED');
  });

  it('for the host', async () => {
    const error = await failure(changed({ hostname: 'no-such-host.invalid' }));
    assert.equal(error.code, 'CONNECT_FAILED');
    assert.match(error.message, /no-such-host/);
  });

  it('for the port', async () => {
    assert.equal((await failure(changed({ port: '1' }))).code, 'CONNECT_FAILED');
  });

  it('for a socket that is not there', async () => {
    assert.equal((await failure('postgres://u@/db?host=/nonexistent')).code, 'CONNECT_FAILED');
  });

  it('for the database: not when connecting, since a restore may make it, but for a dump', async () => {
    const error = await dump(databaseUrl(server.url, 'no such')).catch((reason: unknown) => reason);
    assert.ok(error instanceof DbimgError);
    assert.equal(error.code, 'DATABASE_UNKNOWN');
    assert.match(error.message, /no such/);
    await using database = await adapter.connect(databaseUrl(server.url, 'no such'), context());
    const findings = await Array.fromAsync(database.examine());
    assert.deepEqual(
      findings.map(({ level }) => level),
      ['obstacle'],
    );
  });

  for (const [what, answer] of [
    ['is silent', ''],
    ['is something else', 'HTTP/1.1 400 Bad Request\r\n\r\n'],
    ['hangs up', undefined],
  ] as const) {
    it(`for a server that ${what}`, async () => {
      const impostor = createServer((socket) => {
        socket.on('error', () => {});
        if (answer === undefined) socket.destroy();
        else socket.write(answer);
      });
      await new Promise<void>((resolve) => impostor.listen(0, '127.0.0.1', resolve));
      try {
        const { port } = impostor.address() as { port: number };
        const error = await failure(
          `postgres://u:pw-of-u@127.0.0.1:${port}/db?connect_timeout=2&sslmode=disable`,
        );
        assert.ok(
          ['CONNECT_FAILED', 'CONNECTION_LOST'].includes(error.code),
          `${error.code}: ${error.message}`,
        );
      } finally {
        impostor.close();
      }
    });
  }

  for (const banner of [
    'PostgreSQL 9.6.24 on x86_64',
    'PostgreSQL 11.5',
    'CockroachDB CCL v24',
    'PostgreSQL 8.0.2, Redshift 1.0',
  ]) {
    it(`for a server that is ${banner}`, async () => {
      const session = { pid: 1, query: async () => [{ banner }] };
      const expected = (error: unknown): boolean =>
        error instanceof DbimgError && error.code === 'SERVER_UNSUPPORTED';
      await assert.rejects(readFacts(session as never), expected);
    });
  }

  it('tries the next host of a list', async () => {
    const { host, port } = server;
    const url = server.url.replace(`${host}:${port}`, `127.0.0.1:1,${host}:${port}`);
    await using database = await adapter.connect(url, context());
    assert.equal(database.server.product, 'PostgreSQL');
  });
});

describe('a session', () => {
  it('goes through a unix socket', async () => {
    const { username, password } = new URL(server.url);
    const directory = server.embedded?.socketDir ?? assert.fail();
    const url = `postgres://${username}:${password}@/postgres?host=${directory}&port=${server.port}`;
    await using database = await adapter.connect(url, context());
    assert.equal(database.server.version.split('.')[0], '15');
  });

  it('ends within a second of the signal', async () => {
    const [endpoint] = await endpointsOf(server.url, {});
    const abort = new AbortController();
    await using session = await Session.open(endpoint ?? assert.fail(), { signal: abort.signal });
    const running = session.query('SELECT pg_sleep(20)').catch((error: unknown) => error);
    await sleep(100);
    const begin = performance.now();
    abort.abort();
    assert.equal(((await running) as DbimgError).code, 'CANCELLED');
    assert.ok(performance.now() - begin < 1000);
  });

  it('is lost when it ends while nobody asks', async () => {
    const [endpoint] = await endpointsOf(server.url, {});
    await using session = await Session.open(endpoint ?? assert.fail(), UNINTERRUPTED);
    await query(server.url, 'SELECT pg_terminate_backend($1)', [session.pid]);
    await sleep(100);
    const error = await session.query('SELECT 1').catch((reason: unknown) => reason);
    assert.equal((error as DbimgError).code, 'CONNECTION_LOST');
  });
});

describe('TLS', () => {
  async function serveWith(certificate: string): Promise<void> {
    const { uid, gid } = await stat(server.dataDir);
    for (const [name, text] of [
      ['server.crt', certificate],
      ['server.key', KEY],
    ] as const) {
      const file = join(server.dataDir, name);
      await writeFile(file, text);
      await chmod(file, 0o600);
      await chown(file, uid, gid);
    }
    await query(server.url, 'ALTER SYSTEM SET ssl = on');
    await query(server.url, 'SELECT pg_reload_conf()');
    await sleep(300);
  }

  async function usesTls(parameters: string): Promise<boolean> {
    const [endpoint] = await endpointsOf(`${server.url}?${parameters}`, {});
    await using session = await Session.open(endpoint ?? assert.fail(), UNINTERRUPTED);
    const row = await session.row('SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()');
    return row.ssl === true;
  }

  async function code(parameters: string): Promise<string> {
    return (await failure(`${server.url}?${parameters}`)).code;
  }

  it('is asked for, or not, as sslmode says', async () => {
    assert.equal(await code('sslmode=require'), 'CONNECT_FAILED');
    assert.equal(await usesTls('sslmode=prefer'), false);
    await serveWith(ELSEWHERE);
    assert.equal(await usesTls(''), false);
    assert.equal(await usesTls('sslmode=disable'), false);
    assert.equal(await usesTls('sslmode=prefer'), true);
    assert.equal(await usesTls('sslmode=require'), true);
  });

  it('verifies who answers', async () => {
    await serveWith(ELSEWHERE);
    const elsewhere = `sslrootcert=${join(files, 'elsewhere.pem')}`;
    assert.equal(await code('sslmode=verify-full'), 'CONNECT_FAILED');
    assert.equal(await code(`sslmode=verify-full&${elsewhere}`), 'CONNECT_FAILED');
    assert.equal(await usesTls(`sslmode=verify-ca&${elsewhere}`), true);
    await serveWith(HERE);
    assert.equal(await usesTls(`sslmode=verify-full&sslrootcert=${join(files, 'here.pem')}`), true);
  });

  it('is used by itself where the server insists', async () => {
    await serveWith(HERE);
    const rules = join(server.dataDir, 'pg_hba.conf');
    await writeFile(rules, 'hostssl all all 127.0.0.1/32 scram-sha-256\nlocal all all scram-sha-256\n');
    await using session = await Session.open(
      (await endpointsOf(`${server.url}?sslmode=require`, {}))[0] ?? assert.fail(),
      UNINTERRUPTED,
    );
    await session.query('SELECT pg_reload_conf()');
    await sleep(300);
    assert.equal(await usesTls(''), true);
    assert.equal(await code('sslmode=disable'), 'LOGIN_FAILED');
  });

  it('carries rows as well', async () => {
    const url = `${server.url}?sslmode=require`;
    await using database = await adapter.connect(url, context());
    assert.ok(database.server);
    const [endpoint] = await endpointsOf(url, {});
    await using session = await Session.open(endpoint ?? assert.fail(), UNINTERRUPTED);
    await session.query(
      "CREATE TABLE tls_rows AS SELECT g AS a, repeat('x', 500) AS b FROM generate_series(1, 20000) AS g",
    );
    const digest = digestsOf(await dump(url))['public.tls_rows'];
    assert.equal(digest?.records, 20_000);
    const { username, password } = new URL(server.url);
    const directory = server.embedded?.socketDir ?? assert.fail();
    const plain = `postgres://${username}:${password}@/postgres?host=${directory}&port=${server.port}`;
    assert.deepEqual(digestsOf(await dump(plain))['public.tls_rows'], digest);
  });
});
