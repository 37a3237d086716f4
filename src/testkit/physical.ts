/** Files of a server, there and back through the same image and engine. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { accounts, things } from './data.ts';
import { dumped, restored } from './jobs.ts';
import type { Subject } from './subject.ts';

export function physical(get: () => Promise<Subject>): void {
  describe('physical', () => {
    it('restores files byte by byte', async () => {
      const subject = await get();
      const { files } = subject;
      if (!subject.adapter.capabilities.kinds.includes('physical')) {
        assert.equal(files, undefined);
        return;
      }
      if (!files) return await wholeDatabase(subject);
      await using source = await subject.create();
      await using copy = await subject.absent();
      const contents = new Map([
        ['PG_VERSION', new TextEncoder().encode('18\n')],
        ['base/1/empty', new Uint8Array()],
        ['base/1/large', new Uint8Array(6_000_000).map((_, i) => (i * 2_654_435_761) >>> 24)],
      ]);
      for (const [path, bytes] of contents) await files.write(source.location, path, bytes);
      const { store, records } = await dumped(subject.adapter, source.location, { kind: 'physical' });
      assert.ok(records >= contents.size);
      await restored(subject.adapter, store, copy.location);
      for (const [path, bytes] of contents) {
        assert.deepEqual(await files.read(copy.location, path), bytes, path);
      }
    });
  });
}

/** Of an engine whose files are one database, and cannot be any others. */
async function wholeDatabase(subject: Subject): Promise<void> {
  await using source = await subject.create();
  await subject.fill(source.location, [things(2000), accounts(50)]);
  await using copy = await subject.absent();
  const { store } = await dumped(subject.adapter, source.location, { kind: 'physical' });
  await restored(subject.adapter, store, copy.location);
  assert.deepEqual(
    await subject.rows(copy.location, 'things'),
    await subject.rows(source.location, 'things'),
  );
  assert.deepEqual(await subject.compare(source.location, copy.location), []);
  assert.deepEqual(await subject.traces(copy.location), []);
}
