import assert from 'node:assert/strict';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { endpointsOf, redact } from '../../src/adapters/postgres/location.ts';
import { DbimgError } from '../../src/core/errors.ts';

const NONE = { PGPASSFILE: '/nonexistent', PGSERVICEFILE: '/nonexistent' };

describe('a PostgreSQL location', () => {
  it('has the defaults of libpq, but verifies TLS off this machine', async () => {
    const [here] = await endpointsOf('postgresql://', NONE);
    const user = userInfo().username;
    assert.deepEqual(here, {
      ...{ host: 'localhost', port: 5432, user, database: user, sslMode: 'allow', connectTimeout: 15_000 },
    });
    const [there] = await endpointsOf('postgres://db.example.com', NONE);
    assert.equal(there?.sslMode, 'verify-full');
    const [socket] = await endpointsOf('postgres:///db?host=/run/pg', NONE);
    assert.deepEqual([socket?.host, socket?.sslMode], ['/run/pg', 'allow']);
  });

  it('takes every part of a URL, decoded', async () => {
    const [endpoint] = await endpointsOf(
      'postgres://us%40er:p%2Fa:s%25s@[::1]:6543/d%20b%F0%9F%8E%89?sslmode=require&options=-c%20a%3Db&connect_timeout=3',
      NONE,
    );
    assert.deepEqual(endpoint, {
      ...{ host: '::1', port: 6543, user: 'us@er', password: 'p/a:s%s', database: 'd b🎉' },
      ...{ sslMode: 'require', options: '-c a=b', connectTimeout: 3000 },
    });
  });

  it('lists hosts in their order', async () => {
    const endpoints = await endpointsOf('postgres://a:1,b,c:3/db', NONE);
    assert.deepEqual(
      endpoints.map(({ host, port }) => [host, port]),
      [
        ['a', 1],
        ['b', 5432],
        ['c', 3],
      ],
    );
  });

  it('is completed by variables, and wins over them', async () => {
    const environment = {
      ...NONE,
      PGHOST: 'h',
      PGPORT: '7',
      PGUSER: 'u',
      PGPASSWORD: 'p',
      PGDATABASE: 'd',
      PGSSLMODE: 'disable',
    };
    const [endpoint] = await endpointsOf('postgres://other@/mine', environment);
    assert.deepEqual(
      [
        endpoint?.host,
        endpoint?.port,
        endpoint?.user,
        endpoint?.password,
        endpoint?.database,
        endpoint?.sslMode,
      ],
      ['h', 7, 'other', 'p', 'mine', 'disable'],
    );
  });

  it('is completed by a service, which wins over variables', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'dbimg-location-'));
    try {
      const file = join(directory, 'services');
      await writeFile(
        file,
        '# comment\n[other]\nhost=x\n\n[shop]\nhost = shop.example\nport=99\nuser=keeper\n[last]\nhost=y\n',
      );
      const environment = { PGSERVICEFILE: file, PGPASSFILE: '/nonexistent', PGUSER: 'nobody', PGHOST: 'z' };
      const [endpoint] = await endpointsOf('postgres:///db?service=shop', environment);
      assert.deepEqual([endpoint?.host, endpoint?.port, endpoint?.user], ['shop.example', 99, 'keeper']);
      await assert.rejects(endpointsOf('postgres:///db?service=none', environment), (error) => {
        return error instanceof DbimgError && error.code === 'USAGE' && error.message.includes('none');
      });
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  it('finds the password in a file that is private', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'dbimg-location-'));
    try {
      const file = join(directory, 'pgpass');
      await writeFile(
        file,
        '# host:port:db:user:password\nother:*:*:*:no\nh:5432:d\\:b:*:pass\\:wo\\\\rd\n*:*:*:\\*:star\n*:*:*:u:last\n',
      );
      await chmod(file, 0o600);
      const password = async (url: string): Promise<string | undefined> =>
        (await endpointsOf(url, { PGPASSFILE: file }))[0]?.password;
      assert.equal(await password('postgres://u@h/d:b'), 'pass:wo\\rd');
      assert.equal(await password('postgres://u@h/x'), 'last');
      assert.equal(await password('postgres://v@h/x'), undefined);
      assert.equal(await password('postgres://%2A@h/x'), 'star');
      assert.equal(await password('postgres://u:mine@h/x'), 'mine');
      await chmod(file, 0o644);
      assert.equal(await password('postgres://u@h/x'), undefined);
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  for (const url of [
    'mysql://h/d',
    'postgres://h:0/d',
    'postgres://h:99999/d',
    'postgres://h:x/d',
    'postgres://h/%zz',
    'postgres://h/d?sslmode=maybe',
  ]) {
    it(`refuses ${url}`, async () => {
      await assert.rejects(
        endpointsOf(url, NONE),
        (error) => error instanceof DbimgError && error.code === 'USAGE',
      );
    });
  }

  it('loses its secrets in messages, and nothing else', () => {
    assert.equal(redact('postgres://u:secret@h/d?sslmode=require'), 'postgres://u:***@h/d?sslmode=require');
    assert.equal(redact('postgres://h/d'), 'postgres://h/d');
    assert.equal(redact('postgres://u@h:5432/d'), 'postgres://u@h:5432/d');
    assert.equal(redact('postgres://h/d?password=secret&user=u'), 'postgres://h/d?password=***&user=u');
    for (const odd of [
      'postgres://u:se/cr@et@h/d',
      'postgres://u:se?cret@h',
      'postgres://:secret@',
      'POSTGRES://u:sec#ret@h',
      "host=h password='sec ret'",
      'host=h password=secret',
    ]) {
      assert.doesNotMatch(redact(odd), /s[/]?e.*ret|sec/, odd);
    }
    assert.equal(redact(undefined as unknown as string), 'undefined');
  });
});
