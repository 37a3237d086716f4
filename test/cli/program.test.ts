/** The program as users meet it: arguments, errors, exit codes, terminals. No server is needed. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { runCli, runOnTerminal } from './program.ts';

const SECRET = 'hunter2';
const URL_WITH_SECRET = `postgres://user:${SECRET}@127.0.0.1:1/shop`;
let folder: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dbimg-cli-'));
});

after(() => rm(folder, { recursive: true, force: true }));

test('help names the commands, and a command its flags, arguments and examples', async () => {
  const root = await runCli(['--help']);
  assert.equal(root.code, 0);
  for (const name of ['cat', 'doctor', 'dump', 'inspect', 'restore', 'verify']) {
    assert.match(root.stdout, new RegExp(`^ {2}${name} `, 'mu'));
  }
  const dump = await runCli(['dump', '--help']);
  assert.equal(dump.code, 0);
  assert.match(dump.stdout, /\nSAFETY FLAGS\n(?: .*\n)* {2}--lock-timeout=TIME /u);
  assert.match(dump.stdout, /\$ dbimg dump postgres:\/\/postgres@localhost\/shop\n/u);
});

test('misunderstood commands end with 2, one message and no stack', async () => {
  const cases: [string[], RegExp][] = [
    [['frobnicate'], /no command "frobnicate"/u],
    [['resotre', 'x.dbimg', URL_WITH_SECRET], /hint: Did you mean: dbimg restore/u],
    [[URL_WITH_SECRET], /no command "postgres"/u],
    [['dump'], /Which database\? .*DBIMG_SOURCE/u],
    [['dump', URL_WITH_SECRET, '--frob'], /Nonexistent flag: --frob/u],
    [['dump', URL_WITH_SECRET, URL_WITH_SECRET], /Unexpected argument/u],
    [['dump', URL_WITH_SECRET, '--jobs', '0'], /--jobs: Expected an integer/u],
    [['dump', URL_WITH_SECRET, '--level', '20'], /--level: Expected an integer/u],
    [['dump', URL_WITH_SECRET, '--rate', '5x'], /--rate: "5x" is not a size/u],
    [['dump', URL_WITH_SECRET, '--lock-timeout', 'soon'], /--lock-timeout: "soon" is not a length of time/u],
    [['dump', URL_WITH_SECRET, '-o', '-', '--json'], /both want standard output/u],
    [['dump', URL_WITH_SECRET, '-o', 'x', '--encrypt'], /no passphrase to encrypt with/u],
    [['dump', URL_WITH_SECRET, '-o', 'x', '--passphrase-file', 'f'], /no use without --encrypt/u],
    [['dump', URL_WITH_SECRET, '-o', 'x', '--sign', '/nonexistent/key'], /key file .* cannot be read/u],
    [['restore'], /Missing 1 required arg/u],
    [['restore', 'x.dbimg'], /Which database\? .*DBIMG_TARGET/u],
    [['restore', 'x.dbimg', URL_WITH_SECRET, '--identity', join(folder, 'empty')], /holds no age identity/u],
    [['verify', 'x', '--progress', 'loud'], /--progress=loud to be one of/u],
  ];
  await writeFile(join(folder, 'empty'), '# no identity\n');
  for (const [args, message] of cases) {
    const run = await runCli(args);
    const output = run.stdout + run.stderr;
    assert.equal(run.code, 2, `${args.join(' ')}: ${output}`);
    assert.match(output, message);
    assert.doesNotMatch(output, /\n\s+at /u, output);
    assert.ok(!output.includes(SECRET), output);
  }
});

test('with --json an error is one object on standard output, and the exit code is the same', async () => {
  const run = await runCli(['dump', URL_WITH_SECRET, '--frob', '--json']);
  assert.equal(run.code, 2);
  assert.deepEqual(JSON.parse(run.stdout), {
    error: { code: 'USAGE', message: 'Nonexistent flag: --frob', hint: 'dbimg dump --help' },
  });
  assert.equal(run.stderr, '');
});

test('a location that no adapter knows ends with 6', async () => {
  const run = await runCli(['dump', `oracle://u:${SECRET}@h/db`, '-o', join(folder, 'x.dbimg')]);
  assert.equal(run.code, 6, run.stderr);
  assert.match(run.stderr, /^error: .*\[ADAPTER_UNKNOWN\]\n {2}hint: .*postgres:/u);
  assert.ok(!run.stderr.includes(SECRET));
});

test('an image that is not there ends with 7, a file that is none with 4', async () => {
  const file = join(folder, 'no-image');
  await writeFile(file, 'this is a text\n'.repeat(1000));
  for (const command of ['verify', 'inspect', 'inspect --raw', 'cat', 'restore']) {
    const [name = '', ...more] = command.split(' ');
    const rest = name === 'cat' ? ['orders'] : name === 'restore' ? [URL_WITH_SECRET] : more;
    const missing = await runCli([name, join(folder, 'missing.dbimg'), ...rest, '--json']);
    assert.equal(missing.code, 7, missing.stdout);
    assert.equal(JSON.parse(missing.stdout).error.code, 'STORE_NOT_FOUND');
    const wrong = await runCli([name, file, ...rest, '--json']);
    assert.equal(wrong.code, 4, wrong.stdout);
    assert.equal(JSON.parse(wrong.stdout).error.code, 'NOT_AN_IMAGE');
  }
});

test('an empty pipe is no image', async () => {
  for (const args of [
    ['verify', '-'],
    ['restore', '-', URL_WITH_SECRET],
  ]) {
    const run = await runCli(args, { input: '' });
    assert.equal(run.code, 4, run.stderr);
  }
});

test('nobody listening ends with 5, without the password, also with DBIMG_DEBUG', async () => {
  for (const args of [
    ['dump', URL_WITH_SECRET, '-o', join(folder, 'x.dbimg')],
    ['dump', '-o', join(folder, 'x.dbimg'), '--json'],
    ['doctor', URL_WITH_SECRET],
  ]) {
    const run = await runCli(args, { env: { DBIMG_SOURCE: URL_WITH_SECRET, DBIMG_DEBUG: '1' } });
    const output = run.stdout + run.stderr;
    assert.equal(run.code, 5, output);
    assert.match(output, /CONNECT_FAILED/u);
    assert.match(output, /\n\s+at /u, 'DBIMG_DEBUG shows where it came from');
    assert.ok(!output.includes(SECRET), output);
  }
});

test('an image is not written to a terminal, nor read from one', async () => {
  const dump = await runOnTerminal(['dump', URL_WITH_SECRET, '-o', '-']);
  assert.equal(dump.code, 2, dump.stdout);
  assert.match(dump.stdout, /not written to a terminal/u);
  for (const args of [
    ['restore', '-', URL_WITH_SECRET],
    ['verify', '-'],
    ['inspect', '-', '--raw'],
  ]) {
    const run = await runOnTerminal(args);
    assert.equal(run.code, 2, run.stdout);
    assert.match(run.stdout, /not read from a terminal/u);
    assert.ok(!run.stdout.includes(SECRET));
  }
});

test('a passphrase is asked for twice on a terminal, and not shown', async () => {
  const run = await runOnTerminal(
    ['dump', URL_WITH_SECRET, '-o', join(folder, 'x.dbimg'), '--encrypt'],
    `${SECRET}\nother\n`,
  );
  assert.equal(run.code, 2, run.stdout);
  assert.match(
    run.stdout,
    /Passphrase for the new image: \s+The same again: \s+.*The two passphrases differ/u,
  );
  assert.ok(!run.stdout.includes(SECRET), run.stdout);
});

test('Ctrl-C at the question ends with 130', async () => {
  const run = await runOnTerminal(
    ['dump', URL_WITH_SECRET, '-o', join(folder, 'x.dbimg'), '--encrypt'],
    '\u0003\n',
  );
  assert.equal(run.code, 130, run.stdout);
});
