import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { endpointOf, redact } from '../../src/adapters/mysql/location.ts';

let home: string;
before(async () => {
  home = await mkdtemp(join(tmpdir(), 'dbimg-home-'));
});
after(async () => await rm(home, { recursive: true }));

describe('a MySQL location', () => {
  it('is taken apart', async () => {
    const endpoint = await endpointOf(
      'mysql://us%40er:p%3Aw@db.example.com:3307/my%2Fshop?ssl-mode=REQUIRED',
      {
        HOME: home,
      },
    );
    assert.equal(endpoint.host, 'db.example.com');
    assert.equal(endpoint.port, 3307);
    assert.equal(endpoint.user, 'us@er');
    assert.equal(endpoint.password, 'p:w');
    assert.equal(endpoint.database, 'my/shop');
    assert.equal(endpoint.sslMode, 'required');
  });

  it('names all databases without one', async () => {
    const endpoint = await endpointOf('mariadb://root@localhost/', { HOME: home });
    assert.equal(endpoint.database, undefined);
    assert.equal(endpoint.port, 3306);
  });

  it('checks who answers as soon as the way leaves this machine', async () => {
    const modeOf = async (host: string): Promise<string> =>
      (await endpointOf(`mysql://u@${host}/d`, { HOME: home })).sslMode;
    assert.equal(await modeOf('127.0.0.1'), 'preferred');
    assert.equal(await modeOf('[::1]'), 'preferred');
    assert.equal(await modeOf('localhost'), 'preferred');
    assert.equal(await modeOf('10.0.0.1'), 'verify_identity');
    assert.equal(await modeOf('localhost.example.com'), 'verify_identity');
  });

  it('takes what is missing from option files, then from variables', async () => {
    await writeFile(
      join(home, '.my.cnf'),
      '[mysqld]\nport=1\n[client]\nuser = filed # a comment\npassword="with \\"quotes\\" # and"\n!include nowhere.cnf\n[clientx]\nport=3310\n',
    );
    const environment = { HOME: home, MYSQL_PWD: 'variable', MYSQL_TCP_PORT: '3309' };
    const endpoint = await endpointOf('mysql://127.0.0.1/d', environment);
    assert.equal(endpoint.user, 'filed');
    assert.equal(endpoint.password, 'with "quotes" # and');
    assert.equal(endpoint.port, 3309);
    assert.equal((await endpointOf('mysql://u:mine@127.0.0.1/d', environment)).password, 'mine');
    const suffixed = await endpointOf('mysql://127.0.0.1/d?defaults-group-suffix=x', environment);
    assert.equal(suffixed.port, 3310);
    await rm(join(home, '.my.cnf'));
    assert.equal((await endpointOf('mysql://u@127.0.0.1/d', environment)).password, 'variable');
  });

  it('reads one option file and no other if it names it', async () => {
    const file = join(home, 'other.cnf');
    await writeFile(file, '[client]\nsocket=/tmp/x.sock\nuser=someone\n');
    const endpoint = await endpointOf(`mysql://localhost/d?defaults-file=${file}`, { HOME: home });
    assert.equal(endpoint.user, 'someone');
    assert.equal(endpoint.socket, '/tmp/x.sock');
    // A port means TCP, whatever the file says.
    const port = await endpointOf(`mysql://localhost:3306/d?defaults-file=${file}`, { HOME: home });
    assert.equal(port.socket, undefined);
    await assert.rejects(endpointOf('mysql://localhost/d?defaults-file=/nowhere/x.cnf', { HOME: home }), {
      code: 'USAGE',
    });
  });

  for (const location of [
    'mysql://host:99999/d',
    'mysql://host:x/d',
    'mysql://u:%zz@host/d',
    'mysql://host/d?sslmode=require',
    'mysql://host/d?ssl-mode=maybe',
    'mysq://host/d',
  ]) {
    it(`refuses ${location}`, async () => {
      await assert.rejects(endpointOf(location, { HOME: home }), { code: 'USAGE' });
    });
  }

  it('hides its secrets, whatever it is given', () => {
    assert.equal(redact('mysql://u:s3cret@h/d'), 'mysql://u:***@h/d');
    assert.equal(redact('mysql://u:s3@cret@h/d?x=1'), 'mysql://u:***@h/d?x=1');
    assert.equal(redact('mysql://h/d?password=s3cret&a=b'), 'mysql://h/d?password=***&a=b');
    assert.equal(redact(undefined as never), 'undefined');
  });
});
