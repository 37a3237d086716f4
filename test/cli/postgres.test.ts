/** The whole way through the command line: a PostgreSQL database into an image and back. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import {
  createDatabase,
  databaseUrl,
  dropDatabase,
  query,
  type RunningPostgres,
  startPostgres,
  type TestDatabase,
} from '../engines/postgres.ts';
import { cleanEnv, runCli, runOnTerminal, startCli } from './program.ts';

const PASSWORD = 'hunter2-very-secret';
const ROLE = 'cli_owner';
let server: RunningPostgres;
let source: TestDatabase;
/** URL of the source for a role that needs its password. */
let url: string;
let folder: string;
let image: string;

const SCHEMA = `
  CREATE SCHEMA sales;
  CREATE TABLE sales.orders (id bigint PRIMARY KEY, note text, amount numeric, paid boolean, at timestamptz, data jsonb, raw bytea, tags text[]);
  INSERT INTO sales.orders SELECT i, 'note ' || i, i * 1.10, i % 2 = 0, '2026-01-01T00:00:00Z', jsonb_build_object('n', i), '\\x00ff', ARRAY['a', NULL]
    FROM generate_series(1, 5000) i;
  INSERT INTO sales.orders (id, note) VALUES (9223372036854775807, E'line\\nbreak "quoted"');
  CREATE TABLE sales.empty (id int);
  CREATE TABLE "odd.name ""x""" (v int);
  INSERT INTO "odd.name ""x""" VALUES (1);
`;

before(async () => {
  server = await startPostgres({
    version: 18,
    roles: [{ name: ROLE, password: PASSWORD, attributes: 'LOGIN SUPERUSER' }],
  });
  source = await createDatabase(server);
  await query(source.url, SCHEMA);
  url = databaseUrl(server.url, source.name, { user: ROLE, password: PASSWORD });
  folder = await mkdtemp(join(tmpdir(), 'dbimg-cli-pg-'));
  image = join(folder, 'shop.dbimg');
});

after(async () => {
  await source?.[Symbol.asyncDispose]();
  await server?.stop();
  await rm(folder, { recursive: true, force: true });
});

const target = (name: string): string => databaseUrl(url, name);
const sessions = async (): Promise<number> => {
  const [row] = await query<{ n: number }>(
    server.url,
    "SELECT count(*)::int AS n FROM pg_stat_activity WHERE usename = 'cli_owner'",
  );
  return row?.n ?? -1;
};

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (let i = 0; i < 100; i++) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assert.fail(`it never came to this: ${what}`);
}

test('dump prints the name of the image and a summary, and never the password', async () => {
  const run = await runCli(['dump', url, '-o', image]);
  assert.equal(run.code, 0, run.stderr);
  assert.equal(run.stdout, `${image}\n`);
  assert.match(run.stderr, /^PostgreSQL 18\S*: 3 objects, 5,002 rows, .*\nposition .*\ndone in .*\n$/u);
  assert.ok(!(run.stdout + run.stderr).includes(PASSWORD));
  assert.equal((await stat(image)).mode & 0o777, 0o600);
  assert.ok(!(await readFile(image)).includes(PASSWORD));
});

test('dump does not replace an image unless told to', async () => {
  const before = await readFile(image);
  const refused = await runCli(['dump', url, '-o', image]);
  assert.equal(refused.code, 7, refused.stderr);
  assert.match(refused.stderr, /STORE_EXISTS/u);
  assert.deepEqual(await readFile(image), before);
  const replaced = await runCli(['dump', url, '-o', image, '--overwrite', '--quiet']);
  assert.deepEqual([replaced.code, replaced.stderr], [0, '']);
});

test('dump without -o names the image after the database, and takes the source from the environment', async () => {
  const cwd = await mkdtemp(join(folder, 'cwd-'));
  const run = await runCli(['dump', '--quiet'], { cwd, env: { DBIMG_SOURCE: url } });
  assert.equal(run.code, 0, run.stderr);
  const [name, ...others] = await readdir(cwd);
  assert.deepEqual(others, []);
  assert.equal(run.stdout, `${name}\n`);
  assert.match(name ?? '', new RegExp(`^${source.name}-\\d{8}-\\d{6}\\.dbimg$`, 'u'));
});

