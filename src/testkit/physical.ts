/** Files of a server, there and back through the same image and engine. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { dumped, restored } from './jobs.ts';
import type { Subject } from './subject.ts';

export function physical(get: () => Promise<Subject>): void {
  describe('physical', () => {
    it('restores files byte by byte', async () => {
      const subject = await get();
      const { files } = subject;
      assert.equal(files !== undefined, subject.adapter.capabilities.kinds.includes('physical'));
      if (!files) return;
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
