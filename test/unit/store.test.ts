import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import type { DbimgError, ErrorCode } from '../../src/core/errors.ts';
import {
  FileStore,
  MemoryStore,
  openStore,
  type Store,
  type StoreWriter,
} from '../../src/core/store/store.ts';
import { collect } from './image-samples.ts';

const base = mkdtempSync(join(tmpdir(), 'dbimg-store-'));
after(() => rmSync(base, { recursive: true, force: true }));
let directory = base;
let count = 0;
beforeEach(() => {
  count += 1;
  directory = join(base, String(count));
  mkdirSync(directory);
});

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

async function put(store: Store, value: string): Promise<void> {
  const writer = await store.create();
  await writer.write([text(value)]);
  await writer.commit();
}

async function get(store: Store): Promise<string> {
  const reader = await store.open();
  try {
    return Buffer.concat(await collect(reader.stream())).toString();
  } finally {
    await reader.close();
  }
}

async function codeOf(work: Promise<unknown>): Promise<ErrorCode> {
  return await work.then(
    () => assert.fail('it did not fail'),
    (error: DbimgError) => error.code,
  );
}

for (const [name, make] of [
  ['file', () => openStore(join(directory, 'a.dbimg'))],
  ['file URL', () => openStore(pathToFileURL(join(directory, 'ä b.dbimg')).href)],
  ['memory', () => new MemoryStore()],
] as const) {
  test(`a ${name} gives back what was written, as a stream and by random access`, async () => {
    const store = make();
    assert.equal(await codeOf(store.open()), 'STORE_NOT_FOUND');
    const writer = await store.create();
    await writer.write([text('abc'), new Uint8Array(), text('def')]);
    await writer.write([new Uint8Array(3_000_000).fill(7)]);
    assert.equal(await codeOf(store.open()), 'STORE_NOT_FOUND');
    await writer.commit();
    const reader = await store.open();
    assert.equal(reader.size, 3_000_006);
    assert.equal(Buffer.from((await reader.read?.(2, 3)) ?? []).toString(), 'cde');
    const all = Buffer.concat(await collect(reader.stream()));
    assert.equal(all.subarray(0, 6).toString(), 'abcdef');
    assert.ok(all.length === 3_000_006 && all.subarray(6).every((byte) => byte === 7));
    const copies: Uint8Array[] = [];
    for await (const bytes of reader.stream(true)) copies.push(bytes.slice());
    assert.ok(all.equals(Buffer.concat(copies)));
    assert.equal(await codeOf(reader.read?.(3_000_000, 7) as Promise<unknown>), 'STORE_FAILED');
    await reader.close();
  });
}

test('what is discarded leaves nothing, what is committed leaves one private file', async () => {
  const path = join(directory, 'a.dbimg');
  const first = await openStore(path).create();
  await first.write([text('half')]);
  await first.discard();
  await first.discard();
  assert.deepEqual(readdirSync(directory), []);
  const second = await openStore(path).create();
  await second.write([text('whole')]);
  await second.commit();
  await second.discard();
  assert.deepEqual(readdirSync(directory), ['a.dbimg']);
  assert.equal(statSync(path).mode & 0o777, 0o600);
});

test('an existing file is kept, also one that appears meanwhile; with overwrite it is replaced at the end', async () => {
  const path = join(directory, 'a.dbimg');
  const late = await openStore(path).create();
  await put(openStore(path), 'old');
  assert.equal(await codeOf(openStore(path).create()), 'STORE_EXISTS');
  assert.equal(await codeOf(late.commit()), 'STORE_EXISTS');
  assert.deepEqual(readdirSync(directory), ['a.dbimg']);
  const writer = await openStore(path, { overwrite: true }).create();
  await writer.write([text('new')]);
  assert.equal(readFileSync(path, 'utf8'), 'old');
  await writer.commit();
  assert.equal(await get(openStore(path)), 'new');
  const link = join(directory, 'link');
  symlinkSync('a.dbimg', link);
  await put(openStore(link, { overwrite: true }), 'newer');
  assert.equal(readFileSync(path, 'utf8'), 'newer');
});

test('places where no image can be are refused before anything is written', async () => {
  assert.equal(await codeOf(openStore(join(directory, 'no', 'a.dbimg')).create()), 'STORE_NOT_FOUND');
  assert.equal(await codeOf(openStore(directory).create()), 'STORE_EXISTS');
  assert.equal(await codeOf(openStore(directory).open()), 'STORE_NOT_FOUND');
  for (const location of ['', 's3://bucket/key', 'https://example.org/a.dbimg', 'file://host/x']) {
    assert.throws(() => openStore(location), { code: 'USAGE' }, location);
  }
});

