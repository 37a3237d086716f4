import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { ImageOptions } from '../../src/core/image/writer.ts';
import { entry, openOf, sample } from '../unit/image-samples.ts';

const SCRIPT = fileURLToPath(new URL('read_image.py', import.meta.url));
const directory = mkdtempSync(join(tmpdir(), 'dbimg-format-'));
after(() => rmSync(directory, { recursive: true }));

function readWithPython(bytes: Uint8Array): { status: number | null; stdout: string; stderr: string } {
  const path = join(directory, 'sample.dbimg');
  writeFileSync(path, bytes);
  return spawnSync('python3', [SCRIPT, path], { encoding: 'utf8' });
}

const { privateKey } = generateKeyPairSync('ed25519');
const encrypt = { passphrase: 'so secret', scryptLogN: 4 };

const VARIANTS: readonly (readonly [string, Partial<ImageOptions>])[] = [
  ['plain', {}],
  ['with a #! line', { shebang: true }],
  ['encrypted', { encrypt }],
  ['signed', { sign: { privateKey } }],
  ['encrypted and signed', { encrypt, sign: { privateKey } }],
];

for (const [name, options] of VARIANTS) {
  test(`the reader in Python agrees about an image ${name}`, async () => {
    const { bytes, root } = await sample(options);
    const { status, stdout, stderr } = readWithPython(bytes);
    assert.equal(status, 0, stderr);
    const read = JSON.parse(stdout);
    assert.equal(read.head.image, root.image);
    assert.equal(read.frames, root.totals.frames);
    assert.equal(read.blocks, root.blocks.length);
    assert.equal(read.bytes, bytes.length);
    assert.equal(read.encrypted, options.encrypt !== undefined);
    assert.equal(read.signed, options.sign !== undefined);
    assert.equal(read.streams.length, 6);
    if (options.encrypt) return;
    assert.deepEqual(read.root, root);
    assert.deepEqual(read.entries, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map(entry));
    assert.deepEqual(read.streams[0].object, openOf(read.streams[0].stream).object);
  });
}

test('the reader in Python finds damage', async () => {
  const { bytes } = await sample({ shebang: true });
  const refuses = (damaged: Uint8Array, what: string): void => {
    const { status, stderr } = readWithPython(damaged);
    assert.equal(status, 1, what);
    assert.match(stderr, /^damaged: /, what);
  };
  for (const at of [5, 27, 32, 60, 100, 1000, bytes.length >> 1, bytes.length - 3]) {
    const copy = bytes.slice();
    copy[at] = (copy[at] as number) ^ 4;
    refuses(copy, `byte ${at}`);
  }
  refuses(bytes.subarray(0, -1), 'cut');
  refuses(Buffer.concat([bytes, Buffer.from('x')]), 'longer');
});
