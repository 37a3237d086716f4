import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { generateIdentity, identityToRecipient } from 'age-encryption';
import { entry, openOf, POSITION, readAll, sample } from './image-samples.ts';

const { privateKey } = generateKeyPairSync('ed25519');
const identity = await generateIdentity();
const recipient = await identityToRecipient(identity);

for (const [name, options, keys] of [
  ['plain', {}, {}],
  ['with a #! line', { shebang: true }, {}],
  ['encrypted for an identity', { encrypt: { recipients: [recipient] } }, { identities: [identity] }],
  [
    'encrypted with a passphrase and signed',
    { encrypt: { passphrase: 'so secret', scryptLogN: 6 }, sign: { privateKey } },
    { passphrase: () => 'so secret' },
  ],
] as const) {
  test(`an image ${name} comes back as it was written`, async () => {
    const { bytes, root } = await sample(options);
    const { reader, frames, entries } = await readAll(bytes, keys);
    assert.deepEqual(reader.root, root);
    assert.deepEqual(
      entries,
      Array.from({ length: 10 }, (_, i) => entry(i + 1)),
    );
    assert.deepEqual(reader.head.position, POSITION);
    assert.equal(root.totals.streams, 6);
    assert.equal(root.blocks.length > 3 && root.pages.length === 3, true);
    const opens = frames.filter(({ frame }) => frame.kind === 'open');
    assert.deepEqual(
      await Promise.all(opens.map(({ frame }) => reader.openOf(frame))),
      [1, 2, 3, 4, 5, 6].map(openOf),
    );
    assert.equal(reader.bytes, bytes.length);
  });
}
