import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { encryptionOf, newPassphrase, preparedPassphrase, readingKeys } from '../../src/cli/keys.ts';
import { DbimgError } from '../../src/core/errors.ts';

let folder: string;
const file = async (name: string, text: string): Promise<string> => {
  await writeFile(join(folder, name), text);
  return join(folder, name);
};
const isUsage = (error: unknown): boolean => error instanceof DbimgError && error.code === 'USAGE';

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dbimg-keys-'));
});
after(() => rm(folder, { recursive: true, force: true }));
afterEach(() => {
  delete process.env.DBIMG_PASSPHRASE;
  delete process.env.DBIMG_PASSPHRASE_COMMAND;
});

test('a passphrase comes from the file, else the variable, else the command', async () => {
  process.env.DBIMG_PASSPHRASE_COMMAND = 'printf "from command\\nmore"';
  assert.equal(await preparedPassphrase(undefined), 'from command');
  process.env.DBIMG_PASSPHRASE = 'from variable';
  assert.equal(await preparedPassphrase(undefined), 'from variable');
  assert.equal(await preparedPassphrase(await file('crlf', ' from file \r\nmore\n')), ' from file ');
});

test('a passphrase that is empty or cannot be had is refused', async () => {
  await assert.rejects(preparedPassphrase(await file('blank', '\nsecond')), isUsage);
  await assert.rejects(preparedPassphrase(join(folder, 'missing')), isUsage);
  process.env.DBIMG_PASSPHRASE_COMMAND = 'echo hunter2 >&2; exit 3';
  await assert.rejects(preparedPassphrase(undefined), (error: DbimgError) => {
    assert.match(error.message, /exit code 3/u);
    assert.doesNotMatch(JSON.stringify(error) + String(error.cause), /hunter2/u);
    return isUsage(error);
  });
});

test('without a passphrase and a terminal nothing is encrypted by chance', async () => {
  await assert.rejects(newPassphrase(undefined), isUsage);
  assert.equal(await encryptionOf({ encrypt: false }), undefined);
  process.env.DBIMG_PASSPHRASE = 'p';
  assert.equal(await encryptionOf({ encrypt: false }), undefined);
  assert.deepEqual(await encryptionOf({ encrypt: true }), { passphrase: 'p' });
  assert.deepEqual(await encryptionOf({ encrypt: false, 'encrypt-to': ['age1x'] }), {
    recipients: ['age1x'],
  });
  assert.deepEqual(await encryptionOf({ encrypt: true, 'encrypt-to': ['age1x'] }), {
    passphrase: 'p',
    recipients: ['age1x'],
  });
});

test('reading keys hold identities and signers, and a passphrase only if there is a way to one', async () => {
  const identities = await file(
    'id',
    '# created: today\n# public key: age1x\nAGE-SECRET-KEY-1ABC\r\n\nAGE-SECRET-KEY-1DEF\n',
  );
  const keys = await readingKeys({ identity: [identities], 'trust-key': await file('pem', 'PEM') });
  assert.deepEqual(keys, {
    identities: ['AGE-SECRET-KEY-1ABC', 'AGE-SECRET-KEY-1DEF'],
    trustedSigners: ['PEM'],
  });
  await assert.rejects(readingKeys({ identity: [await file('none', 'age1x')] }), isUsage);
});

test('the passphrase command runs only when an image asks', async () => {
  const mark = join(folder, 'ran');
  process.env.DBIMG_PASSPHRASE_COMMAND = `echo x >> '${mark}'; echo secret`;
  const keys = await readingKeys({});
  await assert.rejects(import('node:fs/promises').then(({ stat }) => stat(mark)));
  assert.equal(await keys.passphrase?.(), 'secret');
});
