import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { GOLDEN } from '../format/golden.ts';
import { readAll, sample } from './image-samples.ts';

for (const { file, keys } of GOLDEN) {
  test(`${file} is still read as it was written`, async () => {
    const bytes = new Uint8Array(readFileSync(join(import.meta.dirname, '../golden', file)));
    const [golden, fresh] = [await readAll(bytes, keys), await readAll((await sample()).bytes)];
    assert.deepEqual(golden.entries, fresh.entries);
    // What is stored depends on the encryption and on the version of zstd.
    const stored = golden.reader.root?.totals.stored;
    assert.deepEqual(golden.reader.root?.totals, { ...fresh.reader.root?.totals, stored });
    assert.deepEqual(
      golden.frames.map(({ plain }) => Buffer.from(plain)),
      fresh.frames.map(({ plain }) => Buffer.from(plain)),
    );
  });
}