test('a directory without permission says so', async () => {
  chmodSync(directory, 0o500);
  const asRoot = process.getuid?.() === 0;
  if (asRoot) process.seteuid?.(65534);
  try {
    assert.equal(await codeOf(openStore(join(directory, 'a.dbimg')).create()), 'STORE_FAILED');
  } finally {
    if (asRoot) process.seteuid?.(0);
  }
});

test('a device is written in place', async () => {
  await put(openStore('/dev/null'), 'anything');
  assert.ok(statSync('/dev/null').isCharacterDevice());
});

test('a named pipe is written and read as it comes', async () => {
  const path = join(directory, 'pipe');
  assert.equal(spawnSync('mkfifo', [path]).status, 0);
  const [read] = await Promise.all([get(openStore(path)), put(openStore(path), 'through the pipe')]);
  assert.equal(read, 'through the pipe');
});

const STDIO = pathToFileURL(join(import.meta.dirname, '../../src/core/store/store.ts')).href;

test('standard output and input: slow readers, and readers that stop', async () => {
  const write = `
    const { openStore } = await import(${JSON.stringify(STDIO)});
    const writer = await openStore('-').create();
    let late = 0, last = performance.now();
    const timer = setInterval(() => { late = Math.max(late, performance.now() - last); last = performance.now(); }, 5);
    try { for (let i = 0; i < 40; i += 1) await writer.write([new Uint8Array(100_000).fill(i), new Uint8Array(7)]); }
    catch (error) { console.error(error.code, error.message); process.exitCode = 7; }
    clearInterval(timer);
    if (late > 400) console.error('blocked for', late);`;
  const read = `
    const { openStore } = await import(${JSON.stringify(STDIO)});
    const reader = await openStore('-').open();
    let bytes = 0;
    for await (const chunk of reader.stream()) bytes += chunk.length;
    console.log(bytes);`;
  const writer = spawn(process.execPath, ['-e', write], { stdio: ['ignore', 'pipe', 'pipe'] });
  const reader = spawn(process.execPath, ['-e', read], { stdio: ['pipe', 'pipe', 'inherit'] });
  setTimeout(() => writer.stdout.pipe(reader.stdin), 1000);
  const [bytes, complaints] = await Promise.all([collect(reader.stdout), collect(writer.stderr)]);
  assert.equal(Buffer.concat(bytes).toString().trim(), String(40 * 100_007));
  assert.equal(Buffer.concat(complaints).toString(), '');

  const broken = spawn(process.execPath, ['-e', write], { stdio: ['ignore', 'pipe', 'pipe'] });
  const said = collect(broken.stderr);
  broken.stdout.once('data', () => broken.stdout.destroy());
  const [code] = await once(broken, 'exit');
  assert.equal(code, 7);
  assert.match(Buffer.concat(await said).toString(), /STORE_FAILED The reader of the pipe stopped/);
});

test('a device that is full is STORE_FULL', async () => {
  const writer = await openStore('/dev/full').create();
  assert.equal(await codeOf(writer.write([text('x')])), 'STORE_FULL');
  await writer.discard();
});

test('a full disk is STORE_FULL and leaves nothing', async (t) => {
  const mount = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', directory], {
    encoding: 'utf8',
  });
  if (mount.status !== 0) return t.diagnostic(`covered by /dev/full only: ${mount.stderr.trim()}`);
  try {
    const store = new FileStore(join(directory, 'a.dbimg'));
    const writer: StoreWriter = await store.create();
    const fill = async (): Promise<void> => {
      for (let i = 0; i < 20; i += 1) await writer.write([new Uint8Array(100_000)]);
    };
    assert.equal(await codeOf(fill()), 'STORE_FULL');
    await writer.discard();
    assert.deepEqual(readdirSync(directory), []);
    assert.ok(!existsSync(store.path));
  } finally {
    spawnSync('umount', [directory]);
  }
});

test('a file that is changed while it is read does not give more than is asked for', async () => {
  const path = join(directory, 'a.dbimg');
  await put(openStore(path), 'abcdef');
  const reader = await openStore(path).open();
  writeFileSync(path, 'ab');
  assert.equal(await codeOf(reader.read?.(0, 6) as Promise<unknown>), 'STORE_FAILED');
  await reader.close();
});
