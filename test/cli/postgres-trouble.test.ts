/** What goes wrong: signals, keys, closed pipes, damaged images, servers that refuse. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { databaseUrl } from '../engines/postgres.ts';
import { runCli, runOnTerminal, startCli } from './program.ts';
import { openShop, PASSWORD, type Shop, until } from './shop.ts';

let shop: Shop;

before(async () => {
  shop = await openShop();
});

after(() => shop?.[Symbol.asyncDispose]());

test('dump into a pipe that nobody reads to its end ends with 7', async () => {
  const child = startCli(['dump', shop.url, '-o', '-']);
  child.stdout.destroy();
  let errors = '';
  child.stderr.on('data', (text) => {
    errors += text;
  });
  assert.deepEqual(await once(child, 'close'), [7, null], errors);
  assert.match(errors, /STORE_FAILED/u);
  await until('no session is left', async () => (await shop.sessions()) === 0);
});

for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  test(`${signal} in the middle of a dump ends with ${code} and leaves neither file nor session`, async () => {
    const cwd = await mkdtemp(join(shop.folder, 'signal-'));
    const child = startCli([
      'dump',
      shop.url,
      '-o',
      join(cwd, 'x.dbimg'),
      '--rate',
      '50kB',
      '--progress',
      'json',
    ]);
    let errors = '';
    child.stderr.setEncoding('utf8');
    const reading = new Promise<void>((resolve) => {
      child.stderr.on('data', (text) => {
        errors += text;
        if (/"step":"data","state":"begin"/u.test(errors)) resolve();
      });
    });
    const closed = once(child, 'close');
    await Promise.race([reading, closed]);
    child.kill(signal);
    assert.deepEqual(await closed, [code, null], errors);
    assert.match(errors, new RegExp(`${signal}: stopping`, 'u'));
    assert.match(errors, /\[CANCELLED\]/u);
    assert.deepEqual(await readdir(cwd), []);
    await until('no session is left', async () => (await shop.sessions()) === 0);
  });
}

test('encrypted and signed images: with the key, without, with the wrong one', async () => {
  const sealed = join(shop.folder, 'sealed.dbimg');
  const { generateKeyPairSync } = await import('node:crypto');
  const pair = generateKeyPairSync('ed25519');
  const other = generateKeyPairSync('ed25519');
  const pem = async (name: string, text: string | Buffer): Promise<string> => {
    await writeFile(join(shop.folder, name), text);
    return join(shop.folder, name);
  };
  const signer = await pem('signer.pem', pair.privateKey.export({ type: 'pkcs8', format: 'pem' }));
  const trusted = await pem('trusted.pem', pair.publicKey.export({ type: 'spki', format: 'pem' }));
  const stranger = await pem('stranger.pem', other.publicKey.export({ type: 'spki', format: 'pem' }));
  const right = { DBIMG_PASSPHRASE: PASSWORD };
  const dump = await runCli(['dump', shop.url, '-o', sealed, '--encrypt', '--sign', signer], { env: right });
  assert.equal(dump.code, 0, dump.stderr);
  const good = await runCli(['verify', sealed, '--trust-key', trusted], { env: right });
  assert.match(good.stdout, /\nsigned, encrypted\n/u, good.stderr);
  const none = await runCli(['verify', sealed]);
  assert.equal(none.code, 2);
  assert.match(none.stderr, /KEY_MISSING[\s\S]*--passphrase-file/u);
  const wrong = await runCli(['verify', sealed], { env: { DBIMG_PASSPHRASE: 'other' } });
  assert.equal(wrong.code, 5);
  const untrusted = await runCli(['verify', sealed, '--trust-key', stranger], { env: right });
  assert.equal(untrusted.code, 4, untrusted.stderr);
  const asked = await runOnTerminal(['cat', sealed, 'sales.orders', '--limit', '1'], `${PASSWORD}\n`);
  assert.equal(asked.code, 0, asked.stdout);
  assert.match(asked.stdout, /Passphrase of the image: \s+\{"id":\d+,/u);
  for (const run of [dump, good, none, wrong, untrusted, asked]) {
    assert.ok(!(run.stdout + run.stderr).includes(PASSWORD));
  }
});

test('a truncated image ends verify with 4', async () => {
  const cut = join(shop.folder, 'cut.dbimg');
  await writeFile(cut, await readFile(shop.image));
  await truncate(cut, (await stat(cut)).size - 1);
  const run = await runCli(['verify', cut]);
  assert.equal(run.code, 4, run.stderr);
  assert.match(run.stderr, /IMAGE_INCOMPLETE|IMAGE_DAMAGED/u);
});

test('wrong password, unknown database and unknown host end with 5, each with its code and a hint', async () => {
  const cases: [string, string][] = [
    [
      databaseUrl(shop.server.url, shop.source.name, { user: 'nobody_here', password: PASSWORD }),
      'LOGIN_FAILED',
    ],
    [shop.target('no_such_database'), 'DATABASE_UNKNOWN'],
    [`postgres://u:${PASSWORD}@no-such-host.invalid/db`, 'CONNECT_FAILED'],
  ];
  for (const [location, expected] of cases) {
    const run = await runCli(['dump', location, '-o', join(shop.folder, 'never.dbimg'), '--json']);
    assert.equal(run.code, 5, run.stdout);
    const { error } = JSON.parse(run.stdout);
    assert.equal(error.code, expected);
    assert.ok(error.hint, run.stdout);
    assert.ok(!(run.stdout + run.stderr).includes(PASSWORD), run.stdout);
  }
});