test('dump --json has the shape of docs/json-output.md', async () => {
  const output = join(folder, 'json.dbimg');
  const run = await runCli(['dump', url, '-o', output, '--json']);
  assert.equal(run.code, 0, run.stderr);
  assert.equal(run.stderr, '');
  const result = JSON.parse(run.stdout);
  await assertDocumented('dump', result);
  assert.deepEqual([result.output, result.objects, result.records], [output, 3, 5002]);
  assert.deepEqual(Object.keys(result.position).sort(), ['exact', 'time', 'type', 'value']);
});

/** Every property is in the table of the command's section. */
async function assertDocumented(command: string, result: object): Promise<void> {
  const page = await readFile(new URL('../../docs/json-output.md', import.meta.url), 'utf8');
  const section = page.split(/^## /mu).find((text) => text.startsWith(`\`${command}\``)) ?? '';
  for (const property of Object.keys(result))
    assert.ok(section.includes(`\`${property}\``), `${command}: ${property}`);
}

test('verify, also against the database, for people and as JSON', async () => {
  const plain = await runCli(['verify', image, '--against', url]);
  assert.equal(plain.code, 0, plain.stderr);
  assert.match(
    plain.stdout,
    /^complete: 3 streams, .*\nnot signed, not encrypted\nequal to the database: 3 objects\n/u,
  );
  const json = await runCli(['verify', image, '--against', url, '--json']);
  const result = JSON.parse(json.stdout);
  await assertDocumented('verify', result);
  assert.deepEqual(result.against, { equal: 3, differing: [] });
  assert.ok(!(plain.stdout + plain.stderr + json.stdout + json.stderr).includes(PASSWORD));
});

test('verify --against a database that differs ends with 4 and says where', async () => {
  await using other = await createDatabase(server);
  const name = other.name;
  await query(other.url, SCHEMA);
  await query(
    other.url,
    "UPDATE sales.orders SET note = 'x' WHERE id = 7; INSERT INTO sales.empty VALUES (1)",
  );
  const run = await runCli(['verify', image, '--against', target(name)]);
  assert.equal(run.code, 4, run.stderr);
  assert.match(run.stdout, /DIFFERENT from the database: 2 of 3 objects/u);
  assert.match(run.stdout, /sales\.orders: as many rows, but other contents/u);
  assert.match(run.stdout, /sales\.empty: 0 rows in the image, 1 in the database/u);
});

test('inspect shows objects, position and catalog; as JSON all of it', async () => {
  const run = await runCli(['inspect', image]);
  assert.equal(run.code, 0, run.stderr);
  assert.match(run.stdout, /^server +PostgreSQL 18/mu);
  assert.match(run.stdout, /^sales\.orders +pg\.copy\.\S+ +1 +5,001 /mu);
  assert.match(run.stdout, /^public\."odd\.name \\?""?x/mu);
  const few = await runCli(['inspect', image, '--limit', '1']);
  assert.match(few.stdout, /… and 2 more/u);
  const json = JSON.parse((await runCli(['inspect', image, '--json'])).stdout);
  await assertDocumented('inspect', json);
  assert.equal(json.objects.length, 3);
  assert.equal(json.totals.records, 5002);
});

test('inspect --raw lists the frames of a file and of a pipe alike', async () => {
  const run = await runCli(['inspect', image, '--raw', '--json']);
  assert.equal(run.code, 0, run.stderr);
  const frames = run.stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.equal(frames[0].type, 'HEAD');
  assert.ok(
    frames.some((frame) => frame.type === 'DATA') && frames.every((frame) => frame.contentId.length === 64),
  );
  const piped = await runCli(['inspect', '-', '--raw', '--json'], { input: await readFile(image) });
  assert.equal(piped.stdout, run.stdout);
  const table = (await runCli(['inspect', image, '--raw'])).stdout.trimEnd().split('\n');
  assert.equal(table.length, frames.length + 1);
});

test('cat prints rows without loss, by full and by short name', async () => {
  const run = await runCli(['cat', image, 'sales.orders']);
  assert.equal(run.code, 0, run.stderr);
  const lines = run.stdout.trimEnd().split('\n');
  assert.equal(lines.length, 5001);
  const first = lines.find((line) => line.startsWith('{"id":1,')) ?? '';
  assert.deepEqual(JSON.parse(first), {
    id: 1,
    note: 'note 1',
    amount: 1.1,
    paid: false,
    at: JSON.parse(first).at,
    data: { n: 1 },
    raw: { base64: 'AP8=' },
    tags: ['a', null],
  });
  assert.match(first, /"amount":1\.10,.*"at":"2026-01-01T00:00:00(\.0+)?(Z|\+00(:?00)?)"/u);
  assert.ok(
    lines.some((line) => line.startsWith('{"id":9223372036854775807,"note":"line\\nbreak \\"quoted\\""')),
  );
  const short = await runCli(['cat', image, 'orders', '--limit', '3']);
  assert.deepEqual(short.stdout, `${lines.slice(0, 3).join('\n')}\n`);
  assert.equal((await runCli(['cat', image, 'empty'])).stdout, '');
});

test('cat of something that is not there ends with 2', async () => {
  const run = await runCli(['cat', image, 'nothing', '--json']);
  assert.equal(run.code, 2);
  assert.equal(JSON.parse(run.stdout).error.code, 'USAGE');
});

test('cat into a reader that has seen enough ends with 0 and no word', async () => {
  const child = startCli(['cat', image, 'orders']);
  let errors = '';
  child.stderr.on('data', (text) => {
    errors += text;
  });
  await once(child.stdout, 'data');
  child.stdout.destroy();
  assert.deepEqual(await once(child, 'close'), [0, null]);
  assert.equal(errors, '');
});

test('restore --dry-run shows the plan, and what stands in its way', async () => {
  const free = await runCli(['restore', image, target('cli_dry'), '--dry-run', '--create']);
  assert.equal(free.code, 0, free.stdout + free.stderr);
  assert.match(free.stdout, /^ {2}1\. /u);
  assert.match(free.stdout, /Nothing was changed\.\n$/u);
  const taken = await runCli(['restore', image, url, '--dry-run', '--json']);
  assert.equal(taken.code, 8, taken.stdout + taken.stderr);
  const result = JSON.parse(taken.stdout);
  await assertDocumented('restore', result);
  assert.ok(result.plan.obstacles.length > 0);
});

test('restore into a database that is not empty is refused with 8', async () => {
  const run = await runCli(['restore', image, url]);
  assert.equal(run.code, 8, run.stderr);
  assert.match(run.stderr, /TARGET_NOT_EMPTY[\s\S]*--replace/u);
  assert.ok(!run.stderr.includes(PASSWORD));
});

test('restore brings everything back and proves it', async () => {
  const name = `cli_back_${process.pid}`;
  try {
    const run = await runCli(['restore', image, target(name), '--create', '--prove', '--json']);
    assert.equal(run.code, 0, run.stdout + run.stderr);
    const result = JSON.parse(run.stdout);
    await assertDocumented('restore', result);
    assert.deepEqual(result.proven, { objects: 3, records: 5002 });
    const [row] = await query<{ n: number }>(target(name), 'SELECT count(*)::int AS n FROM sales.orders');
    assert.equal(row?.n, 5001);
  } finally {
    await dropDatabase(server.url, name);
  }
});

test('a pipe from dump to restore', async () => {
  const name = `cli_pipe_${process.pid}`;
  const program = `'${process.execPath}' '${join(import.meta.dirname, '../../bin/dev.js')}'`;
  try {
    const command = `set -o pipefail; ${program} dump "$DBIMG_SOURCE" -o - --jobs 4 | ${program} restore - "$DBIMG_TARGET" --jobs 2 --create --prove`;
    const { stderr } = await promisify(execFile)('bash', ['-c', command], {
      env: cleanEnv({ DBIMG_SOURCE: url, DBIMG_TARGET: target(name) }),
    });
    assert.match(stderr, /proven equal to the source: 3 objects, 5,002 rows/u);
    const [row] = await query<{ n: number }>(target(name), 'SELECT count(*)::int AS n FROM sales.orders');
    assert.equal(row?.n, 5001);
  } finally {
    await dropDatabase(server.url, name);
  }
});

test('a pipe that is cut makes restore end with 4 and leave nothing', async () => {
  const name = `cli_cut_${process.pid}`;
  const bytes = await readFile(image);
  const run = await runCli(['restore', '-', target(name), '--create'], {
    input: bytes.subarray(0, bytes.length >> 1),
  });
  assert.equal(run.code, 4, run.stderr);
  const rows = await query(server.url, 'SELECT datname FROM pg_database WHERE datname LIKE $1', [
    `%${name}%`,
  ]);
  assert.deepEqual(rows, []);
});

test('dump into a pipe that nobody reads to its end ends with 7', async () => {
  const child = startCli(['dump', url, '-o', '-']);
  child.stdout.destroy();
  let errors = '';
  child.stderr.on('data', (text) => {
    errors += text;
  });
  assert.deepEqual(await once(child, 'close'), [7, null], errors);
  assert.match(errors, /STORE_FAILED/u);
  await until('no session is left', async () => (await sessions()) === 0);
});

for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  test(`${signal} in the middle of a dump ends with ${code} and leaves neither file nor session`, async () => {
    const cwd = await mkdtemp(join(folder, 'signal-'));
    const child = startCli(['dump', url, '-o', join(cwd, 'x.dbimg'), '--rate', '50kB', '--progress', 'json']);
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
    await until('no session is left', async () => (await sessions()) === 0);
  });
}

test('encrypted and signed images: with the key, without, with the wrong one', async () => {
  const sealed = join(folder, 'sealed.dbimg');
  const { generateKeyPairSync } = await import('node:crypto');
  const pair = generateKeyPairSync('ed25519');
  const other = generateKeyPairSync('ed25519');
  const pem = async (name: string, text: string | Buffer): Promise<string> => {
    await writeFile(join(folder, name), text);
    return join(folder, name);
  };
  const signer = await pem('signer.pem', pair.privateKey.export({ type: 'pkcs8', format: 'pem' }));
  const trusted = await pem('trusted.pem', pair.publicKey.export({ type: 'spki', format: 'pem' }));
  const stranger = await pem('stranger.pem', other.publicKey.export({ type: 'spki', format: 'pem' }));
  const right = { DBIMG_PASSPHRASE: PASSWORD };
  const dump = await runCli(['dump', url, '-o', sealed, '--encrypt', '--sign', signer], { env: right });
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
  const cut = join(folder, 'cut.dbimg');
  await writeFile(cut, await readFile(image));
  await truncate(cut, (await stat(cut)).size - 1);
  const run = await runCli(['verify', cut]);
  assert.equal(run.code, 4, run.stderr);
  assert.match(run.stderr, /IMAGE_INCOMPLETE|IMAGE_DAMAGED/u);
});

test('wrong password, unknown database and unknown host end with 5, each with its code and a hint', async () => {
  const cases: [string, string][] = [
    [databaseUrl(server.url, source.name, { user: 'nobody_here', password: PASSWORD }), 'LOGIN_FAILED'],
    [target('no_such_database'), 'DATABASE_UNKNOWN'],
    [`postgres://u:${PASSWORD}@no-such-host.invalid/db`, 'CONNECT_FAILED'],
  ];
  for (const [location, expected] of cases) {
    const run = await runCli(['dump', location, '-o', join(folder, 'never.dbimg'), '--json']);
    assert.equal(run.code, 5, run.stdout);
    const { error } = JSON.parse(run.stdout);
    assert.equal(error.code, expected);
    assert.ok(error.hint, run.stdout);
    assert.ok(!(run.stdout + run.stderr).includes(PASSWORD), run.stdout);
  }
});

test('doctor says what it found, with signs and as JSON', async () => {
  const run = await runCli(['doctor', url]);
  assert.ok(run.code === 0 || run.code === 3, run.stderr);
  assert.match(run.stdout, /^PostgreSQL 18\S*\n[✔·!✖] /u);
  const json = await runCli(['doctor', url, '--json']);
  assert.equal(json.code, run.code);
  await assertDocumented('doctor', JSON.parse(json.stdout));
});

test('progress on a terminal is drawn and gone at the end', async () => {
  const run = await runOnTerminal(['dump', url, '-o', join(folder, 'tty.dbimg'), '--rate', '400kB']);
  assert.equal(run.code, 0, run.stdout);
  assert.match(run.stdout, /data +.*MB|data +.*kB/u);
  assert.ok(run.stdout.includes('\u001b[J'));
  assert.ok(!run.stdout.includes(PASSWORD));
});
